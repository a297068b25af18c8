import { identityOf, type Seen, type Standing, seenIn } from '../event/succession.ts';
import { listStates, type PathState } from '../git/history.ts';
import type { CommitSha } from '../git/oid.ts';
import {
  type Document,
  isSnapshot,
  isTimestamp,
  type Root,
  type Snapshot,
  type Timestamp,
} from '../metadata/document.ts';
import { isOnlineRole, type RoleName, SNAPSHOT, TIMESTAMP } from '../metadata/names.ts';
import { verifyQuorum } from '../metadata/quorum.ts';
import {
  documentOf,
  metadataFile,
  type ObjectId,
  type RepositoryTree,
  roleFile,
  rootOf,
} from '../repository/tree.ts';
import { OperationError } from './error.ts';
import type { OwnState } from './main-roots.ts';
import { TreeReader } from './read-tree.ts';
import { verifyMain } from './verify-main.ts';
import type { Workspace } from './workspace.ts';

/** What automation signed last: what clients know, and what the next version is made from. */
export interface LastOnline {
  readonly snapshot: Document<Snapshot>;
  readonly timestamp: Document<Timestamp>;
  /** What main said then of the roles that it says something else of now. */
  readonly standing: Standing;
  /** The first state of main that held the timestamp. */
  readonly commit: CommitSha;
}

/**
 * Finds the newest timestamp that main ever held and a root's key signed, and its snapshot. What main holds now is only what
 * somebody pushed there: an old pair put back, or none, must not begin versions anew that clients have seen. What today's keys
 * signed comes before all else. Clients forget what other keys signed, and one of these may have been stolen: from that it goes
 * on only where it leads nowhere bad. `roots` are main's own, today's last. `undefined` where there never was a pair. Throws
 * {@link OperationError} `REFUSED` where there was, and none is genuine; {@link GitError}.
 */
export async function findLastOnline(
  workspace: Workspace,
  main: CommitSha,
  { tree, facts }: OwnState,
  roots: readonly Document<Root>[],
): Promise<LastOnline | undefined> {
  const { repository, objects } = workspace;
  const reader = new TreeReader(objects);
  const stamps = await listStates(repository, main, `metadata/${roleFile(TIMESTAMP)}`);
  const states = await listStates(repository, main, `metadata/${roleFile(SNAPSHOT)}`);
  if (stamps.length === 0 && states.length === 0) return undefined;
  const timestamps = await newestTimestamps(reader, stamps);
  const today = roots.slice(-1);
  const current = timestamps.find(({ timestamp }) => isGenuine(timestamp, today, TIMESTAMP));
  const namers = current === undefined ? roots : today;
  for (const { timestamp, commit } of current === undefined ? timestamps : [current]) {
    if (!isGenuine(timestamp, namers, TIMESTAMP)) continue;
    const snapshot = await firstOf(
      snapshotsOf(reader, timestamp, states, namers),
      found => current !== undefined || fits({ timestamp, snapshot: found }, tree),
    );
    if (snapshot === undefined) continue;
    if (current === undefined && !(await wasSound(workspace, commit, timestamp))) continue;
    return { timestamp, snapshot, commit, standing: await standingSince(reader, commit, tree, facts) };
  }
  throw notGenuine(current === undefined ? TIMESTAMP : SNAPSHOT);
}

const notGenuine = (role: RoleName): OperationError =>
  new OperationError(
    'REFUSED',
    `no metadata/${roleFile(role)} that main ever held is signed by a key that a root named: restore it from what was published`,
  );

interface Stamp {
  readonly timestamp: Document<Timestamp>;
  readonly commit: CommitSha;
}

/** By version, each with the first state of main that held it: later copies prove nothing. */
async function newestTimestamps(reader: TreeReader, states: readonly PathState[]): Promise<readonly Stamp[]> {
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
    .sort((a, b) => b.timestamp.signed.version - a.timestamp.signed.version);
}

/** Newest first: whoever had the key may have signed a second one of the same version. */
async function* snapshotsOf(
  reader: TreeReader,
  timestamp: Document<Timestamp>,
  states: readonly PathState[],
  roots: readonly Document<Root>[],
): AsyncGenerator<Document<Snapshot>> {
  const version = timestamp.signed.meta.get(roleFile(SNAPSHOT))?.version;
  for (const oid of new Set(states.map(state => state.oid))) {
    const parsed = await reader.document(oid);
    if (!parsed.ok || !isSnapshot(parsed.value) || parsed.value.signed.version !== version) continue;
    if (isGenuine(parsed.value, roots, SNAPSHOT)) yield parsed.value;
  }
}

async function firstOf<T>(values: AsyncIterable<T>, isWanted: (value: T) => boolean): Promise<T | undefined> {
  for await (const value of values) if (isWanted(value)) return value;
  return undefined;
}

/** A root of the past may have named the key. */
const isGenuine = (document: Document, roots: readonly Document<Root>[], role: RoleName): boolean =>
  roots.some(({ signed }) => verifyQuorum(document, signed.delegations, role).met);

/** Leaves room for more versions than anybody signs. */
const LAST_VERSION = Number.MAX_SAFE_INTEGER - 2 ** 40;

/** Can the next pair say more than this one? Whoever steals a key first drives versions to where nothing can follow. */
function fits(
  { timestamp, snapshot }: Pick<LastOnline, 'timestamp' | 'snapshot'>,
  tree: RepositoryTree,
): boolean {
  if (Math.max(timestamp.signed.version, snapshot.signed.version) > LAST_VERSION) return false;
  return [...tree.documents.keys()].every(role => {
    const listed = snapshot.signed.meta.get(roleFile(role))?.version ?? 0;
    return listed <= (documentOf(tree, role)?.signed.version ?? listed);
  });
}

/** Did main verify when the pair came, and did its root of then name the key? Else no automation of ours made it. */
async function wasSound(workspace: Workspace, commit: CommitSha, timestamp: Document): Promise<boolean> {
  const { problems, gathered } = await verifyMain(workspace, commit);
  const root = rootOf(gathered.tree);
  return problems.length === 0 && root !== undefined && isGenuine(timestamp, [root], TIMESTAMP);
}

async function standingSince(
  reader: TreeReader,
  commit: CommitSha,
  tree: RepositoryTree,
  facts: OwnState['facts'],
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
