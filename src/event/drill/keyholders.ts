import type { Key } from '../../metadata/key.ts';
import { isOnlineRole, type KeyOwner, type RoleName } from '../../metadata/names.ts';
import { distinctKeys } from '../../metadata/quorum.ts';
import { delegationGraph } from '../../repository/delegators.ts';
import type { DrillKey } from '../../repository/drill-file.ts';
import type { RepositoryTree } from '../../repository/tree.ts';

/** A key that a person holds, with all that it signs. */
export interface Keyholder extends DrillKey {
  readonly key: Key;
}

/** The keys that people hold in `tree`, each public key once, by owner and fingerprint. What automation holds is not among them. */
export function keyholdersOf(tree: RepositoryTree): readonly Keyholder[] {
  const found = new Map<string, { owner: KeyOwner; key: Key; roles: RoleName[] }>();
  for (const { role, definition, delegations } of delegationGraph(tree).roles.values()) {
    if (isOnlineRole(role)) continue;
    for (const [fingerprint, key] of distinctKeys(delegations, definition)) {
      if (key.owner === undefined) continue;
      const known = found.get(fingerprint);
      if (known === undefined) found.set(fingerprint, { owner: key.owner, key, roles: [role] });
      else known.roles.push(role);
    }
  }
  return [...found]
    .map(([fingerprint, { owner, key, roles }]) => ({ owner, fingerprint, roles, key }))
    .sort((a, b) => compare(a.owner, b.owner) || compare(a.fingerprint, b.fingerprint));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
