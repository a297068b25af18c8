import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { EVENT_MARKER } from '../../src/render/event-comment.ts';
import { projectFolder, type Ran, runProgram } from '../support/cli.ts';
import { TestRepository } from '../support/git-repo.ts';
import { Town } from '../support/town.ts';
import { UPDATE } from '../support/world.ts';

// The shipped workflow, run by act (github.com/nektos/act) on this machine instead of our own runner: the same YAML, the same
// actions, another's reading of them. It enforces neither filters nor permissions; test/e2e does.

const ACT = join(projectFolder, '.interop', 'act', 'bin', 'act');
const WORKFLOW = '.github/workflows/signing-event.yml';
const NOTHING = 'name: nothing\nruns: {using: composite, steps: [{run: pwd, shell: bash}]}\n';

let town: Town;
let folder: string;
beforeAll(async () => {
  if (!existsSync(ACT)) throw new Error('act is not here: run script/interop');
  town = await Town.inService();
  folder = join(town.world.folder, 'act');
  mkdirSync(folder);
});
afterAll(() => town[Symbol.asyncDispose]());

interface Composite {
  readonly runs: { readonly steps: readonly { readonly uses?: string }[] };
}

/** Where act finds actions: ours in a folder without all that the project has beside them; setup-node does nothing. */
function localActions(): readonly string[] {
  const ours = join(folder, 'ours');
  cpSync(join(projectFolder, 'actions'), join(ours, 'actions'), { recursive: true });
  mkdirSync(join(folder, 'nothing'));
  writeFileSync(join(folder, 'nothing', 'action.yml'), NOTHING);
  const text = readFileSync(join(projectFolder, 'actions', 'signing-event', 'action.yml'), 'utf8');
  const used = (parse(text) as Composite).runs.steps.flatMap(({ uses }) => uses ?? []);
  const own = /uses: (OWNER\/tuf-signer)\/\S+@([0-9a-f]{40})/.exec(
    readFileSync(join(projectFolder, 'workflows-template', 'workflows', 'signing-event.yml'), 'utf8'),
  );
  return [`${own?.[1]}@${own?.[2]}=${ours}`, ...used.map(uses => `${uses}=${join(folder, 'nothing')}`)];
}

function runAct(actions: readonly string[], commit: string, deleted = false): Promise<Ran> {
  const { github, repository } = town;
  const checkout = join(folder, 'checkout');
  if (!existsSync(checkout)) {
    const clone = TestRepository.clone(repository.git.folder, checkout, '--branch', UPDATE);
    clone.git('remote', 'set-url', 'origin', `https://github.com/${repository.fullName}.git`);
  }
  const event = join(folder, 'event.json');
  writeFileSync(
    event,
    JSON.stringify({
      ref: `refs/heads/${UPDATE}`,
      after: commit,
      deleted,
      repository: { full_name: repository.fullName },
    }),
  );
  const variables = [
    ['GITHUB_SERVER_URL', github.url],
    ['GITHUB_API_URL', github.apiUrl],
    ['GITHUB_GRAPHQL_URL', github.graphqlUrl],
    ['GITHUB_REPOSITORY', repository.fullName],
  ] as const;
  const token = github.jobToken(repository, {
    contents: 'write',
    'pull-requests': 'write',
    statuses: 'write',
  });
  const args = [
    'push',
    '--workflows',
    WORKFLOW,
    '--eventpath',
    event,
    '--platform',
    'ubuntu-latest=-self-hosted',
    '--action-offline-mode',
    '--no-cache-server',
    '--secret',
    'GITHUB_TOKEN',
    ...actions.flatMap(action => ['--local-repository', action]),
    ...variables.flatMap(([name, value]) => ['--env', `${name}=${value}`]),
  ];
  const env = {
    HOME: folder,
    XDG_CONFIG_HOME: folder,
    XDG_CACHE_HOME: join(folder, 'cache'),
    GITHUB_TOKEN: token,
  };
  mkdirSync(join(folder, 'act'), { recursive: true });
  writeFileSync(join(folder, 'act', 'actrc'), '');
  return runProgram(ACT, args, { cwd: checkout, env });
}

it('act runs the signing-event workflow as our own runner does', async () => {
  const { repository } = town;
  repository.actions.enabled = false;
  const commit = town.push('alice', { 'targets/greet.sh': 'echo new\n' }, UPDATE);
  const actions = localActions();
  const gone = await runAct(actions, commit, true);
  expect([gone.exit, repository.git.sha(UPDATE)], gone.stdout).toEqual([0, commit]);

  const first = await runAct(actions, commit);
  expect(first.exit, first.stdout + first.stderr).toBe(0);
  expect(first.stdout).toMatch(/Updated the targets metadata of targets\.[^]*set-output:: verdict=pending/);
  const { author, pull, comments } = town.pull(UPDATE);
  expect([author.login, pull?.draft, town.statusOf(UPDATE)]).toEqual([
    'github-actions[bot]',
    true,
    'pending',
  ]);
  const bodies = comments.map(({ body }) => body);
  expect(bodies.filter(body => body.startsWith(EVENT_MARKER))).toHaveLength(1);

  const calls = town.github.calls.length;
  const second = await runAct(actions, commit);
  expect(second.exit, second.stdout + second.stderr).toBe(0);
  expect(town.pull(UPDATE).comments.map(({ body }) => body)).toEqual(bodies);
  const made = town.github.calls.slice(calls).filter(({ operation }) => !operation.startsWith('git/'));
  expect(made.filter(({ operation }) => /create|update/.test(operation))).toEqual([]);
  expect(made.length).toBeGreaterThan(2);
});
