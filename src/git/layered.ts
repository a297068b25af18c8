import { hash } from 'node:crypto';
import { DEFAULT_MAX_OBJECT, type GitObject, wrongType } from './collect.ts';
import { type GitCommit, parseCommit } from './commit-object.ts';
import type { BlobDigests } from './digests.ts';
import { GitError } from './error.ts';
import type { BlobSink, ObjectReader, WantedBlob } from './objects.ts';
import type { CommitSha, ObjectId, ObjectType } from './oid.ts';
import type { StoredObject } from './pack.ts';
import type { GitRepository } from './process.ts';
import { parseTree, type TreeEntry } from './tree.ts';

/**
 * Reads a repository together with objects that are not in it yet, so that a commit is judged before it is written. What it
 * holds was named from its content and needs no check; everything else is the reader's below. Whoever opened that one
 * disposes of it.
 */
export class LayeredReader implements ObjectReader {
  readonly repository: GitRepository;
  readonly #below: ObjectReader;
  readonly #held = new Map<ObjectId, GitObject>();

  constructor(below: ObjectReader) {
    this.#below = below;
    this.repository = below.repository;
  }

  /** From here on, these are there too. */
  hold(objects: ReadonlyMap<ObjectId, StoredObject>): void {
    for (const [oid, { type, content }] of objects) {
      this.#held.set(oid, { oid, type, content: Buffer.from(content) });
    }
  }

  async read(oid: ObjectId, maxBytes: number = DEFAULT_MAX_OBJECT): Promise<GitObject> {
    return this.#own(oid, maxBytes) ?? this.#below.read(oid, maxBytes);
  }

  async readBlob(oid: ObjectId, maxBytes?: number): Promise<Buffer> {
    return this.#ownAs('blob', oid, maxBytes) ?? this.#below.readBlob(oid, maxBytes);
  }

  async readTree(oid: ObjectId): Promise<readonly TreeEntry[]> {
    const own = this.#ownAs('tree', oid);
    return own === undefined ? this.#below.readTree(oid) : this.#treeOf(own);
  }

  async readCommit(oid: CommitSha): Promise<GitCommit> {
    const own = this.#ownAs('commit', oid);
    return own === undefined ? this.#below.readCommit(oid) : parseCommit(own);
  }

  async *readMany(oids: Iterable<ObjectId>, maxBytes?: number): AsyncGenerator<GitObject, void, undefined> {
    const { own, others } = this.#split(oids);
    for (const oid of own) yield await this.read(oid, maxBytes);
    yield* this.#below.readMany(others, maxBytes);
  }

  readBlobsNow(oids: Iterable<ObjectId>, maxBytes?: number): ReadonlyMap<ObjectId, Buffer> {
    const { own, others } = this.#split(oids);
    const found = new Map(this.#below.readBlobsNow(others, maxBytes));
    for (const oid of own) found.set(oid, this.#ownAs('blob', oid, maxBytes) as Buffer);
    return found;
  }

  readTreesNow(oids: Iterable<ObjectId>): ReadonlyMap<ObjectId, readonly TreeEntry[]> {
    const { own, others } = this.#split(oids);
    const found = new Map(this.#below.readTreesNow(others));
    for (const oid of own) found.set(oid, this.#treeOf(this.#ownAs('tree', oid) as Buffer));
    return found;
  }

  async hashBlobs(oids: Iterable<ObjectId>): Promise<BlobDigests> {
    const { own, others } = this.#split(oids);
    const digests = await this.#below.hashBlobs(others);
    for (const oid of own) {
      const content = this.#ownAs('blob', oid) as Buffer;
      digests.set(oid, { length: content.length, sha256: hash('sha256', content, 'hex') });
    }
    return digests;
  }

  async pour<T extends WantedBlob>(wanted: Iterable<T>, sink: BlobSink<T>): Promise<void> {
    const others: T[] = [];
    for (const one of wanted) {
      const content = this.#ownAs('blob', one.oid, Number.MAX_SAFE_INTEGER);
      if (content === undefined) {
        others.push(one);
        continue;
      }
      sink.begin(one, content.length);
      sink.data(content);
      sink.end();
    }
    await this.#below.pour(others, sink);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #treeOf(content: Buffer): readonly TreeEntry[] {
    return parseTree(content, this.repository.objectFormat);
  }

  #split(oids: Iterable<ObjectId>): {
    readonly own: readonly ObjectId[];
    readonly others: readonly ObjectId[];
  } {
    const wanted = [...oids];
    return {
      own: wanted.filter(oid => this.#held.has(oid)),
      others: wanted.filter(oid => !this.#held.has(oid)),
    };
  }

  #own(oid: ObjectId, maxBytes: number = DEFAULT_MAX_OBJECT): GitObject | undefined {
    const object = this.#held.get(oid);
    if (object !== undefined && object.content.length > maxBytes)
      throw new GitError(
        'OBJECT_TOO_LARGE',
        `${oid} has ${object.content.length} bytes, more than ${maxBytes}`,
      );
    return object;
  }

  #ownAs(wanted: ObjectType, oid: ObjectId, maxBytes?: number): Buffer | undefined {
    const object = this.#own(oid, maxBytes);
    if (object !== undefined && object.type !== wanted) throw wrongType(oid, object.type, wanted);
    return object?.content;
  }
}
