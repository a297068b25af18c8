import { CardError } from './error.ts';

/** A reader, and whether a card is in it now. Names are the driver's: unique, of any kind, not lasting. */
export interface ReaderInfo {
  readonly name: string;
  readonly hasCard: boolean;
}

/** What carries APDUs to cards: PC/SC in the command, virtual cards in tests and in the demo. */
export interface CardTransport extends AsyncDisposable {
  /** The readers at this moment, in the transport's order. Throws `NO_PCSC`; no reader is an empty list. */
  readers(): Promise<readonly ReaderInfo[]>;
  /** Opens the card in `reader`, shared with other programs. Throws `NO_CARD`, `CARD_REMOVED`, `CARD_BUSY`, … */
  connect(reader: string): Promise<CardConnection>;
}

/** An open card. Disposing closes it, never throws, and leaves the card powered. */
export interface CardConnection extends AsyncDisposable {
  readonly reader: string;
  /**
   * Runs `work` while no other program can reach the card, and ends the transaction however it ends. Throws what `work`
   * throws, `CARD_RESET` where another program has reset the card since (open a new connection, start again),
   * `CARD_REMOVED`, `CARD_BUSY`. After an error of code `CARD_…` the connection is of no further use.
   */
  transact<T>(work: (channel: CardChannel) => Promise<T>): Promise<T>;
}

/** A card inside a transaction: the only way to send it anything. */
export interface CardChannel {
  /**
   * Sends one command APDU, gives the response APDU (a copy). Throws `CARD_TIMEOUT` when no answer comes within
   * `deadline` milliseconds, `CARD_RESET`, `CARD_REMOVED`, `CARD_TRANSPORT`. Keeps no copy of `apdu` once it settles.
   */
  transmit(apdu: Uint8Array, deadline: number): Promise<Uint8Array>;
  /** Asks for a reset of the card when the transaction ends, so that what was verified here serves nobody else. */
  resetAfterwards(): void;
}

/** The errors after which the whole transaction may be tried again on a new connection. */
export const isTransient = (error: unknown): boolean =>
  error instanceof CardError && (error.code === 'CARD_RESET' || error.code === 'CARD_BUSY');

/** Resolves with `promise`, or rejects with `late()` after `ms` milliseconds; `promise` is then left to itself. */
export async function withDeadline<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(late());
    }, ms);
  });
  try {
    return await Promise.race([promise, expiry]);
  } finally {
    clearTimeout(timer);
  }
}

/** For {@link CardChannel.transmit}. */
export const timeoutError = (reader: string, ms: number): CardError =>
  new CardError(
    'CARD_TIMEOUT',
    `the card in ${reader} did not answer in ${Math.ceil(ms / 1_000)} s: take it out, put it back and try again`,
  );

export const sleep = (ms: number): Promise<void> => new Promise(resolve => void setTimeout(resolve, ms));
