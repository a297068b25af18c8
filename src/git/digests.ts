import type { ObjectId } from './oid.ts';

export interface BlobDigest {
  /** Bytes. */
  readonly length: number;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
}

/** Bytes of a SHA-256. */
const SIZE = 32;

/** Length and SHA-256 of many blobs, by name. Packed: of 100,000 the digests alone would take eight megabytes as text. */
export class BlobDigests {
  readonly #places = new Map<ObjectId, number>();
  #lengths = new Float64Array(64);
  #sums: Buffer = Buffer.alloc(64 * SIZE);

  get size(): number {
    return this.#places.size;
  }

  has(oid: ObjectId): boolean {
    return this.#places.has(oid);
  }

  get(oid: ObjectId): BlobDigest | undefined {
    const place = this.#places.get(oid);
    if (place === undefined) return undefined;
    const sha256 = this.#sums.toString('hex', place * SIZE, (place + 1) * SIZE);
    return { length: this.#lengths[place] ?? 0, sha256 };
  }

  set(oid: ObjectId, { length, sha256 }: BlobDigest): void {
    const place = this.#places.get(oid) ?? this.#places.size;
    if (place === this.#lengths.length) this.#grow();
    this.#places.set(oid, place);
    this.#lengths[place] = length;
    this.#sums.write(sha256, place * SIZE, SIZE, 'hex');
  }

  #grow(): void {
    const [lengths, sums] = [this.#lengths, this.#sums];
    this.#lengths = new Float64Array(2 * lengths.length);
    this.#lengths.set(lengths);
    this.#sums = Buffer.alloc(2 * sums.length);
    this.#sums.set(sums);
  }
}
