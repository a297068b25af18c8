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

/** What a card says of the key in its slot: that it was made there, and how it is guarded. DER, X.509. */
export interface CardAttestation {
  /** Of the slot, made by the card (PIV INS F9). */
  readonly certificate: Uint8Array;
  /** The card's own (slot F9), and what stands above it where the card or the host has it. */
  readonly issuers: readonly Uint8Array[];
}

/** A key that a person could bring into a role. */
export interface EnrollableKey extends PublicKeyInfo {
  /** As {@link PersonalSigner.readAttestation}, of this key. */
  readAttestation(): Promise<CardAttestation | undefined>;
}

/** What a person signs with: a {@link Signer} that can also say which key it would bring into a role. */
export interface PersonalSigner extends Signer {
  /** Throws a coded error where there is no such key, or no saying which one is meant. */
  readPublicKey(): Promise<PublicKeyInfo>;
  /** The attestation of that key; `undefined` where it was not made on the card, or the card has no such thing. */
  readAttestation?(): Promise<CardAttestation | undefined>;
  /**
   * All that {@link readPublicKey} could mean: one for each card that is here and has such a key. Missing where there is never
   * more than the one.
   */
  listKeys?(): Promise<readonly EnrollableKey[]>;
  /** Does it sign for `key`, of which nobody says whose it is? Missing where {@link readPublicKey} tells. */
  holds?(key: Key): boolean;
}
