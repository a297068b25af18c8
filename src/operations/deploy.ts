import { realpath } from 'node:fs/promises';
import { directoryFetcher } from '../client/directory.ts';
import { ClientError, unlessRefused } from '../client/error.ts';
import { type Fetcher, siteOf } from '../client/fetcher.ts';
import { defaultLimits } from '../client/limits.ts';
import type { TrustedMetadata } from '../client/refresh.ts';
import { memoryStore } from '../client/store.ts';
import { nextRoot, trustRoot } from '../client/trusted.ts';
import { Updater } from '../client/updater.ts';
import { verifyRepository } from '../client/verify-repository.ts';
import type { Instant } from '../clock.ts';
import type { Document, Root } from '../metadata/document.ts';
import { type BucketProgram, bucketStore } from './deploy/bucket.ts';
import type { Destination } from './deploy/destination.ts';
import { gcloudProgram } from './deploy/gcs.ts';
import { type Arrival, requireForward, requirePlace } from './deploy/occupied.ts';
import type { RunProgram } from './deploy/program.ts';
import { rsyncStore } from './deploy/rsync.ts';
import { awsProgram } from './deploy/s3.ts';
import { groupsOf } from './deploy/site-files.ts';
import { type Comparison, lackingIn, type Store } from './deploy/store.ts';
import { OperationError } from './error.ts';
import { openOut } from './publish/out-folder.ts';
import { SITE_LAYOUT } from './verify.ts';

export interface DeployRequest {
  /** A site that was built. */
  readonly folder: string;
  readonly to: Destination;
  /** Takes away files of older sites once clients see the new one. */
  readonly remove: boolean;
  /** Goes on where a timestamp or another versioned file than a root is broken there. */
  readonly repair?: boolean;
  /** Looks, and sends nothing. */
  readonly dryRun: boolean;
  /** The oldest root of the folder where nothing is given. */
  readonly trustedRoot?: Uint8Array | undefined;
  readonly now: Instant;
  readonly progress: (message: string) => void;
}

export interface DeployOutcome {
  /** What was sent, or would be, in this order. */
  readonly sent: readonly string[];
  /** Files that were there already, with the same content. */
  readonly kept: number;
  /** What was taken away, or would be. */
  readonly removed: readonly string[];
  /** The root that the folder was verified from. */
  readonly trustedRoot: Uint8Array;
}

/**
 * Brings a site to where clients fetch it. The folder is verified first, as a client would. Then group by group, each complete
 * before the next begins; `timestamp.json` last, and only forward; nothing is taken away before that. A run that was broken off
 * leaves the site that was there whole, and the next one sends what lacks. Throws {@link OperationError} `NOT_FOUND`,
 * `ALREADY_THERE` (the folder is no site), `REFUSED`, `PROGRAM_FAILED`.
 */
export async function deploySite(request: DeployRequest, run: RunProgram): Promise<DeployOutcome> {
  const found = await openOut(request.folder);
  if (!found.files.has('timestamp.json'))
    throw new OperationError('NOT_FOUND', `${request.folder} holds no site: build one there first`);
  const folder = await realpath(found.path);
  const trustedRoot = request.trustedRoot ?? (await oldestRootOf(folder, found.files));
  const { root, timestamp } = await verifyFolder(folder, trustedRoot, request);
  const store = storeOf(run, folder, request.to);
  const standing = await store.compare([...found.files]);
  const roots = await rootsIn(folder, found.files, root);
  const arrival = { folder, files: found.files, roots, timestamp };
  await requirePlace(store, arrival, standing, request.repair === true);
  const { sent, kept } = await sendAll(store, arrival, standing, request);
  const removed = request.remove ? await store.stale(found.files) : [];
  if (removed.length > 0 && !request.dryRun) {
    request.progress(`taking ${removed.length} files of older sites away`);
    await store.remove(removed);
    const [left] = await store.stale(found.files);
    if (left !== undefined)
      throw new OperationError(
        'PROGRAM_FAILED',
        `${left} could not be taken away; the new site is there whole`,
      );
  }
  return { sent, kept, removed, trustedRoot };
}

function storeOf(run: RunProgram, folder: string, to: Destination): Store {
  if (to.kind === 'rsync') return rsyncStore(run, folder, to.target);
  const program: BucketProgram =
    to.kind === 's3' ? awsProgram(run, to.bucket, to.prefix) : gcloudProgram(run, to.bucket, to.prefix);
  return bucketStore(program, folder);
}

async function oldestRootOf(folder: string, files: ReadonlySet<string>): Promise<Uint8Array> {
  const oldest = Math.min(...rootVersions(files));
  const bytes = await fetcherOf(folder).fetch(`${oldest}.root.json`, defaultLimits.rootBytes);
  if (bytes === undefined) throw new OperationError('NOT_FOUND', 'there is no root to start from');
  return bytes;
}

const rootVersions = (files: ReadonlySet<string>): number[] =>
  [...files].flatMap(file => /^(\d+)\.root\.json$/.exec(file)?.[1] ?? []).map(Number);

const fetcherOf = (folder: string): Fetcher => directoryFetcher(folder);

/** Nothing goes out that a client would refuse. */
async function verifyFolder(
  folder: string,
  trustedRoot: Uint8Array,
  { now, folder: name }: DeployRequest,
): Promise<TrustedMetadata> {
  const options = { layout: SITE_LAYOUT, everyTarget: true };
  try {
    await verifyRepository(fetcherOf(folder), trustedRoot, now, options);
    const source = siteOf(fetcherOf(folder), SITE_LAYOUT);
    return await new Updater({ source, trustedRoot, store: memoryStore(), now }).refresh();
  } catch (error) {
    if (!(error instanceof ClientError) || error.code === 'TRANSPORT') throw error;
    throw new OperationError('REFUSED', `a client would refuse ${name}: ${error.message}; build it anew`, {
      cause: error,
    });
  }
}

/**
 * The roots of the folder that lead to the newest, that one first. Those before the one that is trusted are believed since it follows
 * from them, as a client would have followed.
 */
async function rootsIn(
  folder: string,
  files: ReadonlySet<string>,
  newest: Document<Root>,
): Promise<Arrival['roots']> {
  const versions = rootVersions(files).sort((a, b) => a - b);
  let chain: Document<Root>[] = [];
  for (const version of versions) {
    const bytes = await fetcherOf(folder).fetch(`${version}.root.json`, defaultLimits.rootBytes);
    if (bytes === undefined) continue;
    const last = chain.at(-1);
    const next = last === undefined ? undefined : unlessRefused(() => nextRoot(last, bytes));
    const start = next === undefined ? unlessRefused(() => trustRoot(bytes)) : undefined;
    chain = next !== undefined ? [...chain, next] : start !== undefined ? [start] : [];
  }
  const [last, ...others] = chain.toReversed();
  return last?.signed.version === newest.signed.version ? [last, ...others] : [newest];
}

async function sendAll(
  store: Store,
  arrival: Arrival,
  standing: Comparison,
  { dryRun, progress, repair = false }: DeployRequest,
): Promise<{ readonly sent: readonly string[]; readonly kept: number }> {
  const { files } = arrival;
  const groups = groupsOf(files);
  const lacking = new Set([...standing.absent, ...standing.other]);
  const sent = groups.flatMap(group => group.files.filter(file => lacking.has(file)));
  for (const [i, group] of groups.entries()) {
    const here = group.files.filter(file => lacking.has(file));
    if (here.length === 0 || dryRun) continue;
    // Whatever the programs said: the timestamp names nothing that was not seen to be there.
    if (i === groups.length - 1) {
      await requireThere(
        store,
        groups.slice(0, -1).flatMap(({ files }) => files),
      );
      // Another run may have ended in the meantime.
      await requireForward(store, arrival, repair);
    }
    progress(`${group.name}: sending ${here.length} of ${group.files.length}`);
    await store.send(group, here);
    if (i === groups.length - 1) await requireThere(store, here);
  }
  return { sent, kept: files.size - sent.length };
}

async function requireThere(store: Store, files: readonly string[]): Promise<void> {
  const [first, ...others] = await lackingIn(store, files);
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  throw new OperationError('PROGRAM_FAILED', `${first}${more} is not there as it was sent: run this again`);
}
