import { isOnlineRole, type RoleName } from '../../metadata/names.ts';
import { distinctKeys } from '../../metadata/quorum.ts';
import { delegationGraph } from '../../repository/delegators.ts';
import type { RepositoryTree } from '../../repository/tree.ts';

/** How many keys a role can lose before nobody can sign it, counting only those that have proved that they work. */
export interface RoleMargin {
  readonly role: RoleName;
  readonly threshold: number;
  /** Distinct public keys that people hold. */
  readonly keys: number;
  readonly proved: number;
  /** `proved - threshold`: negative where a quorum is not known to be there. */
  readonly margin: number;
}

/** Of each role that people sign, in the order of delegation. `proved` holds fingerprints. */
export function marginsOf(tree: RepositoryTree, proved: ReadonlySet<string>): readonly RoleMargin[] {
  return [...delegationGraph(tree).roles.values()].flatMap(
    ({ role, definition, delegations }): readonly RoleMargin[] => {
      if (isOnlineRole(role)) return [];
      const held = [...distinctKeys(delegations, definition)].filter(([, { owner }]) => owner !== undefined);
      if (held.length === 0) return [];
      const { threshold } = definition;
      const count = held.filter(([fingerprint]) => proved.has(fingerprint)).length;
      return [{ role, threshold, keys: held.length, proved: count, margin: count - threshold }];
    },
  );
}
