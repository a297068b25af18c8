import type { ObjectReader } from '../git/objects.ts';
import { type TreeEntry as Listed, TREE_MODE } from '../git/tree.ts';
import { RepositoryError } from '../repository/error.ts';
import { type SharedFolder, SparseEntries } from '../repository/sparse-entries.ts';
import type { ObjectId, TreeEntry } from '../repository/tree.ts';

/** The most names that one repository may have below a folder, folders among them. */
const MAX_ENTRIES = 1_000_000;
/** As they are met: twenty trees that each hold the next one ten times are 10^20 folders, and may all be empty. */
const MAX_FOLDERS = 100_000;
const MAX_DEPTH = 24;
/** Trees that are asked for in one go. */
const AT_ONCE = 256;
const REGULAR = new Set(['100644', '100755']);
/** Keeps an empty folder in git; peers write it too. */
const PLACEHOLDER = '.gitkeep';

/** All that lies below one folder, by path. */
export interface Folder {
  readonly entries: ReadonlyMap<string, TreeEntry>;
  /** Below `targets/`, what begins with a dot: no artifact, but no event's business either. */
  readonly hidden: readonly TreeEntry[];
  readonly unreadableNames: readonly string[];
}

/** Reads one folder. Throws {@link RepositoryError} `BAD_FILE` where it holds more than any repository does. */
export async function readFolder(objects: ObjectReader, oid: ObjectId, skipHidden: boolean): Promise<Folder> {
  const walk = new Walk(skipHidden);
  await fetchAll(objects, walk, [oid]);
  return walk.flatten([oid], 0);
}

/**
 * Reads the artifacts' folders of several commits, of which the first is one that this clone has verified. What all of them
 * have at one path as one object is left unread: no name there is hidden in one and not in another, or not UTF-8.
 */
export async function readTogether(
  objects: ObjectReader,
  oids: readonly (ObjectId | undefined)[],
): Promise<readonly Folder[]> {
  const shared = new SharedFolders(objects);
  const walk = new Walk(true, (path, oid) => shared.at(path, oid));
  await fetchAll(objects, walk, oids);
  return oids.map((_, index) => walk.flatten(oids, index));
}

async function fetchAll(objects: ObjectReader, walk: Walk, top: Place): Promise<void> {
  for (const wanted of walk.survey(top)) {
    for (let at = 0; at < wanted.length; at += AT_ONCE) {
      const some = wanted.slice(at, at + AT_ONCE);
      const lists = await Promise.all(some.map(oid => objects.readTree(oid)));
      for (const [i, oid] of some.entries()) walk.take(oid, lists[i] ?? []);
    }
  }
}

/**
 * The folders that were left unread. Each time that somebody asks for one, eight times as many are read as the time before:
 * who wants one or two pays for little, and who wants all does not start a process for each.
 */
class SharedFolders {
  readonly #objects: ObjectReader;
  readonly #folders = new Map<string, SharedFolder>();
  readonly #unread = new Map<string, ObjectId>();
  readonly #entries = new Map<string, ReadonlyMap<string, TreeEntry>>();
  #together = 1;

  constructor(objects: ObjectReader) {
    this.#objects = objects;
  }

  at(path: string, oid: ObjectId): SharedFolder {
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const folder = { path, oid, entries: () => this.#entries.get(path) ?? this.#readWith(path, oid) };
    this.#folders.set(path, folder);
    this.#unread.set(path, oid);
    return folder;
  }

  #readWith(path: string, oid: ObjectId): ReadonlyMap<string, TreeEntry> {
    const wanted = new Map([[path, oid]]);
    for (const [other, oid] of this.#unread) {
      if (wanted.size >= this.#together) break;
      wanted.set(other, oid);
    }
    this.#together *= 8;
    for (const [place, entries] of readNow(this.#objects, wanted)) {
      this.#entries.set(place, entries);
      this.#unread.delete(place);
    }
    return this.#entries.get(path) ?? new Map<string, TreeEntry>();
  }
}

function* readNow(
  objects: ObjectReader,
  folders: ReadonlyMap<string, ObjectId>,
): Iterable<[string, ReadonlyMap<string, TreeEntry>]> {
  const walk = new Walk(true);
  for (const wanted of walk.survey(...[...folders.values()].map(oid => [oid]))) {
    for (const [found, list] of objects.readTreesNow(wanted)) walk.take(found, list);
  }
  for (const [path, oid] of folders) {
    const { entries, unreadableNames } = walk.flatten([oid], 0, path);
    // Known-good would not have verified.
    if (unreadableNames.length > 0)
      throw new RepositoryError('BAD_FILE', 'a folder of main holds names that are not UTF-8');
    yield [path, entries];
  }
}

/** One path in several trees: the folder that each has there, if any. */
type Place = readonly (ObjectId | undefined)[];

interface FolderInMaking {
  readonly entries: Map<string, TreeEntry>;
  readonly hidden: TreeEntry[];
  readonly unreadableNames: string[];
  readonly places: Map<SharedFolder, number>;
  /** How many were met so far. */
  names: number;
  folders: number;
}

/** One walk down a place: first {@link survey} says which trees are needed, then {@link flatten} lays them out. */
class Walk {
  readonly #skipHidden: boolean;
  readonly #share: ((path: string, oid: ObjectId) => SharedFolder) | undefined;
  readonly #lists = new Map<ObjectId, readonly Listed[]>();
  /** Those of each list that are walked into. */
  readonly #below = new Map<ObjectId, readonly Listed[]>();
  #names = 0;

  constructor(skipHidden: boolean, share?: (path: string, oid: ObjectId) => SharedFolder) {
    this.#skipHidden = skipHidden;
    this.#share = share;
  }

  take(oid: ObjectId, list: readonly Listed[]): void {
    this.#lists.set(oid, list);
    this.#below.set(
      oid,
      list.filter(({ mode, name, isUtf8 }) => mode === TREE_MODE && isUtf8 && !this.#isHidden(name)),
    );
    this.#names += list.length;
  }

  /** Yields the trees of one level after the other, to be handed to {@link take} before it goes on. */
  *survey(...tops: readonly Place[]): Generator<readonly ObjectId[], void, void> {
    const met = new Set<string>();
    const trees = tops[0]?.length ?? 0;
    let level: readonly Place[] = tops.filter(top => !this.#isShared(top));
    // What lies deeper is refused by `flatten`, which knows its path.
    for (let depth = 0; level.length > 0 && depth <= MAX_DEPTH; depth++) {
      yield [...new Set(level.flat())].filter(
        oid => oid !== undefined && !this.#lists.has(oid),
      ) as ObjectId[];
      if (this.#names > MAX_ENTRIES * trees) throw tooMany(MAX_ENTRIES, 'names');
      const next: Place[] = [];
      for (const place of level) {
        for (const child of this.#childrenOf(place).values()) {
          const key = child.join();
          if (met.has(key) || this.#isShared(child)) continue;
          if (met.add(key).size > MAX_FOLDERS * trees) throw tooMany(MAX_FOLDERS, 'folders');
          next.push(child);
        }
      }
      level = next;
    }
  }

  /** What lies below `top` in the tree of that index, each path with `prefix` before it. */
  flatten(top: Place, index: number, prefix = ''): Folder {
    const into: FolderInMaking = {
      entries: new Map(),
      hidden: [],
      unreadableNames: [],
      places: new Map(),
      names: 0,
      folders: 0,
    };
    this.#flatten(top, index, prefix, 0, into);
    const { entries, places, hidden, unreadableNames } = into;
    return {
      entries: places.size === 0 ? entries : new SparseEntries(entries, places),
      hidden,
      unreadableNames,
    };
  }

  #flatten(place: Place, index: number, prefix: string, depth: number, into: FolderInMaking): void {
    const oid = place[index];
    if (oid === undefined) return;
    if (depth > MAX_DEPTH) {
      throw new RepositoryError(
        'BAD_FILE',
        `${JSON.stringify(prefix)}: folders nest deeper than ${MAX_DEPTH}`,
      );
    }
    if (++into.folders > MAX_FOLDERS) throw tooMany(MAX_FOLDERS, 'folders');
    if (this.#share !== undefined && this.#isShared(place)) {
      into.places.set(this.#share(prefix, oid), into.entries.size);
      return;
    }
    const list = this.#lists.get(oid);
    if (list === undefined) throw new TypeError(`tree ${oid} was not read`);
    into.names += list.length;
    if (into.names > MAX_ENTRIES) throw tooMany(MAX_ENTRIES, 'names');
    const children = place.length === 1 ? undefined : this.#childrenOf(place);
    for (const { name, mode, oid, isUtf8 } of list) {
      const path = `${prefix}${name}`;
      if (!isUtf8) into.unreadableNames.push(path);
      else if (this.#isHidden(name)) {
        if (name !== PLACEHOLDER || !REGULAR.has(mode)) into.hidden.push({ path, mode, oid });
      } else if (mode === TREE_MODE) {
        const child = children === undefined ? [oid] : (children.get(name) ?? []);
        this.#flatten(child, index, `${path}/`, depth + 1, into);
      } else into.entries.set(path, { path, mode, oid });
    }
  }

  #childrenOf(place: Place): ReadonlyMap<string, Place> {
    const children = new Map<string, (ObjectId | undefined)[]>();
    for (const [i, folder] of place.entries()) {
      for (const { name, oid } of folder === undefined ? [] : (this.#below.get(folder) ?? [])) {
        const child = children.get(name) ?? place.map((): ObjectId | undefined => undefined);
        child[i] = oid;
        children.set(name, child);
      }
    }
    return children;
  }

  #isHidden(name: string): boolean {
    return this.#skipHidden && name.startsWith('.');
  }

  #isShared(place: Place): boolean {
    const [first, ...others] = place;
    return this.#share !== undefined && first !== undefined && others.every(oid => oid === first);
  }
}

const tooMany = (most: number, what: string): RepositoryError =>
  new RepositoryError('BAD_FILE', `a folder holds more than ${most} ${what}`);
