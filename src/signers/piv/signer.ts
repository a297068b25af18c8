import { MetadataError } from '../../metadata/error.ts';
import { type Key, type PublicKey, publicKeyOf } from '../../metadata/key.ts';
import type { SignatureBytes, Signer } from '../signer.ts';
import { ALGORITHMS } from './algorithm.ts';
import { Attempt, blocked, type Outcome, type Place } from './attempt.ts';
import { describeCard, type PivCard } from './cards.ts';
import { CardError, type CardErrorCode } from './error.ts';
import { Finder } from './finder.ts';
import { PinCache, type PinPrompts } from './pin.ts';
import type { CardTransport } from './transport.ts';
import { type PivUri, parsePivUri } from './uri.ts';
import { visitCard } from './visit.ts';

export interface PivSignerOptions {
  /** Stays the caller's: the signer does not close it. */
  readonly transport: CardTransport;
  readonly prompts: PinPrompts;
  /** Which cards and slots may be used; any by default. */
  readonly uri?: PivUri;
}

/** The chosen card is not where it was. */
const GONE: ReadonlySet<CardErrorCode> = new Set<CardErrorCode>([
  'WRONG_CARD',
  'CARD_REMOVED',
  'NO_CARD',
  'NOT_PIV',
]);
/** How often a card may move while one signature is made. */
const MAX_MOVES = 5;

/**
 * Signs with the private key of a PIV card. Card and slot are found by the wanted public key before a PIN is asked for, and
 * looked at again inside the transaction that verifies the PIN and signs: the wrong card never costs a try. One PIN serves all
 * signatures of a card until the signer is disposed of, which zeroes it.
 */
export class PivSigner implements Signer, AsyncDisposable {
  readonly #transport: CardTransport;
  readonly #prompts: PinPrompts;
  readonly #finder: Finder;
  readonly #pins = new PinCache();
  #previous: Promise<unknown> = Promise.resolve();

  constructor(options: PivSignerOptions) {
    this.#transport = options.transport;
    this.#prompts = options.prompts;
    this.#finder = new Finder(options.transport, options.uri ?? parsePivUri('piv:'));
  }

  /**
   * `undefined`: cards are here, and none of them holds this key. Throws {@link CardError} `NO_PCSC`, `NO_READER`, `NO_CARD`,
   * the `PIN_…` codes, `CARD_…`, `PAYLOAD_TOO_LARGE`, `BAD_SIGNATURE`. Calls wait for each other.
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
    if (!isOfACard(wanted)) return undefined;
    const place = await this.#finder.find(wanted.fingerprint);
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

  async #signAt(place: Place, payload: Uint8Array): Promise<Uint8Array> {
    const challenge = place.key.algorithm.challenge(payload);
    const needsPin = place.key.pinPolicy !== 'never';
    let { triesLeft } = place.card;
    let refused = false;
    let lastTryAgreed = false;
    for (;;) {
      if (needsPin && triesLeft === 0) throw blocked(place.card);
      if (needsPin && triesLeft === 1 && !lastTryAgreed) {
        await this.#agreeOnLastTry(place.card);
        lastTryAgreed = true;
      }
      const pin = needsPin
        ? (this.#pins.get(place.id) ?? (await this.#askPin(place, triesLeft, refused)))
        : undefined;
      const prompts = this.#prompts;
      const outcome = await this.#carryOut(new Attempt({ place, challenge, pin, lastTryAgreed, prompts }));
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

  /** Follows the card where it was pulled or moved to another reader since it was chosen, while a person typed say. */
  async #carryOut(attempt: Attempt): Promise<Outcome> {
    for (let moves = 0; ; moves += 1) {
      try {
        return await visitCard(this.#transport, attempt.place.card.reader, channel => attempt.run(channel));
      } catch (error) {
        if (!(error instanceof CardError) || !GONE.has(error.code) || moves >= MAX_MOVES) throw error;
        attempt.moveTo(await this.#findAgain(attempt.place, error));
      }
    }
  }

  async #findAgain(place: Place, lost: CardError): Promise<Place> {
    for (let looks = 0; looks <= MAX_MOVES; looks += 1) {
      const now = await this.#finder.findAgain(place);
      if (now !== undefined) return now;
      const { serial, reader } = place.card;
      if ((await this.#prompts.cardMissing?.({ serial, reader })) !== true) throw lost;
    }
    throw lost;
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

const isOfACard = ({ scheme, keyObject }: PublicKey): boolean =>
  ALGORITHMS.some(row => row.scheme === scheme.name && row.accepts(keyObject));
