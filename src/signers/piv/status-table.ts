import type { CardErrorCode } from './error.ts';

/** What was asked of the card: the same status word means different things. */
export type CardAction =
  | 'select'
  | 'read'
  | 'verify'
  | 'sign'
  | 'authenticate'
  | 'generate'
  | 'write'
  | 'attest'
  | 'change-pin'
  | 'change-puk'
  | 'unblock';

/** One status word, or a family of them, and what a signer is told. */
export interface StatusRow {
  /** Four hex digits; `x` stands for any. */
  readonly word: string;
  readonly action: CardAction | 'any';
  readonly code: CardErrorCode;
  /** The fact, then what the person can do. `{tries}` stands for the tries left that the word tells. */
  readonly says: string;
}

type Meaning = readonly [code: CardErrorCode, says: string];

const rows = (action: StatusRow['action'], words: string, [code, says]: Meaning): readonly StatusRow[] =>
  words.split(' ').map(word => ({ word, action, code, says }));

const NOT_PIV: Meaning = ['NOT_PIV', 'this card has no PIV applet (or it is switched off): use another card'];
const SLOT_EMPTY: Meaning = [
  'SLOT_EMPTY',
  'there is no key in this slot: generate one, or choose another slot or card',
];
const PIN_WRONG: Meaning = ['PIN_WRONG', 'wrong PIN: {tries} left'];
const PIN_BLOCKED: Meaning = ['PIN_BLOCKED', 'the PIN is blocked: unblock it with the PUK'];
const PUK_WRONG: Meaning = ['PUK_WRONG', 'wrong PUK: {tries} left'];
const PUK_BLOCKED: Meaning = [
  'PUK_BLOCKED',
  'the PUK is blocked: once the PIN is, too, only a reset of the PIV applet helps, which erases its keys',
];
const PIN_FORM: Meaning = ['PIN_FORM', 'the card can not have such a PIN: a PIN has 6 to 8 characters'];
const PIN_SIMPLE: Meaning = ['PIN_FORM', 'the card refuses the new value as too simple: choose another'];
const MANAGEMENT: Meaning = [
  'MANAGEMENT_KEY',
  'the card does not accept this management key: check it, and its algorithm',
];
const MANAGEMENT_FIRST: Meaning = [
  'MANAGEMENT_KEY',
  'the card makes and stores nothing before its management key: authenticate first',
];
const NOT_ATTESTED: Meaning = [
  'NOT_ATTESTED',
  'the card attests no key in this slot: it holds none, or one that was imported; generate it on the card',
];
const status = (says: string): Meaning => ['CARD_STATUS', says];

/**
 * Meanings by what was asked. Sources: NIST SP 800-73-4 part 2, the tables of section 3; 6700, 6999, 6985 for PINs, 6A80 of
 * GENERATE and the words of ATTEST: cards in the field (FIELD.md) and Yubico's PIV documentation.
 */
const BY_ACTION: readonly StatusRow[] = [
  ...rows('select', '6a82 6a81 6a86 6d00 6e00 6999', NOT_PIV),
  ...rows('read', '6a82 6a86 6985 6a88', SLOT_EMPTY),
  ...rows('verify', '63cx', PIN_WRONG),
  ...rows('verify', '6300', ['PIN_WRONG', 'wrong PIN: find the right one before the tries are spent']),
  ...rows('verify', '63c0 6983', PIN_BLOCKED),
  ...rows('verify', '6a80 6700', PIN_FORM),
  ...rows('verify', '6984 6a88', status('the card has no PIN: set it up with the tool of its vendor')),
  ...rows('sign', '6a86 6985 6a88', SLOT_EMPTY),
  ...rows('sign', '6a80', [
    'UNSUPPORTED_KEY',
    'the key in this slot is of another algorithm: choose another slot or card',
  ]),
  ...rows('sign', '6982', [
    'NOT_AUTHORIZED',
    'the card did not sign: it was not touched in time, or wants its PIN again: try again',
  ]),
  ...rows('authenticate', '6300 63cx 6982 6983 6a80 6a86 6a88', MANAGEMENT),
  ...rows('generate', '6982', MANAGEMENT_FIRST),
  ...rows('generate', '6a80', [
    'UNSUPPORTED_KEY',
    'the card can not make a key of this algorithm or policy: choose another',
  ]),
  ...rows('generate', '6a86 6a88', [
    'UNSUPPORTED_KEY',
    'the card can not make a key in this slot: choose another',
  ]),
  ...rows('write', '6982', MANAGEMENT_FIRST),
  ...rows('write', '6700 6a80', status('the card does not take this data object: it may be too long for it')),
  ...rows('attest', '6700 6982 6985 6a80 6a82 6a86 6a88', NOT_ATTESTED),
  ...rows('attest', '6d00', [
    'NOT_ATTESTED',
    'this card can not attest keys: use one that can (YubiKey 4.3 or newer)',
  ]),
  ...rows('change-pin', '63cx', PIN_WRONG),
  ...rows('change-pin', '63c0 6983', PIN_BLOCKED),
  ...rows('change-pin', '6700 6a80', PIN_FORM),
  ...rows('change-pin', '6985', PIN_SIMPLE),
  ...rows('change-puk', '63cx', PUK_WRONG),
  ...rows('change-puk', '63c0 6983', PUK_BLOCKED),
  ...rows('change-puk', '6700 6a80', [
    'PIN_FORM',
    'the card can not have such a PUK: a PUK has 6 to 8 characters',
  ]),
  ...rows('change-puk', '6985', PIN_SIMPLE),
  ...rows('unblock', '63cx', PUK_WRONG),
  ...rows('unblock', '63c0 6983', PUK_BLOCKED),
  ...rows('unblock', '6700 6a80', PIN_FORM),
  ...rows('unblock', '6985', PIN_SIMPLE),
];

const SECURE_MESSAGING = status('the card wants secure messaging, which is not supported: use another card');
const PARAMETERS = status('the card refuses the parameters of the command: its firmware may be too old');

/** Meanings that hold everywhere. Sources: NIST SP 800-73-4 part 2, table 6 (section 3); ISO/IEC 7816-4 section 5.6. */
const COMMON: readonly StatusRow[] = [
  ...rows('any', '61xx', status('the card announced more than it gave: take it out and try again')),
  ...rows(
    'any',
    '6281 6282',
    status('what the card gave is damaged or cut short: take it out and try again'),
  ),
  ...rows('any', '6283 6285', status('the PIV applet is out of use on this card: use another card')),
  ...rows('any', '62xx', status('the card answered with a warning: take it out and try again')),
  ...rows('any', '6300', status('the card could not verify something: try again')),
  ...rows('any', '63cx', status('the card refused a secret: {tries} left')),
  ...rows('any', '63xx', status('the card answered with a warning: take it out and try again')),
  ...rows('any', '64xx', status('the card could not carry the command out: take it out and try again')),
  ...rows('any', '6581', status('the card could not write its memory: it may be worn out: use another card')),
  ...rows('any', '65xx', status('the card failed while it changed its memory: look at it before going on')),
  ...rows('any', '66xx', status('the card refuses for reasons of security: take it out and try again')),
  ...rows('any', '6700', status('the card refuses the length of the command: try another reader')),
  ...rows('any', '6881', status('the card refuses the logical channel: take it out and try again')),
  ...rows('any', '6882 6987 6988', SECURE_MESSAGING),
  ...rows('any', '6883', ['CARD_RESET', 'another program broke into the command: close it and try again']),
  ...rows('any', '6884', status('the card does not take chained commands: try another card or reader')),
  ...rows(
    'any',
    '68xx',
    status('the card does not have what this class of command asks for: use another card'),
  ),
  ...rows('any', '6981', status('the card does not have this kind of data: use another card')),
  ...rows('any', '6982', ['NOT_AUTHORIZED', 'the card wants its PIN or a touch first: try again']),
  ...rows('any', '6983', PIN_BLOCKED),
  ...rows('any', '6984', status('the PIN or key that the card should use is not usable: set it anew')),
  ...rows('any', '6985', status('the card is not in a state for this: take it out and try again')),
  ...rows('any', '6986', status('the card refuses the command now: take it out and try again')),
  ...rows('any', '69xx', status('the card does not allow this command: take it out and try again')),
  ...rows('any', '6a80', status('the card refuses the data of the command: its firmware may be too old')),
  ...rows('any', '6a81', status('the card does not have this function: use another card')),
  ...rows('any', '6a82', status('the card does not have this data object: write it first')),
  ...rows('any', '6a84', status('the card is full: delete a certificate that is not needed')),
  ...rows('any', '6a86', PARAMETERS),
  ...rows('any', '6a88', status('the card does not have this key or data object: choose another')),
  ...rows('any', '6axx', PARAMETERS),
  ...rows('any', '6b00', PARAMETERS),
  ...rows('any', '6cxx', status('the card wants another length than it said: try another reader')),
  ...rows('any', '6d00', status('the card does not know this command: its firmware is too old')),
  ...rows('any', '6e00', status('the card does not know this class of command: use another card')),
  ...rows('any', '6fxx', status('the card failed inside: take it out and try again')),
];

/** Every status word that has a meaning here. docs/status-words.md is made from it. */
export const STATUS_WORDS: readonly StatusRow[] = [...BY_ACTION, ...COMMON];
