import { CardError, type CardErrorCode } from './error.ts';

/** An error of the binding: `code` is the PC/SC return code's name without prefix, in camel case. */
export interface PcscError extends Error {
  readonly code: string;
}

export const isPcscError = (error: unknown): error is PcscError =>
  error instanceof Error && 'code' in error && typeof error.code === 'string';

const NO_SERVICE =
  'the PC/SC service is not running: on Linux install pcscd and start it (systemctl start pcscd), then try again';
const REMOVED = 'the card was taken out: put it back and try again';
const MUTE = 'the card does not answer: take it out, clean it, put it back the right way round';
const BUSY = 'another program holds the card: close it and try again';

/** Source: PC/SC return codes as pcsc-lite documents them (SCARD_E_…, SCARD_W_…), by the names that pcsc-mini gives them. */
const ROWS: ReadonlyMap<string, readonly [CardErrorCode, string]> = new Map([
  ['NoService', ['NO_PCSC', NO_SERVICE]],
  ['ServiceStopped', ['NO_PCSC', NO_SERVICE]],
  ['Shutdown', ['NO_PCSC', NO_SERVICE]],
  ['SystemCancelled', ['NO_PCSC', NO_SERVICE]],
  [
    'AccessDenied',
    ['NO_PCSC', 'this user may not use the PC/SC service: ask for access (polkit, group pcscd)'],
  ],
  [
    'SecurityViolation',
    ['NO_PCSC', 'this user may not use the PC/SC service: ask for access (polkit, group pcscd)'],
  ],
  [
    'NoReadersAvailable',
    ['NO_READER', 'no card reader or security key is connected: plug one in and try again'],
  ],
  ['UnknownReader', ['CARD_REMOVED', 'the reader is gone: plug it in and try again']],
  ['ReaderUnavailable', ['CARD_REMOVED', 'the reader is gone: plug it in and try again']],
  ['NoSmartCard', ['CARD_REMOVED', REMOVED]],
  ['RemovedCard', ['CARD_REMOVED', REMOVED]],
  ['ResetCard', ['CARD_RESET', 'another program reset the card: close it and try again']],
  ['SharingViolation', ['CARD_BUSY', BUSY]],
  ['ServerTooBusy', ['CARD_BUSY', BUSY]],
  [
    'CardIsBusy',
    ['CARD_TIMEOUT', 'the card is still at work on an earlier command: take it out and put it back'],
  ],
  ['UnresponsiveCard', ['CARD_TRANSPORT', MUTE]],
  ['UnpoweredCard', ['CARD_TRANSPORT', MUTE]],
  ['UnsupportedCard', ['CARD_TRANSPORT', MUTE]],
]);

/** Explains an error of the binding. `cause` holds it: it carries no command bytes. */
export function pcscError(error: PcscError, reader?: string): CardError {
  const [code, message] = ROWS.get(error.code) ?? [
    'CARD_TRANSPORT' as const,
    `the PC/SC service failed (${error.code}): take the card out, put it back and try again`,
  ];
  return new CardError(code, reader === undefined ? message : `${reader}: ${message}`, { cause: error });
}
