import type { Group } from './site-files.ts';

/** A place that a site is brought to. Every method throws {@link OperationError} `PROGRAM_FAILED`. */
export interface Store {
  /** What it has of `timestamp.json`; `undefined` where there is none. */
  readTimestamp(): Promise<Uint8Array | undefined>;
  /** Which of these files it does not have with the same content, as it is now. */
  lacking(files: readonly string[]): Promise<readonly string[]>;
  /** Brings these files of the group there. */
  send(group: Group, files: readonly string[]): Promise<void>;
  /** Files of older sites that `wanted` has no use for. Nothing else there is anybody's business. */
  stale(wanted: ReadonlySet<string>): Promise<readonly string[]>;
  remove(files: readonly string[]): Promise<void>;
}
