import { readFileSync } from 'node:fs';

/** Reads a file of test/vectors, to be asserted as what it is. They were made by peers: see generate.py there. */
export const readVectors = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8'));

/** What two writers of CPython make of one value. */
export interface WriterVector {
  readonly name: string;
  readonly input: string;
  /** Hex of securesystemslib's canonical JSON. */
  readonly canonical: string;
  readonly indent1: string;
  readonly indent2: string;
}
