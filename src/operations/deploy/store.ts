import { isRootFile, isSiteFile } from '../../repository/layout.ts';
import type { Group } from './site-files.ts';

/** A place that a site is brought to. Every method throws {@link OperationError} `PROGRAM_FAILED`. */
export interface Store {
  /** What stands at its top, with the bytes that it has; a link counts as what it leads to. */
  top(): Promise<ReadonlyMap<string, number>>;
  /** What a file of {@link top} holds; `undefined` where it can't be had, or not within `maxBytes`. */
  read(file: string, maxBytes: number): Promise<Uint8Array | undefined>;
  /** How these files stand there, as it is now. */
  compare(files: readonly string[]): Promise<Comparison>;
  /** Brings these files of the group there. */
  send(group: Group, files: readonly string[]): Promise<void>;
  /** Files of older sites that `wanted` has no use for, no root among them. Nothing else there is anybody's business. */
  stale(wanted: ReadonlySet<string>): Promise<readonly string[]>;
  remove(files: readonly string[]): Promise<void>;
}

/** A file of an older site that may go: roots stay for ever. */
export const isStale = (file: string, wanted: ReadonlySet<string>): boolean =>
  isSiteFile(file) && !isRootFile(file) && !wanted.has(file);

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
