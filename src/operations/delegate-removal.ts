import { listed } from '../event/words.ts';
import { isOnlineRole, isTopLevelRole, type RoleName } from '../metadata/names.ts';
import { withoutDelegation } from '../repository/delegator-edits.ts';
import { ownershipOf } from '../repository/ownership.ts';
import { invitedTo } from '../repository/state.ts';
import { flagsOf } from './delegate-online.ts';
import { type Edit, withdraw } from './delegate-request.ts';
import { OperationError } from './error.ts';

/**
 * Takes a delegated role away, and what is its alone: its file, invitations to it, keys that nobody else has, the files of its
 * artifacts. Those could not stay: they would be of whoever delegated, who must not list what another role signed in the
 * event that ends its delegation (rule `ownership`).
 */
export function removeRole({ request, draft, tree, graph }: Edit): {
  readonly removed: readonly RoleName[];
  readonly removedArtifacts: readonly string[];
} {
  const { role } = request;
  const refuse = (what: string): OperationError => new OperationError('REFUSED', what);
  if (flagsOf(request).length > 0)
    throw refuse('--remove stands alone: what is removed has nothing to change');
  if (isOnlineRole(role))
    throw refuse(
      `${role} can not be removed: without it clients can not update. Its key is replaced by --online-key`,
    );
  if (isTopLevelRole(role)) throw refuse(`${role} can not be removed: no repository is without it`);
  const delegated = graph.roles.get(role);
  if (delegated === undefined) throw new OperationError('NOT_FOUND', `there is no role ${role} to remove`);
  const gone = new Set([role]);
  // In the order of the graph a role comes after its delegator.
  for (const found of graph.roles.values()) if (gone.has(found.delegator)) gone.add(found.role);
  const below = [...gone].slice(1);
  if (below.length > 0 && request.recursive !== true) {
    throw refuse(
      `${role} says who signs ${listed(below)}: give --recursive to remove ${below.length === 1 ? 'it' : 'them'} too, or remove ${below.length === 1 ? 'it' : 'them'} first`,
    );
  }
  const owners = ownershipOf(tree);
  const removedArtifacts = [...tree.artifacts.keys()].filter(path =>
    owners.ownersOf(path).some(owner => gone.has(owner)),
  );
  draft.edit(delegated.delegator, signed => withoutDelegation(signed, role));
  for (const name of gone) {
    draft.remove(name);
    for (const owner of invitedTo(draft.invites, name)) withdraw(draft, owner, name);
  }
  return { removed: [...gone], removedArtifacts };
}
