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
import { SparseDocuments } from '../repository/sparse-documents.ts';
import { type Invites, noInvites, parseState } from '../repository/state.ts';
import {
  metadataFile,
  type ObjectId,
  type Parsed,
  type RepositoryTree,
  STATE_FILE,
  type TreeEntry,
} from '../repository/tree.ts';
import { type Folder, readFolder, readTogether } from './read-folder.ts';

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
  /** Those of {@link #documents} that are there. */
  readonly #parsed = new Map<ObjectId, Parsed<Document>>();
  #documentBytes = 0;

  constructor(objects: ObjectReader) {
    this.objects = objects;
  }

  /** Throws {@link GitError} where the object store is broken; whatever a hostile commit holds becomes a value. */
  async read(commit: CommitSha): Promise<RepositoryTree> {
    const top = await this.#top(commit);
    return this.#assemble(top, this.#folder(top.targets, true), noLeaves);
  }

  /**
   * As {@link read}, of `known`, which this clone has verified, of `event`, and of `main` where there is one. What all have
   * as one object is left unread till somebody asks: folders below `targets/`, and documents of `leaves`, the blobs that
   * are known to delegate to nobody. The trees say the same as those of {@link read}.
   */
  async readBeside(
    known: CommitSha,
    event: CommitSha,
    main: CommitSha | undefined,
    leaves: ReadonlySet<ObjectId>,
  ): Promise<readonly [RepositoryTree, RepositoryTree, RepositoryTree | undefined]> {
    const tops = await Promise.all([
      this.#top(known),
      this.#top(event),
      ...(main === undefined ? [] : [this.#top(main)]),
    ] as const);
    const folders = readTogether(
      this.objects,
      tops.map(({ targets }) => (targets?.mode === TREE_MODE ? targets.oid : undefined)),
    );
    const assemble = (top: Top, index: number): Promise<RepositoryTree> =>
      this.#assemble(
        top,
        folders.then(read => notAFolder(top.targets) ?? read[index] ?? emptyFolder),
        leaves,
      );
    const [first, second, third] = tops;
    return Promise.all([
      assemble(first, 0),
      assemble(second, 1),
      third === undefined ? undefined : assemble(third, 2),
    ]);
  }

  async #top(commit: CommitSha): Promise<Top> {
    const { tree } = await this.objects.readCommit(commit);
    const entries = new Map<string, TreeEntry>();
    const unreadableNames: string[] = [];
    for (const { name, isUtf8, mode, oid } of await this.objects.readTree(tree)) {
      if (!isUtf8) unreadableNames.push(name);
      else entries.set(name, { path: name, mode, oid });
    }
    const [metadata, targets] = [entries.get('metadata'), entries.get('targets')];
    entries.delete('metadata');
    entries.delete('targets');
    return { metadata, targets, outside: entries, unreadableNames };
  }

  async #assemble(
    top: Top,
    readingArtifacts: Promise<Folder>,
    leaves: ReadonlySet<ObjectId>,
  ): Promise<RepositoryTree> {
    const reading = this.#folder(top.metadata, false);
    // Documents are on their way while the artifacts' folder, which may be large, is taken apart.
    const [metadata, artifacts, documents, invites] = await Promise.all([
      reading,
      readingArtifacts,
      reading.then(({ entries }) => this.#readDocuments(entries, leaves)),
      reading.then(({ entries }) => this.#readInvites(entries.get(STATE_FILE))),
    ]);
    const outside = new Map(top.outside);
    for (const entry of artifacts.hidden) outside.set(`targets/${entry.path}`, entry);
    return {
      metadata: metadata.entries,
      artifacts: artifacts.entries,
      outside,
      unreadableNames: [
        ...top.unreadableNames,
        ...metadata.unreadableNames.map(path => `metadata/${path}`),
        ...artifacts.unreadableNames.map(path => `targets/${path}`),
      ],
      documents,
      invites,
      policy: await this.#readPolicy(outside.get(POLICY_FILE)),
    };
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
    const parsed = await this.#parse(oid, bytes => this.#parseDocument(bytes));
    this.#parsed.set(oid, parsed);
    return parsed;
  }

  #parseDocument(bytes: Uint8Array): Document {
    this.#documentBytes += bytes.length;
    // It was on its way already.
    if (this.#documentBytes > MAX_DOCUMENTS) throw tooManyBytes();
    return parseDocument(bytes);
  }

  /** Parses the roots of `root_history/`, by version. */
  async history(tree: RepositoryTree): Promise<ReadonlyMap<number, Parsed<Document<Root>>>> {
    const roots = new Map<number, Parsed<Document<Root>>>();
    for (const [version, { oid }] of historyOf(tree)) roots.set(version, asRoot(await this.document(oid)));
    return roots;
  }

  async #readDocuments(
    entries: ReadonlyMap<string, TreeEntry>,
    leaves: ReadonlySet<ObjectId>,
  ): Promise<ReadonlyMap<RoleName, Parsed<Document>>> {
    const oids = new Map<RoleName, ObjectId>();
    for (const [path, entry] of entries) {
      const file = metadataFile(path);
      if (file.kind === 'role' && REGULAR.has(entry.mode)) oids.set(file.role, entry.oid);
    }
    const documents = new Map<RoleName, Parsed<Document> | undefined>();
    const wanted: [RoleName, ObjectId][] = [];
    for (const [role, oid] of oids) {
      documents.set(role, undefined); // in the order of the files
      if (!leaves.has(oid)) wanted.push([role, oid]);
    }
    for (let at = 0; at < wanted.length; at += AT_ONCE) {
      const some = wanted.slice(at, at + AT_ONCE);
      const parsed = await Promise.all(
        some.map(async ([role, oid]) => [role, await this.document(oid)] as const),
      );
      for (const [role, document] of parsed) documents.set(role, document);
    }
    return new SparseDocuments(documents, roles => this.#documentsNow(roles, oids));
  }

  #documentsNow(
    roles: readonly RoleName[],
    oids: ReadonlyMap<RoleName, ObjectId>,
  ): ReadonlyMap<RoleName, Parsed<Document>> {
    const wanted = roles.flatMap(role => oids.get(role) ?? []).filter(oid => !this.#parsed.has(oid));
    for (const [oid, bytes] of this.objects.readBlobsNow(wanted, MAX_DOCUMENT)) {
      const parsed = parsedAs(() => this.#parseDocument(bytes));
      this.#parsed.set(oid, parsed);
      this.#documents.set(oid, Promise.resolve(parsed));
    }
    return new Map(
      roles.flatMap(role => {
        const parsed = this.#parsed.get(oids.get(role) ?? ('' as ObjectId));
        return parsed === undefined ? [] : [[role, parsed]];
      }),
    );
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
    const bytes = await this.objects.readBlob(oid, MAX_DOCUMENT).catch((error: unknown) => error);
    return parsedAs(() => {
      if (bytes instanceof Uint8Array) return parse(bytes);
      throw bytes;
    });
  }

  #folder(stands: TreeEntry | undefined, skipHidden: boolean): Promise<Folder> {
    const odd = notAFolder(stands);
    if (stands === undefined || odd !== undefined) return Promise.resolve(odd ?? emptyFolder);
    // Anybody can make metadata/ and targets/ one tree.
    const key = `${stands.oid} ${skipHidden}`;
    const known = this.#folders.get(key);
    if (known !== undefined) return known;
    const folder = readFolder(this.objects, stands.oid, skipHidden);
    this.#folders.set(key, folder);
    return folder;
  }
}

/** The top folder of a commit. */
interface Top {
  readonly metadata: TreeEntry | undefined;
  readonly targets: TreeEntry | undefined;
  readonly outside: ReadonlyMap<string, TreeEntry>;
  readonly unreadableNames: readonly string[];
}

/** A file, link or submodule in a folder's place: one entry that the rules will refuse. */
const notAFolder = (entry: TreeEntry | undefined): Folder | undefined =>
  entry === undefined || entry.mode === TREE_MODE
    ? undefined
    : { ...emptyFolder, entries: new Map([['', { ...entry, path: '' }]]) };

/** The value, or the fault of the content; any other error is thrown. */
function parsedAs<T>(parse: () => T): Parsed<T> {
  try {
    return { ok: true, value: parse() };
  } catch (error) {
    if (isContentFault(error)) return { ok: false, error };
    throw error;
  }
}

function asRoot(parsed: Parsed<Document>): Parsed<Document<Root>> {
  if (!parsed.ok) return parsed;
  if (isRoot(parsed.value)) return { ok: true, value: parsed.value };
  return { ok: false, error: new MetadataError('MALFORMED', 'is no root document') };
}

const noLeaves: ReadonlySet<ObjectId> = new Set();
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
