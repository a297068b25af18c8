import { CardError } from '../../../src/signers/piv/error.ts';
import {
  type CardChannel,
  type CardConnection,
  type CardTransport,
  type ReaderInfo,
  timeoutError,
  withDeadline,
} from '../../../src/signers/piv/transport.ts';
import type { VirtualCard } from './card.ts';

/** A card transport whose readers are in memory, one for each card it was made with. */
export interface VirtualTransport extends CardTransport {
  /** Pulls the card out of a reader; whoever talks to it finds it gone. */
  remove(reader: string): void;
  /** Puts a card, powered anew, into a reader, which is added where there is none of that name. */
  insert(reader: string, card: VirtualCard): void;
  /** Another program resets the card: the next use of an open connection fails. */
  resetByOther(reader: string): void;
}

interface Bay {
  card: VirtualCard | undefined;
  /** Counts resets and removals; a connection made before the last one is of no use. */
  epoch: number;
  isHeld: boolean;
}

function pull(bay: Bay): void {
  bay.card?.reset();
  bay.card = undefined;
  bay.epoch += 1;
}

/** What a test may do right before a command reaches the card. */
export type Interference = (reader: string, apdu: Uint8Array) => void | Promise<void>;

export const virtualReaderName = (index: number): string => `Virtual Reader ${index}`;

/**
 * Readers `Virtual Reader 0`, `1`, … with one card each; none for no card. Behaves as PC/SC does: shared connections,
 * exclusive transactions, a coded error after a reset or removal. `interfere` runs before each command.
 */
export function virtualTransport(cards: readonly VirtualCard[], interfere?: Interference): VirtualTransport {
  const bays = new Map<string, Bay>(
    cards.map((card, index) => [virtualReaderName(index), { card, epoch: 0, isHeld: false }]),
  );
  const bayOf = (reader: string): Bay => {
    const bay = bays.get(reader);
    if (bay === undefined) throw new CardError('CARD_REMOVED', `${reader}: the reader is gone`);
    return bay;
  };
  return {
    readers: (): Promise<readonly ReaderInfo[]> =>
      Promise.resolve([...bays].map(([name, bay]) => ({ name, hasCard: bay.card !== undefined }))),
    connect: reader =>
      Promise.resolve().then(() => {
        const bay = bayOf(reader);
        if (bay.card === undefined) throw removed(reader);
        return new VirtualConnection(reader, bay, interfere);
      }),
    remove: reader => {
      pull(bayOf(reader));
    },
    insert: (reader, card) => {
      card.reset();
      const bay = bays.get(reader);
      if (bay === undefined) bays.set(reader, { card, epoch: 0, isHeld: false });
      else Object.assign(bay, { card, epoch: bay.epoch + 1 });
    },
    resetByOther: reader => {
      const bay = bayOf(reader);
      bay.card?.reset();
      bay.epoch += 1;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

class VirtualConnection implements CardConnection {
  readonly reader: string;
  readonly #bay: Bay;
  readonly #epoch: number;
  readonly #interfere: Interference | undefined;

  constructor(reader: string, bay: Bay, interfere: Interference | undefined) {
    this.reader = reader;
    this.#bay = bay;
    this.#epoch = bay.epoch;
    this.#interfere = interfere;
  }

  async transact<T>(work: (channel: CardChannel) => Promise<T>): Promise<T> {
    this.#requireCard();
    if (this.#bay.isHeld) throw new CardError('CARD_BUSY', `${this.reader}: another program holds the card`);
    this.#bay.isHeld = true;
    let after: 'leave' | 'reset' = 'leave';
    try {
      return await work({
        transmit: (apdu, deadline) =>
          withDeadline(this.#transmit(apdu), deadline, () => timeoutError(this.reader, deadline)),
        resetAfterwards: () => {
          after = 'reset';
        },
      });
    } finally {
      this.#bay.isHeld = false;
      if ((after as string) === 'reset') this.#bay.card?.reset();
    }
  }

  async #transmit(apdu: Uint8Array): Promise<Uint8Array> {
    await this.#interfere?.(this.reader, apdu);
    const card = this.#requireCard();
    const answer = await card.respond(apdu);
    if (answer === 'silence') return new Promise(() => undefined); // the deadline ends it
    if (answer === 'pulled' && this.#bay.card === card) pull(this.#bay);
    this.#requireCard();
    return answer === 'pulled' ? Promise.reject(removed(this.reader)) : answer;
  }

  #requireCard(): VirtualCard {
    const { card, epoch } = this.#bay;
    if (card === undefined) throw removed(this.reader);
    if (epoch !== this.#epoch)
      throw new CardError('CARD_RESET', `${this.reader}: another program reset the card`);
    return card;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

const removed = (reader: string): CardError =>
  new CardError('CARD_REMOVED', `${reader}: the card was taken out: put it back and try again`);
