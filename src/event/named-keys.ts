import type { Delegations } from '../metadata/delegation.ts';
import type { Key } from '../metadata/key.ts';
import { fingerprintOf } from './cards.ts';

/**
 * `old` with the names that `now` gives to keys which are nobody's by name there: a root that was imported says of no key whose it
 * is, and the next one does. By public key, so that nobody can be taken for another; only for telling and asking people.
 */
export function withNames(old: Delegations, now: Delegations): Delegations {
  const nameless = [...old.keys.values()].filter(isNameless);
  if (nameless.length === 0) return old;
  const named = new Map(
    [...now.keys.values()].filter(key => !isNameless(key)).map(key => [fingerprintOf(key), key] as const),
  );
  const keys = new Map(old.keys);
  for (const key of nameless) {
    const fingerprint = fingerprintOf(key);
    const known = fingerprint === undefined ? undefined : named.get(fingerprint);
    if (known?.owner !== undefined) keys.set(key.keyid, { ...key, owner: known.owner });
  }
  return { ...old, keys };
}

/** Does nobody say whose this key is? Then it is whoever's holds it. */
export const isNameless = ({ owner, onlineUri }: Key): boolean =>
  owner === undefined && onlineUri === undefined;
