import type { BranchName } from '../git/names.ts';
import { trackingRef } from '../git/names.ts';
import { readRef } from '../git/refs.ts';
import { Draft } from '../repository/draft.ts';
import { rootOf } from '../repository/tree.ts';
import { commitAndPush } from './commit.ts';
import { OperationError } from './error.ts';
import { knownGoodOf } from './event.ts';
import { TreeReader } from './read-tree.ts';
import { fetchMain, requirePullRemote, type Workspace } from './workspace.ts';

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
  const remote = await requirePullRemote(workspace);
  const head = await readRef(workspace.repository, trackingRef(remote, event));
  const trees = new TreeReader(workspace.objects);
  const knownGood = await trees.read(
    head === undefined ? main.commit : await knownGoodOf(workspace, head, main),
  );
  const tree = await trees.read(head ?? main.commit);
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
    parents: [head ?? main.commit],
    changes,
    message: ['Policy change'],
  });
  if (result.status === 'rejected') {
    throw new OperationError('RACE_LOST', `${event} changed meanwhile: look at it and run the command again`);
  }
}
