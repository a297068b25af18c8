import type { EventReport } from '../event/report.ts';

/** How an operation speaks with the person who runs it. Text may hold untrusted names: implementations escape it. */
export interface Prompter {
  /** One line about what is being done. */
  progress(message: string): void;
  /** Shows everything that a person has to see before agreeing to `event`. */
  show(report: EventReport): void;
  /** Asks a question that has to be answered; `false` is no. Throws where there is nobody to ask. */
  confirm(question: string): Promise<boolean>;
}
