import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessRefused } from '../../client/error.ts';
import { defaultLimits } from '../../client/limits.ts';
import { nextRoot, onlineKeysRotated, signedTimestamp } from '../../client/trusted.ts';
import { JsonError } from '../../json.ts';
import {
  type Document,
  isTimestamp,
  parseDocument,
  type Root,
  type Timestamp,
} from '../../metadata/document.ts';
import { MetadataError } from '../../metadata/error.ts';
import { TIMESTAMP } from '../../metadata/names.ts';
import { isImmutable, isRootFile } from '../../repository/layout.ts';
import { OperationError } from '../error.ts';
import type { Comparison, Store } from './store.ts';

/** What is about to be brought to a place. */
export interface Arrival {
  /** Absolute: where the files are. */
  readonly folder: string;
  readonly files: ReadonlySet<string>;
  /** The roots of the repository, the newest first; verified. */
  readonly roots: readonly [Document<Root>, ...Document<Root>[]];
  readonly timestamp: Document<Timestamp>;
}

const TIMESTAMP_FILE = `${TIMESTAMP}.json`;
const PAGE = 'index.html';

const isVersioned = (file: string): boolean => !file.includes('/') && isImmutable(file);

/**
 * Throws {@link OperationError} `REFUSED` where something else than an older state of this site stands in the place: the site of
 * another repository, another history of this one, a newer state, somebody's page. With `repair` a timestamp that is none and
 * versioned files that are broken are in nobody's way; roots, a newer state, and what another repository signed always are.
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
    const own = await readFile(join(arrival.folder, file));
    const there = await store.read(file, own.length);
    if (there === undefined || !own.equals(there)) throw otherBytes(file);
    confirmed++;
  }
  const lacking = new Set([...standing.absent, ...versioned]);
  const hasOwn = confirmed > 0 || [...arrival.files].some(file => isVersioned(file) && !lacking.has(file));
  if (!isOurs && !hasOwn && standing.other.includes(PAGE))
    throw refused(`there is an ${PAGE} of something else: take it away first, or name another place`);
}

/**
 * Is the timestamp that stands there one of this repository? Throws {@link OperationError} `REFUSED` where this site would not lead on
 * from there: an older run that is started again must not put its own over a newer one.
 */
export async function requireForward(store: Store, arrival: Arrival, repair: boolean): Promise<boolean> {
  const top = await store.top();
  const [newest] = arrival.roots;
  const next = `${newest.signed.version + 1}.root.json`;
  if (top.has(next)) throw await inTheWay(store, newest, next);
  const length = top.get(TIMESTAMP_FILE);
  if (length === undefined) return false;
  const { timestampBytes } = defaultLimits;
  const bytes = length > timestampBytes ? undefined : await store.read(TIMESTAMP_FILE, timestampBytes);
  const found = bytes === undefined ? undefined : verifiedBy(arrival.roots, bytes);
  if (bytes !== undefined && found !== undefined) {
    requireNewer(found, arrival, Buffer.from(bytes), repair);
    return true;
  }
  if (bytes !== undefined && isAnyTimestamp(bytes))
    throw refused(
      `the ${TIMESTAMP_FILE} there is signed by no key that this repository had for it: it is another repository's, or of a newer state of this one. Look whether the place is the right one; if it is, take that file away`,
    );
  if (!repair)
    throw refused(
      `the ${TIMESTAMP_FILE} there is none: see whether the place is the right one; --repair puts this one over a broken one`,
    );
  return false;
}

/** What clients ask for after the newest root: the root of a newer state, or what every client would be stuck at. */
async function inTheWay(store: Store, newest: Document<Root>, file: string): Promise<OperationError> {
  const bytes = await store.read(file, defaultLimits.rootBytes);
  const follows = bytes !== undefined && unlessRefused(() => nextRoot(newest, bytes)) !== undefined;
  return refused(
    follows
      ? `${file} stands there: a newer state of this repository. Build from main as it is now`
      : `${file} stands there and does not follow from this repository's root ${newest.signed.version}: every client would be stuck at it. Look whether the place is the right one; if so, take that file away`,
  );
}

interface Verified {
  readonly timestamp: Document<Timestamp>;
  /** The newest root that names its keys. */
  readonly root: Document<Root>;
}

function requireNewer(
  { timestamp: there, root }: Verified,
  { roots: [newest], timestamp }: Arrival,
  bytes: Buffer,
  repair: boolean,
): void {
  // On their way to the newest root clients forget it: that is how a stolen key's last version is left behind.
  if (onlineKeysRotated(root, newest)) return;
  const [version, own] = [there.signed.version, timestamp.signed.version];
  if (version > own)
    throw refused(
      `the site there has timestamp version ${version}, this folder ${own}: clients would refuse to go back`,
    );
  if (version === own && !repair && !bytes.equals(timestamp.bytes))
    throw refused(
      `the site there has another timestamp of version ${version}: clients that have it would keep it; sign online again, or --repair`,
    );
}

function verifiedBy(roots: readonly Document<Root>[], bytes: Uint8Array): Verified | undefined {
  for (const root of roots) {
    const timestamp = unlessRefused(() => signedTimestamp(root, bytes));
    if (timestamp !== undefined) return { timestamp, root };
  }
  return undefined;
}

function isAnyTimestamp(bytes: Uint8Array): boolean {
  try {
    return isTimestamp(parseDocument(bytes));
  } catch (error) {
    if (error instanceof JsonError || error instanceof MetadataError) return false;
    throw error;
  }
}

const otherBytes = (file: string): OperationError =>
  refused(
    isRootFile(file)
      ? `${file} stands there with other bytes: that is the site of another repository, or of another history of this one, and its clients would be lost. Look whether the place is the right one; to begin anew there, empty it first`
      : `${file} stands there with other bytes, which caches may keep for a year: it is of another history of this repository, or was broken by another program; --repair puts this one in its place`,
  );

const refused = (message: string): OperationError => new OperationError('REFUSED', message);
