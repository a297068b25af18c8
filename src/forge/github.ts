import type { ObjectId } from '../repository/tree.ts';
import type { Forge, Push } from './forge.ts';
import { type GithubClient, type GithubOptions, githubClient } from './github/client.ts';
import { addComment, editComment, findComment } from './github/comments.ts';
import { closeIssue, openOrUpdateIssue } from './github/issues.ts';
import { listOpen, openOrUpdate } from './github/pull-requests.ts';

export type { GithubOptions } from './github/client.ts';

const STATUS = 'tuf-signer';
/** Characters. Source: docs.github.com, REST, "Commit statuses"; measured, as the page does not say. */
const MAX_DESCRIPTION = 140;

/**
 * A {@link Forge} over GitHub's REST, and GraphQL where REST does not do. Everything is read before it is written, and
 * what is there already is left alone. Temporary faults and limits that pass within a minute are waited for.
 */
export function githubForge(options: GithubOptions): Forge {
  const client = githubClient(options);
  const { here } = client;
  let base: Promise<string> | undefined;
  const defaultBranch = (): Promise<string> => {
    base ??= client
      .call('ask for the default branch', rest => rest.repos.get(here))
      .then(({ default_branch }) => default_branch);
    return base;
  };
  return {
    openOrUpdatePullRequest: request => openOrUpdate(client, defaultBranch, request),
    readComment: async (pullRequest, marker) => (await findComment(client, pullRequest, marker))?.body,
    async upsertComment(pullRequest, marker, body) {
      const known = await findComment(client, pullRequest, marker);
      if (known === undefined) await addComment(client, pullRequest.number, body);
      else if (known.body.trim() !== body.trim()) await editComment(client, known.id, body);
    },
    postMention: async ({ number }, body) => void (await addComment(client, number, body)),
    async setStatus(commit, state, description) {
      const status = { state, description: shortened(description) };
      const known = await client.call('read the status of the commit', rest =>
        rest.repos.getCombinedStatusForRef({ ...here, ref: commit, per_page: 100 }),
      );
      const own = known.statuses.find(({ context }) => context === STATUS);
      if (own?.state === state && own.description === status.description) return;
      await client.call('set the status of the commit', rest =>
        rest.repos.createCommitStatus({ ...here, sha: commit, context: STATUS, ...status }),
      );
    },
    listPullRequests: () => listOpen(client),
    listPushes: branch => listPushes(client, branch),
    openOrUpdateIssue: request => openOrUpdateIssue(client, request),
    closeIssue: (name, lastWord) => closeIssue(client, name, lastWord),
    dispatchWorkflow: async (workflow, branch, inputs) =>
      void (await client.call(`start the workflow ${JSON.stringify(workflow)}`, rest =>
        rest.actions.createWorkflowDispatch({ ...here, workflow_id: workflow, ref: branch, inputs }),
      )),
  };
}

const shortened = (text: string): string =>
  text.length <= MAX_DESCRIPTION ? text : `${text.slice(0, MAX_DESCRIPTION - 1).toWellFormed()}…`;

async function listPushes(client: GithubClient, branch: string): Promise<readonly Push[]> {
  const activity = await client.call('ask who pushed', rest =>
    rest.repos.listActivities({ ...client.here, ref: `refs/heads/${branch}`, per_page: 100 }),
  );
  return activity.flatMap(({ before, after, actor }) =>
    actor === null || /^0+$/.test(after)
      ? []
      : [
          {
            before: /^0+$/.test(before) ? undefined : objectId(before),
            after: objectId(after),
            account: `@${actor.login.toLowerCase()}`,
          },
        ],
  );
}

const objectId = (text: string): ObjectId => text as ObjectId;
