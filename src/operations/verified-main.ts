import type { RepositoryTree } from '../repository/tree.ts';
import { OperationError } from './error.ts';
import { gatherEvent } from './gather.ts';
import type { Main, Workspace } from './workspace.ts';

/**
 * Main as a value, as the ground of events: what verified before in this clone is not hashed again. Throws
 * {@link OperationError} `REFUSED` where it does not verify; git's errors.
 */
export async function verifiedMain(workspace: Workspace, { commit }: Main): Promise<RepositoryTree> {
  const commits = { event: commit, knownGood: commit, main: commit };
  const { knownGood, knownGoodFaults } = await gatherEvent(workspace.objects, commits, {
    now: workspace.clock.now(),
  });
  const fault = knownGoodFaults.find(({ severity }) => severity === 'refuse');
  if (fault === undefined) return knownGood;
  throw new OperationError('REFUSED', `main does not verify (${fault.rule}): ${fault.message}`);
}
