import { createPrivateKey, type KeyObject } from 'node:crypto';
import { atLeast, type Firmware } from '../../../src/signers/piv/applet.ts';
import { algorithmFor, CARD_P256, type CardAlgorithm } from './algorithms.ts';

/** A private key in a slot, with what GET METADATA tells of it. */
export interface StoredKey {
  readonly privateKey: KeyObject;
  readonly algorithm: CardAlgorithm;
  readonly origin: 'generated' | 'imported';
  readonly pinPolicy: number;
  readonly touchPolicy: number;
}

/** Values of the policies. Source: Yubico, "GENERATE ASYMMETRIC". */
export const PIN_POLICY = { default: 0, never: 1, once: 2, always: 3 } as const;
export const TOUCH_POLICY = { default: 0, never: 1, always: 2, cached: 3 } as const;

/** What may be asked of a key when it joins; what is left out is the slot's default. */
export interface KeyPolicies {
  readonly pinPolicy?: number;
  readonly touchPolicy?: number;
  /** How the key came to be; `generated` by default. Only such a key is attested. */
  readonly origin?: StoredKey['origin'];
}

/** A key as it lies in `slot`. Throws `RangeError` for a key that no card has. */
export const storedKey = (slot: number, privateKey: KeyObject, policies: KeyPolicies = {}): StoredKey => ({
  privateKey,
  algorithm: algorithmFor(privateKey),
  origin: policies.origin ?? 'generated',
  pinPolicy: pinPolicyOf(slot, policies.pinPolicy ?? PIN_POLICY.default),
  touchPolicy:
    policies.touchPolicy === undefined || policies.touchPolicy === TOUCH_POLICY.default
      ? TOUCH_POLICY.never
      : policies.touchPolicy,
});

/** The policies that 0 stands for: 9c wants the PIN each time, 9e never, the others once. Source: Yubico. */
const pinPolicyOf = (slot: number, policy: number): number =>
  policy !== PIN_POLICY.default
    ? policy
    : slot === 0x9c
      ? PIN_POLICY.always
      : slot === 0x9e
        ? PIN_POLICY.never
        : PIN_POLICY.once;

/** Can a card of that firmware keep such policies? From 4.0, "cached" from 4.3. Source: Yubico. */
export function hasPolicies(firmware: Firmware, pinPolicy: number, touchPolicy: number): boolean {
  if (pinPolicy > PIN_POLICY.always || touchPolicy > TOUCH_POLICY.cached) return false;
  if (touchPolicy === TOUCH_POLICY.cached) return atLeast(firmware, [4, 3, 0]);
  return (pinPolicy === 0 && touchPolicy === 0) || atLeast(firmware, [4, 0, 0]);
}

export const generateP256 = (): KeyObject => CARD_P256.generate();

/** Reads a P-256 private key in PEM (PKCS#8 or SEC 1). Throws `RangeError` for any other key. */
export function loadP256(pem: string): KeyObject {
  const key = createPrivateKey(pem);
  if (!CARD_P256.accepts(key)) throw new RangeError('not a P-256 key');
  return key;
}
