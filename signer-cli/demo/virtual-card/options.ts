import type { Firmware } from '../../../src/signers/piv/applet.ts';
import type { ApduQuirks } from './apdu-port.ts';
import type { AttestationCa, AttestedKey } from './attestation-ca.ts';
import type { Touch } from './touch.ts';

export interface VirtualCardOptions {
  readonly serial: number;
  /**
   * 5.4.3 by default. P-384 and policies are there from 4.0, attestation from 4.3, GET METADATA from 5.3, AES management keys from
   * 5.4, Ed25519, RSA-3072 and RSA-4096 from 5.7.
   */
  readonly firmware?: Firmware;
  /** 6 to 8 characters; `123456` by default, as on a new YubiKey. */
  readonly pin?: string;
  /** 8 characters; `12345678` by default. */
  readonly puk?: string;
  /** 24 bytes, for AES-128 16, for AES-256 32; the factory default where absent. */
  readonly managementKey?: Uint8Array;
  /** 3DES (03) by default; AES-192 (0A) from firmware 5.7, as on a new YubiKey. */
  readonly managementAlgorithm?: number;
  /** Touch policy of the management key: 1 never (default), 2 always. */
  readonly managementTouchPolicy?: number;
  /** The management key is kept on the card, for who knows the PIN, as Yubico's tools do it. */
  readonly isManagementKeyProtected?: boolean;
  /** PEM of a P-256 key to find in slot 9c, with a self-signed certificate. Absent: the slot is empty. */
  readonly privateKey?: string;
  /** Touch policy of that key: 1 never (default), 2 always, 3 cached. */
  readonly touchPolicy?: number;
  /** PIN policy of that key: 1 never, 2 once, 3 always (default). */
  readonly pinPolicy?: number;
  /** Whoever is asked to touch; at once by default. A promise is waited for by `respond` only. */
  readonly touch?: Touch;
  /** Milliseconds of any origin, for touch policy "cached". */
  readonly now?: () => number;
  /** Who signed what lies in slot F9; `attestationCa()` by default. */
  readonly attestationCa?: AttestationCa;
  /** Where this card's attestations depart from the truth. */
  readonly attested?: Partial<AttestedKey>;
  readonly quirks?: ApduQuirks;
}
