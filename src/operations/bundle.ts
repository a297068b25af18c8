import { bundleName, METADATA, TARGETS as TARGETS_FOLDER } from '../client/bundle/format.ts';
import { type BundleFile, writeBundle } from '../client/bundle/write.ts';
import { namingDigest } from '../client/digest.ts';
import { ClientError } from '../client/error.ts';
import type { RepositorySource } from '../client/fetcher.ts';
import { type ClientLimits, defaultLimits } from '../client/limits.ts';
import { listTargets, loadAllRoles } from '../client/list.ts';
import { artifactPath, metadataPath, rootHistoryName } from '../client/paths.ts';
import type { TargetInfo } from '../client/search.ts';
import { type MetadataStore, memoryStore } from '../client/store.ts';
import { Updater } from '../client/updater.ts';
import type { Instant } from '../clock.ts';
import { required } from '../errors.ts';
import type { Document } from '../metadata/document.ts';
import { ROOT, type RoleName, SNAPSHOT, TIMESTAMP } from '../metadata/names.ts';
import { OperationError } from './error.ts';

export interface BundleRequest {
  readonly source: RepositorySource;
  /** Where the chain of roots in the bundle begins; the repository's first one where it is not given. */
  readonly trustedRoot?: Uint8Array | undefined;
  readonly now: Instant;
  readonly out: string;
  /** Target paths, or every one that a client finds. */
  readonly artifacts: readonly string[] | 'all';
  readonly limits?: Partial<ClientLimits>;
  /** Ends the writing when aborted, and leaves nothing of it. */
  readonly signal?: AbortSignal;
}

export interface BundleOutcome {
  readonly roots: number;
  readonly roles: number;
  readonly artifacts: number;
  /** Bytes of the artifacts. */
  readonly bytes: number;
  /** When the first of the top-level roles is past its date: from then on the bundle needs --allow-expired. */
  readonly expires: string;
  /** Delegated roles that no client could use, and why. */
  readonly missing: ReadonlyMap<RoleName, ClientError>;
}

/**
 * Packs a repository as a client sees it: the chain of roots, all metadata, the chosen artifacts, each verified on its way
 * in. Throws {@link ClientError}, {@link OperationError} `NOT_FOUND` where there is no root to start from.
 */
export async function makeBundle(request: BundleRequest): Promise<BundleOutcome> {
  const { source, now, out, limits } = request;
  const store = memoryStore();
  const trustedRoot = request.trustedRoot ?? (await firstRoot(source));
  const updater = new Updater({
    source,
    trustedRoot,
    store,
    now,
    ...(limits === undefined ? {} : { limits }),
  });
  const metadata = await updater.refresh();
  const { roles, missing } = await loadAllRoles(updater);
  const infos = await infosOf(request.artifacts, updater, { ...defaultLimits, ...limits }.delegations);
  const roots = await rootsOf(store, metadata.root.signed.version);
  const consistent = metadata.root.signed.consistentSnapshot === true;
  const version = ({ signed }: Document): number | undefined => (consistent ? signed.version : undefined);
  const documents: (readonly [string, Uint8Array])[] = [
    ...roots.map(([number, bytes]) => [metadataPath(ROOT, number), bytes] as const),
    [metadataPath(TIMESTAMP, undefined), metadata.timestamp.bytes],
    [metadataPath(SNAPSHOT, version(metadata.snapshot)), metadata.snapshot.bytes],
    ...[...roles]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([role, document]) => [metadataPath(role, version(document)), document.bytes] as const),
  ];
  async function* files(): AsyncGenerator<BundleFile> {
    for (const [path, bytes] of documents) yield fileOf(METADATA, path, bytes.length, () => once(bytes));
    for (const info of infos) {
      const digest = consistent ? namingDigest(info.file.hashes, info.path) : undefined;
      const [pieces] = await updater.artifact(info);
      const content = required(pieces, 'a place of artifacts');
      yield fileOf(TARGETS_FOLDER, artifactPath(info.path, digest), info.file.length, content);
    }
  }
  await writeBundle(out, files(), request.signal);
  const ends = [metadata.root, metadata.timestamp, metadata.snapshot, metadata.targets];
  return {
    roots: roots.length,
    roles: roles.size,
    artifacts: infos.length,
    bytes: infos.reduce((sum, { file }) => sum + file.length, 0),
    expires: required(ends.sort((a, b) => a.signed.expiresAt - b.signed.expiresAt)[0], 'a role').signed
      .expires,
    missing,
  };
}

const MAX_ROOT = defaultLimits.rootBytes;

async function firstRoot({ metadata: [first] }: RepositorySource): Promise<Uint8Array> {
  const bytes = await first?.fetch(metadataPath(ROOT, 1), MAX_ROOT);
  if (bytes !== undefined) return bytes;
  throw new OperationError(
    'NOT_FOUND',
    'the site has no 1.root.json: name the folder of its metadata by --metadata-path, or its root by --trusted-root',
  );
}

/** Without repetition, in the order of their paths. */
async function infosOf(
  artifacts: BundleRequest['artifacts'],
  updater: Updater,
  maxDelegations: number,
): Promise<readonly TargetInfo[]> {
  if (artifacts === 'all') return (await listTargets(updater, maxDelegations, () => true)).targets;
  const infos: TargetInfo[] = [];
  for (const path of [...new Set(artifacts)].sort()) infos.push(await updater.requireTarget(path));
  return infos;
}

/** The chain that led to the newest root, the oldest first. */
async function rootsOf(
  store: MetadataStore,
  newest: number,
): Promise<readonly (readonly [number, Uint8Array])[]> {
  const roots: (readonly [number, Uint8Array])[] = [];
  for (let version = newest; version > 0; version--) {
    const bytes = await store.read(rootHistoryName(version), MAX_ROOT);
    if (bytes === undefined) break;
    roots.unshift([version, bytes]);
  }
  return roots;
}

function fileOf(
  folder: string,
  path: string,
  size: number,
  content: () => AsyncIterable<Uint8Array>,
): BundleFile {
  const name = bundleName(folder, path);
  if (name !== undefined) return { name, size, content };
  throw new ClientError(
    'BAD_BUNDLE',
    `${JSON.stringify(path)} can be no file in a bundle: a name has a slash in it`,
  );
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
