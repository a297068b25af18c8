import { MetadataError } from '../../metadata/error.ts';
import { type Key, type PublicKey, publicKeyOf } from '../../metadata/key.ts';
import type { SignatureBytes, Signer } from '../signer.ts';
import { Attempt, blocked, type Place } from './attempt.ts';
import { describeCard, type PivCard, surveyCards } from './cards.ts';
import { CardError, type CardErrorCode } from './error.ts';
import { PinCache, type PinPrompts } from './pin.ts';
import { ALGORITHMS } from './slot.ts';
import type { CardTransport } from './transport.ts';
import { type PivUri, parsePivUri } from './uri.ts';
import { visitCard } from './visit.ts';

export interface PivSignerOptions {
  /** Stays the caller's: the signer does not close it. */
  readonly transport: CardTransport;
  readonly prompts: PinPrompts;
  /** Which cards may be used; any card by default. */
  readonly uri?: PivUri;
}

/** Faults of a slot that can not hold a wanted key. */
const HOLDS_NONE: ReadonlySet<CardErrorCode> = new Set<CardErrorCode>(['SLOT_EMPTY', 'UNSUPPORTED_KEY']);

/**
 * Signs with the private key of a PIV card. The card is found by the wanted public key before a PIN is asked for, and looked at
 * again inside the transaction that verifies the PIN and signs: the wrong card never costs a try. One PIN serves all
 * signatures of a card until the signer is disposed of, which zeroes it.
 */
export class PivSigner implements Signer, AsyncDisposable {
  readonly #transport: CardTransport;
  readonly #prompts: PinPrompts;
  readonly #uri: PivUri;
  readonly #pins = new PinCache();
  #previous: Promise<unknown> = Promise.resolve();

  constructor(options: PivSignerOptions) {
    this.#transport = options.transport;
    this.#prompts = options.prompts;
    this.#uri = options.uri ?? parsePivUri('piv:');
  }

  /**
   * `undefined`: cards are here, and none of them holds this key. Throws {@link CardError} `NO_PCSC`, `NO_READER`, `NO_CARD`,
   * the `PIN_…` codes, `CARD_…`, `BAD_SIGNATURE`. Calls wait for each other.
   */
  sign(key: Key, payload: Uint8Array): Promise<SignatureBytes | undefined> {
    const mine = this.#previous.then(() => this.#sign(key, payload));
    this.#previous = mine.catch(() => undefined);
    return mine;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#previous;
    this.#pins[Symbol.dispose]();
  }

  async #sign(key: Key, payload: Uint8Array): Promise<SignatureBytes | undefined> {
    const wanted = publicKeyOf(key);
    if (wanted instanceof MetadataError) return undefined;
    if (!ALGORITHMS.some(row => row.scheme === wanted.scheme.name)) return undefined;
    const place = await this.#find(wanted);
    if (place === undefined) return undefined;
    const signature = await this.#signAt(place, payload);
    if (!wanted.scheme.verify(wanted.keyObject, payload, signature)) {
      throw new CardError(
        'BAD_SIGNATURE',
        `the signature of the ${describeCard(place.card)} does not verify: its certificate may not belong to its key`,
      );
    }
    return signature;
  }

  async #find(wanted: PublicKey): Promise<Place | undefined> {
    const { cards, failures } = await surveyCards(this.#transport);
    const { serial, slot } = this.#uri;
    // "Not my key" would be a lie while a card, or its slot, could not be read.
    let [unread] = failures;
    for (const card of cards) {
      if (serial !== undefined && card.serial !== serial) continue;
      const key = card.slots.get(slot);
      if (key instanceof CardError && !HOLDS_NONE.has(key.code)) unread ??= key;
      if (key === undefined || key instanceof CardError || key.fingerprint !== wanted.fingerprint) continue;
      return { card, key, id: `${card.serial ?? ''}/${key.fingerprint}` };
    }
    if (unread !== undefined) throw unread;
    return undefined;
  }

  async #signAt(place: Place, payload: Uint8Array): Promise<Uint8Array> {
    const challenge = place.key.algorithm.challenge(payload);
    let { triesLeft } = place.card;
    let refused = false;
    let lastTryAgreed = false;
    for (;;) {
      if (triesLeft === 0) throw blocked(place.card);
      if (triesLeft === 1 && !lastTryAgreed) {
        await this.#agreeOnLastTry(place.card);
        lastTryAgreed = true;
      }
      const pin = this.#pins.get(place.id) ?? (await this.#askPin(place, triesLeft, refused));
      const attempt = new Attempt({ place, challenge, pin, lastTryAgreed, prompts: this.#prompts });
      const outcome = await visitCard(this.#transport, place.card.reader, channel => attempt.run(channel));
      switch (outcome.kind) {
        case 'signed':
          return outcome.signature;
        case 'last-try':
          // Another program has spent tries since we looked.
          triesLeft = 1;
          break;
        case 'wrong-pin':
          this.#pins.refuse(place.id);
          triesLeft = outcome.triesLeft;
          refused = true;
          lastTryAgreed = false;
          break;
      }
    }
  }

  async #agreeOnLastTry(card: PivCard): Promise<void> {
    if (await this.#prompts.confirmLastTry({ serial: card.serial, reader: card.reader })) return;
    throw new CardError(
      'PIN_LAST_TRY',
      `the ${describeCard(card)} has one PIN try left, and it was not spent: be sure of the PIN, or set a new one with the PUK`,
      { triesLeft: 1 },
    );
  }

  async #askPin(place: Place, triesLeft: number | undefined, refused: boolean): Promise<Uint8Array> {
    const { serial, reader } = place.card;
    const slot = place.key.slot.name;
    const pin = await this.#prompts.requestPin({ serial, reader, slot, triesLeft, refused, purpose: 'sign' });
    this.#pins.add(place.id, pin, triesLeft);
    return pin;
  }
}
