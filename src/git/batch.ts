import { GitError } from './error.ts';
import { isObjectId, type ObjectId, type ObjectType } from './oid.ts';

export interface ObjectHeader {
  readonly oid: ObjectId;
  readonly type: ObjectType;
  /** Bytes. */
  readonly size: number;
}

/** Receives the objects of a `git cat-file --batch` stream in order: `begin`, `data` (any number of times), `end`. */
export interface BatchSink {
  begin(header: ObjectHeader): void;
  /** `bytes` are only valid during the call. */
  data(bytes: Buffer): void;
  end(): void;
  missing(oid: ObjectId): void;
}

const LINE_FEED = 0x0a;
// An object name of SHA-256, a type, a size, and the spaces between.
const MAX_HEADER = 128;
const HEADER = /^([0-9a-f]+) (?:(blob|tree|commit|tag) (\d{1,15})|missing)$/;

/**
 * Takes the output of `git cat-file --batch` apart as it comes, in chunks of any size, without holding contents.
 * Each object is `OID SP TYPE SP SIZE LF CONTENT LF`; one that is not there, `OID SP missing LF`.
 */
export class BatchParser {
  readonly #sink: BatchSink;
  #header: Buffer = Buffer.alloc(0);
  /** Bytes of content still to come, and the line feed after them; 0 between objects. */
  #left = 0;

  constructor(sink: BatchSink) {
    this.#sink = sink;
  }

  /** Throws {@link GitError} `GIT_FAILED` where the stream has another form. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at = this.#left > 0 ? this.#content(chunk, at) : this.#headerLine(chunk, at);
  }

  #headerLine(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(LINE_FEED, at);
    const part = chunk.subarray(at, end < 0 ? chunk.length : end);
    const line = this.#header.length === 0 ? part : Buffer.concat([this.#header, part]);
    if (line.length > MAX_HEADER) throw unexpected(line);
    if (end < 0) {
      this.#header = Buffer.from(line);
      return chunk.length;
    }
    this.#header = Buffer.alloc(0);
    const text = line.toString('latin1');
    const match = HEADER.exec(text);
    const oid = match?.[1] ?? '';
    if (!isObjectId(oid)) throw unexpected(line);
    const type = match?.[2];
    if (type === undefined) {
      this.#sink.missing(oid);
    } else {
      const size = Number(match?.[3]);
      this.#left = size + 1;
      this.#sink.begin({ oid, type: type as ObjectType, size });
    }
    return end + 1;
  }

  #content(chunk: Buffer, at: number): number {
    const length = Math.min(this.#left - 1, chunk.length - at);
    if (length > 0) this.#sink.data(chunk.subarray(at, at + length));
    this.#left -= length;
    const end = at + length;
    if (this.#left > 1 || end === chunk.length) return end;
    if (chunk[end] !== LINE_FEED) throw unexpected(chunk.subarray(end, end + 1));
    this.#left = 0;
    this.#sink.end();
    return end + 1;
  }
}

const unexpected = (bytes: Buffer): GitError =>
  new GitError(
    'GIT_FAILED',
    `git cat-file answered in an unknown form: ${bytes.toString('hex').slice(0, 40)}`,
  );
