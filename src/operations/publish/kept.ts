import { ClientError } from '../../client/error.ts';
import { defaultLimits } from '../../client/limits.ts';
import { requireTargetPath } from '../../client/paths.ts';
import { nextTargets, signedSnapshot, targetsMeta } from '../../client/trusted.ts';
import type { Instant } from '../../clock.ts';
import type { Delegations } from '../../metadata/delegation.ts';
import { type Document, type Root, type Snapshot, targetHash } from '../../metadata/document.ts';
import { ROOT, type RoleName, roleNameProblem, SNAPSHOT, TARGETS, TIMESTAMP } from '../../metadata/names.ts';
import { hashedName } from '../../repository/layout.ts';
import { type BlobDigest, documentOf, type RepositoryTree } from '../../repository/tree.ts';
import { fetchPrevious, type PreviousSite } from './previous.ts';

/** What a site keeps of an earlier one, for clients that are in the middle of following that. */
export interface KeptFiles {
  readonly metadata: ReadonlyMap<string, Uint8Array>;
  readonly artifacts: ReadonlyMap<string, BlobDigest>;
}

/** What the site has of the snapshots before. */
export interface EarlierFiles extends KeptFiles {
  /** Versions of snapshot that are there, and not with all their files as they were signed. */
  readonly damaged: readonly number[];
}

const BEFORE_ALL_EXPIRY = 0 as Instant;

/** Versions of snapshot that are looked for, from the newest on. */
const LOOK_BACK = 16;

/**
 * The files of the `count` snapshots before that of `tree` as the previous site has them: a client that read the timestamp a
 * moment ago asks for them next. Each is verified from the roots of `tree`; of a snapshot that does not verify, or lacks a file,
 * nothing is kept. Throws {@link OperationError} `REFUSED` where the site can't be reached.
 */
export async function keptFiles(
  site: PreviousSite,
  tree: RepositoryTree,
  roots: readonly Document<Root>[],
  count: number,
): Promise<EarlierFiles> {
  const metadata = new Map<string, Uint8Array>();
  const artifacts = new Map<string, BlobDigest>();
  const damaged: number[] = [];
  const newest = documentOf(tree, SNAPSHOT)?.signed.version ?? 0;
  let left = count;
  const fetch = rememberingFetch(site);
  // Not every snapshot was published.
  for (let version = newest - 1; left > 0 && version > 0 && version >= newest - LOOK_BACK; version--) {
    const found = await filesOf(fetch, tree, roots, version);
    if (found === undefined) continue;
    if (found === 'damaged') {
      damaged.push(version);
      continue;
    }
    left--;
    for (const [path, bytes] of found.metadata) metadata.set(path, bytes);
    for (const [path, digest] of found.artifacts) artifacts.set(path, digest);
  }
  return { metadata, artifacts, damaged };
}

/** A file of the previous site. Throws as {@link fetchPrevious}. */
type Fetch = (path: string, maxBytes: number) => Promise<Uint8Array | undefined>;

/** Each file once: of a snapshot that is damaged every root is tried, and earlier ones mostly list the same. */
function rememberingFetch(site: PreviousSite): Fetch {
  const fetched = new Map<string, Promise<Uint8Array | undefined>>();
  return (path, maxBytes) => {
    const found = fetched.get(path) ?? fetchPrevious(site, path, maxBytes);
    fetched.set(path, found);
    return found;
  };
}

/** `undefined`: it is not there. */
async function filesOf(
  fetch: Fetch,
  tree: RepositoryTree,
  roots: readonly Document<Root>[],
  version: number,
): Promise<KeptFiles | 'damaged' | undefined> {
  const path = `${version}.snapshot.json`;
  const bytes = await fetch(path, defaultLimits.snapshotBytes);
  if (bytes === undefined) return undefined;
  for (const root of roots.toReversed()) {
    try {
      const snapshot = signedSnapshot(root, bytes);
      if (snapshot.signed.version !== version) return 'damaged';
      const found = await rolesOf(fetch, tree, root, snapshot);
      return { ...found, metadata: new Map([...found.metadata, [path, bytes]]) };
    } catch (error) {
      // Of another root's time, or not whole.
      if (!(error instanceof ClientError)) throw error;
    }
  }
  return 'damaged';
}

/** Throws {@link ClientError} at the first file that a client could not have had. */
async function rolesOf(
  fetch: Fetch,
  tree: RepositoryTree,
  root: Document<Root>,
  snapshot: Document<Snapshot>,
): Promise<KeptFiles> {
  const metadata = new Map<string, Uint8Array>();
  const artifacts = new Map<string, BlobDigest>();
  const seen = new Set<RoleName>([ROOT, SNAPSHOT, TIMESTAMP]);
  const pending: (readonly [Delegations, RoleName])[] = [[root.signed.delegations, TARGETS]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [delegations, role] = next;
    if (seen.has(role)) continue;
    seen.add(role);
    const { version } = targetsMeta(snapshot, role);
    // A version to come is not for a site of the past to say.
    if (version > (documentOf(tree, role)?.signed.version ?? version) || roleNameProblem(role) !== undefined)
      throw new ClientError('VERSION_MISMATCH', `${role} version ${version} is of no earlier site`);
    const path = `${version}.${role}.json`;
    const bytes = await fetch(path, defaultLimits.targetsBytes);
    if (bytes === undefined) throw new ClientError('NOT_FOUND', `there is no ${path}`);
    const { signed } = nextTargets(delegations, snapshot, role, bytes, BEFORE_ALL_EXPIRY);
    metadata.set(path, bytes);
    for (const [target, file] of signed.targets) {
      const sha256 = targetHash(file, 'sha256');
      if (sha256 === undefined || !/^[0-9a-f]{64}$/.test(sha256)) continue;
      artifacts.set(`targets/${hashedName(requireTargetPath(target), sha256)}`, {
        length: file.length,
        sha256,
      });
    }
    for (const child of signed.delegations.roles.keys()) pending.push([signed.delegations, child]);
  }
  return { metadata, artifacts };
}
