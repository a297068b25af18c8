import type { Delegations } from '../metadata/delegation.ts';
import type { Document, Root, Snapshot, Targets, Timestamp } from '../metadata/document.ts';
import { type RoleName, SNAPSHOT, TARGETS, TIMESTAMP } from '../metadata/names.ts';
import type { UpdateContext } from './context.ts';
import { ClientError, unlessRefused } from './error.ts';
import { checkedFrom, type Fetcher, fetchFrom, notThere } from './fetcher.ts';
import { cacheName, metadataPath, rootHistoryName } from './paths.ts';
import { updateRoot } from './root-chain.ts';
import { exclusively } from './store.ts';
import {
  nextRoot,
  nextSnapshot,
  nextTargets,
  nextTimestamp,
  signedSnapshot,
  signedTimestamp,
  snapshotMeta,
  targetsMeta,
} from './trusted.ts';

/** The top-level metadata after a refresh: each verified, none expired at the update's start. */
export interface TrustedMetadata {
  readonly root: Document<Root>;
  readonly timestamp: Document<Timestamp>;
  readonly snapshot: Document<Snapshot>;
  readonly targets: Document<Targets>;
}

/**
 * TUF 5.2 to 5.6.6: from a trusted root to fresh top-level metadata, using and filling the store. Throws
 * {@link ClientError}; what was persisted before that is verified, so a later refresh goes on from there.
 */
export async function refreshMetadata(
  context: UpdateContext,
  trustedRoot: Uint8Array,
): Promise<TrustedMetadata> {
  const { store, limits } = context;
  for (let attempt = 1; ; attempt++) {
    const before = await store.read(cacheName(TIMESTAMP), limits.timestampBytes);
    try {
      return await refreshOnce(context, trustedRoot);
    } catch (error) {
      // What we hold is old beside what another process has brought into the store meanwhile: that is no attack.
      if (!(error instanceof ClientError) || error.code !== 'ROLLBACK' || attempt === ATTEMPTS) throw error;
      if (isSame(before, await store.read(cacheName(TIMESTAMP), limits.timestampBytes))) throw error;
    }
  }
}

const ATTEMPTS = 5;

const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;

async function refreshOnce(context: UpdateContext, trustedRoot: Uint8Array): Promise<TrustedMetadata> {
  const root = await updateRoot(context, trustedRoot);
  const timestamp = await updateTimestamp(context, root);
  const snapshot = await updateSnapshot(context, root, timestamp);
  const targets = await updateTargets(context, root, snapshot, root.signed.delegations, TARGETS);
  return { root, timestamp, snapshot, targets };
}

/** TUF 5.4. */
async function updateTimestamp(context: UpdateContext, root: Document<Root>): Promise<Document<Timestamp>> {
  const maxBytes = context.limits.timestampBytes;
  const cached = await context.store.read(cacheName(TIMESTAMP), maxBytes);
  const trusted = cached === undefined ? undefined : unlessRefused(() => signedTimestamp(root, cached));
  const path = metadataPath(TIMESTAMP, undefined);
  const bytes = await fetchRequired(context.metadata, path, maxBytes); // 5.4.1
  const timestamp = checkedFrom(context.metadata, path, () =>
    nextTimestamp(root, trusted, bytes, context.now),
  ); // 5.4.2 to 5.4.4
  if (timestamp !== trusted)
    await keep(context, root, TIMESTAMP, bytes, () => noneSince(context, root, timestamp)); // 5.4.5
  return timestamp;
}

/** TUF 5.5. */
async function updateSnapshot(
  context: UpdateContext,
  root: Document<Root>,
  timestamp: Document<Timestamp>,
): Promise<Document<Snapshot>> {
  const { store, limits, now } = context;
  const cached = await store.read(cacheName(SNAPSHOT), limits.snapshotBytes);
  const trusted = cached === undefined ? undefined : unlessRefused(() => signedSnapshot(root, cached));
  if (cached !== undefined && trusted !== undefined) {
    const current = unlessRefused(() => nextSnapshot(root, timestamp, trusted, cached, now));
    if (current !== undefined) return current;
  }
  const { version, length } = snapshotMeta(timestamp);
  const path = metadataPath(SNAPSHOT, root.signed.consistentSnapshot === true ? version : undefined);
  const bytes = await fetchRequired(
    context.metadata,
    path,
    Math.min(length ?? Infinity, limits.snapshotBytes),
  ); // 5.5.1
  const snapshot = checkedFrom(context.metadata, path, () =>
    nextSnapshot(root, timestamp, trusted, bytes, now),
  ); // 5.5.2 to 5.5.6
  await keep(context, root, SNAPSHOT, bytes, () => isKept(context, TIMESTAMP, timestamp)); // 5.5.7
  return snapshot;
}

/** TUF 5.6.1 to 5.6.6, for `role` as `delegations` (of root or of a delegating role) define it. */
export async function updateTargets(
  context: UpdateContext,
  root: Document<Root>,
  snapshot: Document<Snapshot>,
  delegations: Delegations,
  role: RoleName,
): Promise<Document<Targets>> {
  const { store, limits, now } = context;
  const { version, length } = targetsMeta(snapshot, role);
  const cached = await store.read(cacheName(role), limits.targetsBytes);
  if (cached !== undefined) {
    const current = unlessRefused(() => nextTargets(delegations, snapshot, role, cached, now));
    if (current !== undefined) return current;
  }
  const path = metadataPath(role, root.signed.consistentSnapshot === true ? version : undefined);
  const bytes = await fetchRequired(
    context.metadata,
    path,
    Math.min(length ?? Infinity, limits.targetsBytes),
  ); // 5.6.1
  const targets = checkedFrom(context.metadata, path, () =>
    nextTargets(delegations, snapshot, role, bytes, now),
  ); // 5.6.2 to 5.6.5
  await keep(context, root, role, bytes, () => isKept(context, SNAPSHOT, snapshot)); // 5.6.6
  return targets;
}

/**
 * Keeps a file that is trusted, unless another process has come further since: what is kept never goes back, and belongs
 * together, however many share the store. The run goes on with what it has either way.
 */
async function keep(
  { store, limits }: UpdateContext,
  root: Document<Root>,
  role: RoleName,
  bytes: Uint8Array,
  isCurrent: () => Promise<boolean>,
): Promise<void> {
  await exclusively(store, async () => {
    const newer = await store.read(rootHistoryName(root.signed.version + 1), limits.rootBytes);
    if (newer !== undefined && unlessRefused(() => nextRoot(root, newer)) !== undefined) return;
    if (await isCurrent()) await store.write(cacheName(role), bytes);
  });
}

/** Does the store still hold nothing newer than this timestamp? */
async function noneSince(
  { store, limits }: UpdateContext,
  root: Document<Root>,
  timestamp: Document<Timestamp>,
): Promise<boolean> {
  const kept = await store.read(cacheName(TIMESTAMP), limits.timestampBytes);
  const known = kept === undefined ? undefined : unlessRefused(() => signedTimestamp(root, kept));
  return known === undefined || known.signed.version < timestamp.signed.version;
}

/** Is it this very document that the store holds? Another one is another process's, and newer. */
async function isKept({ store }: UpdateContext, role: RoleName, document: Document): Promise<boolean> {
  return isSame(await store.read(cacheName(role), document.bytes.length), document.bytes);
}

async function fetchRequired(fetcher: Fetcher, path: string, maxBytes: number): Promise<Uint8Array> {
  const bytes = await fetchFrom(fetcher, path, maxBytes);
  if (bytes === undefined) throw notThere(fetcher, path);
  return bytes;
}
