import { createHash, hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { BlobDigests } from '../../git/digests.ts';
import type { ObjectFormat } from '../../git/oid.ts';
import { publishedArtifacts } from '../../repository/layout.ts';
import type { BlobDigest, RepositoryTree } from '../../repository/tree.ts';
import type { OutFolder } from './out-folder.ts';

/** Bytes read from a file in one go. */
const PIECE = 1 << 16;
/** Room for git's header before them: `blob`, a length, a zero byte. */
const HEADER = 32;

/**
 * The files that `out` has already, each read no more than once a run: anybody may have changed one since it was built. A file
 * whose name in git, taken from its own bytes, is that of the blob which is to be published is that blob, so that git need not
 * unpack it; what makes a file the right one is its SHA-256 alone.
 */
export class HeldFiles {
  readonly #out: OutFolder;
  readonly #format: ObjectFormat;
  readonly #taken = new Map<string, BlobDigest>();
  readonly #piece: Buffer = Buffer.allocUnsafe(HEADER + PIECE);

  constructor(out: OutFolder, format: ObjectFormat) {
    this.#out = out;
    this.#format = format;
  }

  has(path: string): boolean {
    return this.#out.files.has(path);
  }

  /** Those that were read and are what is signed: they stay where they are, as files of the new site. */
  get taken(): ReadonlyMap<string, BlobDigest> {
    return this.#taken;
  }

  /** Takes a file if it is a regular one of this content. */
  take(path: string, wanted: BlobDigest): boolean {
    const taken = this.#taken.get(path);
    if (taken !== undefined) return taken.sha256 === wanted.sha256 && taken.length === wanted.length;
    if (!this.has(path) || this.#read(path, wanted.length)?.sha256 !== wanted.sha256) return false;
    this.#taken.set(path, wanted);
    return true;
  }

  /** Takes the artifacts of `tree` that stand here. Gives what is known of their blobs by that. */
  takeArtifacts(tree: RepositoryTree): BlobDigests {
    const digests = new BlobDigests();
    for (const { oid, paths, signed } of publishedArtifacts(tree)) {
      for (const path of paths) {
        if (!this.has(path) || this.#taken.has(path)) continue;
        const found = this.#read(path, signed.length);
        if (found?.sha256 !== signed.sha256) continue;
        this.#taken.set(path, signed);
        if (found.name() === oid) digests.set(oid, signed);
      }
    }
    return digests;
  }

  /** What a regular file of `length` bytes holds; `undefined` where there is none. */
  #read(path: string, length: number): Found | undefined {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = openSync(`${this.#out.path}/${path}`, flags);
    try {
      const stats = fstatSync(file);
      if (!stats.isFile() || stats.size !== length) return undefined;
      return length > PIECE ? this.#readLong(file, length) : this.#readShort(file, length);
    } finally {
      closeSync(file);
    }
  }

  #readShort(file: number, length: number): Found | undefined {
    // The header goes before the bytes, so that nothing is copied to name them.
    if (readSync(file, this.#piece, HEADER, PIECE, null) !== length) return undefined;
    const end = HEADER + length;
    const sha256 = hash('sha256', this.#piece.subarray(HEADER, end), 'hex');
    const header = headerOf(length);
    return {
      sha256,
      name: () => {
        this.#piece.write(header, HEADER - header.length, 'latin1');
        return hash(this.#format, this.#piece.subarray(HEADER - header.length, end), 'hex');
      },
    };
  }

  #readLong(file: number, length: number): Found {
    const [sum, name] = [createHash('sha256'), createHash(this.#format).update(headerOf(length), 'latin1')];
    for (let got = readSync(file, this.#piece); got > 0; got = readSync(file, this.#piece)) {
      const bytes = this.#piece.subarray(0, got);
      sum.update(bytes);
      name.update(bytes);
    }
    return { sha256: sum.digest('hex'), name: () => name.digest('hex') };
  }
}

/** What one file holds. */
interface Found {
  readonly sha256: string;
  /** Its name as a blob of git; to be asked for before the next file is read. */
  name(): string;
}

/** Source: git's object-file.c; as `nameObject` has it. */
const headerOf = (length: number): string => `blob ${length}\0`;
