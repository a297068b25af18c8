import type { CodedError } from '../errors.ts';
import { historyOf } from '../event/rules/history.ts';
import { GitError } from '../git/error.ts';
import type { ObjectReader } from '../git/objects.ts';
import type { CommitSha } from '../git/oid.ts';
import { TREE_MODE } from '../git/tree.ts';
import { JsonError } from '../json.ts';
import { type Document, isRoot, parseDocument, type Root } from '../metadata/document.ts';
import { MetadataError } from '../metadata/error.ts';
import type { RoleName } from '../metadata/names.ts';
import { PolicyError } from '../policy/error.ts';
import { noPolicyFile, POLICY_FILE, type PolicyFile } from '../policy/policy.ts';
import { RepositoryError } from '../repository/error.ts';
import { type Invites, noInvites, parseState } from '../repository/state.ts';
import {
  metadataFile,
  type ObjectId,
  type Parsed,
  type RepositoryTree,
  STATE_FILE,
  type TreeEntry,
} from '../repository/tree.ts';

/** The most names that one repository may have below a folder, folders among them. */
const MAX_ENTRIES = 1_000_000;
/** As they are met: twenty trees that each hold the next one ten times are 10^20 folders, and may all be empty. */
const MAX_FOLDERS = 100_000;
const MAX_DEPTH = 24;
/** Bytes. Larger than any limit of a client, so that rule `schema` can say what is wrong. */
const MAX_DOCUMENT = 64 * 1024 * 1024;
/** Bytes of all documents that are held: white space packs a thousand to one, so a small push can unpack to any size. */
const MAX_DOCUMENTS = 256 * 1024 * 1024;
/** Documents that are asked for in one go. */
const AT_ONCE = 256;
const REGULAR = new Set(['100644', '100755']);

/**
 * Reads commits as {@link RepositoryTree} values from git objects alone. What two commits share is read, parsed and
 * kept once, so that it is also the same object to those who compare; reads may overlap.
 */
export class TreeReader {
  readonly objects: ObjectReader;
  readonly #folders = new Map<string, Promise<Folder>>();
  readonly #documents = new Map<ObjectId, Promise<Parsed<Document>>>();
  #documentBytes = 0;

  constructor(objects: ObjectReader) {
    this.objects = objects;
  }

  /** Throws {@link GitError} where the object store is broken; whatever a hostile commit holds becomes a value. */
  async read(commit: CommitSha): Promise<RepositoryTree> {
    const { tree } = await this.objects.readCommit(commit);
    const outside = new Map<string, TreeEntry>();
    const unreadableNames: string[] = [];
    let [reading, readingArtifacts] = [Promise.resolve(emptyFolder), Promise.resolve(emptyFolder)];
    for (const { name, isUtf8, mode, oid } of await this.objects.readTree(tree)) {
      if (!isUtf8) unreadableNames.push(name);
      else if (name === 'metadata') reading = this.#folder(mode, oid, false);
      else if (name === 'targets') readingArtifacts = this.#folder(mode, oid, true);
      else outside.set(name, { path: name, mode, oid });
    }
    // Documents are on their way while the artifacts' folder, which may be large, is taken apart.
    const [metadata, artifacts, documents, invites] = await Promise.all([
      reading,
      readingArtifacts,
      reading.then(({ entries }) => this.#readDocuments(entries)),
      reading.then(({ entries }) => this.#readInvites(entries.get(STATE_FILE))),
    ]);
    for (const entry of artifacts.hidden) outside.set(`targets/${entry.path}`, entry);
    return {
      metadata: metadata.entries,
      artifacts: artifacts.entries,
      outside,
      unreadableNames: [
        ...unreadableNames,
        ...metadata.unreadableNames.map(path => `metadata/${path}`),
        ...artifacts.unreadableNames.map(path => `targets/${path}`),
      ],
      documents,
      invites,
      policy: await this.#readPolicy(outside.get(POLICY_FILE)),
    };
  }

  /**
   * Two trees with the files of these top folders in the folders' place, wherever the folders differ and every name in
   * them is UTF-8: an event may be allowed to change some of them. Throws as {@link read} does.
   */
  async withFilesOf(
    folders: ReadonlySet<string>,
    before: RepositoryTree,
    after: RepositoryTree,
  ): Promise<readonly [RepositoryTree, RepositoryTree]> {
    const [old, now] = [new Map(before.outside), new Map(after.outside)];
    for (const folder of folders) {
      const [a, b] = [old.get(folder), now.get(folder)];
      if (a?.oid === b?.oid && a?.mode === b?.mode) continue;
      // A file or a submodule of that name is an entry like any other.
      if ([a, b].some(entry => entry !== undefined && entry.mode !== TREE_MODE)) continue;
      const [oldFiles, files] = await Promise.all([this.#filesOf(a), this.#filesOf(b)]);
      if (oldFiles.unreadableNames.length > 0 || files.unreadableNames.length > 0) continue;
      replaceFolder(old, folder, oldFiles);
      replaceFolder(now, folder, files);
    }
    return [
      { ...before, outside: old },
      { ...after, outside: now },
    ];
  }

  #filesOf(entry: TreeEntry | undefined): Promise<Folder> {
    return entry === undefined ? Promise.resolve(emptyFolder) : this.#folder(entry.mode, entry.oid, false);
  }

  /** Parses one metadata file by its object id. */
  document(oid: ObjectId): Promise<Parsed<Document>> {
    const known = this.#documents.get(oid);
    if (known !== undefined) return known;
    const parsed = this.#readDocument(oid);
    this.#documents.set(oid, parsed);
    return parsed;
  }

  async #readDocument(oid: ObjectId): Promise<Parsed<Document>> {
    if (this.#documentBytes > MAX_DOCUMENTS) return { ok: false, error: tooManyBytes() };
    return this.#parse(oid, bytes => {
      this.#documentBytes += bytes.length;
      // It was on its way already.
      if (this.#documentBytes > MAX_DOCUMENTS) throw tooManyBytes();
      return parseDocument(bytes);
    });
  }

  /** Parses the roots of `root_history/`, by version. */
  async history(tree: RepositoryTree): Promise<ReadonlyMap<number, Parsed<Document<Root>>>> {
    const roots = new Map<number, Parsed<Document<Root>>>();
    for (const [version, { oid }] of historyOf(tree)) roots.set(version, asRoot(await this.document(oid)));
    return roots;
  }

  async #readDocuments(
    entries: ReadonlyMap<string, TreeEntry>,
  ): Promise<ReadonlyMap<RoleName, Parsed<Document>>> {
    const wanted: [RoleName, TreeEntry][] = [];
    for (const [path, entry] of entries) {
      const file = metadataFile(path);
      if (file.kind === 'role' && REGULAR.has(entry.mode)) wanted.push([file.role, entry]);
    }
    const documents = new Map<RoleName, Parsed<Document>>();
    for (let at = 0; at < wanted.length; at += AT_ONCE) {
      const some = wanted.slice(at, at + AT_ONCE);
      const parsed = await Promise.all(
        some.map(async ([role, { oid }]) => [role, await this.document(oid)] as const),
      );
      for (const [role, document] of parsed) documents.set(role, document);
    }
    return documents;
  }

  async #readInvites(entry: TreeEntry | undefined): Promise<Parsed<Invites>> {
    if (entry === undefined) return { ok: true, value: noInvites };
    if (!REGULAR.has(entry.mode)) {
      return { ok: false, error: new RepositoryError('BAD_FILE', 'is no regular file') };
    }
    return this.#parse(entry.oid, parseState);
  }

  async #readPolicy(entry: TreeEntry | undefined): Promise<Parsed<PolicyFile>> {
    if (entry === undefined) return { ok: true, value: noPolicyFile };
    if (!REGULAR.has(entry.mode)) {
      return { ok: false, error: new RepositoryError('BAD_FILE', 'is no regular file') };
    }
    // Loaded here: most repositories have no policy file, and no run should pay for a YAML parser then.
    const { parsePolicyFile } = await import('../policy/parse.ts');
    return this.#parse(entry.oid, parsePolicyFile);
  }

  async #parse<T>(oid: ObjectId, parse: (bytes: Uint8Array) => T): Promise<Parsed<T>> {
    try {
      return { ok: true, value: parse(await this.objects.readBlob(oid, MAX_DOCUMENT)) };
    } catch (error) {
      if (isContentFault(error)) return { ok: false, error };
      throw error;
    }
  }

  #folder(mode: string, oid: ObjectId, skipHidden: boolean): Promise<Folder> {
    if (mode !== TREE_MODE) {
      // A file, link or submodule in the folder's place: one entry that the rules will refuse.
      return Promise.resolve({ ...emptyFolder, entries: new Map([['', { path: '', mode, oid }]]) });
    }
    // Anybody can make metadata/ and targets/ one tree.
    const key = `${oid} ${skipHidden}`;
    const known = this.#folders.get(key);
    if (known !== undefined) return known;
    const folder = this.#readFolder(oid, skipHidden);
    this.#folders.set(key, folder);
    return folder;
  }

  async #readFolder(oid: ObjectId, skipHidden: boolean): Promise<Folder> {
    const folder: FolderInMaking = {
      entries: new Map(),
      hidden: [],
      unreadableNames: [],
      names: 0,
      folders: 0,
    };
    await this.#flatten(oid, '', 0, skipHidden, folder);
    return folder;
  }

  async #flatten(
    oid: ObjectId,
    prefix: string,
    depth: number,
    skipHidden: boolean,
    into: FolderInMaking,
  ): Promise<void> {
    if (depth > MAX_DEPTH) {
      throw new RepositoryError(
        'BAD_FILE',
        `${JSON.stringify(prefix)}: folders nest deeper than ${MAX_DEPTH}`,
      );
    }
    if (++into.folders > MAX_FOLDERS) {
      throw new RepositoryError('BAD_FILE', `a folder holds more than ${MAX_FOLDERS} folders`);
    }
    const entries = await this.objects.readTree(oid);
    into.names += entries.length;
    if (into.names > MAX_ENTRIES) {
      throw new RepositoryError('BAD_FILE', `a folder holds more than ${MAX_ENTRIES} names`);
    }
    for (const entry of entries) {
      const { name, mode, oid } = entry;
      const path = `${prefix}${name}`;
      if (!entry.isUtf8) into.unreadableNames.push(path);
      else if (skipHidden && name.startsWith('.')) {
        if (name !== PLACEHOLDER || !REGULAR.has(mode)) into.hidden.push({ path, mode, oid });
      } else if (mode === TREE_MODE) await this.#flatten(oid, `${path}/`, depth + 1, skipHidden, into);
      else into.entries.set(path, { path, mode, oid });
    }
  }
}

function replaceFolder(outside: Map<string, TreeEntry>, name: string, { entries }: Folder): void {
  outside.delete(name);
  for (const entry of entries.values()) {
    const path = `${name}/${entry.path}`;
    outside.set(path, { ...entry, path });
  }
}

function asRoot(parsed: Parsed<Document>): Parsed<Document<Root>> {
  if (!parsed.ok) return parsed;
  if (isRoot(parsed.value)) return { ok: true, value: parsed.value };
  return { ok: false, error: new MetadataError('MALFORMED', 'is no root document') };
}

interface Folder {
  readonly entries: ReadonlyMap<string, TreeEntry>;
  /** Below `targets/`, what begins with a dot: no artifact, but no event's business either. */
  readonly hidden: readonly TreeEntry[];
  readonly unreadableNames: readonly string[];
}

interface FolderInMaking extends Folder {
  readonly entries: Map<string, TreeEntry>;
  readonly hidden: TreeEntry[];
  readonly unreadableNames: string[];
  /** How many were met so far. */
  names: number;
  folders: number;
}

/** Keeps an empty folder in git; peers write it too. */
const PLACEHOLDER = '.gitkeep';

const emptyFolder: Folder = { entries: new Map(), hidden: [], unreadableNames: [] };

const tooManyBytes = (): RepositoryError =>
  new RepositoryError(
    'BAD_FILE',
    `was not read: all documents together have more than ${MAX_DOCUMENTS} bytes`,
  );

/** A file that says something wrong, as opposed to a store that can't be read. */
const isContentFault = (error: unknown): error is CodedError =>
  error instanceof JsonError ||
  error instanceof MetadataError ||
  error instanceof PolicyError ||
  error instanceof RepositoryError ||
  (error instanceof GitError && error.code === 'OBJECT_TOO_LARGE');
