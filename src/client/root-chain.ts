import type { Document, Root } from '../metadata/document.ts';
import { ROOT, SNAPSHOT, TIMESTAMP } from '../metadata/names.ts';
import type { UpdateContext } from './context.ts';
import { unlessRefused } from './error.ts';
import { checkedFrom, fetchFrom } from './fetcher.ts';
import { cacheName, metadataPath, rootHistoryName } from './paths.ts';
import { exclusively } from './store.ts';
import { nextRoot, onlineKeysRotated, requireFresh, trustRoot } from './trusted.ts';

/**
 * TUF 5.2 and 5.3: from the trusted root over the roots this machine has seen to the newest that the repository has.
 * Trust comes from `trustedRoot` alone; the cached ones are walked with the same checks, and only save requests.
 */
export async function updateRoot(context: UpdateContext, trustedRoot: Uint8Array): Promise<Document<Root>> {
  const { limits } = context;
  let root = await cachedRoot(context, trustedRoot); // 5.2
  await adopt(context, root);
  for (let rotations = 0; rotations < limits.rootRotations; rotations++) {
    const path = metadataPath(ROOT, root.signed.version + 1); // 5.3.2
    const bytes = await fetchFrom(context.metadata, path, limits.rootBytes); // 5.3.3
    if (bytes === undefined) break;
    const trusted = root;
    root = checkedFrom(context.metadata, path, () => nextRoot(trusted, bytes)); // 5.3.4 to 5.3.7
    await adopt(context, root); // 5.3.8
  }
  requireFresh(root, ROOT, context.now); // 5.3.10
  return root;
}

/** TUF 5.2, and as far as the cache goes 5.3.4 to 5.3.7: no network, nothing written, whatever its expiry. */
export async function cachedRoot(
  { store, limits }: Pick<UpdateContext, 'store' | 'limits'>,
  trustedRoot: Uint8Array,
): Promise<Document<Root>> {
  let root = trustRoot(trustedRoot);
  for (;;) {
    const cached = await store.read(rootHistoryName(root.signed.version + 1), limits.rootBytes);
    const trusted = root;
    const next = cached === undefined ? undefined : unlessRefused(() => nextRoot(trusted, cached));
    if (next === undefined) return root;
    root = next;
  }
}

/** Keeps a root that is trusted, unless another process has come further meanwhile. */
async function adopt(context: UpdateContext, root: Document<Root>): Promise<void> {
  const { store, limits } = context;
  const before = await store.read(cacheName(ROOT), limits.rootBytes);
  if (before !== undefined && Buffer.compare(before, root.bytes) === 0) return;
  await exclusively(store, async () => {
    await store.write(rootHistoryName(root.signed.version), root.bytes);
    const adopted = await lastAdopted(context);
    if (adopted !== undefined && root.signed.version <= adopted.signed.version) return;
    // 5.3.11, before 5.3.8: a crash in between must not leave a fast-forwarded timestamp under the new root.
    if (adopted !== undefined && onlineKeysRotated(adopted, root)) {
      await store.remove(cacheName(TIMESTAMP));
      await store.remove(cacheName(SNAPSHOT));
    }
    await store.write(cacheName(ROOT), root.bytes); // 5.3.8
  });
}

/** The root under which the cached timestamp and snapshot were trusted; it only decides whether to forget those. */
export async function lastAdopted({ store, limits }: UpdateContext): Promise<Document<Root> | undefined> {
  const bytes = await store.read(cacheName(ROOT), limits.rootBytes);
  return bytes === undefined ? undefined : unlessRefused(() => trustRoot(bytes));
}
