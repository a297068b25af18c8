import { createHash, type Hash, hash } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  mkdirSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { directoryFetcher } from '../../client/directory.ts';
import { ClientError, systemErrorCode } from '../../client/error.ts';
import { decodeSegments, type Fetcher } from '../../client/fetcher.ts';
import type { TargetInfo } from '../../client/search.ts';
import { targetHash } from '../../metadata/document.ts';
import { hashedName } from '../../repository/layout.ts';
import type { BlobDigest } from '../../repository/tree.ts';
import { OperationError } from '../error.ts';
import type { HeldFiles } from './held.ts';
import type { OutFolder } from './out-folder.ts';
import { type KnownFiles, sharing } from './share.ts';

/**
 * A site in the making: files of a new folder, and files that `out` has already. It holds nothing whose content was not
 * seen in this very run: what is written is hashed while it is written; what is there is read and hashed anew, as anybody
 * may have changed it since it was built.
 */
export class Stage {
  readonly #folder: string;
  readonly #out: OutFolder;
  readonly #held: HeldFiles;
  readonly #built = new Map<string, BlobDigest>();
  readonly #folders = new Set<string>();
  /** Files that `out` has with other bytes. */
  readonly changed: Set<string> = new Set();

  constructor(folder: string, out: OutFolder, held: HeldFiles) {
    this.#folder = folder;
    this.#out = out;
    this.#held = held;
  }

  /** Paths of the files that `out` does not have, or not so. */
  get built(): Iterable<string> {
    return this.#built.keys();
  }

  /** How many those are. */
  get builtCount(): number {
    return this.#built.size;
  }

  get size(): number {
    return this.#built.size + this.#held.taken.size;
  }

  has(path: string): boolean {
    return this.#held.taken.has(path) || this.#built.has(path);
  }

  /** The content that a file of the new site has. */
  digest(path: string): BlobDigest | undefined {
    return this.#held.taken.get(path) ?? this.#built.get(path);
  }

  /** Takes a whole file. */
  put(path: string, bytes: Uint8Array): void {
    const digest = { length: bytes.length, sha256: hash('sha256', bytes, 'hex') };
    if (this.keep(path, digest)) return;
    writeFileSync(this.#place(path), bytes, { flag: 'wx' });
    this.#built.set(path, digest);
  }

  /** Takes the file that `out` has, if it has it with this content. */
  keep(path: string, wanted: BlobDigest): boolean {
    if (this.#held.take(path, wanted)) return true;
    if (this.#held.has(path)) this.changed.add(path);
    return false;
  }

  /** Starts a file that comes in pieces, `size` bytes in all. It counts once its end was reached, with the content that was wanted. */
  open(path: string, wanted: BlobDigest, size: number = wanted.length): Writing {
    const place = this.#place(path);
    const file = openSync(place, 'wx');
    const sum = summing(size);
    let isOpen = true;
    const abort = (): void => {
      if (isOpen) closeSync(file);
      isOpen = false;
      rmSync(place, { force: true });
    };
    return {
      write: piece => {
        sum.write(piece);
        for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at);
      },
      close: () => {
        closeSync(file);
        isOpen = false;
        const found = sum.close();
        if (isSame(found, wanted)) this.#built.set(path, wanted);
        else abort();
        return found;
      },
      abort,
    };
  }

  /** As {@link open}, where a file of that name can be; else what comes is hashed alone. */
  openIfPossible(path: string, wanted: BlobDigest, size: number): Writing {
    try {
      return this.open(path, wanted, size);
    } catch (error) {
      if (error instanceof OperationError || NO_FILE.has(systemErrorCode(error) ?? '')) return summing(size);
      throw error;
    }
  }

  /** Another file of what was staged as `path`, by sharing the blocks where the file system can. */
  copy(path: string, others: readonly string[]): void {
    const digest = this.#built.get(path);
    if (digest === undefined) return;
    for (const other of others) {
      copyFileSync(this.#place(path), this.#place(other), COPY);
      this.#built.set(other, digest);
    }
  }

  /** What clients will see, and nothing else. What is found equal to bytes that are `known` is given as that array. */
  fetcher(known: KnownFiles): Fetcher {
    const [built, there] = [directoryFetcher(this.#folder), directoryFetcher(this.#out.path)];
    const files: Fetcher = {
      fetch: async (path, maxBytes) => {
        const name = decodeSegments(path).join('/');
        if (!this.has(name)) return undefined;
        return (this.#built.has(name) ? built : there).fetch(path, maxBytes);
      },
    };
    return sharing(files, known);
  }

  /** An artifact as a client would check it, by the hash that was taken when its bytes passed. Throws {@link ClientError}. */
  readonly checkArtifact = ({ path, file }: TargetInfo): void => {
    const sha256 = targetHash(file, 'sha256');
    const found = this.digest(`targets/${hashedName(path, sha256 ?? '')}`);
    if (found === undefined) throw new ClientError('NOT_FOUND', `the site has no artifact ${path}`);
    if (found.length !== file.length)
      throw new ClientError('LENGTH_MISMATCH', `${path} has not its signed length`);
    if (found.sha256 !== sha256) throw new ClientError('HASH_MISMATCH', `${path} has not its signed content`);
  };

  #place(path: string): string {
    // Rules have refused such names before: this is the last line.
    if (LEADS_ELSEWHERE.test(path)) throw badName(path);
    const place = `${this.#folder}/${path}`;
    const folder = place.slice(0, place.lastIndexOf('/'));
    if (!this.#folders.has(folder)) {
      mkdirSync(folder, { recursive: true });
      this.#folders.add(folder);
    }
    return place;
  }
}

/** A file that is being written. */
export interface Writing {
  write(piece: Uint8Array): void;
  /** Ends it, takes it away unless it has the content that was wanted, and gives what it had. */
  close(): BlobDigest;
  /** Takes it away. */
  abort(): void;
}

/** Hashes what is written, and does nothing else. Most of what comes does so in one piece. */
export function summing(size: number): Writing {
  let sum: Hash | undefined;
  let whole = EMPTY;
  let length = 0;
  return {
    write: piece => {
      // An empty one adds nothing, and must not stand for the whole.
      if (piece.length === 0) return;
      length += piece.length;
      if (piece.length === size) whole = hash('sha256', piece, 'hex');
      else (sum ??= createHash('sha256')).update(piece);
    },
    close: () => ({ length, sha256: sum?.digest('hex') ?? whole }),
    abort: () => undefined,
  };
}

export const isSame = (found: BlobDigest, wanted: BlobDigest): boolean =>
  found.length === wanted.length && found.sha256 === wanted.sha256;

const EMPTY = hash('sha256', '', 'hex');

/** No file can be called so, or another one stands in its way. */
const NO_FILE: ReadonlySet<string> = new Set([
  'EEXIST',
  'EINVAL',
  'EILSEQ',
  'EISDIR',
  'ENAMETOOLONG',
  'ENOTDIR',
]);

/** A segment that is empty, `.` or `..`, or what no system takes. */
const LEADS_ELSEWHERE = /(?:^|\/)\.{0,2}(?:\/|$)|\0/;

/** Shares the blocks where the file system can. */
const COPY = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;

const badName = (path: string): OperationError =>
  new OperationError('REFUSED', `${JSON.stringify(path)} is no name for a file of a site`);
