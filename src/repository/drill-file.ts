import { type Instant, isStrictInstant, parseInstant } from '../clock.ts';
import { type JsonObject, parseJson } from '../json.ts';
import { canonicalJson } from '../metadata/canonical.ts';
import { type Members, malformed, membersOf, printable } from '../metadata/decode.ts';
import { type KeyOwner, parseKeyOwner, parseRoleName, type RoleName } from '../metadata/names.ts';
import { serializeJson } from '../metadata/serialize.ts';
import { RepositoryError } from './error.ts';

/** The top folder that holds drills, one file each; beside metadata/ and targets/, so that no client ever sees one. */
export const DRILLS_FOLDER = 'drills';

/** A key that is asked to prove itself. */
export interface DrillKey {
  readonly owner: KeyOwner;
  /** Of the public key: SHA-256 of its DER SubjectPublicKeyInfo, in hex. */
  readonly fingerprint: string;
  /** The roles that it signs, in the order of delegation. */
  readonly roles: readonly RoleName[];
}

/** What a drill asks, and whom. No TUF metadata: see {@link drillBytes}. */
export interface Drill {
  readonly name: string;
  /** The repository's identity: SHA-256 in hex of its first root's signed bytes. A fork has the same, as it has the same keys. */
  readonly repository: string;
  /** The root that gave the keys their roles. */
  readonly root: { readonly version: number; readonly sha256: string };
  readonly opened: string;
  readonly openedAt: Instant;
  readonly deadline: string;
  readonly deadlineAt: Instant;
  /** 64 hex digits that nobody could know before: no proof is older than the drill. */
  readonly nonce: string;
  readonly keys: readonly DrillKey[];
  /** The `signed` object as received. */
  readonly raw: JsonObject;
}

/** One key's proof. */
export interface DrillProof {
  readonly fingerprint: string;
  /** Hex. */
  readonly sig: string;
}

export interface DrillFile {
  readonly drill: Drill;
  readonly proofs: readonly DrillProof[];
}

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

/** Why `name` can't be a drill's; `undefined` where it can. */
export const drillNameProblem = (name: string): string | undefined =>
  NAME.test(name)
    ? undefined
    : 'name has to be 1 to 40 lower-case letters, digits and hyphens, with no hyphen at its ends';

export const drillPath = (name: string): string => `${DRILLS_FOLDER}/${name}.json`;

/** The name of the drill that lies at `path`, from the top of the repository; `undefined` where none can. */
export function drillAt(path: string): string | undefined {
  const name = /^drills\/([^/]+)\.json$/.exec(path)?.[1];
  return name === undefined || drillNameProblem(name) !== undefined ? undefined : name;
}

/** Metadata's canonical JSON begins with `{`: no signature on a drill is one on metadata, and none on metadata is a proof. */
const PREFIX = Buffer.from('tuf-signer drill 1\n', 'ascii');

/** The bytes that a proof is over: a line that no metadata begins with, then the canonical JSON of `signed`. */
export const drillBytes = ({ raw }: Pick<Drill, 'raw'>): Uint8Array =>
  Buffer.concat([PREFIX, canonicalJson(raw)]);

/** The file's bytes, written as metadata is. */
export function serializeDrill({ raw }: Pick<Drill, 'raw'>, proofs: readonly DrillProof[]): Uint8Array {
  const signatures = proofs.map(({ fingerprint, sig }): JsonObject => ({ fingerprint, sig }));
  return serializeJson({ signatures, signed: raw });
}

/** The `signed` object of a new drill. */
export const drillObject = (drill: Omit<Drill, 'raw' | 'openedAt' | 'deadlineAt'>): JsonObject => ({
  _type: 'drill',
  deadline: drill.deadline,
  format: FORMAT,
  keys: drill.keys.map(({ owner, fingerprint, roles }): JsonObject => ({ fingerprint, owner, roles })),
  name: drill.name,
  nonce: drill.nonce,
  opened: drill.opened,
  repository: drill.repository,
  root: { sha256: drill.root.sha256, version: drill.root.version },
});

const FORMAT = 1;
const HEX_64 = /^[0-9a-f]{64}$/;
const MAX_KEYS = 1_000;
/** Bytes of a file; one of as many keys has a quarter of them. */
export const MAX_DRILL: number = 4 * 1024 * 1024;
const LIMITS = { maxBytes: MAX_DRILL, maxDepth: 8 };

/**
 * Reads a drill's file; who signed it, and whether it fits the repository, is for rule `drill`. A member that is not known
 * is refused: nobody signs what no one reads. Throws {@link RepositoryError} `BAD_FILE`, {@link JsonError}, {@link MetadataError}.
 */
export function parseDrill(bytes: Uint8Array): DrillFile {
  const file = membersOf(parseJson(bytes, LIMITS), 'the drill');
  requireMembers(file, ['signatures', 'signed']);
  const drill = decodeDrill(file.object('signed'));
  const signatures = file.list('signatures');
  // Each takes its time to verify, whoever wrote it; that a key has signed twice is for the rule to say.
  if (signatures.length > 2 * drill.keys.length)
    throw new RepositoryError('BAD_FILE', 'the drill holds more signatures than its keys can have made');
  return {
    drill,
    proofs: signatures.map((item, i) => {
      const proof = membersOf(item, `signatures[${i}]`);
      requireMembers(proof, ['fingerprint', 'sig']);
      return { fingerprint: hex(proof, 'fingerprint'), sig: proof.text('sig') };
    }),
  };
}

function decodeDrill(signed: Members): Drill {
  requireMembers(signed, SIGNED_MEMBERS);
  if (signed.text('_type') !== 'drill') throw malformed('signed._type', '"drill"');
  if (signed.integer('format', 1) !== FORMAT)
    throw new RepositoryError('BAD_FILE', 'is of a format that this program does not know: update it');
  const name = signed.text('name');
  const problem = drillNameProblem(name);
  if (problem !== undefined) throw new RepositoryError('BAD_FILE', `the drill's ${problem}`);
  const root = signed.object('root');
  requireMembers(root, ['sha256', 'version']);
  const keys = signed.list('keys');
  if (keys.length > MAX_KEYS) throw malformed('signed.keys', `at most ${MAX_KEYS}`);
  return {
    name,
    repository: hex(signed, 'repository'),
    root: { version: root.integer('version', 1), sha256: hex(root, 'sha256') },
    opened: signed.text('opened'),
    openedAt: instant(signed, 'opened'),
    deadline: signed.text('deadline'),
    deadlineAt: instant(signed, 'deadline'),
    nonce: hex(signed, 'nonce'),
    keys: keys.map((item, i) => decodeDrillKey(membersOf(item, `signed.keys[${i}]`))),
    raw: signed.raw,
  };
}

function decodeDrillKey(key: Members): DrillKey {
  requireMembers(key, ['fingerprint', 'owner', 'roles']);
  return {
    owner: parseKeyOwner(key.text('owner')),
    fingerprint: hex(key, 'fingerprint'),
    roles: key.texts('roles').map(parseRoleName),
  };
}

const SIGNED_MEMBERS = [
  '_type',
  'deadline',
  'format',
  'keys',
  'name',
  'nonce',
  'opened',
  'repository',
  'root',
] as const;

function requireMembers({ raw, place }: Members, known: readonly string[]): void {
  const other = Object.keys(raw).find(name => !known.includes(name));
  if (other !== undefined)
    throw new RepositoryError('BAD_FILE', `${place} holds ${printable(other)}, which is not known here`);
}

function hex(members: Members, name: string): string {
  const text = members.text(name);
  if (!HEX_64.test(text)) throw malformed(`${members.place}.${name}`, '64 hex digits in lower case');
  return text;
}

function instant(members: Members, name: string): Instant {
  const text = members.text(name);
  const found = isStrictInstant(text) ? parseInstant(text) : undefined;
  if (found === undefined) throw malformed(`${members.place}.${name}`, 'a date as in 2026-01-31T12:00:00Z');
  return found;
}
