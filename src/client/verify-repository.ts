import type { Instant } from '../clock.ts';
import type { Delegations } from '../metadata/delegation.ts';
import type { Document, Targets } from '../metadata/document.ts';
import type { RoleName } from '../metadata/names.ts';
import { ClientError } from './error.ts';
import { defaultLayout, type Fetcher, type SiteLayout, siteOf } from './fetcher.ts';
import type { ClientLimits } from './limits.ts';
import type { TargetInfo } from './search.ts';
import { type MetadataStore, memoryStore } from './store.ts';
import { Updater } from './updater.ts';

export interface VerifyOptions {
  readonly limits?: Partial<ClientLimits>;
  readonly layout?: SiteLayout;
  /** Also finds and fetches every target as a client would. Metadata alone otherwise. */
  readonly everyTarget?: boolean;
  /** Checks an artifact in another way than to fetch it. Throws {@link ClientError} where a client would. */
  readonly checkArtifact?: (info: TargetInfo) => void;
  /** What a client has from before, for its protection from rollback. Nothing by default. */
  readonly store?: MetadataStore;
}

/** What a client sees of a repository. */
export interface VerifiedRepository {
  readonly root: number;
  readonly timestamp: number;
  readonly snapshot: number;
  readonly targets: number;
  /** Versions of the delegated roles that are in force. */
  readonly roles: ReadonlyMap<RoleName, number>;
  /** Delegated roles past their date. They hide what they list, and nothing else. */
  readonly expired: readonly RoleName[];
  /** Distinct target paths, over the roles in force. */
  readonly targetCount: number;
  /**
   * Paths that a role lists and no client finds: the role may not speak for them, or an expired one is asked before it.
   * Empty without `everyTarget`.
   */
  readonly unreachable: readonly string[];
}

/**
 * Runs the whole client workflow against a site from `trustedRoot`: every delegated role by every delegation that leads
 * to it, and with `everyTarget` each artifact with its hash. Throws {@link ClientError} at the first thing that a client
 * would refuse, an expired delegated role aside.
 */
export async function verifyRepository(
  fetcher: Fetcher,
  trustedRoot: Uint8Array,
  now: Instant,
  options: VerifyOptions = {},
): Promise<VerifiedRepository> {
  const updater = new Updater({
    source: siteOf(fetcher, options.layout ?? defaultLayout),
    trustedRoot,
    store: options.store ?? memoryStore(),
    now,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  const { root, timestamp, snapshot, targets } = await updater.refresh();
  const { roles, expired, paths } = await visitRoles(updater, targets);
  return {
    root: root.signed.version,
    timestamp: timestamp.signed.version,
    snapshot: snapshot.signed.version,
    targets: targets.signed.version,
    roles,
    expired: [...expired],
    targetCount: paths.size,
    unreachable: options.everyTarget === true ? await checkArtifacts(updater, paths, options) : [],
  };
}

interface ArtifactCheck {
  readonly checkArtifact?: (info: TargetInfo) => void | Promise<void>;
}

interface Visited {
  readonly roles: Map<RoleName, number>;
  readonly expired: Set<RoleName>;
  readonly paths: Set<string>;
}

/** Follows every delegation once: a role that two delegators name has to satisfy both. */
async function visitRoles(updater: Updater, top: Document<Targets>): Promise<Visited> {
  const visited: Visited = {
    roles: new Map(),
    expired: new Set(),
    paths: new Set(top.signed.targets.keys()),
  };
  const pending: Delegations[] = [top.signed.delegations];
  for (let delegations = pending.pop(); delegations !== undefined; delegations = pending.pop()) {
    for (const role of delegations.roles.keys()) {
      const document = await unlessExpired(updater.loadTargets(delegations, role));
      if (document === undefined) {
        visited.expired.add(role);
        continue;
      }
      if (visited.roles.has(role)) continue;
      visited.roles.set(role, document.signed.version);
      for (const path of document.signed.targets.keys()) visited.paths.add(path);
      pending.push(document.signed.delegations);
    }
  }
  return visited;
}

async function checkArtifacts(
  updater: Updater,
  paths: ReadonlySet<string>,
  { checkArtifact = info => updater.checkArtifact(info) }: ArtifactCheck,
): Promise<readonly string[]> {
  const unreachable: string[] = [];
  for (const path of paths) {
    const info = await unlessExpired(updater.getTargetInfo(path));
    if (info === undefined) unreachable.push(path);
    else await checkArtifact(info);
  }
  return unreachable;
}

async function unlessExpired<T>(outcome: Promise<T>): Promise<T | undefined> {
  try {
    return await outcome;
  } catch (error) {
    if (error instanceof ClientError && error.code === 'EXPIRED') return undefined;
    throw error;
  }
}
