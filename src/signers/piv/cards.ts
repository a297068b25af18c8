import type { KeyObject } from 'node:crypto';
import { type Firmware, readSerial, readVersion } from './applet.ts';
import { CardError, type CardErrorCode } from './error.ts';
import { readSlotKey, type SlotKey } from './key-slot.ts';
import { readTries } from './pin-commands.ts';
import { DEFAULT_SLOT, SLOTS, type SlotName } from './slot.ts';
import type { CardChannel, CardTransport } from './transport.ts';
import { visitCard } from './visit.ts';

/** A PIV card as it is at the moment of looking. */
export interface PivCard {
  readonly reader: string;
  /** `undefined`: the card does not tell (not a YubiKey, or older than 5.0). */
  readonly serial: number | undefined;
  readonly firmware: Firmware | undefined;
  /** PIN tries left; `undefined`: all of them. */
  readonly triesLeft: number | undefined;
  /**
   * What each slot that was looked at holds, or why it is of no use: {@link CardError} `SLOT_EMPTY`, `UNSUPPORTED_KEY`,
   * `CARD_REPLY`, `CARD_STATUS`.
   */
  readonly slots: ReadonlyMap<SlotName, SlotKey | CardError>;
}

/** All cards, and the readers whose card could not be looked at. Cards without PIV are in neither. */
export interface Survey {
  readonly cards: readonly PivCard[];
  readonly failures: readonly CardError[];
}

/** How much of the cards to look at: each slot costs an exchange or two. */
export interface SurveyOptions {
  /** Only 9c by default. */
  readonly slots?: readonly SlotName[];
  /** Cards with another serial are listed without their slots. */
  readonly serial?: number | undefined;
}

/**
 * Looks at every card in every reader. Costs no PIN try. Throws {@link CardError} `NO_PCSC`, `NO_READER`, `NO_CARD`.
 */
export async function surveyCards(transport: CardTransport, options: SurveyOptions = {}): Promise<Survey> {
  const readers = await transport.readers();
  if (readers.length === 0) {
    throw new CardError(
      'NO_READER',
      'no card reader or security key is connected: plug one in and try again',
    );
  }
  const occupied = readers.filter(reader => reader.hasCard);
  const cards: PivCard[] = [];
  const failures: CardError[] = [];
  for (const { name } of occupied) {
    try {
      cards.push(await visitCard(transport, name, channel => inspect(channel, name, options)));
    } catch (error) {
      if (!(error instanceof CardError)) throw error;
      if (error.code !== 'NOT_PIV') failures.push(error);
    }
  }
  if (cards.length > 0 || failures.length > 0) return { cards, failures };
  throw new CardError(
    'NO_CARD',
    occupied.length === 0
      ? `no card in ${readers.map(reader => reader.name).join(', ')}: insert yours and try again`
      : `the card in ${occupied.map(reader => reader.name).join(', ')} has no PIV applet: insert one that has`,
  );
}

async function inspect(channel: CardChannel, reader: string, options: SurveyOptions): Promise<PivCard> {
  const firmware = await readVersion(channel);
  const serial = await readSerial(channel);
  const slots = new Map<SlotName, SlotKey | CardError>();
  const isMeant = options.serial === undefined || options.serial === serial;
  for (const name of isMeant ? (options.slots ?? [DEFAULT_SLOT]) : []) {
    try {
      slots.set(name, await readSlotKey(channel, SLOTS[name], firmware));
    } catch (error) {
      if (!(error instanceof CardError) || !SLOT_FAULTS.has(error.code)) throw error;
      slots.set(name, error);
    }
  }
  return { reader, serial, firmware, triesLeft: await readTries(channel), slots };
}

/** Faults of a slot's content; any other error is the card's, and ends the look at it. */
const SLOT_FAULTS: ReadonlySet<CardErrorCode> = new Set<CardErrorCode>([
  'SLOT_EMPTY',
  'UNSUPPORTED_KEY',
  'CARD_REPLY',
  'CARD_STATUS',
]);

/** The PIV cards present, at least one. Throws as {@link surveyCards}, or the first card's failure where no card can be read. */
export async function listPivCards(
  transport: CardTransport,
  options: SurveyOptions = {},
): Promise<readonly PivCard[]> {
  const { cards, failures } = await surveyCards(transport, options);
  const [failure] = failures;
  if (cards.length === 0 && failure !== undefined) throw failure;
  return cards;
}

/** A person's public key as it is enrolled: what the TUF key object needs, and what people compare. */
export interface CardPublicKey {
  readonly reader: string;
  readonly serial: number | undefined;
  readonly firmware: Firmware | undefined;
  readonly slot: SlotName;
  /** TUF `keytype`. */
  readonly keytype: string;
  /** TUF `scheme`. */
  readonly scheme: string;
  readonly publicKey: KeyObject;
  /** PEM SubjectPublicKeyInfo, ending in a newline. */
  readonly publicPem: string;
  /** `keyval.public` of a TUF key object: the PEM, or 64 hex digits for ed25519. */
  readonly publicText: string;
  readonly fingerprint: string;
}

/** What {@link readPublicKey} may choose by; a parsed `piv:` URI is one. */
export interface CardChoice {
  readonly serial?: number | undefined;
  readonly slot?: SlotName | undefined;
}

/**
 * Reads the public key to enrol from the only card, or from the one with that serial. No PIN is needed.
 *
 * Throws {@link CardError} `MANY_CARDS` (naming the serials), `NO_CARD`, `SLOT_EMPTY`, `UNSUPPORTED_KEY`, and as
 * {@link listPivCards}.
 */
export async function readPublicKey(
  transport: CardTransport,
  choice: CardChoice = {},
): Promise<CardPublicKey> {
  const { serial, slot = DEFAULT_SLOT } = choice;
  const card = chooseCard(await listPivCards(transport, { slots: [slot], serial }), serial);
  const key = card.slots.get(slot);
  if (key === undefined || key instanceof CardError) {
    throw key ?? new CardError('SLOT_EMPTY', `there is no key in slot ${slot}`);
  }
  return publicKeyOn(card, key);
}

/**
 * The keys that {@link readPublicKey} could choose, one for each card that has one there; slots that hold none of use are passed
 * over. Throws as {@link listPivCards}.
 */
export async function listPublicKeys(
  transport: CardTransport,
  { serial, slot = DEFAULT_SLOT }: CardChoice = {},
): Promise<readonly CardPublicKey[]> {
  const cards = await listPivCards(transport, { slots: [slot], serial });
  return cards.flatMap(card => {
    const key = card.slots.get(slot);
    return key === undefined || key instanceof CardError ? [] : [publicKeyOn(card, key)];
  });
}

function publicKeyOn(card: PivCard, key: SlotKey): CardPublicKey {
  const publicPem = key.publicKey.export({ format: 'pem', type: 'spki' }).toString();
  return {
    reader: card.reader,
    serial: card.serial,
    firmware: card.firmware,
    slot: key.slot.name,
    keytype: key.algorithm.keytype,
    scheme: key.algorithm.scheme,
    publicKey: key.publicKey,
    publicPem,
    publicText: key.algorithm.name === 'Ed25519' ? ed25519Hex(key.publicKey) : publicPem,
    fingerprint: key.fingerprint,
  };
}

const ED25519_BYTES = 32;

const ed25519Hex = (key: KeyObject): string =>
  key.export({ format: 'der', type: 'spki' }).subarray(-ED25519_BYTES).toString('hex');

/** The only card, or the one with `serial`. Throws {@link CardError} `NO_CARD`, `MANY_CARDS`. */
export function chooseCard(cards: readonly PivCard[], serial: number | undefined): PivCard {
  const matching = serial === undefined ? cards : cards.filter(card => card.serial === serial);
  const [card, ...more] = matching;
  const present = cards.map(describeCard).join(', ');
  if (card === undefined) {
    throw new CardError('NO_CARD', `the card with serial ${serial} is not here (${present}): insert it`);
  }
  if (more.length > 0) {
    throw new CardError('MANY_CARDS', `several cards are here: choose one by its serial (${present})`);
  }
  return card;
}

/** "serial 12345678", or the reader's name for a card that has none. */
export const describeCard = (card: Pick<PivCard, 'serial' | 'reader'>): string =>
  card.serial === undefined ? `card in ${card.reader}` : `serial ${card.serial}`;
