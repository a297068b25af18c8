import type { Delegations } from '../metadata/delegation.ts';
import type { Document, Snapshot, Targets } from '../metadata/document.ts';
import { ROOT, type RoleName, SNAPSHOT, TARGETS, TIMESTAMP } from '../metadata/names.ts';
import type { UpdateContext } from './context.ts';
import { ClientError } from './error.ts';
import { cacheName } from './paths.ts';
import type { TrustedMetadata } from './refresh.ts';
import { cachedRoot } from './root-chain.ts';
import { nextSnapshot, nextTargets, nextTimestamp, requireFresh } from './trusted.ts';

/** What reading the cache takes. */
export type CacheContext = Pick<UpdateContext, 'store' | 'limits' | 'now'>;

/**
 * TUF 5.2 to 5.6.6 on what the cache holds: every check but those against something newer. Nothing is fetched and nothing
 * written. Throws {@link ClientError} `NOT_CACHED` where a file is missing.
 */
export async function cachedMetadata(
  context: CacheContext,
  trustedRoot: Uint8Array,
): Promise<TrustedMetadata> {
  const { limits, now } = context;
  const root = await cachedRoot(context, trustedRoot);
  requireFresh(root, ROOT, now);
  const timestampBytes = await readCached(context, TIMESTAMP, limits.timestampBytes);
  const timestamp = nextTimestamp(root, undefined, timestampBytes, now);
  const snapshotBytes = await readCached(context, SNAPSHOT, limits.snapshotBytes);
  const snapshot = nextSnapshot(root, timestamp, undefined, snapshotBytes, now);
  const targets = await cachedTargets(context, snapshot, root.signed.delegations, TARGETS);
  return { root, timestamp, snapshot, targets };
}

/** The same for one role's targets metadata. */
export async function cachedTargets(
  context: CacheContext,
  snapshot: Document<Snapshot>,
  delegations: Delegations,
  role: RoleName,
): Promise<Document<Targets>> {
  const bytes = await readCached(context, role, context.limits.targetsBytes);
  return nextTargets(delegations, snapshot, role, bytes, context.now);
}

async function readCached({ store }: CacheContext, role: RoleName, maxBytes: number): Promise<Uint8Array> {
  const bytes = await store.read(cacheName(role), maxBytes);
  if (bytes !== undefined) return bytes;
  throw new ClientError(
    'NOT_CACHED',
    `the cache has no metadata of ${JSON.stringify(role)}: refresh with the network`,
  );
}
