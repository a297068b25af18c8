import { isJsonObject, type JsonObject, jsonEqual, member, withMembers } from '../../json.ts';
import type { Delegations } from '../../metadata/delegation.ts';
import { MetadataError } from '../../metadata/error.ts';
import {
  computeKeyid,
  KEYOWNER_MEMBER,
  type Key,
  ONLINE_URI_MEMBER,
  publicKeyOf,
} from '../../metadata/key.ts';
import type { Keyid } from '../../metadata/names.ts';
import { type Attestations, cardOf, cardText } from '../cards.ts';
import { longId } from '../words.ts';
import { describeLeaves } from './leaves.ts';
import { append, wholeText } from './text.ts';

/** Who holds a key, safe to read: the owner, else where it is online, else nothing. */
export function holderText({ owner, onlineUri }: Key): string | undefined {
  if (owner !== undefined)
    return /^@[\w-]{1,64}(\[bot\])?$/.test(owner) ? owner : `owner ${wholeText(owner)}`;
  if (onlineUri === undefined) return undefined;
  return /^[\w:./@;=+-]{1,120}$/.test(onlineUri) ? onlineUri : `the online key at ${wholeText(onlineUri)}`;
}

/** The digest of the public key, as far as people compare it; of a key that can't be read, of the whole object. */
export function fingerprintText(key: Key): string {
  const publicKey = publicKeyOf(key);
  return longId(publicKey instanceof MetadataError ? computeKeyid(key.raw) : publicKey.fingerprint);
}

/** Says in few words which key is meant; two keys of one document never alike. */
export interface KeyWords {
  /** `@alice (key 0123456789abcdef0123)`. */
  readonly name: (keyid: Keyid) => string;
  /** `0123456789abcdef0123`. */
  readonly fingerprint: (keyid: Keyid) => string;
  /** Who holds it; equal for the old and the new key of one person. */
  readonly holder: (keyid: Keyid) => string | undefined;
}

export function keyWordsOf({ keys }: Delegations): KeyWords {
  const seen = new Map<string, number>();
  for (const key of keys.values()) {
    const text = fingerprintText(key);
    seen.set(text, (seen.get(text) ?? 0) + 1);
  }
  const fingerprint = (keyid: Keyid): string => {
    const key = keys.get(keyid);
    if (key === undefined) return `${wholeText(keyid)}, which is not among the keys`;
    const text = fingerprintText(key);
    // One public key under two ids: only the ids tell them apart.
    return seen.get(text) === 1 ? text : `${text} listed as ${wholeText(keyid)}`;
  };
  const holder = (keyid: Keyid): string | undefined => {
    const key = keys.get(keyid);
    return key === undefined ? undefined : holderText(key);
  };
  const name = (keyid: Keyid): string => {
    const who = holder(keyid);
    return who === undefined ? `key ${fingerprint(keyid)}` : `${who} (key ${fingerprint(keyid)})`;
  };
  return { name, fingerprint, holder };
}

/** The key objects that a document lists more, less or otherwise than before. Who signs what is told with the roles. */
export function describeKeys(
  before: Delegations,
  after: Delegations,
  attestations: Attestations,
): readonly string[] {
  const sentences: string[] = [];
  for (const [keyid, key] of after.keys) {
    const old = before.keys.get(keyid);
    if (old === undefined) append(sentences, describeNewKey(key, attestations));
    else if (!jsonEqual(old.raw, key.raw)) append(sentences, describeChangedKey(old, key));
  }
  for (const [keyid, key] of before.keys) {
    if (!after.keys.has(keyid))
      sentences.push(`key ${fingerprintText(key)}${ofHolder(key)} is no longer listed`);
  }
  return sentences;
}

function describeNewKey(key: Key, attestations: Attestations): readonly string[] {
  const { onlineUri, owner } = key;
  const both = owner === undefined || onlineUri === undefined ? '' : `, online at ${wholeText(onlineUri)}`;
  const name = `key ${fingerprintText(key)}${ofHolder(key)}`;
  return [
    `${name} is new: ${kindText(key)}${both}, ${idText(key)}`,
    ...describeCard(name, key, attestations),
    ...describeLeaves({}, strange(key.raw), []).map(what => `${name}: ${what}`),
  ];
}

/** What was verified of the card, or why nothing was. Where there is no attestation nothing is said. */
function describeCard(name: string, key: Key, attestations: Attestations): readonly string[] {
  const result = attestations.get(key.keyid);
  if (result === undefined) return [];
  const card = cardOf(key, attestations);
  if (card !== undefined) return [`${name} was made by ${cardText(card)}`];
  return [
    `${name} has an attestation that counts for nothing: ${result.ok ? 'it is of another key' : result.reason}`,
  ];
}

/** The id is over the key object, so that a right one says all of it; a wrong one is said in full, with the right one. */
function idText(key: Key): string {
  const right = computeKeyid(key.raw);
  return right === key.keyid
    ? `keyid ${longId(key.keyid)}`
    : `listed as ${wholeText(key.keyid)} although its keyid is ${longId(right)}`;
}

function describeChangedKey(before: Key, after: Key): readonly string[] {
  const [old, now] = [fingerprintText(before), fingerprintText(after)];
  const name = `the key listed as ${wholeText(after.keyid)}`;
  const changes = describeLeaves(before.raw, after.raw, []);
  return [
    old === now
      ? `${name} is the same public key ${now} in other words`
      : `${name} is another public key now: ${now}, not ${old}`,
    ...changes.map(what => `${name}: ${what}`),
  ];
}

const ofHolder = (key: Key): string => {
  const holder = holderText(key);
  return holder === undefined ? '' : ` of ${holder}`;
};

const KINDS: ReadonlyMap<string, string> = new Map([
  ['ecdsa ecdsa-sha2-nistp256', 'ECDSA P-256'],
  ['ecdsa ecdsa-sha2-nistp384', 'ECDSA P-384'],
  ['ed25519 ed25519', 'Ed25519'],
  ['rsa rsassa-pss-sha256', 'RSA-PSS'],
  ['rsa rsa-pkcs1v15-sha256', 'RSA PKCS#1 v1.5'],
]);

const kindText = ({ keytype, scheme }: Key): string =>
  KINDS.get(`${keytype} ${scheme}`) ?? `keytype ${wholeText(keytype)} with scheme ${wholeText(scheme)}`;

/** What a key object holds beyond what the format gives it. */
function strange(raw: JsonObject): JsonObject {
  const keyval = member(raw, 'keyval');
  const inner = isJsonObject(keyval) ? withMembers(keyval, new Map([['public', undefined]])) : {};
  const known = ['keytype', 'scheme', KEYOWNER_MEMBER, ONLINE_URI_MEMBER];
  return withMembers(
    raw,
    new Map<string, JsonObject | undefined>([
      ...known.map((name): [string, undefined] => [name, undefined]),
      ['keyval', Object.keys(inner).length === 0 ? undefined : inner],
    ]),
  );
}
