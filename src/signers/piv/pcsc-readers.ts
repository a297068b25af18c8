import type * as Pcsc from 'pcsc-mini';
import { isPcscError, pcscError } from './pcsc-error.ts';
import { type ReaderInfo, sleep } from './transport.ts';

/** The service tells of its readers within milliseconds; where there is none it stays silent this long. */
const FIRST_WORD = 400;
/** The readers present come in one burst: after this much silence it is over. */
const QUIET = 40;
const POLL = 10;
/** A reader that never falls silent is not waited for any longer. */
const MAX_ROUNDS = 50;

/**
 * All clients of this process. {@link ReaderMonitor.stop} gives back what they hold; where the service went away meanwhile that
 * can't be done, and the binding would try again when the garbage collector takes them, and throw where nobody can catch it.
 * So it never takes them: some hundred bytes for each transport.
 */
const clients = new Set<Pcsc.Client>();

/**
 * Follows which readers there are and whether a card is in them. The binding offers no list, only events from a thread of its
 * own, which also keeps the process alive until {@link stop}.
 */
export class ReaderMonitor {
  readonly #client: Pcsc.Client;
  readonly #status: typeof Pcsc.ReaderStatus;
  readonly #readers = new Map<string, { readonly reader: Pcsc.Reader; hasCard: boolean }>();
  #events = 0;
  #isAlive = true;
  #complete: Promise<void> | undefined;

  /** Throws {@link CardError} `NO_PCSC`. */
  static start(module: typeof Pcsc): ReaderMonitor {
    const monitor = new ReaderMonitor(module);
    try {
      monitor.#client.start();
      return monitor;
    } catch (error) {
      throw isPcscError(error) ? pcscError(error) : error;
    }
  }

  private constructor(module: typeof Pcsc) {
    this.#client = new module.Client();
    clients.add(this.#client);
    this.#status = module.ReaderStatus;
    this.#client.on('reader', reader => {
      this.#follow(reader);
    });
    this.#client.on('error', () => {
      this.#isAlive = false;
    });
  }

  /** `false` when the service went away, or a connection could not be closed: start another monitor. */
  get isAlive(): boolean {
    return this.#isAlive;
  }

  retire(): void {
    this.#isAlive = false;
  }

  /** Resolves when the list of readers is complete; from then on it is kept up to date. */
  complete(): Promise<void> {
    this.#complete ??= this.#firstWord();
    return this.#complete;
  }

  readers(): readonly ReaderInfo[] {
    return [...this.#readers]
      .map(([name, { hasCard }]) => ({ name, hasCard }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  reader(name: string): Pcsc.Reader | undefined {
    return this.#readers.get(name)?.reader;
  }

  /** Ends the thread. Never while an event is under way: the binding could wait for its own thread for ever. */
  async stop(): Promise<void> {
    await this.#quiet();
    try {
      this.#client.stop();
    } catch (error) {
      // The service is gone, and its thread with it.
      if (!isPcscError(error)) throw error;
    }
  }

  async #firstWord(): Promise<void> {
    for (let waited = 0; this.#isAlive && this.#events === 0 && waited < FIRST_WORD; waited += POLL) {
      await sleep(POLL);
    }
    await this.#quiet();
  }

  async #quiet(): Promise<void> {
    for (let round = 0, seen = -1; round < MAX_ROUNDS && seen !== this.#events; round += 1) {
      seen = this.#events;
      await sleep(QUIET);
    }
  }

  #follow(reader: Pcsc.Reader): void {
    const entry = { reader, hasCard: false };
    this.#readers.set(reader.name(), entry);
    this.#events += 1;
    reader.on('change', status => {
      this.#events += 1;
      entry.hasCard = status.has(this.#status.PRESENT);
    });
    reader.on('disconnect', () => {
      this.#events += 1;
      this.#readers.delete(reader.name());
    });
  }
}
