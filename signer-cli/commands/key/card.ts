import { chooseCard, listPivCards, type PivCard } from '../../../src/signers/piv/cards.ts';
import { isSlotName, type SlotName } from '../../../src/signers/piv/slot.ts';
import type { CardTransport } from '../../../src/signers/piv/transport.ts';
import type { GlobalFlags } from '../../run-context.ts';
import { UsageError } from '../../usage-error.ts';

/** Flags of every command about one card. */
export interface CardFlags extends GlobalFlags {
  readonly card?: string;
}

const MAX_SERIAL = 0xffff_ffff;

/** Throws {@link UsageError}. */
export function parseSerial(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  if (!/^[1-9]\d{0,9}$/.test(given) || Number(given) > MAX_SERIAL)
    throw new UsageError(`--card ${JSON.stringify(given)} is no serial number: see tuf-signer key list`);
  return Number(given);
}

/** Throws {@link UsageError}. */
export function parseSlot(given: string): SlotName {
  const name = given.toLowerCase();
  if (!isSlotName(name))
    throw new UsageError(`there is no slot ${JSON.stringify(given)}: 9a, 9c, 9d, 9e, or 82 to 95`);
  return name;
}

/** The only card, or the one of `--card`; `slots` are looked at. Throws {@link CardError} `NO_CARD`, `MANY_CARDS`, … */
export async function findCard(
  cards: CardTransport,
  { card }: Pick<CardFlags, 'card'>,
  slots: readonly SlotName[] = [],
): Promise<PivCard> {
  const serial = parseSerial(card);
  return chooseCard(await listPivCards(cards, { slots, serial }), serial);
}

/** "card 12345678", or "the card in READER". */
export const nameOf = ({ serial, reader }: Pick<PivCard, 'serial' | 'reader'>): string =>
  serial === undefined ? `the card in ${reader}` : `card ${serial}`;
