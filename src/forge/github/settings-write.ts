import { unreachable } from '../../errors.ts';
import type { SettingChange } from '../settings.ts';
import type { GithubClient } from './client.ts';
import { restrictEnvironment } from './environments.ts';
import { found } from './found.ts';
import { mayStay } from './rulesets.ts';

/** Makes one change; everything beside it stays as it is. */
export async function writeSetting(client: GithubClient, change: SettingChange): Promise<void> {
  const { here } = client;
  switch (change.kind) {
    case 'pages':
      return setPages(client);
    case 'environment':
      return restrictEnvironment(client, change.name, change.branch);
    case 'ruleset':
      // The body is GitHub's own, from a file that this package ships.
      await client.call(`make the ruleset ${JSON.stringify(change.name)}`, rest =>
        rest.repos.createRepoRuleset({ ...here, ...change.body, name: change.name, enforcement: 'active' }),
      );
      return;
    case 'no-bypass':
      return withoutBypass(client, change.ruleset);
    case 'require-pins':
      return requirePins(client);
    case 'read-by-default':
      await client.call("set what a job's token may do", rest =>
        rest.actions.setGithubActionsDefaultWorkflowPermissionsRepository({
          ...here,
          default_workflow_permissions: 'read',
        }),
      );
      return;
    case 'open-pull-requests':
      await client.call("set what a job's token may do", rest =>
        rest.actions.setGithubActionsDefaultWorkflowPermissionsRepository({
          ...here,
          can_approve_pull_request_reviews: true,
        }),
      );
      return;
    case 'default-subject':
      await client.call('set the subject of OIDC tokens', rest =>
        rest.actions.setCustomOidcSubClaimForRepo({ ...here, use_default: true }),
      );
      return;
    case 'enable-workflow':
      await client.call('switch a workflow on', rest =>
        rest.actions.enableWorkflow({ ...here, workflow_id: change.path.split('/').at(-1) ?? '' }),
      );
      return;
    default:
      return unreachable(change);
  }
}

async function setPages(client: GithubClient): Promise<void> {
  const { here } = client;
  const known = await found(() => client.call('look at Pages', rest => rest.repos.getPages(here)));
  if (known === undefined)
    await client.call('make Pages', rest => rest.repos.createPagesSite({ ...here, build_type: 'workflow' }));
  else
    await client.call('set how Pages are built', rest =>
      rest.repos.updateInformationAboutPagesSite({ ...here, build_type: 'workflow' }),
    );
}

/** Rules, conditions and everybody else who may bypass them are left as they are. */
async function withoutBypass(client: GithubClient, ruleset_id: number): Promise<void> {
  const { here } = client;
  const { bypass_actors: actors = [] } = await client.call('look at a ruleset', rest =>
    rest.repos.getRepoRuleset({ ...here, ruleset_id }),
  );
  await client.call('change who may bypass a ruleset', rest =>
    rest.repos.updateRepoRuleset({ ...here, ruleset_id, bypass_actors: actors.filter(mayStay) }),
  );
}

async function requirePins(client: GithubClient): Promise<void> {
  const { here } = client;
  const { enabled, allowed_actions } = await client.call('look at what Actions may do', rest =>
    rest.actions.getGithubActionsPermissionsRepository(here),
  );
  await client.call('ask for pinned actions', rest =>
    rest.actions.setGithubActionsPermissionsRepository({
      ...here,
      enabled,
      ...(allowed_actions === undefined ? {} : { allowed_actions }),
      sha_pinning_required: true,
    }),
  );
}
