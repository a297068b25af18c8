import type { Group } from './site-files.ts';

/** A place that a site is brought to. Every method throws {@link OperationError} `PROGRAM_FAILED`. */
export interface Store {
  /** What it has of a metadata file; `undefined` where there is none. */
  read(file: string): Promise<Uint8Array | undefined>;
  /** How these files stand there, as it is now. */
  compare(files: readonly string[]): Promise<Comparison>;
  /** Brings these files of the group there. */
  send(group: Group, files: readonly string[]): Promise<void>;
  /** Files of older sites that `wanted` has no use for. Nothing else there is anybody's business. */
  stale(wanted: ReadonlySet<string>): Promise<readonly string[]>;
  remove(files: readonly string[]): Promise<void>;
}

/** What a place does not have with the same content. */
export interface Comparison {
  readonly absent: readonly string[];
  /** Those that may be there otherwise: not every place can tell what it has. */
  readonly other: readonly string[];
}

/** Which of these files a place does not have with the same content, in their order. */
export async function lackingIn(store: Store, files: readonly string[]): Promise<readonly string[]> {
  const { absent, other } = await store.compare(files);
  const lacking = new Set([...absent, ...other]);
  return files.filter(file => lacking.has(file));
}
