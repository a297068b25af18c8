import { TOUCH_POLICY } from './keys.ts';

/** Is the card touched? A YubiKey waits 15 s for it. */
export type Touch = () => boolean | Promise<boolean>;

/** How long a touch serves policy "cached". Source: Yubico. */
const CACHED_MS = 15_000;

/** The gold disc. */
export class TouchSensor {
  readonly #touch: Touch;
  /** Milliseconds of any origin. */
  readonly #now: () => number;
  #lastAt: number | undefined;
  #given: boolean | undefined;

  constructor(touch: Touch, now: () => number) {
    this.#touch = touch;
    this.#now = now;
  }

  /** Would a key of that policy wait for a touch now? */
  isWanted(policy: number): boolean {
    if (policy === TOUCH_POLICY.never) return false;
    const isCached = this.#lastAt !== undefined && this.#now() - this.#lastAt < CACHED_MS;
    return policy !== TOUCH_POLICY.cached || !isCached;
  }

  /** Waits for a touch, for the command that comes next. */
  async wait(): Promise<void> {
    this.#given = await this.#touch();
  }

  /** Was there the touch that a key of that policy wants? Who did not wait gets what can be said at once. */
  take(policy: number): boolean {
    if (!this.isWanted(policy)) return true;
    const given = this.#given ?? this.#touch();
    this.#given = undefined;
    if (given !== true) return false;
    this.#lastAt = this.#now();
    return true;
  }
}
