import type { BranchName } from '../git/names.ts';
import { Draft } from '../repository/draft.ts';
import { rootOf } from '../repository/tree.ts';
import { commitAndPush } from './commit.ts';
import { OperationError } from './error.ts';
import { groundOf } from './ground.ts';
import { fetchMain, type Workspace } from './workspace.ts';

/**
 * Puts a policy file into an event (made where it is not there yet) with a root that names its digest, for root's quorum to
 * sign; `undefined` takes the policy away. Throws {@link PolicyError}, {@link OperationError} `NOT_FOUND`, `REFUSED`,
 * `RACE_LOST`; git's errors.
 */
export async function setPolicy(
  workspace: Workspace,
  event: BranchName,
  file: Uint8Array | undefined,
): Promise<void> {
  if (file !== undefined) (await import('../policy/parse.ts')).parsePolicyFile(file);
  const main = await fetchMain(workspace);
  const { head, parent, knownGood, tree } = await groundOf(workspace, event, main);
  if (rootOf(tree) === undefined) {
    throw new OperationError('NOT_FOUND', 'there is no root that could name a policy: run tuf-signer init');
  }
  const draft = new Draft(knownGood, tree);
  draft.setPolicy(file);
  const changes = draft.files(workspace.clock.now());
  if (![...changes.keys()].some(path => path.startsWith('metadata/'))) {
    throw new OperationError('REFUSED', 'the policy is that already: nothing to change');
  }
  const result = await commitAndPush(workspace, {
    branch: event,
    head,
    parents: [parent],
    changes,
    message: ['Policy change'],
  });
  if (result.status === 'rejected') {
    throw new OperationError('RACE_LOST', `${event} changed meanwhile: look at it and run the command again`);
  }
}
