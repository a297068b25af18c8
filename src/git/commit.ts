import type { Instant } from '../clock.ts';
import { encodeCommit, type Identity } from './commit-object.ts';
import { GitError } from './error.ts';
import { requireIdentity } from './identity.ts';
import type { ObjectReader } from './objects.ts';
import type { CommitSha, ObjectId } from './oid.ts';
import { ObjectWriter, type StoredObject } from './pack.ts';
import { encodeTree, TREE_MODE, type TreeEntry } from './tree.ts';

/**
 * What a path shall hold: bytes, or a blob that is in the repository already; `undefined`: nothing, it is removed. Keys are
 * `/`-separated, relative to the top.
 */
export type FileChanges = ReadonlyMap<string, FileChange>;
export type FileChange = Uint8Array | ObjectId | undefined;

export interface CommitRequest {
  /** The first is the commit whose files are changed; none where a repository starts. */
  readonly parents: readonly CommitSha[];
  readonly changes: FileChanges;
  /** Subject, then lines of the body, if any. A `Signed-off-by:` line of the author is added at the end. */
  readonly message: readonly string[];
  readonly author: Identity;
  readonly time: Instant;
}

/**
 * Makes a commit of file changes from objects alone: the user's checkout and index stay as they are, no hook or filter
 * runs, and only folders that change are written anew. A file keeps its mode if it was there, else it is 100644.
 * No ref points at the result yet. Throws {@link GitError} `BAD_PATH` where a path is unsafe, leads through something
 * that is no folder, or names something that is no regular file; `IDENTITY_MISSING`.
 */
export async function createCommit(reader: ObjectReader, request: CommitRequest): Promise<CommitSha> {
  const prepared = await prepareCommit(reader, request);
  await prepared.write();
  return prepared.commit;
}

/** A commit that has its name and is nowhere yet. */
export interface PreparedCommit {
  readonly commit: CommitSha;
  /** The commit itself, and what is new in it: read them through a `LayeredReader`. */
  readonly objects: ReadonlyMap<ObjectId, StoredObject>;
  /** Throws {@link GitError} `GIT_FAILED`. */
  write(): Promise<void>;
}

/** As {@link createCommit}, but for that nothing is written before somebody says so. */
export async function prepareCommit(reader: ObjectReader, request: CommitRequest): Promise<PreparedCommit> {
  const writer = new ObjectWriter(reader.repository);
  const [base] = request.parents;
  const baseTree = base === undefined ? undefined : (await reader.readCommit(base)).tree;
  const tree = await writeTree(reader, writer, baseTree, toFolder(request.changes), '');
  const commit = addCommit(writer, tree, request);
  return { commit, objects: new Map(writer.objects), write: () => writer.write() };
}

export interface RestorationRequest extends Omit<CommitRequest, 'parents' | 'changes'> {
  /** What is mended: the new commit's parent. */
  readonly parent: CommitSha;
  /** Where things come from. */
  readonly from: CommitSha;
  /** Names in the top folder, files or folders, that become what they are in `from`, or go where it has none. */
  readonly names: readonly string[];
}

/** Makes a commit on `parent` that puts some of its entries back to what they were in `from`. No ref points at it yet. */
export async function createRestoration(
  reader: ObjectReader,
  request: RestorationRequest,
): Promise<CommitSha> {
  const { parent, from, names } = request;
  const [now, then] = await Promise.all([topEntries(reader, parent), topEntries(reader, from)]);
  const restored = new Set(names);
  const entries = [
    ...now.filter(({ name }) => !restored.has(name)),
    ...then.filter(({ name }) => restored.has(name)),
  ];
  const writer = new ObjectWriter(reader.repository);
  const tree = writer.add('tree', encodeTree(entries));
  const commit = addCommit(writer, tree, { ...request, parents: [parent] });
  await writer.write();
  return commit;
}

const topEntries = async (reader: ObjectReader, commit: CommitSha): Promise<readonly TreeEntry[]> =>
  reader.readTree((await reader.readCommit(commit)).tree);

function addCommit(
  writer: ObjectWriter,
  tree: ObjectId | undefined,
  request: Omit<CommitRequest, 'changes'>,
): CommitSha {
  const author = { ...requireIdentity(request.author), time: request.time };
  const content = encodeCommit({
    tree: tree ?? writer.add('tree', new Uint8Array()),
    parents: request.parents,
    author,
    committer: author,
    message: signedOff(request.message, author),
  });
  return writer.add('commit', content) as string as CommitSha;
}

/** Changes as a tree of folders. */
type Folder = Map<string, Folder | FileChange>;

function toFolder(changes: FileChanges): Folder {
  const top: Folder = new Map();
  for (const [path, bytes] of changes) {
    const segments = path.split('/');
    const name = segments.pop() ?? '';
    let folder = top;
    for (const segment of segments) {
      requireSegment(segment, path);
      const inner = folder.get(segment) ?? new Map<string, Folder>();
      if (!(inner instanceof Map)) throw badPath(path, 'is below another file that changes');
      folder.set(segment, inner);
      folder = inner;
    }
    requireSegment(name, path);
    if (folder.get(name) instanceof Map) throw badPath(path, 'is a folder in which files change');
    folder.set(name, bytes);
  }
  return top;
}

/** The new tree's name; `undefined` where nothing is left in it, as git keeps no empty folders. */
async function writeTree(
  reader: ObjectReader,
  writer: ObjectWriter,
  base: ObjectId | undefined,
  changes: Folder,
  path: string,
): Promise<ObjectId | undefined> {
  const existing = base === undefined ? [] : await reader.readTree(base);
  if (existing.some(entry => !entry.isUtf8)) throw badPath(path, 'holds a name that is not valid UTF-8');
  const entries = new Map<string, TreeEntry>(existing.map(entry => [entry.name, entry]));
  for (const [name, change] of changes) {
    const inner = `${path}${name}`;
    const old = entries.get(name);
    let oid: ObjectId | undefined;
    let mode = TREE_MODE;
    if (change instanceof Map) {
      if (old !== undefined && old.mode !== TREE_MODE) throw badPath(inner, 'is no folder');
      oid = await writeTree(reader, writer, old?.oid, change, `${inner}/`);
    } else {
      mode = change === undefined ? '' : fileMode(old, inner);
      if (change === undefined && old?.mode === TREE_MODE) throw badPath(inner, 'is a folder');
      oid = change instanceof Uint8Array ? writer.add('blob', change) : change;
    }
    if (oid === undefined) entries.delete(name);
    else entries.set(name, { mode, name, isUtf8: true, oid });
  }
  return entries.size === 0 ? undefined : writer.add('tree', encodeTree(entries.values()));
}

const FILE_MODES: ReadonlySet<string> = new Set(['100644', '100755']);

/** A symbolic link that a hostile branch put in a document's place must not carry our bytes as its target. */
function fileMode(old: TreeEntry | undefined, path: string): string {
  if (old === undefined) return '100644';
  if (!FILE_MODES.has(old.mode)) throw badPath(path, `is no regular file (mode ${old.mode})`);
  return old.mode;
}

function requireSegment(segment: string, path: string): void {
  if (segment === '' || segment === '.' || segment === '..' || segment.toLowerCase() === '.git') {
    throw badPath(path, `has a part ${JSON.stringify(segment)}`);
  }
  if (/[\\\p{Cc}]/u.test(segment) || !segment.isWellFormed())
    throw badPath(path, 'holds an unsafe character');
}

const badPath = (path: string, problem: string): GitError =>
  new GitError('BAD_PATH', `${JSON.stringify(path)} can't be committed: it ${problem}`);

/** Source: git-interpret-trailers(1): trailers are the last paragraph. */
function signedOff(message: readonly string[], { name, email }: Identity): string {
  const [subject = '', ...body] = message.map(line => line.replace(/\p{Cc}+/gu, ' ').trimEnd());
  const paragraphs = [subject, body.join('\n').trim(), `Signed-off-by: ${name} <${email}>`];
  return `${paragraphs.filter(text => text !== '').join('\n\n')}\n`;
}
