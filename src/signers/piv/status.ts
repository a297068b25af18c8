import { CardError } from './error.ts';
import { type CardAction, STATUS_WORDS, type StatusRow } from './status-table.ts';

export type { CardAction } from './status-table.ts';

const hexOf = (sw: number): string => sw.toString(16).padStart(4, '0');

/** Rows by action and word, so that an exact word, then `63cx`, then `63xx` is found at once. */
const ROWS: ReadonlyMap<string, StatusRow> = new Map(
  STATUS_WORDS.map(row => [`${row.action} ${row.word}`, row]),
);

function findRow(sw: number, action: CardAction): StatusRow | undefined {
  const hex = hexOf(sw);
  const forms = [hex, `${hex.slice(0, 3)}x`, `${hex.slice(0, 2)}xx`];
  for (const scope of [action, 'any']) {
    for (const form of forms) {
      const row = ROWS.get(`${scope} ${form}`);
      if (row !== undefined) return row;
    }
  }
  return undefined;
}

/** Status words that say "I do not know this command": an older card, not a failure. Source: ISO/IEC 7816-4. */
export const isUnknownCommand = (sw: number): boolean => sw === 0x6d00 || sw === 0x6e00 || sw === 0x6a81;

/** Tries left, where `sw` is `63Cx`. Source: NIST SP 800-73-4 part 2, section 3.2.1. */
export const triesOf = (sw: number): number | undefined => ((sw & 0xfff0) === 0x63c0 ? sw & 0xf : undefined);

/** Explains the failing status word that the card gave to `action`. The message always shows its value. */
export function statusError(sw: number, action: CardAction): CardError {
  const row = findRow(sw, action);
  const hex = hexOf(sw);
  if (row === undefined) {
    const message = `the card answered ${hex}, which says nothing we know: take it out and try again`;
    return new CardError('CARD_STATUS', message, { sw });
  }
  const triesLeft = row.code === 'PIN_BLOCKED' || row.code === 'PUK_BLOCKED' ? 0 : triesOf(sw);
  return new CardError(row.code, `${row.says.replace('{tries}', tries(triesLeft ?? 0))} (${hex})`, {
    sw,
    ...(triesLeft === undefined ? {} : { triesLeft }),
  });
}

/** "1 try", "2 tries". */
export const tries = (count: number): string => (count === 1 ? '1 try' : `${count} tries`);
