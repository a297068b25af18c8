import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { isJsonObject, type JsonObject, member } from '../json.ts';
import { canonicalJson } from './canonical.ts';
import { printable } from './decode.ts';
import { MetadataError } from './error.ts';
import type { Keyid, KeyOwner } from './names.ts';
import { type Scheme, schemeOf } from './scheme.ts';

/** A key as a document lists it. Immutable; unknown members live on in `raw`. */
export interface Key {
  /** The id it is listed under, which need not be the one that {@link computeKeyid} gives. */
  readonly keyid: Keyid;
  readonly keytype: string;
  readonly scheme: string;
  /** `keyval.public`: PEM, or hex for ed25519 and for old ECDSA keys. */
  readonly publicText: string;
  /** `x-tuf-on-ci-keyowner`: the person who holds it. */
  readonly owner: KeyOwner | undefined;
  /** `x-tuf-on-ci-online-uri`: where automation finds it. */
  readonly onlineUri: string | undefined;
  readonly raw: JsonObject;
}

/** A key's public half in one form, so that equal keys are equal however a document writes them. */
export interface PublicKey {
  /** @internal As Node holds it: the package's types ask for none of Node's. */
  readonly keyObject: KeyObject;
  readonly scheme: Scheme;
  /** SHA-256 of the DER SubjectPublicKeyInfo (points uncompressed), 64 hex digits: the key's identity. */
  readonly fingerprint: string;
}

export const KEYOWNER_MEMBER = 'x-tuf-on-ci-keyowner';
export const ONLINE_URI_MEMBER = 'x-tuf-on-ci-online-uri';

/** Decodes a key object (TUF section 4.2). Throws {@link MetadataError} `MALFORMED`. The public value is not looked at. */
export function decodeKey(keyid: string, raw: unknown, place: string): Key {
  const fail = (what: string): never => {
    throw new MetadataError('MALFORMED', `${place}: ${what}`);
  };
  if (!isJsonObject(raw as JsonObject)) return fail('a key has to be an object');
  const object = raw as JsonObject;
  const text = (name: string): string => {
    const value = member(object, name);
    return typeof value === 'string' ? value : fail(`${name} has to be a string`);
  };
  const optionalText = (name: string): string | undefined =>
    member(object, name) === undefined ? undefined : text(name);
  const keyval = member(object, 'keyval');
  const publicText = isJsonObject(keyval) ? member(keyval, 'public') : undefined;
  if (typeof publicText !== 'string') return fail('keyval.public has to be a string');
  return {
    keyid: keyid as Keyid,
    keytype: text('keytype'),
    scheme: text('scheme'),
    publicText,
    owner: optionalText(KEYOWNER_MEMBER) as KeyOwner | undefined,
    onlineUri: optionalText(ONLINE_URI_MEMBER),
    raw: object,
  };
}

/** SHA-256 of the key object's canonical JSON, in hex. Source: TUF specification section 4.2, "KEYID". */
export const computeKeyid = (raw: JsonObject): Keyid =>
  createHash('sha256').update(canonicalJson(raw)).digest('hex') as Keyid;

const publicKeys = new WeakMap<JsonObject, PublicKey | MetadataError>();

/** The usable public key. Throws {@link MetadataError} `BAD_KEY` where type, scheme or value is not on the allow-list. */
export function requirePublicKey(key: Key): PublicKey {
  const result = publicKeyOf(key);
  if (result instanceof MetadataError) throw result;
  return result;
}

/** The usable public key, or why it is none. Remembered for each key object. */
export function publicKeyOf(key: Key): PublicKey | MetadataError {
  const known = publicKeys.get(key.raw);
  if (known !== undefined) return known;
  const result = loadPublicKey(key);
  publicKeys.set(key.raw, result);
  return result;
}

function loadPublicKey(key: Key): PublicKey | MetadataError {
  const id = printable(key.keyid);
  const scheme = schemeOf(key.keytype, key.scheme);
  if (scheme === undefined) {
    return new MetadataError(
      'BAD_KEY',
      `key ${id}: keytype ${printable(key.keytype)} with scheme ${printable(key.scheme)} is not supported`,
    );
  }
  let spki: Buffer | undefined;
  try {
    spki = scheme.spki(key.publicText);
    const keyObject = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    // OpenSSL overlooks what follows a key; other clients do not.
    if (!scheme.accepts(keyObject) || !keyObject.export({ format: 'der', type: 'spki' }).equals(spki)) {
      return new MetadataError('BAD_KEY', `key ${id}: the public key does not fit ${scheme.name}`);
    }
    return { keyObject, scheme, fingerprint: fingerprintOf(keyObject, spki) };
  } catch (cause) {
    // A key of the right form that is still none to this Node: it knows no such keys.
    if (spki !== undefined && scheme.since !== undefined)
      return new MetadataError('BAD_KEY', `key ${id}: ${scheme.name} needs Node ${scheme.since}`, { cause });
    // OpenSSL's errors carry no type of their own: anything that fails here is a public value that is none.
    return new MetadataError('BAD_KEY', `key ${id}: the public key can not be read`, { cause });
  }
}

/** @internal SHA-256 of the DER SubjectPublicKeyInfo in hex, an EC point always uncompressed. Source: RFC 5280, RFC 5480. */
export const publicKeyFingerprint = (keyObject: KeyObject): string =>
  fingerprintOf(keyObject, keyObject.export({ format: 'der', type: 'spki' }));

const fingerprintOf = (keyObject: KeyObject, spki: Buffer): string =>
  createHash('sha256')
    .update(mayBeCompressed(keyObject, spki) ? uncompressed(keyObject) : spki)
    .digest('hex');

/** Only where the point plainly begins with 04 it is not: the way around takes a third of a millisecond. */
function mayBeCompressed({ asymmetricKeyType }: KeyObject, spki: Buffer): boolean {
  if (asymmetricKeyType !== 'ec') return false;
  const [total = 0xff, , algorithm = 0] = spki.subarray(1);
  return total >= 0x80 || spki[4 + algorithm + 3] !== 4;
}

/** A round trip through JWK drops the point form that a PEM may have been written in. */
const uncompressed = (keyObject: KeyObject): Buffer =>
  createPublicKey({ key: keyObject.export({ format: 'jwk' }), format: 'jwk' }).export({
    format: 'der',
    type: 'spki',
  });
