import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessRefused } from '../../client/error.ts';
import { defaultLimits } from '../../client/limits.ts';
import { signedTimestamp } from '../../client/trusted.ts';
import type { Document, Root, Timestamp } from '../../metadata/document.ts';
import { TIMESTAMP } from '../../metadata/names.ts';
import { isImmutable } from '../../repository/layout.ts';
import { OperationError } from '../error.ts';
import type { Comparison, Store } from './store.ts';

/** What is about to be brought to a place. */
export interface Arrival {
  /** Absolute: where the files are. */
  readonly folder: string;
  readonly files: ReadonlySet<string>;
  /** The roots of the repository, the newest first; verified. */
  readonly roots: readonly Document<Root>[];
  readonly timestamp: Document<Timestamp>;
}

const TIMESTAMP_FILE = `${TIMESTAMP}.json`;
const PAGE = 'index.html';

const isRootFile = (file: string): boolean => file.endsWith('.root.json');
const isVersioned = (file: string): boolean => !file.includes('/') && isImmutable(file);

/**
 * Throws {@link OperationError} `REFUSED` where something else than an older state of this site stands in the place: the site of
 * another repository, another history of this one, a newer state, somebody's page. With `repair` a broken timestamp and broken
 * versioned files of this repository are in nobody's way; roots, and a newer state, always are.
 */
export async function requirePlace(
  store: Store,
  arrival: Arrival,
  standing: Comparison,
  repair: boolean,
): Promise<void> {
  const isOurs = await requireForward(store, arrival, repair);
  const versioned = standing.other.filter(isVersioned);
  // Roots first: they say whose site it is.
  const ordered = [...versioned.filter(isRootFile), ...versioned.filter(file => !isRootFile(file))];
  let confirmed = 0;
  for (const file of ordered) {
    if (repair && !isRootFile(file)) break;
    // A bucket may not tell what it has: only its bytes do.
    const [there, own] = [await store.read(file), await readFile(join(arrival.folder, file))];
    if (there === undefined || own.equals(there)) {
      confirmed++;
      continue;
    }
    throw otherBytes(file);
  }
  const lacking = new Set([...standing.absent, ...versioned]);
  const hasOwn = confirmed > 0 || [...arrival.files].some(file => isVersioned(file) && !lacking.has(file));
  if (!isOurs && !hasOwn && standing.other.includes(PAGE))
    throw new OperationError(
      'REFUSED',
      `there is an ${PAGE} of something else: take it away first, or name another place`,
    );
}

/** Is the timestamp that stands there one of this repository? An older run that is started again must not put its own over a newer one. */
async function requireForward(
  store: Store,
  { roots, timestamp }: Arrival,
  repair: boolean,
): Promise<boolean> {
  const bytes = await store.read(TIMESTAMP_FILE);
  if (bytes === undefined) return false;
  const there = bytes.length > defaultLimits.timestampBytes ? undefined : verifiedBy(roots, bytes);
  if (there === undefined) {
    if (repair) return false;
    throw new OperationError(
      'REFUSED',
      `the ${TIMESTAMP_FILE} there is signed by no key that this repository had for it: it is another repository's, of a newer state of this one, or broken. Look whether the place is the right one; --repair puts this one over a broken one`,
    );
  }
  const [version, own] = [there.signed.version, timestamp.signed.version];
  if (version > own)
    throw new OperationError(
      'REFUSED',
      `the site there has timestamp version ${version}, this folder ${own}: clients would refuse to go back`,
    );
  return true;
}

function verifiedBy(roots: readonly Document<Root>[], bytes: Uint8Array): Document<Timestamp> | undefined {
  for (const root of roots) {
    const found = unlessRefused(() => signedTimestamp(root, bytes));
    if (found !== undefined) return found;
  }
  return undefined;
}

const otherBytes = (file: string): OperationError =>
  new OperationError(
    'REFUSED',
    isRootFile(file)
      ? `${file} stands there with other bytes: that is the site of another repository, or of another history of this one, and its clients would be lost. Look whether the place is the right one; to begin anew there, empty it first`
      : `${file} stands there with other bytes, which caches may keep for a year: it is of another history of this repository, or was broken by another program; --repair puts this one in its place`,
  );
