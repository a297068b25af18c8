import { type PivCard, surveyCards } from './cards.ts';
import { CardError } from './error.ts';
import { type CardTransport, sleep } from './transport.ts';

/** Pause between looks at the readers, in milliseconds; a look costs the cards nothing while nothing changes. */
const POLL = 250;

export interface WaitOptions {
  /** Which card; any PIV card by default. */
  readonly serial?: number | undefined;
  /** Milliseconds; 60,000 by default. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/**
 * Waits until a PIV card (the one with `serial`) is in a reader, and gives it; `undefined` when the time is over or `signal` was
 * aborted. Looks at cards only when readers or their cards changed. Throws {@link CardError} `NO_PCSC`.
 */
export async function waitForCard(
  transport: CardTransport,
  { serial, timeout = 60_000, signal }: WaitOptions = {},
): Promise<PivCard | undefined> {
  const end = performance.now() + timeout;
  let seen: string | undefined;
  for (;;) {
    if (signal?.aborted === true) return undefined;
    const readers = await transport.readers();
    const now = JSON.stringify(readers.filter(reader => reader.hasCard).map(reader => reader.name));
    if (now !== seen) {
      seen = now;
      const card = await findCard(transport, serial);
      if (card !== undefined) return card;
    }
    if (performance.now() >= end) return undefined;
    await sleep(POLL);
  }
}

async function findCard(transport: CardTransport, serial: number | undefined): Promise<PivCard | undefined> {
  try {
    const { cards } = await surveyCards(transport, { serial });
    return cards.find(card => serial === undefined || card.serial === serial);
  } catch (error) {
    if (error instanceof CardError && (error.code === 'NO_CARD' || error.code === 'NO_READER'))
      return undefined;
    throw error;
  }
}
