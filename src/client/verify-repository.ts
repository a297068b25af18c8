import type { Instant } from '../clock.ts';
import type { Delegations } from '../metadata/delegation.ts';
import type { Document, Root, Targets } from '../metadata/document.ts';
import { type RoleName, TARGETS } from '../metadata/names.ts';
import { ClientError } from './error.ts';
import { defaultLayout, type Fetcher, type SiteLayout, siteOf } from './fetcher.ts';
import { type ClientLimits, defaultLimits } from './limits.ts';
import { requireTargetPath } from './paths.ts';
import { searchTarget, type TargetInfo } from './search.ts';
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
  const { roles, expired, paths, documents } = await visitRoles(updater, root, targets);
  const { delegations } = { ...defaultLimits, ...options.limits };
  const find = (path: string): Found =>
    findAmong(documents, path, root, delegations) ?? updater.getTargetInfo(path);
  const checkArtifact = options.checkArtifact ?? ((info: TargetInfo) => updater.checkArtifact(info));
  return {
    root: root.signed.version,
    timestamp: timestamp.signed.version,
    snapshot: snapshot.signed.version,
    targets: targets.signed.version,
    roles,
    expired: [...expired],
    targetCount: paths.size,
    unreachable: options.everyTarget === true ? await checkArtifacts(find, paths, checkArtifact) : [],
  };
}

interface Visited {
  readonly roles: Map<RoleName, number>;
  readonly expired: Set<RoleName>;
  readonly paths: Set<string>;
  /** What was verified, by the delegations that led to it. */
  readonly documents: Documents;
}

type Documents = Map<Delegations, Map<RoleName, Document<Targets>>>;

/** Follows every delegation once: a role that two delegators name has to satisfy both. */
async function visitRoles(updater: Updater, root: Document<Root>, top: Document<Targets>): Promise<Visited> {
  const visited: Visited = {
    roles: new Map(),
    expired: new Set(),
    paths: new Set(top.signed.targets.keys()),
    documents: new Map([[root.signed.delegations, new Map([[TARGETS, top]])]]),
  };
  const pending: Delegations[] = [top.signed.delegations];
  for (let delegations = pending.pop(); delegations !== undefined; delegations = pending.pop()) {
    const documents = new Map<RoleName, Document<Targets>>();
    visited.documents.set(delegations, documents);
    for (const role of delegations.roles.keys()) {
      const document = await unlessExpired(updater.loadTargets(delegations, role));
      if (document === undefined) {
        visited.expired.add(role);
        continue;
      }
      documents.set(role, document);
      if (visited.roles.has(role)) continue;
      visited.roles.set(role, document.signed.version);
      for (const path of document.signed.targets.keys()) visited.paths.add(path);
      pending.push(document.signed.delegations);
    }
  }
  return visited;
}

type Found = TargetInfo | 'nowhere' | Promise<TargetInfo | undefined>;

/** The search at once, among what was verified before; `undefined` where it asks for anything else. */
function findAmong(
  documents: Documents,
  path: string,
  root: Document<Root>,
  maxDelegations: number,
): TargetInfo | 'nowhere' | undefined {
  const search = searchTarget(requireTargetPath(path), root, maxDelegations);
  let step = search.next();
  while (step.done !== true) {
    const document = documents.get(step.value.delegations)?.get(step.value.role);
    if (document === undefined) return undefined;
    step = search.next(document);
  }
  return step.value ?? 'nowhere';
}

async function checkArtifacts(
  find: (path: string) => Found,
  paths: ReadonlySet<string>,
  checkArtifact: (info: TargetInfo) => void | Promise<void>,
): Promise<readonly string[]> {
  const unreachable: string[] = [];
  for (const path of paths) {
    const found = find(path);
    const info = found instanceof Promise ? await unlessExpired(found) : found;
    if (info === undefined || info === 'nowhere') {
      unreachable.push(path);
      continue;
    }
    // Nothing is waited for that is there: of 100,000 artifacts that takes half a second.
    const checking = checkArtifact(info);
    if (checking instanceof Promise) await checking;
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
