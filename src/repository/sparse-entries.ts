import type { ObjectId, TreeEntry } from './tree.ts';

/** A folder that all trees of one judgement have at the same path as the same git object, known-good among them. */
export interface SharedFolder {
  /** With a slash at its end; empty for the whole of `targets/`. */
  readonly path: string;
  readonly oid: ObjectId;
  /** Everything below, by whole path. Reads it where nobody has asked before, and throws where that fails. */
  entries(): ReadonlyMap<string, TreeEntry>;
}

type Entries = ReadonlyMap<string, TreeEntry>;

/**
 * A folder's entries, those below a {@link SharedFolder} read only once somebody asks for one: a change then costs what
 * it changes, not what lies beside it. To whoever reads it, it is the whole map, in the order of git.
 */
export class SparseEntries implements ReadonlyMap<string, TreeEntry> {
  /** The entries that are in no shared folder. */
  readonly own: Entries;
  /** By path. */
  readonly shared: ReadonlyMap<string, SharedFolder>;
  /** How many of {@link own} come before each shared folder. */
  readonly #places: ReadonlyMap<SharedFolder, number>;
  #whole: Entries | undefined;

  /** `places` says for each shared folder, in their order, how many of `own` come before it. */
  constructor(own: Entries, places: ReadonlyMap<SharedFolder, number>) {
    this.own = own;
    this.#places = places;
    this.shared = new Map([...places.keys()].map(folder => [folder.path, folder]));
  }

  get(path: string): TreeEntry | undefined {
    return this.own.get(path) ?? this.#folderOf(path)?.entries().get(path);
  }

  has(path: string): boolean {
    return this.get(path) !== undefined;
  }

  get size(): number {
    return this.#all().size;
  }

  /** The entries that `own` holds, and those of shared folders that `wanted` picks, in order. */
  only(wanted: (folder: SharedFolder) => boolean): Entries {
    const picked = new Map([...this.#places].filter(([folder]) => wanted(folder)));
    if (picked.size === 0) return this.own;
    const entries = new Map<string, TreeEntry>();
    const folders = [...picked];
    let passed = 0;
    const takeFolders = (): void => {
      for (let next = folders[0]; next !== undefined && next[1] === passed; next = folders[0]) {
        for (const [path, entry] of next[0].entries()) entries.set(path, entry);
        folders.shift();
      }
    };
    takeFolders();
    for (const [path, entry] of this.own) {
      entries.set(path, entry);
      passed++;
      takeFolders();
    }
    return entries;
  }

  keys(): MapIterator<string> {
    return this.#all().keys();
  }

  values(): MapIterator<TreeEntry> {
    return this.#all().values();
  }

  entries(): MapIterator<[string, TreeEntry]> {
    return this.#all().entries();
  }

  [Symbol.iterator](): MapIterator<[string, TreeEntry]> {
    return this.#all().entries();
  }

  forEach(visit: (entry: TreeEntry, path: string, map: ReadonlyMap<string, TreeEntry>) => void): void {
    for (const [path, entry] of this.#all()) visit(entry, path, this);
  }

  #all(): Entries {
    this.#whole ??= this.only(() => true);
    return this.#whole;
  }

  #folderOf(path: string): SharedFolder | undefined {
    if (this.shared.size === 0) return undefined;
    for (const folder of foldersOf(path)) {
      const found = this.shared.get(folder);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** Do both leave out the same folders, by path and by object? Then what differs between them is among their own entries. */
export function shareTheSame(a: SparseEntries, b: SparseEntries): boolean {
  if (a.shared.size !== b.shared.size) return false;
  for (const [path, { oid }] of a.shared) if (b.shared.get(path)?.oid !== oid) return false;
  return true;
}

/** The paths of `entries` that are in `wanted`, in order; reads no shared folder without one of them. */
export function inOrder(entries: Entries, wanted: ReadonlySet<string>): readonly string[] {
  const folders = new Set([...wanted].flatMap(foldersOf));
  const some = entries instanceof SparseEntries ? entries.only(({ path }) => folders.has(path)) : entries;
  return [...some.keys()].filter(path => wanted.has(path));
}

/**
 * The entries that a path of `paths` could collide with when all are spelt as `fold` spells them, segment by segment: all
 * but those of the shared folders that no such path lies in and that lie in no folder of that name.
 */
export function collidable(
  entries: Entries,
  paths: readonly string[],
  fold: (path: string) => string,
): Entries {
  if (!(entries instanceof SparseEntries)) return entries;
  const files = new Set(paths.map(path => `${fold(path)}/`));
  const folders = new Set([...files].flatMap(foldersOf));
  return entries.only(({ path }) => {
    const folded = fold(path);
    return folders.has(folded) || foldersOf(folded).some(folder => files.has(folder));
  });
}

/** The folders that `path` lies in, each with a slash at its end: the empty one, and for `a/b/` also `a/` and `a/b/`. */
function foldersOf(path: string): readonly string[] {
  const folders = [''];
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
    folders.push(path.slice(0, at + 1));
  return folders;
}
