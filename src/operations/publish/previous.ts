import { createHash } from 'node:crypto';
import { ClientError } from '../../client/error.ts';
import { type Fetcher, siteOf, streamFrom } from '../../client/fetcher.ts';
import { defaultLimits } from '../../client/limits.ts';
import { type MetadataStore, memoryStore } from '../../client/store.ts';
import { Updater } from '../../client/updater.ts';
import type { Instant } from '../../clock.ts';
import { type Document, parseDocumentOf, type Root } from '../../metadata/document.ts';
import { type RoleName, TIMESTAMP } from '../../metadata/names.ts';
import type { BlobDigest } from '../../repository/tree.ts';
import { OperationError } from '../error.ts';
import { siteDocuments } from '../site-documents.ts';
import { SITE_LAYOUT } from '../verify.ts';

/** The site that clients have now, as it is served. What it says is untrusted. */
export interface PreviousSite {
  readonly files: Fetcher;
  /** As the person named it. */
  readonly name: string;
  /** Its artifacts are not looked at: their names hold their digests, and to fetch them all may take long. */
  readonly metadataOnly?: boolean;
}

/** What clients may have got from a site. */
export interface ClientState {
  /** What a client that was there keeps. */
  readonly store: MetadataStore;
  /** The version of each role as it was verified, from the pinned root. */
  readonly versions: ReadonlyMap<RoleName, number>;
  /** The timestamp among them. */
  readonly timestamp: Uint8Array | undefined;
  /** The newest root that the pinned one leads to. */
  readonly root: Document<Root> | undefined;
  /** Where a client is stuck on that site. */
  readonly trouble: ClientError | undefined;
}

/** An expired site was fresh once, and clients have kept what they got then. */
const BEFORE_ALL_EXPIRY = 0 as Instant;

const urlPath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

/** A file of the previous site; an empty one in place of one that is too large. Throws {@link OperationError} `REFUSED` where it can't be reached. */
export async function fetchPrevious(
  site: PreviousSite,
  path: string,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  try {
    return await site.files.fetch(urlPath(path), maxBytes);
  } catch (error) {
    if (error instanceof ClientError && error.code === 'TOO_LARGE') return new Uint8Array(0);
    throw unreachableSite(site, error);
  }
}

/** What a file of the previous site holds; a length below 0 where it goes on beyond `length`. Throws as {@link fetchPrevious}. */
export async function digestPrevious(
  site: PreviousSite,
  path: string,
  length: number,
): Promise<BlobDigest | undefined> {
  const sum = createHash('sha256');
  let got = 0;
  try {
    const pieces = await streamFrom(site.files, urlPath(path), length);
    if (pieces === undefined) return undefined;
    for await (const piece of pieces) {
      got += piece.length;
      sum.update(piece);
    }
  } catch (error) {
    if (error instanceof ClientError && error.code === 'TOO_LARGE') return { length: -1, sha256: '' };
    throw unreachableSite(site, error);
  }
  return { length: got, sha256: sum.digest('hex') };
}

/** Is there no site at all? */
export async function isAbsent(site: PreviousSite, firstRoot: number): Promise<boolean> {
  for (const [path, bytes] of [
    ['timestamp.json', defaultLimits.timestampBytes],
    [`${firstRoot}.root.json`, defaultLimits.rootBytes],
  ] as const)
    if ((await fetchPrevious(site, path, bytes)) !== undefined) return false;
  return true;
}

/**
 * Follows the previous site from the pinned root as clients did, whatever has expired since. Where it is broken this gives what
 * they got before they were stuck. Throws {@link OperationError} `REFUSED` where it can't be reached: not to know is no answer.
 */
export async function readClientState(site: PreviousSite, trustedRoot: Uint8Array): Promise<ClientState> {
  const store = memoryStore();
  const versions = new Map<RoleName, number>();
  let timestamp: Uint8Array | undefined;
  const updater = new Updater({
    source: siteOf(site.files, SITE_LAYOUT),
    trustedRoot,
    store,
    now: BEFORE_ALL_EXPIRY,
  });
  let trouble: ClientError | undefined;
  try {
    for await (const [role, { signed, bytes }] of siteDocuments(updater)) {
      versions.set(role, signed.version);
      if (role === TIMESTAMP) timestamp = bytes;
    }
  } catch (error) {
    if (!(error instanceof ClientError) || error.code === 'TRANSPORT') throw unreachableSite(site, error);
    trouble = error;
  }
  // Verified before it came into the store.
  const bytes = await store.read('root.json', defaultLimits.rootBytes);
  const root = bytes === undefined ? undefined : parseDocumentOf('root', bytes);
  return { store, versions, timestamp, root, trouble };
}

function unreachableSite(site: PreviousSite, error: unknown): unknown {
  if (!(error instanceof ClientError)) return error;
  return new OperationError(
    'REFUSED',
    `what clients have now can not be read from ${site.name}: ${error.message}; nothing is published unseen`,
    { cause: error },
  );
}
