import { type Delegations, writtenRoles } from '../../metadata/delegation.ts';
import type { RoleName } from '../../metadata/names.ts';
import { distinctKeys } from '../../metadata/quorum.ts';
import { listed } from '../words.ts';
import { type Hit, hit, type View } from './hit.ts';
import { type Client, verifies } from './matrix.ts';

/** The keys that `role` hands out and the client is not known to verify: what that costs it. */
export function* unknownKeys(client: Client, role: RoleName, delegations: Delegations): Iterable<Hit> {
  const unknown = [...delegations.keys.values()].filter(key => !verifies(client, key));
  if (unknown.length === 0) return;
  const kinds = (keyids: ReadonlySet<string>): string =>
    listed([...new Set(unknown.filter(({ keyid }) => keyids.has(keyid)).map(kindOf))], 4);
  if (client.unknownKey === 'rejects-document') {
    yield hit(role, `${role} (${kinds(new Set(delegations.keys.keys()))})`);
    return;
  }
  const ids = new Set(unknown.map(({ keyid }) => keyid));
  for (const definition of writtenRoles(delegations)) {
    if (!definition.keyids.some(keyid => ids.has(keyid))) continue;
    const { name, threshold } = definition;
    if (client.unknownKey === 'rejects-role') {
      yield hit(name, `${name} (${kinds(new Set(definition.keyids))})`);
      continue;
    }
    const left = [...distinctKeys(delegations, definition).values()].filter(key =>
      verifies(client, key),
    ).length;
    const weight = left < threshold ? 'breaks' : 'weakens';
    yield hit(name, `${name} (${left} for a threshold of ${threshold})`, weight);
  }
}

/** PEM or hex: what go-tuf does not take is a point in hex under a scheme that it knows. */
const kindOf = ({ scheme, publicText }: { readonly scheme: string; readonly publicText: string }): string =>
  scheme.startsWith('ecdsa-') && !publicText.includes('-----BEGIN')
    ? `${scheme} in hex`
    : scheme.slice(0, 60);

/**
 * Where `role`'s quorum is met by signatures of which the client counts too few, though it could count enough: more signatures
 * mend that. Silent while the quorum is not met, and where no signatures could help.
 */
export function* unknownSignatures(client: Client, view: View, role: RoleName): Iterable<Hit> {
  const delegated = view.graph.roles.get(role);
  if (delegated === undefined || client.unknownKey !== 'skips-key') return;
  const { definition, delegations } = delegated;
  const isKnown = (keyid: (typeof definition.keyids)[number]): boolean => {
    const key = delegations.keys.get(keyid);
    return key !== undefined && verifies(client, key);
  };
  if (definition.keyids.every(isKnown)) return;
  const keys = [...distinctKeys(delegations, definition).values()].filter(key => verifies(client, key));
  if (keys.length < definition.threshold) return;
  const quorum = view.quorumOf(role);
  if (quorum?.met !== true) return;
  const counted = quorum.signed.filter(isKnown).length;
  if (counted < quorum.threshold) yield hit(role, `${role} (${counted} of ${quorum.threshold})`);
}
