import { timingSafeEqual } from 'node:crypto';

/** Value of a PIN or PUK in its 8 bytes. */
export const padPin = (pin: string): Uint8Array => {
  const bytes = new Uint8Array(8).fill(0xff);
  bytes.set(Buffer.from(pin, 'latin1').subarray(0, 8));
  return bytes;
};

/** 6 to 8 bytes, then FF. Source: NIST SP 800-73-4 part 2, section 2.4.3. */
export const isPinForm = (value: Uint8Array): boolean => {
  const end = value.indexOf(0xff);
  return end === -1 || (end >= 6 && value.subarray(end).every(byte => byte === 0xff));
};

/** A PIN or PUK with its counter of tries. Source: NIST SP 800-73-4 part 2, section 3.2. */
export class GuardedSecret {
  readonly #default: Uint8Array;
  #value: Uint8Array;
  #maxTries: number;
  #left: number;

  constructor(value: string, factoryValue: string, maxTries: number) {
    this.#value = padPin(value);
    this.#default = padPin(factoryValue);
    this.#maxTries = maxTries;
    this.#left = maxTries;
  }

  get maxTries(): number {
    return this.#maxTries;
  }

  get left(): number {
    return this.#left;
  }

  get isDefault(): boolean {
    return Buffer.compare(this.#value, this.#default) === 0;
  }

  /** A wrong guess costs a try, a right one restores them all. Blocked: always `false`. */
  check(guess: Uint8Array): boolean {
    if (this.#left === 0) return false;
    const isRight = guess.length === this.#value.length && timingSafeEqual(guess, this.#value);
    this.#left = isRight ? this.#maxTries : this.#left - 1;
    return isRight;
  }

  /** Sets a new value and restores all tries. */
  change(value: Uint8Array): void {
    this.#value = Uint8Array.from(value);
    this.#left = this.#maxTries;
  }

  /** Back to the factory's value, with so many tries. */
  restore(maxTries: number): void {
    this.#maxTries = maxTries;
    this.change(this.#default);
  }

  /** `63Cx`, or `6983` where nothing is left. The digit has no more than 15. */
  get status(): number {
    return this.#left === 0 ? 0x6983 : this.#counter;
  }

  /** As a YubiKey tells of a wrong PIN: `63C0`, not `6983`, for the try that blocks it. */
  get wrongStatus(): number {
    return this.#counter;
  }

  get #counter(): number {
    return 0x63c0 | Math.min(this.#left, 0xf);
  }
}
