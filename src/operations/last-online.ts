import type { Facts } from '../event/context.ts';
import { identityOf, type Seen, type Standing, seenIn } from '../event/succession.ts';
import { listStates, type PathState } from '../git/history.ts';
import type { CommitSha } from '../git/oid.ts';
import {
  type Document,
  isSnapshot,
  isTimestamp,
  type Snapshot,
  type Timestamp,
} from '../metadata/document.ts';
import { isOnlineRole, type RoleName, SNAPSHOT, TIMESTAMP } from '../metadata/names.ts';
import { verifyQuorum } from '../metadata/quorum.ts';
import { metadataFile, type ObjectId, type RepositoryTree, roleFile } from '../repository/tree.ts';
import { OperationError } from './error.ts';
import { TreeReader } from './read-tree.ts';
import type { Workspace } from './workspace.ts';

/** What automation signed last: what clients know, and what the next version is made from. */
export interface LastOnline {
  readonly snapshot: Document<Snapshot>;
  readonly timestamp: Document<Timestamp>;
  /** What main said then of the roles that it says something else of now. */
  readonly standing: Standing;
}

/**
 * Finds the newest timestamp that main ever held and a root's key signed, and its snapshot. What main holds now is only what
 * somebody pushed there: an old pair put back, or none, must not begin versions anew that clients have seen. `undefined` where
 * there never was one. Throws {@link OperationError} `REFUSED` where there was, and none is genuine; {@link GitError}.
 */
export async function findLastOnline(
  { repository, objects }: Workspace,
  main: CommitSha,
  tree: RepositoryTree,
  facts: Facts,
): Promise<LastOnline | undefined> {
  const reader = new TreeReader(objects);
  const stamps = await listStates(repository, main, `metadata/${roleFile(TIMESTAMP)}`);
  const snapshots = await listStates(repository, main, `metadata/${roleFile(SNAPSHOT)}`);
  if (stamps.length === 0 && snapshots.length === 0) return undefined;
  const newest = await newestTimestamp(reader, stamps, facts);
  const version = newest?.timestamp.signed.meta.get(roleFile(SNAPSHOT))?.version;
  if (newest === undefined || version === undefined) throw notGenuine(TIMESTAMP);
  for (const oid of new Set(snapshots.map(state => state.oid))) {
    const parsed = await reader.document(oid);
    if (!parsed.ok || !isSnapshot(parsed.value) || parsed.value.signed.version !== version) continue;
    if (!isGenuine(parsed.value, facts, SNAPSHOT)) continue;
    const standing = await standingSince(reader, newest.commit, tree, facts);
    return { timestamp: newest.timestamp, snapshot: parsed.value, standing };
  }
  throw notGenuine(SNAPSHOT);
}

const notGenuine = (role: RoleName): OperationError =>
  new OperationError(
    'REFUSED',
    `no metadata/${roleFile(role)} that main ever held is signed by a key that a root named: restore it from what was published`,
  );

/** The one of the highest version, with the first state of main that held it: later copies prove nothing. */
async function newestTimestamp(
  reader: TreeReader,
  states: readonly PathState[],
  facts: Facts,
): Promise<{ readonly timestamp: Document<Timestamp>; readonly commit: CommitSha } | undefined> {
  const firstSeen = new Map<ObjectId, CommitSha>();
  // Newest first: the oldest is set last.
  for (const { oid, commit } of states) firstSeen.set(oid, commit);
  const parsed = await Promise.all(
    [...firstSeen].map(async ([oid, commit]) => ({ document: await reader.document(oid), commit })),
  );
  return parsed
    .flatMap(({ document, commit }) =>
      document.ok && isTimestamp(document.value) ? [{ timestamp: document.value, commit }] : [],
    )
    .sort((a, b) => b.timestamp.signed.version - a.timestamp.signed.version)
    .find(({ timestamp }) => isGenuine(timestamp, facts, TIMESTAMP));
}

/** A root of the past may have named the key. */
const isGenuine = (document: Document, { history }: Facts, role: RoleName): boolean =>
  [...history.values()].some(
    root => root.ok && verifyQuorum(document, root.value.signed.delegations, role).met,
  );

async function standingSince(
  reader: TreeReader,
  commit: CommitSha,
  tree: RepositoryTree,
  facts: Facts,
): Promise<Standing> {
  const roles = new Map<RoleName, Seen>();
  for (const [path, oid] of await metadataOf(reader, commit)) {
    const file = metadataFile(path);
    if (file.kind !== 'role' || isOnlineRole(file.role) || tree.metadata.get(path)?.oid === oid) continue;
    const parsed = await reader.document(oid);
    if (parsed.ok) roles.set(file.role, seenIn(parsed.value));
  }
  return { identity: identityOf(facts) ?? '', roles };
}

/** The files of `metadata/` itself in a commit, by name. */
async function metadataOf(
  { objects }: TreeReader,
  commit: CommitSha,
): Promise<ReadonlyMap<string, ObjectId>> {
  const top = await objects.readTree((await objects.readCommit(commit)).tree);
  const folder = top.find(({ name }) => name === 'metadata');
  const entries = folder === undefined ? [] : await objects.readTree(folder.oid);
  return new Map(entries.map(({ name, oid }) => [name, oid]));
}
