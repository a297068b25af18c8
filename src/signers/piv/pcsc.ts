import type * as Pcsc from 'pcsc-mini';
import { CardError } from './error.ts';
import { isPcscError, pcscError } from './pcsc-error.ts';
import { ReaderMonitor } from './pcsc-readers.ts';
import {
  type CardChannel,
  type CardConnection,
  type CardTransport,
  timeoutError,
  withDeadline,
} from './transport.ts';

export type PcscModule = typeof Pcsc;

/** The largest reply that PC/SC carries: an extended APDU's 64 KiB with its status word and framing (pcsc-lite). */
const REPLY_BYTES = 65_548;
/** How long another program may hold the card, in milliseconds. */
const BEGIN_DEADLINE = 15_000;
const CONNECT_DEADLINE = 15_000;
const CLOSE_DEADLINE = 2_000;

/**
 * The cards of this machine, by its PC/SC service. The native binding is loaded at the first use and no earlier, so a command
 * that needs no card runs without it. Dispose of it, or its reader monitor keeps the process alive. After `CARD_TIMEOUT` a
 * thread of Node's pool still waits for the card: the process ends only once the card answers or is pulled, or by a signal.
 *
 * `load` is there for tests.
 */
export const pcscTransport = (load: () => Promise<PcscModule> = () => import('pcsc-mini')): CardTransport =>
  new PcscTransport(load);

class PcscTransport implements CardTransport {
  readonly #load: () => Promise<PcscModule>;
  #module: PcscModule | undefined;
  #monitor: ReaderMonitor | undefined;

  constructor(load: () => Promise<PcscModule>) {
    this.#load = load;
  }

  async readers(): ReturnType<CardTransport['readers']> {
    return (await this.#watching()).readers();
  }

  async connect(name: string): Promise<CardConnection> {
    const monitor = await this.#watching();
    const { CardMode } = await this.#binding();
    const reader = monitor.reader(name);
    if (reader === undefined)
      throw new CardError('CARD_REMOVED', `reader ${name} is gone: plug it in and try again`);
    const pending = coded(name, () => reader.connect(CardMode.SHARED));
    const card = await withDeadline(pending, CONNECT_DEADLINE, () => timeoutError(name, CONNECT_DEADLINE));
    return new PcscConnection(name, card, await this.#binding(), monitor);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#monitor?.stop();
    this.#monitor = undefined;
  }

  async #watching(): Promise<ReaderMonitor> {
    if (this.#monitor?.isAlive !== true) {
      await this.#monitor?.stop();
      this.#monitor = ReaderMonitor.start(await this.#binding());
    }
    await this.#monitor.complete();
    return this.#monitor;
  }

  async #binding(): Promise<PcscModule> {
    try {
      this.#module ??= await this.#load();
      return this.#module;
    } catch (cause) {
      // The binding throws a bare Error where the dynamic linker finds no libpcsclite.
      const message =
        'the PC/SC library can not be loaded: on Linux install pcscd (it brings libpcsclite) and start it';
      throw new CardError('NO_PCSC', message, { cause });
    }
  }
}

class PcscConnection implements CardConnection {
  readonly reader: string;
  readonly #card: Pcsc.Card;
  readonly #module: PcscModule;
  /** The binding frees a card's memory together with its client: whoever holds the card holds the client, too. */
  readonly #monitor: ReaderMonitor;
  readonly #reply = new ArrayBuffer(REPLY_BYTES);

  constructor(reader: string, card: Pcsc.Card, module: PcscModule, monitor: ReaderMonitor) {
    this.reader = reader;
    this.#card = card;
    this.#module = module;
    this.#monitor = monitor;
  }

  async transact<T>(work: (channel: CardChannel) => Promise<T>): Promise<T> {
    const { CardDisposition } = this.#module;
    const transaction = await this.#begin();
    let after = CardDisposition.LEAVE;
    try {
      return await work({
        transmit: (apdu, deadline) => this.#transmit(apdu, deadline),
        resetAfterwards: () => {
          after = CardDisposition.RESET;
        },
      });
    } finally {
      await this.#quietly(() => transaction.end(after));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!(await this.#quietly(() => this.#card.disconnect(this.#module.CardDisposition.LEAVE)))) {
      this.#monitor.retire();
    }
  }

  async #begin(): Promise<Pcsc.Transaction> {
    const pending = coded(this.reader, () => this.#card.transaction());
    let isLate = false;
    const begun = pending.then(async transaction => {
      // Nobody waits for it any more: do not keep other programs from the card.
      if (isLate) await this.#quietly(() => transaction.end(this.#module.CardDisposition.LEAVE));
      return transaction;
    });
    return withDeadline(begun, BEGIN_DEADLINE, () => {
      isLate = true;
      return new CardError(
        'CARD_BUSY',
        `another program holds the card in ${this.reader}: close it and try again`,
      );
    });
  }

  /** The binding reads the command from another thread, even after a deadline: it gets a copy, zeroed when it is done. */
  async #transmit(apdu: Uint8Array, deadline: number): Promise<Uint8Array> {
    const copy = new Uint8Array(new ArrayBuffer(apdu.length));
    copy.set(apdu);
    const sent = coded(this.reader, () => this.#card.transmit(copy, this.#reply)).finally(() => copy.fill(0));
    const reply = await withDeadline(sent, deadline, () => timeoutError(this.reader, deadline));
    if (reply.length === 0) {
      // Some drivers report a card that is pulled in the middle of a command so, and only so.
      throw new CardError('CARD_REMOVED', `the card in ${this.reader} went away: put it back and try again`);
    }
    return Uint8Array.from(reply);
  }

  /** Ends something on a card that may be gone. Says whether it went well; whatever came before counts, not this. */
  async #quietly(end: () => Promise<void>): Promise<boolean> {
    const ended = coded(this.reader, end);
    try {
      await withDeadline(ended, CLOSE_DEADLINE, () => timeoutError(this.reader, CLOSE_DEADLINE));
      return true;
    } catch (error) {
      if (!(error instanceof CardError)) throw error;
      return false;
    }
  }
}

/** Runs a call of the binding, which may also throw at once, and turns its errors into ours. */
async function coded<T>(reader: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw isPcscError(error) ? pcscError(error, reader) : error;
  }
}
