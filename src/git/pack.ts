import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { nameObject, type ObjectFormat, type ObjectId } from './oid.ts';
import { type GitRepository, runGit } from './process.ts';

export type StoredType = 'blob' | 'tree' | 'commit';

/** An object by its content, named or not. */
export interface StoredObject {
  readonly type: StoredType;
  readonly content: Uint8Array;
}

// Source: gitformat-pack(5), "Object types".
const PACK_TYPE: Readonly<Record<StoredType, number>> = { commit: 1, tree: 2, blob: 3 };
const PACK_VERSION = 2;
/** Bytes. Below, a pack of its own would be one more file for git to search in. */
const LARGE = 512 * 1024;

/**
 * New objects on their way into a repository: added here, they have their names at once; {@link write} hands all of
 * them to one `git unpack-objects`, which names them again by its own count; or, where they are large, to `git index-pack`,
 * which does so too and keeps the pack instead of deflating everything anew.
 */
export class ObjectWriter {
  readonly #repository: GitRepository;
  readonly #objects = new Map<ObjectId, StoredObject>();

  constructor(repository: GitRepository) {
    this.#repository = repository;
  }

  add(type: StoredType, content: Uint8Array): ObjectId {
    const oid = nameObject(this.#repository.objectFormat, type, content);
    this.#objects.set(oid, { type, content });
    return oid;
  }

  /** What was added and is not written yet. */
  get objects(): ReadonlyMap<ObjectId, StoredObject> {
    return this.#objects;
  }

  /** Throws {@link GitError} `GIT_FAILED`; nothing points at the objects before a ref does. */
  async write(): Promise<void> {
    if (this.#objects.size === 0) return;
    const pack = encodePack(this.#repository.objectFormat, [...this.#objects.values()]);
    const command = pack.length > LARGE ? ['index-pack', '--stdin'] : ['unpack-objects', '-q'];
    await runGit(this.#repository, command, { input: pack });
    this.#objects.clear();
  }
}

/** A pack of whole objects. Source: gitformat-pack(5). */
function encodePack(format: ObjectFormat, objects: readonly StoredObject[]): Buffer {
  const header = Buffer.alloc(12);
  header.write('PACK', 'latin1');
  header.writeUInt32BE(PACK_VERSION, 4);
  header.writeUInt32BE(objects.length, 8);
  const parts: Uint8Array[] = [header];
  for (const { type, content } of objects) {
    // Level 1: git deflates anew what it keeps or sends, but for the large, where time counts.
    parts.push(encodeEntryHeader(PACK_TYPE[type], content.length), deflateSync(content, { level: 1 }));
  }
  const body = Buffer.concat(parts);
  return Buffer.concat([body, createHash(format).update(body).digest()]);
}

/** Type in bits 4-6 of the first byte, size in its low 4 bits and then 7 bits a byte; bit 7: more follow. */
function encodeEntryHeader(type: number, size: number): Buffer {
  const bytes: number[] = [];
  let byte = (type << 4) | (size % 16);
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push(byte | 0x80);
    byte = rest % 128;
  }
  return Buffer.from([...bytes, byte]);
}
