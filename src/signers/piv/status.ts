import { CardError, type CardErrorCode } from './error.ts';

/** What was asked of the card: the same status word means different things. */
export type CardAction = 'select' | 'read' | 'verify' | 'sign' | 'generate' | 'authenticate';

type Row = readonly [code: CardErrorCode, message: string];

const NOT_PIV: Row = ['NOT_PIV', 'this card has no PIV applet (or it is switched off): use another card'];
const SLOT_EMPTY: Row = [
  'SLOT_EMPTY',
  'there is no key in this slot: generate one, or choose another slot or card',
];
const PIN_BLOCKED: Row = ['PIN_BLOCKED', 'the PIN is blocked: unblock it with the PUK'];
const PIN_FORM: Row = ['PIN_FORM', 'the card can not have such a PIN: a PIN has 6 to 8 characters'];
const BAD_ALGORITHM: Row = [
  'UNSUPPORTED_KEY',
  'the key in this slot is of another algorithm: choose another slot or card',
];
const MANAGEMENT: Row = [
  'NOT_AUTHORIZED',
  'the card does not accept this management key: check it, and its algorithm',
];

/** Meanings that depend on the action. Sources: as for {@link COMMON}; FIELD.md lists how cards differ. */
const BY_ACTION: Readonly<Record<CardAction, ReadonlyMap<number, Row>>> = {
  select: new Map([0x6a82, 0x6a81, 0x6d00, 0x6e00, 0x6999].map(sw => [sw, NOT_PIV])),
  read: new Map([0x6a82, 0x6a86, 0x6985, 0x6a88].map(sw => [sw, SLOT_EMPTY])),
  verify: new Map([
    [0x6983, PIN_BLOCKED],
    [0x63c0, PIN_BLOCKED],
    [0x6a80, PIN_FORM],
    [0x6700, PIN_FORM],
    [0x6300, ['PIN_WRONG', 'wrong PIN']],
  ]),
  sign: new Map([
    [0x6a86, SLOT_EMPTY],
    [0x6985, SLOT_EMPTY],
    [0x6a88, SLOT_EMPTY],
    [0x6a80, BAD_ALGORITHM],
    [
      0x6982,
      [
        'NOT_AUTHORIZED',
        'the card did not sign: it was not touched in time, or wants its PIN again: try again',
      ],
    ],
  ]),
  generate: new Map([
    [0x6982, ['NOT_AUTHORIZED', 'the card makes keys only after its management key: authenticate first']],
    [0x6a80, ['UNSUPPORTED_KEY', 'the card can not make a key of this algorithm or policy: choose another']],
    [0x6a86, ['UNSUPPORTED_KEY', 'the card can not make a key in this slot: choose another']],
  ]),
  authenticate: new Map([0x6982, 0x6300, 0x6983, 0x6a80, 0x6a86].map(sw => [sw, MANAGEMENT])),
};

/**
 * Meanings that hold everywhere.
 * Sources: NIST SP 800-73-4 part 2, table 6 (section 3); ISO/IEC 7816-4 section 5.6; Yubico PIV command documentation.
 */
const COMMON: ReadonlyMap<number, Row> = new Map<number, Row>([
  [0x6581, ['CARD_STATUS', 'the card could not write its memory: it may be worn out']],
  [0x6700, ['CARD_STATUS', 'the card refuses the length of the command: try another reader']],
  [0x6881, ['CARD_STATUS', 'the card refuses the logical channel: take it out and try again']],
  [0x6882, ['CARD_STATUS', 'the card wants secure messaging, which is not supported']],
  [0x6883, ['CARD_RESET', 'another program broke into the command: close it and try again']],
  [0x6884, ['CARD_STATUS', 'the card does not take chained commands: try another card']],
  [0x6982, ['NOT_AUTHORIZED', 'the card wants its PIN or a touch first: try again']],
  [0x6983, PIN_BLOCKED],
  [0x6985, ['CARD_STATUS', 'the card is not in a state for this: take it out and try again']],
  [0x6987, ['CARD_STATUS', 'the card wants secure messaging, which is not supported']],
  [0x6988, ['CARD_STATUS', 'the card wants secure messaging, which is not supported']],
  [0x6a80, ['CARD_STATUS', 'the card refuses the data of the command']],
  [0x6a81, ['CARD_STATUS', 'the card does not have this function']],
  [0x6a82, ['CARD_STATUS', 'the card does not have this data object']],
  [0x6a84, ['CARD_STATUS', 'the card is full: delete a certificate that is not needed']],
  [0x6a86, ['CARD_STATUS', 'the card refuses the parameters of the command']],
  [0x6a88, ['CARD_STATUS', 'the card does not have this key or data object']],
  [0x6b00, ['CARD_STATUS', 'the card refuses the parameters of the command']],
  [0x6d00, ['CARD_STATUS', 'the card does not know this command: its firmware is too old']],
  [0x6e00, ['CARD_STATUS', 'the card does not know this class of command']],
  [0x6f00, ['CARD_STATUS', 'the card failed inside: take it out and try again']],
]);

/** Status words that say "I do not know this command": an older card, not a failure. Source: ISO/IEC 7816-4. */
export const isUnknownCommand = (sw: number): boolean => sw === 0x6d00 || sw === 0x6e00 || sw === 0x6a81;

/** PIN tries left, where `sw` is `63Cx`. Source: NIST SP 800-73-4 part 2, section 3.2.1. */
export const triesOf = (sw: number): number | undefined => ((sw & 0xfff0) === 0x63c0 ? sw & 0xf : undefined);

/** Explains the failing status word that the card gave to `action`. An unknown one shows its value. */
export function statusError(sw: number, action: CardAction): CardError {
  const known = BY_ACTION[action].get(sw) ?? COMMON.get(sw);
  const hex = sw.toString(16).padStart(4, '0');
  if (known !== undefined) {
    const [code, message] = known;
    return new CardError(code, `${message} (${hex})`, {
      sw,
      ...(code === 'PIN_BLOCKED' ? { triesLeft: 0 } : {}),
    });
  }
  const triesLeft = triesOf(sw);
  if (triesLeft !== undefined && triesLeft > 0 && action === 'verify') {
    return new CardError('PIN_WRONG', `wrong PIN: ${tries(triesLeft)} left`, { sw, triesLeft });
  }
  return new CardError('CARD_STATUS', `the card answered ${hex}, which says nothing we know: try again`, {
    sw,
  });
}

/** "1 try", "2 tries". */
export const tries = (count: number): string => (count === 1 ? '1 try' : `${count} tries`);
