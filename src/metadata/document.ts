import { type Instant, parseInstant } from '../clock.ts';
import { isJsonObject, type JsonLimits, type JsonObject, member, parseJson } from '../json.ts';
import { canonicalJson } from './canonical.ts';
import { type Members, malformed, membersOf, printable } from './decode.ts';
import {
  type Delegations,
  decodeDelegations,
  decodeKeys,
  decodeRoleDefinition,
  noDelegations,
  type RoleDefinition,
} from './delegation.ts';
import { MetadataError } from './error.ts';
import { type Keyid, ROOT, type RoleName, SNAPSHOT, TARGETS, TIMESTAMP } from './names.ts';
import { decodePeriods, type Periods } from './periods.ts';

export interface Signature {
  readonly keyid: Keyid;
  /** Hex; empty for a placeholder. */
  readonly sig: string;
  readonly raw: JsonObject;
}

interface SignedCommon {
  readonly specVersion: string;
  /** At least 1. */
  readonly version: number;
  /** As written. {@link expiresAt} is the instant it names. */
  readonly expires: string;
  readonly expiresAt: Instant;
  readonly periods: Periods;
  readonly delegations: Delegations;
  /** The `signed` object as received, with every member. */
  readonly raw: JsonObject;
}

export interface Root extends SignedCommon {
  readonly type: 'root';
  readonly consistentSnapshot: boolean | undefined;
}

/** One entry of `targets`: the object as received, its members checked. Read `hashes` by {@link targetHash}. */
export type TargetFile = JsonObject & { readonly length: number; readonly hashes: JsonObject };

export interface Targets extends SignedCommon {
  readonly type: 'targets';
  readonly targets: ReadonlyMap<string, TargetFile>;
}

/** One entry of `meta`. */
export interface MetaFile {
  readonly version: number;
  /** Bytes. */
  readonly length: number | undefined;
  readonly hashes: JsonObject | undefined;
  readonly raw: JsonObject;
}

export interface Snapshot extends SignedCommon {
  readonly type: 'snapshot';
  /** By file name, as in `targets.json`. */
  readonly meta: ReadonlyMap<string, MetaFile>;
}

export interface Timestamp extends SignedCommon {
  readonly type: 'timestamp';
  readonly meta: ReadonlyMap<string, MetaFile>;
}

export type Signed = Root | Targets | Snapshot | Timestamp;

/** A metadata file, lossless: the bytes, the parsed JSON with everything unknown, and a typed view. */
export interface Document<S extends Signed = Signed> {
  readonly bytes: Uint8Array;
  readonly raw: JsonObject;
  readonly signatures: readonly Signature[];
  readonly signed: S;
}

const remembered = new WeakMap<Uint8Array, Document>();

/**
 * From now on whoever parses this very array of bytes, by default limits, is given `document`, with what is remembered of it. For
 * bytes that nobody changes any more.
 */
export const rememberParsed = (document: Document): void => void remembered.set(document.bytes, document);

/**
 * Parses a metadata file. Strict in shape, lenient in what older writers did (white space, fractions in dates, unknown
 * members). Throws {@link JsonError} or {@link MetadataError} `MALFORMED`. Source: TUF specification section 4.
 */
export function parseDocument(bytes: Uint8Array, limits?: JsonLimits): Document {
  const known = limits === undefined ? remembered.get(bytes) : undefined;
  if (known !== undefined) return known;
  const json = parseJson(bytes, limits);
  return decodeDocument(json, bytes);
}

/** As {@link parseDocument}, and throws `MALFORMED` unless it is a document of type `type`. */
export function parseDocumentOf<T extends Signed['type']>(
  type: T,
  bytes: Uint8Array,
  limits?: JsonLimits,
): Document<Extract<Signed, { type: T }>> {
  const document = parseDocument(bytes, limits);
  if (document.signed.type !== type) throw malformed('signed._type', `"${type}"`);
  return document as Document<Extract<Signed, { type: T }>>;
}

export const isRoot = (document: Document): document is Document<Root> => document.signed.type === 'root';
export const isSnapshot = (document: Document): document is Document<Snapshot> =>
  document.signed.type === 'snapshot';
export const isTimestamp = (document: Document): document is Document<Timestamp> =>
  document.signed.type === 'timestamp';
export const isTargets = (document: Document): document is Document<Targets> =>
  document.signed.type === 'targets';

/** The `_type` that the document of `role` has to have. */
export function documentType(role: RoleName): Signed['type'] {
  switch (role) {
    case ROOT:
      return 'root';
    case SNAPSHOT:
      return 'snapshot';
    case TIMESTAMP:
      return 'timestamp';
    default:
      return 'targets';
  }
}

const payloads = new WeakMap<JsonObject, Uint8Array>();

/** The bytes that signatures are over: canonical JSON of `signed` as received. Remembered for each document. */
export function signedBytes(document: Document): Uint8Array {
  const known = payloads.get(document.signed.raw);
  if (known !== undefined) return known;
  const bytes = canonicalJson(document.signed.raw);
  payloads.set(document.signed.raw, bytes);
  return bytes;
}

/** The digest of `algorithm` that a target entry states, lower-case hex; `undefined` where it states none. */
export function targetHash(file: TargetFile, algorithm: string): string | undefined {
  const digest = member(file.hashes, algorithm);
  return typeof digest === 'string' ? digest : undefined;
}

function decodeDocument(json: unknown, bytes: Uint8Array): Document {
  const envelope = membersOf(json as JsonObject, 'document');
  const signatures = envelope.list('signatures').map((value, index) => {
    const entry = membersOf(value, `signatures[${index}]`);
    return { keyid: entry.text('keyid') as Keyid, sig: entry.text('sig'), raw: entry.raw };
  });
  const signed = decodeSigned(membersOf(member(envelope.raw, 'signed'), 'signed'));
  return { bytes, raw: envelope.raw, signatures, signed };
}

function decodeSigned(signed: Members): Signed {
  const type = signed.text('_type');
  const expires = signed.text('expires');
  const expiresAt = parseInstant(expires);
  if (expiresAt === undefined) throw malformed('signed.expires', 'a date and time with its zone');
  const common = {
    specVersion: signed.text('spec_version'),
    version: signed.integer('version', 1),
    expires,
    expiresAt,
    periods: decodePeriods(signed),
    raw: signed.raw,
  };
  switch (type) {
    case 'root':
      return { ...common, type, ...decodeRoot(signed) };
    case 'targets': {
      const delegations = signed.optionalObject('delegations');
      return {
        ...common,
        type,
        targets: decodeTargetFiles(signed.object('targets')),
        delegations: delegations === undefined ? noDelegations : decodeDelegations(delegations),
      };
    }
    case 'snapshot':
    case 'timestamp':
      return { ...common, type, meta: decodeMeta(signed.object('meta'), type), delegations: noDelegations };
    default:
      throw malformed('signed._type', 'root, targets, snapshot or timestamp');
  }
}

const SNAPSHOT_FILE = 'snapshot.json';
const TOP_LEVEL = [ROOT, TARGETS, SNAPSHOT, TIMESTAMP] as const;

function decodeRoot(signed: Members): Pick<Root, 'consistentSnapshot' | 'delegations'> {
  const roles = signed.object('roles');
  if (Object.keys(roles.raw).length !== TOP_LEVEL.length) {
    throw malformed(roles.place, 'an object of root, targets, snapshot and timestamp alone');
  }
  const definitions = TOP_LEVEL.map((name): [RoleName, RoleDefinition] => [
    name,
    decodeRoleDefinition(name, roles.object(name)),
  ]);
  return {
    consistentSnapshot: signed.optionalBoolean('consistent_snapshot'),
    delegations: { keys: decodeKeys(signed.object('keys')), roles: new Map(definitions) },
  };
}

/** Checks every entry without copying any: there may be 100,000 of them. for-in, as in json.ts, where nothing is inherited. */
function decodeTargetFiles(targets: Members): ReadonlyMap<string, TargetFile> {
  const files = new Map<string, TargetFile>();
  for (const path in targets.raw) {
    const value = targets.raw[path];
    const place = (): string => `${targets.place}.${printable(path)}`;
    if (!isJsonObject(value)) throw malformed(place(), 'an object');
    const length = member(value, 'length');
    if (!Number.isSafeInteger(length) || (length as number) < 0) {
      throw malformed(`${place()}.length`, 'a number of bytes');
    }
    const hashes = member(value, 'hashes');
    if (!isJsonObject(hashes) || !hasDigests(hashes)) {
      throw malformed(`${place()}.hashes`, 'an object of at least one digest in hex');
    }
    files.set(path, value as TargetFile);
  }
  return files;
}

function hasDigests(hashes: JsonObject): boolean {
  let count = 0;
  for (const name in hashes) {
    const digest = hashes[name];
    if (typeof digest !== 'string' || digest.length % 2 !== 0 || !HEX.test(digest)) return false;
    count++;
  }
  return count > 0;
}

const HEX = /^[0-9a-f]+$/;

/** Source: TUF specification 1.0.34, sections 4.4 and 4.6. */
function decodeMeta(meta: Members, type: 'snapshot' | 'timestamp'): ReadonlyMap<string, MetaFile> {
  // Clients that verify what they would write drop the others, and then find no valid signature.
  if (type === 'timestamp' && Object.keys(meta.raw).some(name => name !== SNAPSHOT_FILE)) {
    throw malformed(meta.place, `an object of ${SNAPSHOT_FILE} alone`);
  }
  return new Map(
    Object.keys(meta.raw).map(name => {
      const file = meta.object(name);
      const hashes = file.optionalObject('hashes')?.raw;
      if (hashes !== undefined && !hasDigests(hashes)) {
        throw new MetadataError('MALFORMED', `${file.place}.hashes has to hold digests in hex`);
      }
      return [
        name,
        {
          version: file.integer('version', 1),
          length: file.optionalInteger('length', 0),
          hashes,
          raw: file.raw,
        },
      ];
    }),
  );
}
