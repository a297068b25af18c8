import type { Place } from './attempt.ts';
import { type PivCard, type Survey, surveyCards } from './cards.ts';
import { CardError, type CardErrorCode } from './error.ts';
import type { SlotKey } from './key-slot.ts';
import { ALL_SLOTS, DEFAULT_SLOT, type SlotName } from './slot.ts';
import type { CardTransport } from './transport.ts';
import type { PivUri } from './uri.ts';

/** Faults of a slot that can not hold a wanted key. */
const HOLDS_NONE: ReadonlySet<CardErrorCode> = new Set<CardErrorCode>(['SLOT_EMPTY', 'UNSUPPORTED_KEY']);
/** Failures that say: there is no card now. */
const NOTHING_HERE: ReadonlySet<CardErrorCode> = new Set<CardErrorCode>(['NO_CARD', 'NO_READER']);

/** Finds the card and slot that hold a public key, looking at as few slots as it can: each costs exchanges with the card. */
export class Finder {
  readonly #transport: CardTransport;
  readonly #uri: PivUri;
  /** Where a key was last time: the first place to look, never believed. */
  readonly #known = new Map<string, SlotName>();

  constructor(transport: CardTransport, uri: PivUri) {
    this.#transport = transport;
    this.#uri = uri;
  }

  /**
   * Looks in the URI's slot; without one, in 9c, and in the others only where the key is not there. `undefined`: no card here
   * holds it. Throws as {@link surveyCards}, and the first failure where a card or a slot could not be read, since "not my
   * key" would be a lie then.
   */
  async find(fingerprint: string): Promise<Place | undefined> {
    const { serial, slot } = this.#uri;
    const first = slot ?? this.#known.get(fingerprint) ?? DEFAULT_SLOT;
    const others = ALL_SLOTS.map(({ name }) => name).filter(name => name !== first);
    let unread: CardError | undefined;
    for (const slots of slot === undefined ? [[first], others] : [[first]]) {
      const survey = await surveyCards(this.#transport, { slots, serial });
      const place = this.#pick(survey, fingerprint);
      if (place !== undefined) return place;
      unread ??= faultOf(survey);
    }
    if (unread !== undefined) throw unread;
    return undefined;
  }

  /** The same card with the same key, in whatever reader it is now; `undefined`: not here. Throws `NO_PCSC`. */
  async findAgain({ card, key }: Place): Promise<Place | undefined> {
    try {
      const survey = await surveyCards(this.#transport, { slots: [key.slot.name], serial: card.serial });
      const same = survey.cards.filter(({ serial }) => serial === card.serial);
      return this.#pick({ cards: same, failures: [] }, key.fingerprint);
    } catch (error) {
      if (error instanceof CardError && NOTHING_HERE.has(error.code)) return undefined;
      throw error;
    }
  }

  #pick({ cards }: Survey, fingerprint: string): Place | undefined {
    for (const card of cards) {
      for (const [slot, key] of card.slots) {
        if (key instanceof CardError || key.fingerprint !== fingerprint) continue;
        this.#known.set(fingerprint, slot);
        return { card, key, id: idOf(card, key) };
      }
    }
    return undefined;
  }
}

/** A PIN is the card's, whichever of its keys it is for; a card without a serial number is known by its key. */
const idOf = (card: PivCard, key: SlotKey): string =>
  card.serial === undefined ? `/${key.fingerprint}` : String(card.serial);

function faultOf({ cards, failures }: Survey): CardError | undefined {
  const faults = cards.flatMap(card => [...card.slots.values()]);
  return (
    failures[0] ??
    faults.find((key): key is CardError => key instanceof CardError && !HOLDS_NONE.has(key.code))
  );
}
