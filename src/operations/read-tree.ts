import { historyOf } from '../event/rules/history.ts';
import type { ObjectReader } from '../git/objects.ts';
import type { CommitSha } from '../git/oid.ts';
import { TREE_MODE } from '../git/tree.ts';
import { type Document, isRoot, type Root } from '../metadata/document.ts';
import { MetadataError } from '../metadata/error.ts';
import { noPolicyFile, POLICY_FILE, type PolicyFile } from '../policy/policy.ts';
import { diffEntries } from '../repository/diff.ts';
import { RepositoryError } from '../repository/error.ts';
import { type Invites, noInvites, parseState } from '../repository/state.ts';
import {
  type ObjectId,
  type Parsed,
  type RepositoryTree,
  STATE_FILE,
  type TreeEntry,
} from '../repository/tree.ts';
import { DocumentReader, type Leaves, readParsed } from './read-documents.ts';
import { type Folder, readFolder, readTogether } from './read-folder.ts';

const REGULAR = new Set(['100644', '100755']);

/**
 * Reads commits as {@link RepositoryTree} values from git objects alone. What two commits share is read, parsed and
 * kept once, so that it is also the same object to those who compare; reads may overlap.
 */
export class TreeReader {
  readonly objects: ObjectReader;
  readonly #folders = new Map<string, Promise<Folder>>();
  readonly #documents: DocumentReader;

  constructor(objects: ObjectReader) {
    this.objects = objects;
    this.#documents = new DocumentReader(objects);
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
    leaves: Leaves,
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
    folders.catch(() => undefined); // met below
    const [before, after] = await Promise.all(
      [tops[0], tops[1]].map(top => this.#folder(top.metadata, false)),
    );
    const settled = unmoved(leaves, before ?? emptyFolder, after ?? emptyFolder);
    const assemble = (top: Top, index: number): Promise<RepositoryTree> =>
      this.#assemble(
        top,
        folders.then(read => notAFolder(top.targets) ?? read[index] ?? emptyFolder),
        settled,
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

  async #assemble(top: Top, readingArtifacts: Promise<Folder>, leaves: Leaves): Promise<RepositoryTree> {
    const reading = this.#folder(top.metadata, false);
    // Documents are on their way while the artifacts' folder, which may be large, is taken apart.
    const [metadata, artifacts, documents, invites] = await Promise.all([
      reading,
      readingArtifacts,
      reading.then(({ entries }) => this.#documents.readAll(entries, leaves)),
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
      const [oldFiles, files] = await Promise.all([this.#folder(a, false), this.#folder(b, false)]);
      if (oldFiles.unreadableNames.length > 0 || files.unreadableNames.length > 0) continue;
      replaceFolder(old, folder, oldFiles);
      replaceFolder(now, folder, files);
    }
    return [
      { ...before, outside: old },
      { ...after, outside: now },
    ];
  }

  /** Parses one metadata file by its object id. */
  document(oid: ObjectId): Promise<Parsed<Document>> {
    return this.#documents.read(oid);
  }

  /** As {@link document}, of one that has to be a root. */
  async root(oid: ObjectId): Promise<Parsed<Document<Root>>> {
    return asRoot(await this.#documents.read(oid));
  }

  /** Parses the roots of `root_history/`, by version. */
  async history(tree: RepositoryTree): Promise<ReadonlyMap<number, Parsed<Document<Root>>>> {
    const roots = new Map<number, Parsed<Document<Root>>>();
    for (const [version, { oid }] of historyOf(tree)) roots.set(version, await this.root(oid));
    return roots;
  }

  async #readInvites(entry: TreeEntry | undefined): Promise<Parsed<Invites>> {
    if (entry === undefined) return { ok: true, value: noInvites };
    if (!REGULAR.has(entry.mode)) {
      return { ok: false, error: new RepositoryError('BAD_FILE', 'is no regular file') };
    }
    return readParsed(this.objects, entry.oid, parseState);
  }

  async #readPolicy(entry: TreeEntry | undefined): Promise<Parsed<PolicyFile>> {
    if (entry === undefined) return { ok: true, value: noPolicyFile };
    if (!REGULAR.has(entry.mode)) {
      return { ok: false, error: new RepositoryError('BAD_FILE', 'is no regular file') };
    }
    // Loaded here: most repositories have no policy file, and no run should pay for a YAML parser then.
    const { parsePolicyFile } = await import('../policy/parse.ts');
    return readParsed(this.objects, entry.oid, parsePolicyFile);
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

function replaceFolder(outside: Map<string, TreeEntry>, name: string, { entries }: Folder): void {
  outside.delete(name);
  for (const entry of entries.values()) {
    const path = `${name}/${entry.path}`;
    outside.set(path, { ...entry, path });
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

function asRoot(parsed: Parsed<Document>): Parsed<Document<Root>> {
  if (!parsed.ok) return parsed;
  if (isRoot(parsed.value)) return { ok: true, value: parsed.value };
  return { ok: false, error: new MetadataError('MALFORMED', 'is no root document') };
}

const noLeaves: Leaves = new Set();

/** Who judges a change looks at both of its sides: they need not wait for each other. */
function unmoved(leaves: Leaves, before: Folder, after: Folder): Leaves {
  const changes = diffEntries(before.entries, after.entries);
  const moved = new Set(changes.flatMap(change => [change.before?.oid, change.after?.oid]));
  return { has: oid => leaves.has(oid) && !moved.has(oid) };
}

const emptyFolder: Folder = { entries: new Map(), hidden: [], unreadableNames: [] };
