import type { CodedError } from '../errors.ts';
import { GitError } from '../git/error.ts';
import type { ObjectReader } from '../git/objects.ts';
import { JsonError } from '../json.ts';
import { type Document, parseDocument } from '../metadata/document.ts';
import { MetadataError } from '../metadata/error.ts';
import type { RoleName } from '../metadata/names.ts';
import { PolicyError } from '../policy/error.ts';
import { RepositoryError } from '../repository/error.ts';
import { SparseDocuments } from '../repository/sparse-documents.ts';
import { metadataFile, type ObjectId, type Parsed, type TreeEntry } from '../repository/tree.ts';

/** Bytes. Larger than any limit of a client, so that rule `schema` can say what is wrong. */
const MAX_DOCUMENT = 64 * 1024 * 1024;
/** Bytes of all documents that are held: white space packs a thousand to one, so a small push can unpack to any size. */
const MAX_DOCUMENTS = 256 * 1024 * 1024;
/** Documents that are asked for in one go. */
const AT_ONCE = 256;
const REGULAR = new Set(['100644', '100755']);

/** Blobs that are known to be documents which delegate to nobody. */
export type Leaves = Pick<ReadonlySet<ObjectId>, 'has'>;

/** Reads documents, each blob once, so that it is also the same object to those who compare; reads may overlap. */
export class DocumentReader {
  readonly #objects: ObjectReader;
  readonly #documents = new Map<ObjectId, Promise<Parsed<Document>>>();
  /** Those of {@link #documents} that are there. */
  readonly #parsed = new Map<ObjectId, Parsed<Document>>();
  #documentBytes = 0;

  constructor(objects: ObjectReader) {
    this.#objects = objects;
  }

  /** Parses one metadata file by its object id. */
  read(oid: ObjectId): Promise<Parsed<Document>> {
    const known = this.#documents.get(oid);
    if (known !== undefined) return known;
    const parsed = this.#read(oid);
    this.#documents.set(oid, parsed);
    return parsed;
  }

  async #read(oid: ObjectId): Promise<Parsed<Document>> {
    if (this.#documentBytes > MAX_DOCUMENTS) return { ok: false, error: tooManyBytes() };
    const parsed = await readParsed(this.#objects, oid, bytes => this.#parseDocument(bytes));
    this.#parsed.set(oid, parsed);
    return parsed;
  }

  #parseDocument(bytes: Uint8Array): Document {
    this.#documentBytes += bytes.length;
    // It was on its way already.
    if (this.#documentBytes > MAX_DOCUMENTS) throw tooManyBytes();
    return parseDocument(bytes);
  }

  /** The `metadata/ROLE.json` files among `entries`, by role; those of `leaves` are left unread till somebody asks. */
  async readAll(
    entries: ReadonlyMap<string, TreeEntry>,
    leaves: Leaves,
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
        some.map(async ([role, oid]) => [role, await this.read(oid)] as const),
      );
      for (const [role, document] of parsed) documents.set(role, document);
    }
    return new SparseDocuments(documents, roles => this.#readNow(roles, oids));
  }

  #readNow(
    roles: readonly RoleName[],
    oids: ReadonlyMap<RoleName, ObjectId>,
  ): ReadonlyMap<RoleName, Parsed<Document>> {
    const wanted = roles.flatMap(role => oids.get(role) ?? []).filter(oid => !this.#parsed.has(oid));
    for (const [oid, bytes] of this.#objects.readBlobsNow(wanted, MAX_DOCUMENT)) {
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
}

/** Reads one blob, of at most `maxBytes`, and parses it. Throws what is no fault of its content. */
export async function readParsed<T>(
  objects: ObjectReader,
  oid: ObjectId,
  parse: (bytes: Uint8Array) => T,
  maxBytes: number = MAX_DOCUMENT,
): Promise<Parsed<T>> {
  const bytes = await objects.readBlob(oid, maxBytes).catch((error: unknown) => error);
  return parsedAs(() => {
    if (bytes instanceof Uint8Array) return parse(bytes);
    throw bytes;
  });
}

/** The value, or the fault of the content; any other error is thrown. */
function parsedAs<T>(parse: () => T): Parsed<T> {
  try {
    return { ok: true, value: parse() };
  } catch (error) {
    if (isContentFault(error)) return { ok: false, error };
    throw error;
  }
}

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
