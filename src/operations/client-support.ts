import type { AlgorithmName } from '../signers/piv/algorithm.ts';

const EVERYBODY: readonly string[] = [];

/**
 * TUF clients that can't verify a signature by such a key, or are not known to. Sources: field notes, "TUF clients"; tough's key
 * schema.
 */
export function clientsWithout(algorithm: AlgorithmName): readonly string[] {
  switch (algorithm) {
    case 'P-256':
      return EVERYBODY;
    case 'P-384':
      return ['tuf-js up to 5.0.1 (npm, sigstore-js)', 'tough', 'sigstore-java', 'sigstore-ruby'];
    case 'Ed25519':
    case 'RSA-2048':
    case 'RSA-3072':
    case 'RSA-4096':
      return ['sigstore-java', 'sigstore-ruby'];
    default:
      return algorithm satisfies never;
  }
}
