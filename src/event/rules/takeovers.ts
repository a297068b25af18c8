import type { RoleName } from '../../metadata/names.ts';
import { artifactRoles, delegationGraph } from '../../repository/delegators.ts';
import { ownershipOf } from '../../repository/ownership.ts';
import { type RepositoryTree, targetsOf } from '../../repository/tree.ts';
import { type Finding, refuse } from '../reason.ts';
import { listed, quoted } from '../words.ts';

/**
 * Part of rule `ownership`: no role lists the artifacts of another one whose delegation ends between the two trees. Targets
 * metadata does not say which role it is: where the signers of a delegated role are also a quorum of its delegator, an old document
 * of theirs, put in the delegator's place, verifies, ends every delegation, and nobody has to sign for it.
 */
export function* takeovers(before: RepositoryTree, after: RepositoryTree): Iterable<Finding> {
  const now = delegationGraph(after).roles;
  const ended = new Set([...delegationGraph(before).roles.keys()].filter(role => !now.has(role)));
  if (ended.size === 0) return;
  const owners = ownershipOf(before);
  for (const role of artifactRoles(after)) {
    const taken = new Map<RoleName, string[]>();
    for (const path of targetsOf(after, role)?.signed.targets.keys() ?? []) {
      const owner = owners.ownersOf(path).find(known => ended.has(known));
      if (owner !== undefined && owner !== role) taken.set(owner, [...(taken.get(owner) ?? []), path]);
    }
    for (const [owner, paths] of taken) {
      yield refuse(
        `lists ${listed(paths.map(quoted), 4)}, which ${owner} signed, in the event that ends the delegation to ${owner}: end it in one event and list them anew in another`,
        role,
      );
    }
  }
}
