import { readSerial, signChallenge } from './applet.ts';
import { describeCard, type PivCard } from './cards.ts';
import { CardError } from './error.ts';
import { readSlotKey, type SlotKey } from './key-slot.ts';
import type { PinPrompts } from './pin.ts';
import { readTries, verifyPin } from './pin-commands.ts';
import type { CardChannel } from './transport.ts';

/** The card and slot that hold the wanted key. */
export interface Place {
  readonly card: PivCard;
  readonly key: SlotKey;
  /** Names the card to the {@link PinCache}. */
  readonly id: string;
}

/** How one transaction ended. */
export type Outcome =
  | { readonly kind: 'signed'; readonly signature: Uint8Array }
  | { readonly kind: 'last-try' }
  | { readonly kind: 'wrong-pin'; readonly triesLeft: number | undefined };

export interface AttemptInput {
  readonly place: Place;
  readonly challenge: Uint8Array;
  /** Stays the caller's. `undefined`: the key wants none. */
  readonly pin: Uint8Array | undefined;
  readonly lastTryAgreed: boolean;
  readonly prompts: Pick<PinPrompts, 'announceTouch'>;
}

/**
 * One PIN given to one card for one signature. May be run again when the card was reset, or pulled and put back: it never
 * repeats a wrong PIN.
 */
export class Attempt {
  readonly #input: AttemptInput;
  #place: Place;
  /** Tries left when VERIFY was sent and its answer not yet seen; `'none'`: not in that state. */
  #verifying: number | 'all' | 'none' = 'none';

  constructor(input: AttemptInput) {
    this.#input = input;
    this.#place = input.place;
  }

  get place(): Place {
    return this.#place;
  }

  /** The same card and key, found in another reader. */
  moveTo(place: Place): void {
    this.#place = place;
  }

  /** The PIV applet has to be selected. */
  async run(channel: CardChannel): Promise<Outcome> {
    const { challenge, pin, prompts } = this.#input;
    const { card, key } = this.#place;
    await this.#requireSameCard(channel);
    const hitch = pin === undefined ? undefined : await this.#verify(channel, pin);
    if (hitch !== undefined) return hitch;
    if (key.needsTouch === true) prompts.announceTouch?.({ serial: card.serial, reader: card.reader });
    return {
      kind: 'signed',
      signature: await signChallenge(channel, key.slot, key.algorithm, challenge),
    };
  }

  /** `undefined`: verified. */
  async #verify(channel: CardChannel, pin: Uint8Array): Promise<Outcome | undefined> {
    const triesLeft = await readTries(channel);
    const lost = this.#lostAnswer(triesLeft);
    if (lost !== undefined) return lost;
    if (triesLeft === 0) throw blocked(this.#place.card);
    if (triesLeft === 1 && !this.#input.lastTryAgreed) return { kind: 'last-try' };
    channel.resetAfterwards();
    try {
      this.#verifying = triesLeft ?? 'all';
      await verifyPin(channel, pin);
      this.#verifying = 'none';
      return undefined;
    } catch (error) {
      if (error instanceof CardError && error.code === 'PIN_WRONG') return wrongPin(error.triesLeft);
      throw error;
    }
  }

  /** Somebody may have changed cards while the PIN was typed. */
  async #requireSameCard(channel: CardChannel): Promise<void> {
    const { card, key } = this.#place;
    const serial = await readSerial(channel);
    const now = serial === card.serial ? await readSlotKey(channel, key.slot, card.firmware) : undefined;
    if (now?.fingerprint === key.fingerprint) return;
    throw new CardError(
      'WRONG_CARD',
      `the card in ${card.reader} is not the one chosen (${describeCard(card)}); no PIN was sent: put it back and try again`,
    );
  }

  /** The card was reset after VERIFY was sent and before its answer came. Was the PIN wrong? */
  #lostAnswer(triesLeft: number | undefined): Outcome | undefined {
    const before = this.#verifying;
    if (before === 'none' || triesLeft === undefined) return undefined;
    if (before !== 'all') return triesLeft < before ? wrongPin(triesLeft) : undefined;
    throw new CardError(
      'CARD_RESET',
      'another program reset the card while it checked the PIN: run the command again',
    );
  }
}

const wrongPin = (triesLeft: number | undefined): Outcome => ({ kind: 'wrong-pin', triesLeft });

export const blocked = (card: PivCard): CardError =>
  new CardError('PIN_BLOCKED', `the PIN of the ${describeCard(card)} is blocked: unblock it with the PUK`, {
    triesLeft: 0,
  });
