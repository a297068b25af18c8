import type { Key } from '../metadata/key.ts';

/** Signature bytes as TUF carries them: DER for ECDSA (RFC 3279), raw for ed25519 and RSA-PSS. */
export type SignatureBytes = Uint8Array;

/** Something that holds private keys and can use them. */
export interface Signer {
  /**
   * Signs `payload` (canonical JSON bytes) with the private half of `key`, by the key's scheme.
   * `undefined`: not my key. Throws a coded error: my key, but signing failed.
   */
  sign(key: Key, payload: Uint8Array): Promise<SignatureBytes | undefined>;
}
