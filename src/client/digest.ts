import { createHash, type Hash } from 'node:crypto';
import { required } from '../errors.ts';
import { type JsonObject, member } from '../json.ts';
import { ClientError } from './error.ts';

/** Digests this client computes, the preferred first. Others may be listed beside them and are not looked at. */
const ALGORITHMS = ['sha256', 'sha512', 'sha384'] as const;

/** What trusted metadata says about a file's content. */
export interface Expected {
  /** Bytes. */
  readonly length: number | undefined;
  /** `{algorithm: hex}`; at least one of ours where it is given at all. */
  readonly hashes: JsonObject | undefined;
}

/** A check of content that arrives in pieces. */
export interface ContentCheck {
  update(piece: Uint8Array): void;
  /** Throws {@link ClientError} `LENGTH_MISMATCH` or `HASH_MISMATCH` unless everything seen is what was expected. */
  finish(): void;
}

/** Starts a check. Throws `HASH_MISMATCH` at once where hashes are given and none of them is one we compute. */
export function contentCheck(expected: Expected, name: string): ContentCheck {
  const { hashes } = expected;
  const running: readonly (readonly [Hash, string])[] =
    hashes === undefined ? [] : listedDigests(hashes, name).map(([alg, hex]) => [createHash(alg), hex]);
  let length = 0;
  return {
    update(piece) {
      length += piece.length;
      for (const [hash] of running) hash.update(piece);
    },
    finish() {
      if (expected.length !== undefined && length !== expected.length) {
        throw new ClientError('LENGTH_MISMATCH', `${name} has ${length} bytes instead of ${expected.length}`);
      }
      for (const [hash, hex] of running) {
        if (hash.digest('hex') !== hex) {
          throw new ClientError('HASH_MISMATCH', `${name} is not the content that the signed metadata names`);
        }
      }
    },
  };
}

/** Checks content that is in memory. Throws as {@link contentCheck}. */
export function requireContent(bytes: Uint8Array, expected: Expected, name: string): void {
  const check = contentCheck(expected, name);
  check.update(bytes);
  check.finish();
}

/** The digest that stands in a consistent snapshot's file name. Throws `HASH_MISMATCH` where none is known. */
export const namingDigest = (hashes: JsonObject, name: string): string =>
  required(listedDigests(hashes, name)[0], 'a listed digest')[1];

function listedDigests(hashes: JsonObject, name: string): readonly (readonly [string, string])[] {
  const listed = ALGORITHMS.flatMap(algorithm => {
    const hex = member(hashes, algorithm);
    return typeof hex === 'string' ? [[algorithm, hex] as const] : [];
  });
  // Content whose every digest is unknown could be anything.
  if (listed.length === 0) {
    throw new ClientError('HASH_MISMATCH', `${name} is listed without a hash that can be checked (sha256)`);
  }
  return listed;
}
