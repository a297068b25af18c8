import type { EventReport } from '../event/report.ts';

/** How an operation speaks with the person who runs it. Text may hold untrusted names: implementations escape it. */
export interface Prompter {
  /** One line about what is being done. */
  progress(message: string): void;
  /** Shows everything that a person has to see before agreeing to `event`. */
  show(report: EventReport): void;
  /** Asks a question that has to be answered; `false` is no. Throws where there is nobody to ask. */
  confirm(question: string): Promise<boolean>;
  /**
   * As {@link confirm}, about what is trusted from now on: no answer given beforehand (`--yes`) counts, as it could not know
   * what it says yes to.
   */
  confirmTrust(question: string): Promise<boolean>;
  /**
   * Asks for something that the person has to put into a reader: "the card with your old key". `true`: it is there now.
   * `false`: not in this run. Missing where nobody is there to do so.
   */
  readonly insert?: ((what: string) => Promise<boolean>) | undefined;
}
