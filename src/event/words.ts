import type { Delegations } from '../metadata/delegation.ts';
import type { Key } from '../metadata/key.ts';
import type { Keyid } from '../metadata/names.ts';

/** A key by the name that people know it by: its owner, else where it is online, else its id. A name of megabytes is cut. */
export function keyName({ owner, onlineUri, keyid }: Key): string {
  const name = owner ?? onlineUri ?? `key ${shortId(keyid)}`;
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name;
}

const MAX_NAME = 300;

export function keyNames(
  keyids: readonly Keyid[],
  ...delegations: readonly Delegations[]
): readonly string[] {
  return keyids.map(keyid => {
    const key = delegations.map(({ keys }) => keys.get(keyid)).find(found => found !== undefined);
    return key === undefined ? `key ${shortId(keyid)}` : keyName(key);
  });
}

/** The first digits of a keyid or fingerprint, enough to tell keys apart in a sentence. */
export const shortId = (id: string): string => id.slice(0, 12);

/** As many digits as people compare: nobody can make a key whose fingerprint begins with the same 80 bits. */
export const longId = (id: string): string => id.slice(0, 20);

/** `a name` in quotes, with everything unprintable escaped and cut to a sane length. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** `a, b and c`; more than `limit` names are counted instead. */
export function listed(names: readonly string[], limit = 8): string {
  if (names.length > limit) return `${names.slice(0, limit).join(', ')} and ${names.length - limit} more`;
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
