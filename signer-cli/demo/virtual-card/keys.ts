import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { encodeTlv } from '../../../src/signers/piv/tlv.ts';

/** A private key in a slot, with what GET METADATA tells of it. */
export interface StoredKey {
  readonly privateKey: KeyObject;
  readonly origin: 'generated' | 'imported';
  readonly pinPolicy: number;
  readonly touchPolicy: number;
}

/** Source: NIST SP 800-78-4, table 6-2. */
export const ALGORITHM_P256 = 0x11;
/** Values of the policies. Source: Yubico, "GENERATE ASYMMETRIC". */
export const PIN_POLICY = { default: 0, never: 1, once: 2, always: 3 } as const;
export const TOUCH_POLICY = { default: 0, never: 1, always: 2, cached: 3 } as const;

const POINT_BYTES = 65;

export const generateP256 = (): KeyObject =>
  generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;

/** Reads a P-256 private key in PEM (PKCS#8 or SEC 1). Throws `RangeError` for any other key. */
export function loadP256(pem: string): KeyObject {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new RangeError('not a P-256 key');
  return key;
}

/** The public key template: an uncompressed point under tag 86. Source: NIST SP 800-73-4 part 2, table 11. */
export function publicTemplate(key: KeyObject): Uint8Array {
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return encodeTlv(0x86, spki.subarray(-POINT_BYTES));
}

/** The policies that 0 stands for: 9c wants the PIN each time, 9e never, the others once. Source: Yubico. */
export const pinPolicyOf = (slot: number, policy: number): number =>
  policy !== PIN_POLICY.default
    ? policy
    : slot === 0x9c
      ? PIN_POLICY.always
      : slot === 0x9e
        ? PIN_POLICY.never
        : PIN_POLICY.once;

export const touchPolicyOf = (policy: number): number =>
  policy === TOUCH_POLICY.default ? TOUCH_POLICY.never : policy;
