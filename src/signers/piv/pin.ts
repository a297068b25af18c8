import { timingSafeEqual } from 'node:crypto';
import { CardError } from './error.ts';
import { requirePinForm } from './pin-commands.ts';
import type { SlotName } from './slot.ts';

/** What a person is told when asked for a PIN. */
export interface PinRequest {
  readonly serial: number | undefined;
  readonly reader: string;
  readonly slot: SlotName;
  /** `undefined`: all of them. */
  readonly triesLeft: number | undefined;
  /** The PIN given before this was wrong. */
  readonly refused: boolean;
  readonly purpose: 'sign';
}

/** Who is asked. Called while no card is held, so a slow typist blocks nobody. */
export interface PinPrompts {
  /** Gives the PIN as bytes; they belong to the signer from then on, which zeroes them. Throws to give up. */
  requestPin(request: PinRequest): Promise<Uint8Array>;
  /** May the last try be spent? A wrong PIN would block the card. */
  confirmLastTry(card: { readonly serial: number | undefined; readonly reader: string }): Promise<boolean>;
  /** The card is about to wait for a touch. */
  announceTouch?(card: { readonly serial: number | undefined; readonly reader: string }): void;
  /** The chosen card is gone since it was chosen. `true`: the person has put it back, look again. Absent: give up. */
  cardMissing?(card: { readonly serial: number | undefined; readonly reader: string }): Promise<boolean>;
}

/** Remembers PINs for one run of the command, so that several signatures need one prompt. Disposing zeroes them. */
export class PinCache implements Disposable {
  readonly #accepted = new Map<string, Uint8Array>();
  readonly #refused = new Map<string, Uint8Array[]>();

  get(card: string): Uint8Array | undefined {
    return this.#accepted.get(card);
  }

  /**
   * Takes over a PIN for `card`. Throws {@link CardError} `PIN_FORM`, or `PIN_WRONG` where this card has refused this very PIN
   * before (a PIN from a file would spend all tries).
   */
  add(card: string, pin: Uint8Array, triesLeft: number | undefined): void {
    try {
      requirePinForm(pin);
      if (this.#refused.get(card)?.some(known => equal(known, pin)) === true) {
        const options = triesLeft === undefined ? {} : { triesLeft };
        const message = 'the card has refused this PIN already; no further try was spent: find the right one';
        throw new CardError('PIN_WRONG', message, options);
      }
    } catch (error) {
      pin.fill(0);
      throw error;
    }
    this.#accepted.set(card, pin);
  }

  /** The card has refused the PIN that it was given. */
  refuse(card: string): void {
    const pin = this.#accepted.get(card);
    if (pin === undefined) return;
    this.#accepted.delete(card);
    this.#refused.set(card, [...(this.#refused.get(card) ?? []), pin]);
  }

  [Symbol.dispose](): void {
    for (const pin of [...this.#accepted.values(), ...[...this.#refused.values()].flat()]) pin.fill(0);
    this.#accepted.clear();
    this.#refused.clear();
  }
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);
