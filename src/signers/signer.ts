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

/** The public half of a key, in the words of TUF section 4.2, and where it is. */
export interface PublicKeyInfo {
  readonly keytype: string;
  readonly scheme: string;
  /** PEM, or hex for ed25519. */
  readonly public: string;
  /** For people: "YubiKey 12345678, slot 9c". */
  readonly place: string;
}

/** What a person signs with: a {@link Signer} that can also say which key it would bring into a role. */
export interface PersonalSigner extends Signer {
  /** Throws a coded error where there is no such key, or no saying which one is meant. */
  readPublicKey(): Promise<PublicKeyInfo>;
}
