import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { hash } from 'node:crypto';
import { BatchParser } from './batch.ts';
import { type BlobSink, hashBlobs, pourBlobs, readMany, readManyNow, type WantedBlob } from './bulk.ts';
import { DEFAULT_MAX_OBJECT, type GitObject, ObjectCollector, wrongType } from './collect.ts';
import { type GitCommit, parseCommit } from './commit-object.ts';
import type { BlobDigest, BlobDigests } from './digests.ts';
import { GitError } from './error.ts';
import { type CommitSha, type ObjectId, type ObjectType, parseObjectId } from './oid.ts';
import { type GitRepository, spawnError, spawnGit, withResolvers } from './process.ts';
import { complaintOf } from './stderr.ts';
import { parseTree, type TreeEntry } from './tree.ts';

export type { BlobSink, WantedBlob } from './bulk.ts';
export type { GitObject } from './collect.ts';

/**
 * Reads objects of one repository through one long-lived `git cat-file --batch`. No checkout, filter, attribute or
 * replace ref takes part. Reads may overlap; they are answered in order. Use it with `await using`.
 */
export interface ObjectReader extends AsyncDisposable {
  readonly repository: GitRepository;
  /**
   * The object of that name; its content was checked against the name. Throws {@link GitError} `OBJECT_MISSING`,
   * `BAD_OBJECT` (not what its name says), `OBJECT_TOO_LARGE` (over `maxBytes`, 64 MiB where nothing is said).
   */
  read(oid: ObjectId, maxBytes?: number): Promise<GitObject>;
  /** As {@link read}, of a blob. */
  readBlob(oid: ObjectId, maxBytes?: number): Promise<Buffer>;
  /** As {@link read}, of a tree (not a commit), one level of it. */
  readTree(oid: ObjectId): Promise<readonly TreeEntry[]>;
  /** As {@link read}, of a commit. */
  readCommit(oid: CommitSha): Promise<GitCommit>;
  /** Many objects in one go, in a process of their own; see `readMany` in bulk.ts. */
  readMany(oids: Iterable<ObjectId>, maxBytes?: number): AsyncGenerator<GitObject, void, undefined>;
  /** Many blobs, while the whole process waits; see `readManyNow` in bulk.ts. */
  readBlobsNow(oids: Iterable<ObjectId>, maxBytes?: number): ReadonlyMap<ObjectId, Buffer>;
  /** Many trees, one level of each, while the whole process waits. */
  readTreesNow(oids: Iterable<ObjectId>): ReadonlyMap<ObjectId, readonly TreeEntry[]>;
  /** Length and SHA-256 of many blobs in one go; see `hashBlobs` in bulk.ts. */
  hashBlobs(oids: Iterable<ObjectId>): Promise<BlobDigests>;
  /** Many blobs of any size, in pieces, one after the other; see `pourBlobs` in bulk.ts. */
  pour<T extends WantedBlob>(wanted: Iterable<T>, sink: BlobSink<T>): Promise<void>;
}

/** The process starts at once, so that it warms up while the caller does other work. */
export const openObjectReader = (repository: GitRepository): ObjectReader => new BatchReader(repository);

/** Blobs that are not worth a process of their own, and the bytes that each may have. */
const FEW = 64;
const SMALL = 1024 * 1024;

interface Request {
  readonly oid: ObjectId;
  readonly maxBytes: number;
  readonly resolve: (object: GitObject) => void;
  readonly reject: (reason: Error) => void;
}

class BatchReader implements ObjectReader {
  readonly repository: GitRepository;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<void>;
  /** In the order written to git. */
  readonly #waiting = new Set<Request>();
  /** Lines for git that this turn has gathered. */
  #unsent = '';
  #failure: Error | undefined;
  #stderr = '';

  constructor(repository: GitRepository) {
    this.repository = repository;
    const child = spawnGit(repository, ['cat-file', '--batch']);
    this.#child = child;
    const parser = new BatchParser(
      new ObjectCollector(
        repository.objectFormat,
        () => this.#next()?.maxBytes ?? 0,
        (oid, result) => this.#answer(oid, result),
      ),
    );
    child.stdout.on('data', (chunk: Buffer) => {
      try {
        parser.push(chunk);
      } catch (error) {
        if (!(error instanceof GitError)) throw error;
        this.#fail(error);
      }
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4_096);
    });
    child.stdin.on('error', () => undefined); // the end of the process says why
    child.on('error', cause => this.#fail(spawnError(cause)));
    const { promise, resolve } = withResolvers<void>();
    this.#closed = promise;
    child.on('close', () => {
      this.#fail(new GitError('GIT_FAILED', `git cat-file ended: ${complaintOf(this.#stderr)}`));
      resolve();
    });
  }

  read(oid: ObjectId, maxBytes: number = DEFAULT_MAX_OBJECT): Promise<GitObject> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    parseObjectId(oid); // a line feed in it would shift all later answers
    const { promise, resolve, reject } = withResolvers<GitObject>();
    this.#waiting.add({ oid, maxBytes, resolve, reject });
    // What one turn of the caller asks for goes out in one write.
    if (this.#unsent === '') queueMicrotask(() => this.#send());
    this.#unsent += `${oid}\n`;
    return promise;
  }

  async readBlob(oid: ObjectId, maxBytes?: number): Promise<Buffer> {
    return (await this.#readAs('blob', oid, maxBytes)).content;
  }

  async readTree(oid: ObjectId): Promise<readonly TreeEntry[]> {
    return parseTree((await this.#readAs('tree', oid)).content, this.repository.objectFormat);
  }

  async readCommit(oid: CommitSha): Promise<GitCommit> {
    return parseCommit((await this.#readAs('commit', oid)).content);
  }

  readMany(oids: Iterable<ObjectId>, maxBytes?: number): AsyncGenerator<GitObject, void, undefined> {
    return readMany(this.repository, oids, maxBytes);
  }

  readBlobsNow(oids: Iterable<ObjectId>, maxBytes?: number): ReadonlyMap<ObjectId, Buffer> {
    return this.#readNow('blob', oids, content => content, maxBytes);
  }

  readTreesNow(oids: Iterable<ObjectId>): ReadonlyMap<ObjectId, readonly TreeEntry[]> {
    return this.#readNow('tree', oids, content => parseTree(content, this.repository.objectFormat));
  }

  /** A few small ones come through the process that runs already: to start another takes longer. */
  async hashBlobs(oids: Iterable<ObjectId>): Promise<BlobDigests> {
    const wanted = oids instanceof Set ? (oids as ReadonlySet<ObjectId>) : new Set(oids);
    if (wanted.size > FEW) return hashBlobs(this.repository, wanted);
    const small = await Promise.all([...wanted].map(oid => this.#hashSmall(oid)));
    const digests = await hashBlobs(
      this.repository,
      [...wanted].filter((_, i) => small[i] === undefined),
    );
    for (const [i, oid] of [...wanted].entries()) if (small[i] !== undefined) digests.set(oid, small[i]);
    return digests;
  }

  /** `undefined` where it is too large to be held. */
  async #hashSmall(oid: ObjectId): Promise<BlobDigest | undefined> {
    try {
      const content = await this.readBlob(oid, SMALL);
      return { length: content.length, sha256: hash('sha256', content, 'hex') };
    } catch (error) {
      if (error instanceof GitError && error.code === 'OBJECT_TOO_LARGE') return undefined;
      throw error;
    }
  }

  pour<T extends WantedBlob>(wanted: Iterable<T>, sink: BlobSink<T>): Promise<void> {
    return pourBlobs(this.repository, wanted, sink);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail(new GitError('GIT_FAILED', 'the object reader was closed'));
    await this.#closed;
  }

  async #readAs(wanted: ObjectType, oid: ObjectId, maxBytes?: number): Promise<GitObject> {
    const object = await this.read(oid, maxBytes);
    if (object.type !== wanted) throw wrongType(oid, object.type, wanted);
    return object;
  }

  #readNow<T>(
    wanted: ObjectType,
    oids: Iterable<ObjectId>,
    take: (content: Buffer) => T,
    maxBytes?: number,
  ): ReadonlyMap<ObjectId, T> {
    const taken = new Map<ObjectId, T>();
    for (const [oid, { type, content }] of readManyNow(this.repository, oids, maxBytes)) {
      if (type !== wanted) throw wrongType(oid, type, wanted);
      taken.set(oid, take(content));
    }
    return taken;
  }

  #send(): void {
    const lines = this.#unsent;
    this.#unsent = '';
    if (this.#failure === undefined) this.#child.stdin.write(lines);
  }

  #next(): Request | undefined {
    return this.#waiting.values().next().value;
  }

  #answer(oid: ObjectId, result: GitObject | GitError): void {
    const request = this.#next();
    if (request?.oid !== oid) throw new GitError('GIT_FAILED', `git cat-file answered ${oid} unasked`);
    this.#waiting.delete(request);
    if (result instanceof GitError) request.reject(result);
    else request.resolve(result);
  }

  /** From here on every read ends with the first failure. */
  #fail(failure: Error): void {
    this.#failure ??= failure;
    for (const request of this.#waiting) request.reject(this.#failure);
    this.#waiting.clear();
    this.#child.stdin.destroy();
    this.#child.kill();
  }
}
