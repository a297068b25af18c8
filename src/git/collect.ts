import type { BatchSink, ObjectHeader } from './batch.ts';
import { GitError } from './error.ts';
import { nameObject, type ObjectFormat, type ObjectId, type ObjectType } from './oid.ts';

export interface GitObject {
  readonly oid: ObjectId;
  readonly type: ObjectType;
  readonly content: Buffer;
}

/** Bytes that one object may have where a caller says nothing else: 64 MiB, as for a JSON document. */
export const DEFAULT_MAX_OBJECT: number = 64 * 1024 * 1024;

/**
 * Gathers whole objects from a batch stream and checks that each is what its name says; git itself checks that only
 * in `git fsck`. Gives every object asked for, in order, as a value or as the {@link GitError} it amounts to.
 */
export class ObjectCollector implements BatchSink {
  readonly #format: ObjectFormat;
  readonly #maxBytes: () => number;
  readonly #deliver: (oid: ObjectId, result: GitObject | GitError) => void;
  #header: ObjectHeader | undefined;
  /** `undefined` while an object that is too large passes by. */
  #content: Buffer | undefined;
  #filled = 0;

  constructor(
    format: ObjectFormat,
    maxBytes: () => number,
    deliver: (oid: ObjectId, result: GitObject | GitError) => void,
  ) {
    this.#format = format;
    this.#maxBytes = maxBytes;
    this.#deliver = deliver;
  }

  begin(header: ObjectHeader): void {
    this.#header = header;
    this.#content = header.size > this.#maxBytes() ? undefined : Buffer.allocUnsafe(header.size);
    this.#filled = 0;
  }

  data(bytes: Buffer): void {
    if (this.#content !== undefined) this.#filled += bytes.copy(this.#content, this.#filled);
  }

  end(): void {
    const header = this.#header;
    if (header === undefined) return;
    const { oid, type, size } = header;
    const content = this.#content;
    this.#content = undefined;
    if (content === undefined) {
      this.#deliver(
        oid,
        new GitError('OBJECT_TOO_LARGE', `${type} ${oid} has ${size} bytes: too many to read`),
      );
    } else if (nameObject(this.#format, type, content) !== oid) {
      this.#deliver(
        oid,
        new GitError(
          'BAD_OBJECT',
          `${type} ${oid} is not what its name says: run git fsck, then clone again`,
        ),
      );
    } else {
      this.#deliver(oid, { oid, type, content });
    }
  }

  missing(oid: ObjectId): void {
    this.#deliver(oid, missingObject(oid));
  }
}

export const missingObject = (oid: ObjectId): GitError =>
  new GitError(
    'OBJECT_MISSING',
    `this clone lacks object ${oid}: make a full clone (no --filter, no --depth)`,
  );

export const wrongType = (oid: ObjectId, type: ObjectType, wanted: ObjectType): GitError =>
  new GitError('BAD_OBJECT', `${oid} is a ${type}, not a ${wanted}`);
