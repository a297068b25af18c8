import { createHash } from 'node:crypto';
import type { RoleName } from './names.ts';

/**
 * Hash bins: 2^bitLength roles that share all target paths out by the first bits of SHA-256(path). Source: TAP 15, and for
 * the names python-tuf, go-tuf and tuf-js, which agree: `PREFIX-` and the bin's number in as many hex digits as the last has.
 */
export interface BinSet {
  readonly namePrefix: string;
  /** 1 to {@link MAX_BIT_LENGTH}. */
  readonly bitLength: number;
}

/**
 * TAP 15 allows 32. A snapshot has to list every bin, in 27 bytes or more each, and clients take 2,000,000 bytes: no
 * repository of 2^17 bins can be followed, and one that says so would only cost whoever counts them.
 */
export const MAX_BIT_LENGTH = 16;

export const binCount = ({ bitLength }: Pick<BinSet, 'bitLength'>): number => 2 ** bitLength;

/** The name of bin `index`, from 0. Only {@link roleNameProblem} says that it is safe as a file name. */
export const binName = ({ namePrefix, bitLength }: BinSet, index: number): RoleName =>
  `${namePrefix}-${index.toString(16).padStart(digitsOf(bitLength), '0')}` as RoleName;

/** The number of the bin of that name; `undefined` where it is none of this set's. */
export function binIndex(bins: BinSet, name: string): number | undefined {
  const start = bins.namePrefix.length + 1;
  if (!name.startsWith(`${bins.namePrefix}-`) || !/^[0-9a-f]{1,8}$/.test(name.slice(start))) return undefined;
  const index = Number.parseInt(name.slice(start), 16);
  return index < binCount(bins) && binName(bins, index) === name ? index : undefined;
}

/** The bin that a target path falls into: the leftmost bits of its SHA-256. */
export const binOf = ({ bitLength }: Pick<BinSet, 'bitLength'>, path: string): number =>
  createHash('sha256').update(path, 'utf8').digest().readUInt32BE() >>> (32 - bitLength);

/** The same share as `path_hash_prefixes`: one prefix where the bits make whole hex digits, else two to eight. */
export function binPrefixes({ bitLength }: Pick<BinSet, 'bitLength'>, index: number): readonly string[] {
  const digits = digitsOf(bitLength);
  const each = 2 ** (4 * digits - bitLength);
  return Array.from({ length: each }, (_, i) => (index * each + i).toString(16).padStart(digits, '0'));
}

const digitsOf = (bitLength: number): number => Math.ceil(bitLength / 4);

/** What is true of each bin, by name and in order, made when it is asked for: nobody has to hold thousands of them. */
export class BinMap<V> implements ReadonlyMap<RoleName, V> {
  readonly #bins: BinSet;
  readonly #make: (name: RoleName, index: number) => V;
  readonly #made = new Map<number, V>();

  constructor(bins: BinSet, make: (name: RoleName, index: number) => V) {
    this.#bins = bins;
    this.#make = make;
  }

  get size(): number {
    return binCount(this.#bins);
  }

  has(name: RoleName): boolean {
    return binIndex(this.#bins, name) !== undefined;
  }

  get(name: RoleName): V | undefined {
    const index = binIndex(this.#bins, name);
    return index === undefined ? undefined : this.#at(index);
  }

  *keys(): MapIterator<RoleName> {
    for (let index = 0; index < this.size; index++) yield binName(this.#bins, index);
  }

  *values(): MapIterator<V> {
    for (let index = 0; index < this.size; index++) yield this.#at(index);
  }

  *entries(): MapIterator<[RoleName, V]> {
    for (let index = 0; index < this.size; index++) yield [binName(this.#bins, index), this.#at(index)];
  }

  [Symbol.iterator](): MapIterator<[RoleName, V]> {
    return this.entries();
  }

  forEach(visit: (value: V, name: RoleName, map: ReadonlyMap<RoleName, V>) => void): void {
    for (const [name, value] of this) visit(value, name, this);
  }

  /** The same object each time, so that those who compare need not look into it. */
  #at(index: number): V {
    const known = this.#made.get(index);
    if (known !== undefined) return known;
    const made = this.#make(binName(this.#bins, index), index);
    this.#made.set(index, made);
    return made;
  }
}
