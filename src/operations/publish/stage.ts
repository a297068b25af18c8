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
import { ClientError } from '../../client/error.ts';
import { decodeSegments, type Fetcher } from '../../client/fetcher.ts';
import type { TargetInfo } from '../../client/search.ts';
import type { BlobSink } from '../../git/objects.ts';
import { targetHash } from '../../metadata/document.ts';
import { hashedName, type PublishedArtifact } from '../../repository/layout.ts';
import type { BlobDigest } from '../../repository/tree.ts';
import { OperationError } from '../error.ts';
import type { HeldFiles } from './held.ts';
import type { OutFolder } from './out-folder.ts';
import { sharing } from './share.ts';

/**
 * A site in the making: files of a new folder, and files that `out` has already. It holds nothing whose content was not
 * seen in this very run: what is written is hashed while it is written; what is there is read and hashed anew, as anybody
 * may have changed it since it was built.
 */
export class Stage {
  readonly #folder: string;
  readonly #out: OutFolder;
  readonly #held: HeldFiles;
  readonly #known: ReadonlyMap<string, Uint8Array>;
  readonly #built = new Map<string, BlobDigest>();
  readonly #folders = new Set<string>();
  /** Files that `out` has with other bytes. */
  readonly changed: Set<string> = new Set();

  /** `known` are bytes that files are expected to have: read and found equal, a file is given as that array. */
  constructor(
    folder: string,
    out: OutFolder,
    held: HeldFiles,
    known: ReadonlyMap<string, Uint8Array> = new Map(),
  ) {
    this.#folder = folder;
    this.#out = out;
    this.#held = held;
    this.#known = known;
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

  /** Starts a file that comes in pieces. It counts once its end was reached, with the content that was wanted. */
  open(path: string, wanted: BlobDigest): Writing {
    const place = this.#place(path);
    const file = openSync(place, 'wx');
    let isOpen = true;
    let sum: Hash | undefined;
    let digest = EMPTY;
    let length = 0;
    const write = (piece: Uint8Array): void => {
      length += piece.length;
      if (piece.length === wanted.length) digest = hash('sha256', piece, 'hex');
      else (sum ??= createHash('sha256')).update(piece);
      for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at);
    };
    const shut = (): void => {
      if (isOpen) closeSync(file);
      isOpen = false;
    };
    const close = (): void => {
      shut();
      const found = sum?.digest('hex') ?? digest;
      if (length !== wanted.length || found !== wanted.sha256) throw notAsSigned(path);
      this.#built.set(path, wanted);
    };
    const abort = (): void => {
      shut();
      rmSync(place, { force: true });
    };
    return { write, close, abort };
  }

  /** Takes artifacts as they come, each to those of its paths that are still to be filled. */
  receiver(): BlobSink<PublishedArtifact> & Disposable {
    let writing: Writing | undefined;
    let paths: readonly string[] = [];
    let digest = EMPTY_FILE;
    return {
      begin: wanted => {
        digest = wanted.signed;
        // One that came before may have had the same.
        paths = wanted.paths.filter(path => !this.has(path));
        const [first] = paths;
        writing = first === undefined ? undefined : this.open(first, digest);
      },
      data: bytes => writing?.write(bytes),
      end: () => {
        const ending = writing;
        writing = undefined;
        ending?.close();
        const [first, ...more] = paths;
        for (const path of more) {
          copyFileSync(this.#place(first ?? ''), this.#place(path), COPY);
          this.#built.set(path, digest);
        }
      },
      [Symbol.dispose]: () => writing?.abort(),
    };
  }

  /** What clients will see, and nothing else. */
  fetcher(): Fetcher {
    const [built, there] = [directoryFetcher(this.#folder), directoryFetcher(this.#out.path)];
    const files: Fetcher = {
      fetch: async (path, maxBytes) => {
        const name = decodeSegments(path).join('/');
        if (!this.has(name)) return undefined;
        return (this.#built.has(name) ? built : there).fetch(path, maxBytes);
      },
    };
    return sharing(files, this.#known);
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
interface Writing {
  write(piece: Uint8Array): void;
  /** Throws {@link OperationError} `REFUSED` where it is not the content that was wanted. */
  close(): void;
  /** Takes it away. */
  abort(): void;
}

const EMPTY = hash('sha256', '', 'hex');
const EMPTY_FILE: BlobDigest = { length: 0, sha256: EMPTY };

/** A segment that is empty, `.` or `..`. */
const LEADS_ELSEWHERE = /(?:^|\/)\.{0,2}(?:\/|$)/;

/** Shares the blocks where the file system can. */
const COPY = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;

const notAsSigned = (path: string): OperationError =>
  new OperationError(
    'REFUSED',
    `the content of ${path} is not what the signed metadata says: nothing was published`,
  );

const badName = (path: string): OperationError =>
  new OperationError('REFUSED', `${JSON.stringify(path)} is no name for a file of a site`);
