import { createCipheriv, randomBytes, timingSafeEqual } from 'node:crypto';
import { atLeast, type Firmware } from '../../../src/signers/piv/applet.ts';
import { encodeTlv, findTlv, type Tlv } from '../../../src/signers/piv/tlv.ts';
import { TOUCH_POLICY } from './keys.ts';

interface Cipher {
  readonly name: string;
  readonly keyBytes: number;
  readonly blockBytes: number;
}

export const TRIPLE_DES = 0x03;
export const AES_192 = 0x0a;

/** Algorithm identifier -> cipher. Source: NIST SP 800-78-4, table 6-2. */
const CIPHERS: ReadonlyMap<number, Cipher> = new Map([
  [TRIPLE_DES, { name: 'des-ede3-ecb', keyBytes: 24, blockBytes: 8 }],
  [0x08, { name: 'aes-128-ecb', keyBytes: 16, blockBytes: 16 }],
  [AES_192, { name: 'aes-192-ecb', keyBytes: 24, blockBytes: 16 }],
  [0x0c, { name: 'aes-256-ecb', keyBytes: 32, blockBytes: 16 }],
]);

/** The factory default of every YubiKey. */
export const DEFAULT_MANAGEMENT_KEY: Uint8Array = Uint8Array.from(
  { length: 24 },
  (_value, index) => (index % 8) + 1,
);

export interface ManagementKeyOptions {
  /** Never by default. */
  readonly touchPolicy?: number;
  readonly isAuthenticated?: boolean;
}

/** Is this the message that authenticates the host, and so waits for a touch? */
export const isLastStep = (template: readonly Tlv[]): boolean =>
  (findTlv(template, 0x80)?.length ?? 0) > 0 || (findTlv(template, 0x82)?.length ?? 0) > 0;

/** Outcome of one step: a reply, or a refusal by status word. */
type Step = { readonly data: Uint8Array } | { readonly sw: number };

/**
 * The card's side of authenticating the management key, by witness (mutual) or challenge (external). Source: NIST SP 800-73-4
 * part 2, section 3.2.4 and appendix A.1.
 */
export class ManagementKey {
  readonly algorithm: number;
  readonly touchPolicy: number;
  readonly #key: Uint8Array;
  readonly #cipher: Cipher;
  #witness: Uint8Array | undefined;
  #challenge: Uint8Array | undefined;
  #isAuthenticated: boolean;

  /** `undefined` where algorithm and key length do not go together. */
  static create(
    algorithm: number,
    key: Uint8Array,
    options: ManagementKeyOptions = {},
  ): ManagementKey | undefined {
    const cipher = CIPHERS.get(algorithm);
    if (cipher?.keyBytes !== key.length) return undefined;
    return new ManagementKey(algorithm, key, cipher, options);
  }

  private constructor(algorithm: number, key: Uint8Array, cipher: Cipher, options: ManagementKeyOptions) {
    this.algorithm = algorithm;
    this.touchPolicy = options.touchPolicy ?? TOUCH_POLICY.never;
    this.#key = key;
    this.#cipher = cipher;
    this.#isAuthenticated = options.isAuthenticated ?? false;
  }

  get isDefault(): boolean {
    return Buffer.compare(this.#key, DEFAULT_MANAGEMENT_KEY) === 0;
  }

  get isAuthenticated(): boolean {
    return this.#isAuthenticated;
  }

  reset(): void {
    this.#isAuthenticated = false;
    this.#witness = undefined;
    this.#challenge = undefined;
  }

  /** One GENERAL AUTHENTICATE for key reference 9B, its dynamic authentication template decoded. */
  step(template: readonly Tlv[]): Step {
    const witness = findTlv(template, 0x80);
    const challenge = findTlv(template, 0x81);
    const response = findTlv(template, 0x82);
    const { blockBytes } = this.#cipher;
    if (witness?.length === 0) {
      this.#witness = randomBytes(blockBytes);
      return reply(0x80, this.#encrypt(this.#witness));
    }
    if (challenge?.length === 0) {
      this.#challenge = randomBytes(blockBytes);
      return reply(0x81, this.#challenge);
    }
    if (witness !== undefined && challenge !== undefined) return this.#finishMutual(witness, challenge);
    if (response !== undefined && this.#challenge !== undefined) {
      return this.#accept(response, this.#encrypt(this.#challenge))
        ? { data: new Uint8Array(0) }
        : { sw: 0x6982 };
    }
    return { sw: 0x6a80 };
  }

  #finishMutual(witness: Uint8Array, challenge: Uint8Array): Step {
    const expected = this.#witness;
    if (expected === undefined || challenge.length !== this.#cipher.blockBytes) return { sw: 0x6a80 };
    return this.#accept(witness, expected) ? reply(0x82, this.#encrypt(challenge)) : { sw: 0x6982 };
  }

  #accept(given: Uint8Array, expected: Uint8Array): boolean {
    this.reset();
    this.#isAuthenticated = given.length === expected.length && timingSafeEqual(given, expected);
    return this.#isAuthenticated;
  }

  #encrypt(block: Uint8Array): Uint8Array {
    const cipher = createCipheriv(this.#cipher.name, this.#key, null).setAutoPadding(false);
    return Buffer.concat([cipher.update(block), cipher.final()]);
  }
}

const reply = (tag: number, value: Uint8Array): Step => ({ data: encodeTlv(0x7c, encodeTlv(tag, value)) });

/** The key of a new card: 3DES, from firmware 5.7 AES-192, unless told otherwise. Throws `RangeError` where algorithm and key do not go together. */
export function newManagementKey(
  firmware: Firmware,
  algorithm: number = atLeast(firmware, [5, 7, 0]) ? AES_192 : TRIPLE_DES,
  key: Uint8Array = DEFAULT_MANAGEMENT_KEY,
  touchPolicy?: number,
): ManagementKey {
  const options = touchPolicy === undefined ? {} : { touchPolicy };
  const management = ManagementKey.create(algorithm, Uint8Array.from(key), options);
  if (management === undefined) throw new RangeError('no such management key');
  return management;
}
