import type { Document } from '../metadata/document.ts';
import type { RoleName } from '../metadata/names.ts';
import type { Parsed } from './tree.ts';

type Documents = ReadonlyMap<RoleName, Parsed<Document>>;

/** Reads documents now, one for each role asked for. Throws where the store can't be read. */
export type DocumentLoader = (roles: readonly RoleName[]) => Documents;

/**
 * Documents by role, in the order of their files. Those that are known to delegate to nobody may be left unread until
 * somebody asks: the first one comes alone, the next with seven others, and so on, as each reading has its price. To whoever reads
 * it, it is the whole map.
 */
export class SparseDocuments implements ReadonlyMap<RoleName, Parsed<Document>> {
  readonly #documents: Map<RoleName, Parsed<Document> | undefined>;
  readonly #unread: Set<RoleName>;
  readonly #load: DocumentLoader;
  #together = 1;

  /** `undefined` in `documents` for one that was not read. */
  constructor(documents: ReadonlyMap<RoleName, Parsed<Document> | undefined>, load: DocumentLoader) {
    this.#documents = new Map(documents);
    this.#unread = new Set([...documents].flatMap(([role, parsed]) => (parsed === undefined ? [role] : [])));
    this.#load = load;
  }

  /** Is it left unread? Then it delegates to nobody. */
  isUnread(role: RoleName): boolean {
    return this.#unread.has(role);
  }

  get(role: RoleName): Parsed<Document> | undefined {
    if (this.#unread.has(role)) this.#read(this.#with(role));
    return this.#documents.get(role);
  }

  has(role: RoleName): boolean {
    return this.#documents.has(role);
  }

  get size(): number {
    return this.#documents.size;
  }

  keys(): MapIterator<RoleName> {
    return this.#documents.keys();
  }

  values(): MapIterator<Parsed<Document>> {
    return this.#all().values();
  }

  entries(): MapIterator<[RoleName, Parsed<Document>]> {
    return this.#all().entries();
  }

  [Symbol.iterator](): MapIterator<[RoleName, Parsed<Document>]> {
    return this.#all().entries();
  }

  forEach(visit: (document: Parsed<Document>, role: RoleName, map: Documents) => void): void {
    for (const [role, document] of this.#all()) visit(document, role, this);
  }

  #all(): Documents {
    this.#read([...this.#unread]);
    return this.#documents as Documents;
  }

  #with(role: RoleName): readonly RoleName[] {
    const wanted = new Set([role]);
    for (const other of this.#unread) {
      if (wanted.size >= this.#together) break;
      wanted.add(other);
    }
    this.#together *= 8;
    return [...wanted];
  }

  #read(roles: readonly RoleName[]): void {
    if (roles.length === 0) return;
    const found = this.#load(roles);
    for (const role of roles) {
      const parsed = found.get(role);
      if (parsed === undefined) throw new TypeError(`the loader left out ${role}`);
      this.#documents.set(role, parsed);
      this.#unread.delete(role);
    }
  }
}
