import { ForgeError } from '../error.ts';
import type { ForgeSettings, SettingsFacts, SubjectFact, Told, WorkflowFact } from '../settings.ts';
import { type GithubClient, type GithubOptions, githubClient } from './client.ts';
import { readEnvironments } from './environments.ts';
import { found } from './found.ts';
import { readRules } from './rulesets.ts';
import { writeSetting } from './settings-write.ts';

/** The settings of a repository on GitHub, as its REST API tells and takes them. */
export function githubSettings(options: GithubOptions): ForgeSettings {
  const client = githubClient(options);
  return {
    read: () => readSettings(client),
    write: change => asPerson(`administration: write`, () => writeSetting(client, change)),
  };
}

const ADMINISTRATION = 'administration: read';

async function readSettings(client: GithubClient): Promise<SettingsFacts> {
  const { here } = client;
  const { default_branch: defaultBranch } = await asPerson('metadata: read', () =>
    client.call(`look at ${here.owner}/${here.repo}`, rest => rest.repos.get(here)),
  );
  return {
    defaultBranch,
    pages: await tell('pages: read', () => readPages(client)),
    environments: await tell('actions: read', () => readEnvironments(client)),
    rules: await tell(ADMINISTRATION, () => readRules(client, defaultBranch)),
    actions: await tell(ADMINISTRATION, () => readActions(client)),
    jobToken: await tell(ADMINISTRATION, () => readJobToken(client)),
    subject: await tell('actions: read', () => readSubject(client)),
    workflows: await tell('actions: read', () => readWorkflows(client)),
  };
}

/** What the token may not see is hidden; that GitHub can't be asked at all ends the look. */
async function tell<T>(permission: string, read: () => Promise<T>): Promise<Told<T>> {
  try {
    return { told: await asPerson(permission, read) };
  } catch (error) {
    if (error instanceof ForgeError && (error.code === 'FORBIDDEN' || error.code === 'NOT_FOUND'))
      return { hidden: error.message };
    throw error;
  }
}

/** The client speaks to who reads a job's log; here a person holds the token. */
async function asPerson<T>(permission: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof ForgeError)) throw error;
    const needs = `it has to be of somebody who administers the repository, with the scope repo (a fine-grained token: ${permission})`;
    switch (error.code) {
      case 'UNAUTHENTICATED':
        throw new ForgeError(error.code, 'GitHub does not take the token: make a new one', { cause: error });
      case 'FORBIDDEN':
        throw new ForgeError(error.code, `the token may not, or the plan has no such setting: ${needs}`, {
          cause: error,
        });
      case 'NOT_FOUND':
        throw new ForgeError(error.code, `GitHub has no such thing, or hides it from the token: ${needs}`, {
          cause: error,
        });
      case 'RATE_LIMITED':
      case 'UNAVAILABLE':
      case 'UNFIT':
      case 'ACCESS':
      case 'BAD_STATE':
      default:
        throw error;
    }
  }
}

async function readPages(client: GithubClient): Promise<'workflow' | 'branch' | 'none'> {
  const pages = await found(() => client.call('look at Pages', rest => rest.repos.getPages(client.here)));
  if (pages === undefined) return 'none';
  return pages.build_type === 'workflow' ? 'workflow' : 'branch';
}

async function readActions(client: GithubClient): Promise<SettingsTold<'actions'>> {
  const { here } = client;
  const { enabled, allowed_actions, sha_pinning_required } = await client.call(
    'look at what Actions may do',
    rest => rest.actions.getGithubActionsPermissionsRepository(here),
  );
  const answer = { enabled, pinsRequired: sha_pinning_required };
  if (allowed_actions === 'local_only') return { ...answer, allowed: { forgeOwned: false, patterns: [] } };
  if (allowed_actions !== 'selected') return { ...answer, allowed: undefined };
  const { github_owned_allowed, patterns_allowed } = await client.call('see which actions may run', rest =>
    rest.actions.getAllowedActionsRepository(here),
  );
  return {
    ...answer,
    allowed: { forgeOwned: github_owned_allowed === true, patterns: patterns_allowed ?? [] },
  };
}

type SettingsTold<K extends keyof SettingsFacts> =
  Extract<SettingsFacts[K], { told: unknown }> extends { told: infer T } ? T : never;

async function readJobToken(client: GithubClient): Promise<SettingsTold<'jobToken'>> {
  const answer = await client.call("look at what a job's token may do", rest =>
    rest.actions.getGithubActionsDefaultWorkflowPermissionsRepository(client.here),
  );
  return {
    mayWriteByDefault: answer.default_workflow_permissions !== 'read',
    mayOpenPullRequests: answer.can_approve_pull_request_reviews,
  };
}

async function readSubject(client: GithubClient): Promise<SubjectFact> {
  const answer = await client.call('look at the subject of OIDC tokens', rest =>
    rest.actions.getCustomOidcSubClaimForRepo(client.here),
  );
  return answer.use_default ? 'default' : (answer.include_claim_keys ?? []);
}

async function readWorkflows(client: GithubClient): Promise<readonly WorkflowFact[]> {
  const { workflows } = await client.call('list the workflows', rest =>
    rest.actions.listRepoWorkflows({ ...client.here, per_page: 100 }),
  );
  return workflows.map(({ path, state }) => ({ path, state }));
}
