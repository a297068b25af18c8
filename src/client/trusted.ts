import { formatInstant, type Instant } from '../clock.ts';
import { JsonError } from '../json.ts';
import type { Delegations } from '../metadata/delegation.ts';
import {
  type Document,
  type MetaFile,
  parseDocumentOf,
  type Root,
  type Signed,
  type Snapshot,
  type Targets,
  type Timestamp,
} from '../metadata/document.ts';
import { MetadataError } from '../metadata/error.ts';
import { ROOT, type RoleName, SNAPSHOT, TIMESTAMP } from '../metadata/names.ts';
import { distinctKeys, requireQuorum } from '../metadata/quorum.ts';
import { requireContent } from './digest.ts';
import { ClientError } from './error.ts';
import { metaName } from './paths.ts';

// The checks of the client workflow, without I/O: each function takes what is trusted and bytes that are not, and gives
// a document that may be trusted from now on. All throw ClientError. Numbers are those of the TUF specification 1.0.34.

/** 5.2: the root that came with the client. Its expiry does not matter yet. */
export function trustRoot(bytes: Uint8Array): Document<Root> {
  const root = decode('root', ROOT, bytes);
  requireSigned(root, root.signed.delegations, ROOT);
  return root;
}

/** 5.3.4 to 5.3.6: the root that follows `trusted`. */
export function nextRoot(trusted: Document<Root>, bytes: Uint8Array): Document<Root> {
  const root = decode('root', ROOT, bytes);
  // 5.3.4: a threshold of the keys that version N names, and one of those that version N+1 names.
  requireSigned(root, trusted.signed.delegations, ROOT);
  requireSigned(root, root.signed.delegations, ROOT);
  // 5.3.5: exactly N+1. An equal version is no error in the specification, but under this file's name it is a wrong file.
  const wanted = trusted.signed.version + 1;
  if (root.signed.version < wanted) throw rollback(ROOT, root.signed.version, trusted.signed.version);
  requireVersion(root, wanted, ROOT);
  return root;
}

/** 5.3.11: did `next` take a key of timestamp or snapshot away? Then what was signed before may be a fast-forward attack. */
export function onlineKeysRotated(previous: Document<Root>, next: Document<Root>): boolean {
  return [TIMESTAMP, SNAPSHOT].some(role => {
    const remaining = fingerprints(next, role);
    return [...fingerprints(previous, role)].some(key => !remaining.has(key));
  });
}

/** 5.4.2 alone: a timestamp that was signed, whatever its age. What the cache holds protects from rollback even expired. */
export function signedTimestamp(root: Document<Root>, bytes: Uint8Array): Document<Timestamp> {
  const timestamp = decode('timestamp', TIMESTAMP, bytes);
  requireSigned(timestamp, root.signed.delegations, TIMESTAMP);
  snapshotMeta(timestamp);
  return timestamp;
}

/** 5.4.2 to 5.4.4. Gives `trusted` itself where `bytes` has the same version. */
export function nextTimestamp(
  root: Document<Root>,
  trusted: Document<Timestamp> | undefined,
  bytes: Uint8Array,
  now: Instant,
): Document<Timestamp> {
  const timestamp = signedTimestamp(root, bytes);
  if (trusted !== undefined) {
    // 5.4.3.1: never back, and an equal version is discarded without being an error.
    const { version } = timestamp.signed;
    if (version < trusted.signed.version) throw rollback(TIMESTAMP, version, trusted.signed.version);
    if (version === trusted.signed.version) {
      requireFresh(trusted, TIMESTAMP, now);
      return trusted;
    }
    // 5.4.3.2: nor does the snapshot that it names.
    const [listed, known] = [snapshotMeta(timestamp).version, snapshotMeta(trusted).version];
    if (listed < known) throw rollback(SNAPSHOT, listed, known);
  }
  requireFresh(timestamp, TIMESTAMP, now); // 5.4.4
  return timestamp;
}

/** 5.5.3 alone, as {@link signedTimestamp}. */
export function signedSnapshot(root: Document<Root>, bytes: Uint8Array): Document<Snapshot> {
  const snapshot = decode('snapshot', SNAPSHOT, bytes);
  requireSigned(snapshot, root.signed.delegations, SNAPSHOT);
  return snapshot;
}

/** 5.5.2 to 5.5.6: the snapshot that `timestamp` names. */
export function nextSnapshot(
  root: Document<Root>,
  timestamp: Document<Timestamp>,
  trusted: Document<Snapshot> | undefined,
  bytes: Uint8Array,
  now: Instant,
): Document<Snapshot> {
  const listed = snapshotMeta(timestamp);
  requireContent(bytes, listed, metaName(SNAPSHOT)); // 5.5.2
  const snapshot = signedSnapshot(root, bytes); // 5.5.3
  requireVersion(snapshot, listed.version, SNAPSHOT); // 5.5.4
  if (trusted !== undefined) requireNothingOlder(trusted.signed, snapshot.signed); // 5.5.5
  requireFresh(snapshot, SNAPSHOT, now); // 5.5.6
  return snapshot;
}

/** 5.6.2 to 5.6.5: the targets metadata of `role`, by the keys that its delegator's `delegations` name for it. */
export function nextTargets(
  delegations: Delegations,
  snapshot: Document<Snapshot>,
  role: RoleName,
  bytes: Uint8Array,
  now: Instant,
): Document<Targets> {
  const listed = targetsMeta(snapshot, role);
  requireContent(bytes, listed, metaName(role)); // 5.6.2
  const targets = decode('targets', role, bytes);
  requireSigned(targets, delegations, role); // 5.6.3
  requireVersion(targets, listed.version, role); // 5.6.4
  requireFresh(targets, role, now); // 5.6.5
  return targets;
}

/** 5.3.10, 5.4.4, 5.5.6, 5.6.5: throws `EXPIRED` unless the document's date is after the fixed update start time. */
export function requireFresh(document: Document, role: RoleName, now: Instant): void {
  if (document.signed.expiresAt > now) return;
  throw new ClientError(
    'EXPIRED',
    `${role} version ${document.signed.version} expired on ${document.signed.expires}: newer metadata is missing or held back, unless the clock of this machine is wrong (${formatInstant(now)})`,
  );
}

/** What timestamp says about snapshot.json. Throws `MALFORMED` where it says nothing. */
export function snapshotMeta(timestamp: Document<Timestamp>): MetaFile {
  const listed = timestamp.signed.meta.get(metaName(SNAPSHOT));
  if (listed === undefined) throw new ClientError('MALFORMED', 'timestamp does not name snapshot.json');
  return listed;
}

/** What snapshot says about a role's file. Throws `ROLE_UNKNOWN` where it says nothing. */
export function targetsMeta(snapshot: Document<Snapshot>, role: RoleName): MetaFile {
  const listed = snapshot.signed.meta.get(metaName(role));
  if (listed === undefined) {
    throw new ClientError('ROLE_UNKNOWN', `snapshot does not list the role ${JSON.stringify(role)}`);
  }
  return listed;
}

/** 5.5.5: throws `ROLLBACK` where a name of `trusted` is gone or stands with a lower version. */
function requireNothingOlder(trusted: Snapshot, snapshot: Snapshot): void {
  // Stricter than 5.5.5: 5.4.3.2 would have seen it, had the cached timestamp not been lost.
  if (snapshot.version < trusted.version) throw rollback(SNAPSHOT, snapshot.version, trusted.version);
  for (const [name, known] of trusted.meta) {
    const listed = snapshot.meta.get(name);
    if (listed === undefined) {
      throw new ClientError('ROLLBACK', `snapshot ${snapshot.version} does not list ${name} any more`);
    }
    if (listed.version < known.version) throw rollback(name, listed.version, known.version);
  }
}

function decode<T extends Signed['type']>(
  type: T,
  role: RoleName,
  bytes: Uint8Array,
): Document<Extract<Signed, { type: T }>> {
  try {
    const document = parseDocumentOf(type, bytes);
    // 4.3: a client of version 1 reads no other major version.
    if (/^1(\.\d+){1,2}$/.test(document.signed.specVersion)) return document;
  } catch (cause) {
    if (!(cause instanceof JsonError || cause instanceof MetadataError)) throw cause;
    throw new ClientError('MALFORMED', `${metaName(role)} is no ${type} metadata: ${cause.message}`, {
      cause,
    });
  }
  throw new ClientError('MALFORMED', `${metaName(role)} is not of TUF specification 1.x`);
}

function requireSigned(document: Document, delegations: Delegations, role: RoleName): void {
  try {
    requireQuorum(document, delegations, role);
  } catch (cause) {
    if (!(cause instanceof MetadataError)) throw cause;
    throw new ClientError('QUORUM', `${cause.message}: do not trust it`, { cause });
  }
}

function requireVersion(document: Document, wanted: number, role: RoleName): void {
  const { version } = document.signed;
  if (version !== wanted) {
    throw new ClientError('VERSION_MISMATCH', `${role} is version ${version} where ${wanted} is listed`);
  }
}

const rollback = (name: string, version: number, known: number): ClientError =>
  new ClientError('ROLLBACK', `${name} went back from version ${known} to ${version}`);

function fingerprints(root: Document<Root>, role: RoleName): ReadonlySet<string> {
  const definition = root.signed.delegations.roles.get(role);
  return new Set(definition === undefined ? [] : distinctKeys(root.signed.delegations, definition).keys());
}
