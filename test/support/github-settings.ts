import { fileURLToPath } from 'node:url';
import { githubSettings } from '../../src/forge/github/settings.ts';
import type { ForgeSettings } from '../../src/forge/settings.ts';
import { openObjectReader } from '../../src/git/objects.ts';
import type { Finding, Look } from '../../src/operations/github/check.ts';
import { judgeSettings } from '../../src/operations/github/table.ts';
import {
  type ActionsReference,
  fillIn,
  readTemplate,
  type TemplateFile,
} from '../../src/operations/github/template.ts';
import { readWorkflows } from '../../src/operations/github/workflow-file.ts';
import type { LocalGitHub } from './forge/local-github.ts';
import type { Account, Repository } from './forge/model.ts';

export const templateFolder: string = fileURLToPath(new URL('../../workflows-template', import.meta.url));
export const template: readonly TemplateFile[] = await readTemplate(templateFolder);
export const ACTIONS: ActionsReference = {
  repository: 'makers/tuf-signer',
  commit: 'c'.repeat(40),
  version: '0.1.0',
};
/** The App that signs online. */
export const APP = 4711;

/** The template's files as a repository has them. */
export const filledIn = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    template
      .filter(({ kind }) => kind !== 'ruleset')
      .map(file => [file.path, fillIn(file, ACTIONS, 'town')] as const),
  );

/** A repository on GitHub of which every check says that all is well. */
export function goodRepository(github: LocalGitHub, name: string, admin: Account): Repository {
  const repository = github.addRepository(`town/${name}`, { files: { 'README.md': 'x', ...filledIn() } });
  repository.collaborators.set(admin.login, 'admin');
  repository.pages = { buildType: 'workflow' };
  github.addEnvironment(repository, 'online-signing', { branches: ['main'] });
  github.addEnvironment(repository, 'github-pages', { branches: ['main'] });
  repository.rules.push(
    {
      kind: 'ruleset',
      name: 'tuf-signer: main',
      branches: ['~DEFAULT_BRANCH'],
      rules: ['deletion', 'non_fast_forward', 'pull_request', 'required_status_checks'],
      checks: ['tuf-signer'],
      otherBypass: [{ actor_id: APP, actor_type: 'Integration', bypass_mode: 'always' }],
    },
    {
      kind: 'ruleset',
      name: 'tuf-signer: signatures stay',
      branches: ['sign/**/*'],
      rules: ['non_fast_forward'],
    },
    {
      kind: 'ruleset',
      name: 'tuf-signer: signing events',
      branches: ['sign/**/*'],
      rules: ['creation', 'update'],
      bypass: ['github-actions[bot]'],
    },
  );
  Object.assign(repository.actions, {
    mayOpenPullRequests: true,
    allowed: { githubOwned: true, patterns: ['makers/tuf-signer@*', 'makers/tuf-signer/*'] },
    pinsRequired: true,
    disabled: new Map(),
  });
  return repository;
}

export const settingsOf = (github: LocalGitHub, { name }: Repository, token: string): ForgeSettings =>
  githubSettings({
    owner: 'town',
    repo: name,
    token,
    apiUrl: github.apiUrl,
    graphqlUrl: github.graphqlUrl,
    second: 1,
  });

/** Reads everything as the command does, and judges it. `settings` absent: without a token. */
export async function lookAt(
  repository: Repository,
  settings: ForgeSettings | undefined,
  more: Partial<Look> = {},
): Promise<readonly Finding[]> {
  await using objects = openObjectReader(await repository.git.open());
  return judgeSettings({
    facts: await settings?.read(),
    main: repository.defaultBranch,
    workflows: await readWorkflows(objects, repository.git.sha(repository.defaultBranch)),
    template,
    actions: ACTIONS,
    app: APP,
    version: ACTIONS.version,
    ...more,
  });
}
