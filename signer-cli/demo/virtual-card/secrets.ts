import { timingSafeEqual } from 'node:crypto';

/** Value of a PIN or PUK in its 8 bytes. */
export const padPin = (pin: string): Uint8Array => {
  const bytes = new Uint8Array(8).fill(0xff);
  bytes.set(Buffer.from(pin, 'latin1').subarray(0, 8));
  return bytes;
};

/** A PIN or PUK with its counter of tries. Source: NIST SP 800-73-4 part 2, section 3.2. */
export class GuardedSecret {
  #value: Uint8Array;
  readonly maxTries: number;
  #left: number;

  constructor(value: string, maxTries: number) {
    this.#value = padPin(value);
    this.maxTries = maxTries;
    this.#left = maxTries;
  }

  get left(): number {
    return this.#left;
  }

  /** A wrong guess costs a try, a right one restores them all. Blocked: always `false`. */
  check(guess: Uint8Array): boolean {
    if (this.#left === 0) return false;
    const isRight = guess.length === this.#value.length && timingSafeEqual(guess, this.#value);
    this.#left = isRight ? this.maxTries : this.#left - 1;
    return isRight;
  }

  /** Sets a new value and restores all tries. */
  change(value: Uint8Array): void {
    this.#value = Uint8Array.from(value);
    this.#left = this.maxTries;
  }

  /** `63Cx`, or `6983` where nothing is left. */
  get status(): number {
    return this.#left === 0 ? 0x6983 : 0x63c0 | this.#left;
  }
}
