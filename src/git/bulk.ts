import { createHash, type Hash, hash } from 'node:crypto';
import type { Writable } from 'node:stream';
import { BatchParser, type BatchSink, type ObjectHeader } from './batch.ts';
import { DEFAULT_MAX_OBJECT, type GitObject, missingObject, ObjectCollector, wrongType } from './collect.ts';
import { BlobDigests } from './digests.ts';
import { GitError } from './error.ts';
import { type ObjectId, parseObjectId } from './oid.ts';
import { type GitRepository, runGitNow, spawnError, spawnGit, withResolvers } from './process.ts';
import { complaintOf } from './stderr.ts';

/**
 * Reads many objects, each once, in the order first named, in one go; it holds those of one chunk of git's output at
 * a time. Throws the {@link GitError} of the first that can't be had (see `ObjectReader.read`).
 */
export async function* readMany(
  repository: GitRepository,
  oids: Iterable<ObjectId>,
  maxBytes: number = DEFAULT_MAX_OBJECT,
): AsyncGenerator<GitObject, void, undefined> {
  let results: (GitObject | GitError)[] = [];
  const collector = new ObjectCollector(
    repository.objectFormat,
    () => maxBytes,
    (_oid, result) => results.push(result),
  );
  for await (const _ of batch(repository, new Set(oids), collector)) {
    const ready = results;
    results = [];
    for (const result of ready) {
      if (result instanceof GitError) throw result;
      yield result;
    }
  }
}

/** Bytes of all objects of one {@link readManyNow}, and a line for each. */
const MAX_NOW = 512 * 1024 * 1024;

/** As {@link readMany}, all at once, while the whole process waits. */
export function readManyNow(
  repository: GitRepository,
  oids: Iterable<ObjectId>,
  maxBytes: number = DEFAULT_MAX_OBJECT,
): ReadonlyMap<ObjectId, GitObject> {
  const wanted = new Set(oids);
  const objects = new Map<ObjectId, GitObject>();
  if (wanted.size === 0) return objects;
  for (const oid of wanted) parseObjectId(oid);
  const collector = new ObjectCollector(
    repository.objectFormat,
    () => maxBytes,
    (oid, result) => {
      if (result instanceof GitError) throw result;
      objects.set(oid, result);
    },
  );
  const input = [...wanted].map(oid => `${oid}\n`).join('');
  const args = ['cat-file', '--batch', '--buffer'];
  new BatchParser(collector).push(runGitNow(repository, args, { input, maxOutput: MAX_NOW }));
  for (const oid of wanted) if (!objects.has(oid)) throw missingObject(oid);
  return objects;
}

/**
 * Length and SHA-256 of each blob's content; contents of any size stream through. The git name of the bytes is not
 * checked again: the digest says what they are. Throws {@link GitError} `OBJECT_MISSING`; `BAD_OBJECT` where a name
 * is not that of a blob.
 */
export async function hashBlobs(repository: GitRepository, oids: Iterable<ObjectId>): Promise<BlobDigests> {
  const hasher = new BlobHasher();
  for await (const _ of batch(repository, oids instanceof Set ? oids : new Set(oids), hasher));
  return hasher.digests;
}

/** A blob that somebody wants, and whatever they have to say of it. */
export interface WantedBlob {
  readonly oid: ObjectId;
}

/** Where blobs go while they come: `begin`, then `data` any number of times, then `end`. */
export interface BlobSink<T extends WantedBlob = WantedBlob> {
  begin(wanted: T, size: number): void;
  /** `bytes` are only valid during the call. */
  data(bytes: Buffer): void;
  end(): void;
}

/**
 * Hands each blob over, one after the other, in pieces, so that one of any size needs little memory; `wanted` is gone through only
 * as far as git keeps up, so that a long list needs none either. What `sink` throws ends it. The git name of the bytes is not
 * checked again: the sink has to know what they should be. Throws {@link GitError} `OBJECT_MISSING`; `BAD_OBJECT` where a name is
 * not that of a blob.
 */
export async function pourBlobs<T extends WantedBlob>(
  repository: GitRepository,
  wanted: Iterable<T>,
  sink: BlobSink<T>,
): Promise<void> {
  const asked: T[] = [];
  const oids = function* (): Iterable<ObjectId> {
    for (const one of wanted) {
      asked.push(one);
      yield one.oid;
    }
  };
  const checked: BatchSink = {
    begin({ oid, type, size }) {
      const one = asked.shift();
      if (type !== 'blob') throw wrongType(oid, type, 'blob');
      if (one !== undefined) sink.begin(one, size);
    },
    data: bytes => sink.data(bytes),
    end: () => sink.end(),
    missing(oid) {
      throw missingObject(oid);
    },
  };
  for await (const _ of batch(repository, oids(), checked));
}

class BlobHasher implements BatchSink {
  readonly digests: BlobDigests = new BlobDigests();
  #header: ObjectHeader | undefined;
  #hash: Hash | undefined;
  #digest = '';

  begin(header: ObjectHeader): void {
    if (header.type !== 'blob') throw wrongType(header.oid, header.type, 'blob');
    this.#header = header;
    this.#hash = undefined;
    this.#digest = '';
  }

  data(bytes: Buffer): void {
    if (bytes.length === this.#header?.size) {
      this.#digest = hash('sha256', bytes, 'hex');
    } else {
      this.#hash ??= createHash('sha256');
      this.#hash.update(bytes);
    }
  }

  end(): void {
    if (this.#header === undefined) return;
    const { oid, size } = this.#header;
    if (size === 0) this.#digest = hash('sha256', '', 'hex');
    this.digests.set(oid, { length: size, sha256: this.#hash?.digest('hex') ?? this.#digest });
  }

  missing(oid: ObjectId): void {
    throw missingObject(oid);
  }
}

/** Lets through what git answers in the order in which it was asked; each name is then the very string that was asked with. */
class InOrder implements BatchSink {
  readonly asked: ObjectId[] = [];
  readonly #sink: BatchSink;

  constructor(sink: BatchSink) {
    this.#sink = sink;
  }

  begin({ oid, type, size }: ObjectHeader): void {
    this.#sink.begin({ oid: this.#next(oid), type, size });
  }

  data(bytes: Buffer): void {
    this.#sink.data(bytes);
  }

  end(): void {
    this.#sink.end();
  }

  missing(oid: ObjectId): void {
    this.#sink.missing(this.#next(oid));
  }

  #next(oid: ObjectId): ObjectId {
    const asked = this.asked.shift();
    if (asked !== oid) throw new GitError('GIT_FAILED', `git cat-file answered ${oid} unasked`);
    return asked;
  }
}

/** Drives `sink` with the objects of a process of its own; yields after each chunk so that a consumer sets the pace. */
async function* batch(
  repository: GitRepository,
  oids: Iterable<ObjectId>,
  sink: BatchSink,
): AsyncGenerator<void, void, undefined> {
  const inOrder = new InOrder(sink);
  const lines = linesFor(oids, inOrder.asked);
  const first = lines.next();
  if (first.done === true) return;
  // --buffer: not one write per object, which doubles the time.
  const child = spawnGit(repository, ['cat-file', '--batch', '--buffer']);
  const { promise: closed, resolve, reject } = withResolvers<number | null>();
  closed.catch(() => undefined); // an error is met below; here it must not end the process
  child.on('error', cause => reject(spawnError(cause)));
  child.on('close', resolve);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-4_096)));
  child.stdin.on('error', () => undefined); // the exit code says why
  const feeding = feed(child.stdin, first.value, lines);
  // Whoever names the objects may fail on the way: then there is no use in the rest.
  feeding.catch(() => child.kill());
  try {
    const parser = new BatchParser(inOrder);
    for await (const chunk of child.stdout) {
      parser.push(chunk as Buffer);
      yield;
    }
    const exitCode = await closed;
    await feeding;
    if (exitCode !== 0) throw new GitError('GIT_FAILED', `git cat-file failed: ${complaintOf(stderr)}`);
  } finally {
    child.kill();
  }
}

const NAMES_PER_WRITE = 4_096;

/** What git is to be told, in pieces; each name is put on `asked` as it goes out. Throws {@link GitError} where one is none. */
function* linesFor(oids: Iterable<ObjectId>, asked: ObjectId[]): Generator<string, void, void> {
  let lines = '';
  let count = 0;
  for (const oid of oids) {
    asked.push(parseObjectId(oid)); // a line feed in it would shift all later answers
    lines += `${oid}\n`;
    if (++count % NAMES_PER_WRITE > 0) continue;
    yield lines;
    lines = '';
  }
  if (lines !== '') yield lines;
}

/** Hands `first` and the other lines over as git takes them, and no more once it has ended. Throws what naming them throws. */
async function feed(input: Writable, first: string, others: Iterator<string, void>): Promise<void> {
  const closed = new Promise(resolve => input.once('close', resolve));
  for (let lines: string | void = first; typeof lines === 'string'; lines = others.next().value) {
    if (input.destroyed) return;
    if (input.write(lines)) continue;
    await Promise.race([new Promise(resolve => input.once('drain', resolve)), closed]);
  }
  input.end();
}
