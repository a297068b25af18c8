import type { Facts } from '../event/context.ts';
import { fetchRef } from '../git/fetch.ts';
import { POLICY_FILE } from '../policy/policy.ts';
import { diffTrees } from '../repository/diff.ts';
import { drillAt } from '../repository/drill-file.ts';
import { loadEvent } from './event.ts';
import { isFaultOfEvent } from './status.ts';
import type { ToldEvent } from './tell-event.ts';
import { fetchMain, requirePullRemote, type Workspace } from './workspace.ts';

/** `aside`: the pull request changes nothing of the repository that clients see. */
export type JudgedPullRequest = Exclude<ToldEvent, { readonly kind: 'merged' }> | { readonly kind: 'aside' };

/**
 * Judges a pull request, be it from a fork, as a signing event. Reads alone: nothing is written anywhere, and no code of the
 * pull request is run.
 */
export async function judgePullRequest(workspace: Workspace, number: number): Promise<JudgedPullRequest> {
  const main = await fetchMain(workspace, false);
  const remote = await requirePullRemote(workspace);
  const head = await fetchRef(
    workspace.repository,
    remote,
    `refs/pull/${number}/head`,
    `refs/tuf-signer/pull/${number}`,
  );
  try {
    // Of a push to a fork the forge tells nothing: whoever brought a key is unknown, and not left for others to find out.
    const accountsOf = async (): Promise<Facts['accounts']> => new Map();
    const { report, gathered } = await loadEvent(workspace, { head, main, accountsOf });
    const { metadata, artifacts, outside } = diffTrees(gathered.knownGood, gathered.event);
    const touchesOurs = outside.some(({ path }) => path === POLICY_FILE || drillAt(path) !== undefined);
    return metadata.length + artifacts.length === 0 && !touchesOurs
      ? { kind: 'aside' }
      : { kind: 'judged', report };
  } catch (error) {
    if (!isFaultOfEvent(error)) throw error;
    return { kind: 'unjudged', problem: error.message };
  }
}
