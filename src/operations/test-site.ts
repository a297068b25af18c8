import { ClientError } from '../client/error.ts';
import type { RepositorySource } from '../client/fetcher.ts';
import { memoryStore } from '../client/store.ts';
import { Updater } from '../client/updater.ts';
import { DAY_MS, type Instant } from '../clock.ts';
import type { Delegations } from '../metadata/delegation.ts';
import type { Document } from '../metadata/document.ts';
import { ROOT, type RoleName, SNAPSHOT, TARGETS, TIMESTAMP } from '../metadata/names.ts';
import { documentOf, type RepositoryTree } from '../repository/tree.ts';

export interface SiteTest {
  readonly site: RepositorySource;
  readonly trustedRoot: Uint8Array;
  readonly now: Instant;
  /** Days that snapshot and timestamp have to last from now on. */
  readonly onlineDays: number;
  /** The same of every role that people sign. */
  readonly offlineDays: number;
  /** A target that has to be there, with the bytes that it is signed with. */
  readonly artifact?: string | undefined;
  /** What should be published. */
  readonly source?: RepositoryTree | undefined;
}

export interface SiteOutcome {
  /** One sentence each; none where all is well. */
  readonly problems: readonly string[];
  /** What a client gets now, where it gets so far. */
  readonly versions: ReadonlyMap<RoleName, number>;
}

/** Runs our client against a site as it is served, from a trusted root and an empty cache. What it refuses is a problem. */
export async function testSite(request: SiteTest): Promise<SiteOutcome> {
  const { site, trustedRoot, now } = request;
  const updater = new Updater({ source: site, trustedRoot, store: memoryStore(), now });
  const versions = new Map<RoleName, number>();
  const problems: string[] = [];
  try {
    for await (const [role, document] of documents(updater)) {
      versions.set(role, document.signed.version);
      problems.push(...endProblems(role, document, request), ...sourceProblems(role, document, request));
    }
    if (request.artifact !== undefined) await requireArtifact(updater, request.artifact);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    problems.push(`a client refuses this site: ${error.message}`);
  }
  return { problems, versions };
}

/** Each role once, as a client verifies it: the top-level ones, then those below. */
async function* documents(updater: Updater): AsyncIterable<readonly [RoleName, Document]> {
  const { root, timestamp, snapshot, targets } = await updater.refresh();
  yield [ROOT, root];
  yield [TIMESTAMP, timestamp];
  yield [SNAPSHOT, snapshot];
  yield [TARGETS, targets];
  const seen = new Set<RoleName>([TARGETS]);
  const pending: Delegations[] = [targets.signed.delegations];
  for (let delegations = pending.pop(); delegations !== undefined; delegations = pending.pop()) {
    for (const role of delegations.roles.keys()) {
      if (seen.has(role)) continue;
      seen.add(role);
      const document = await updater.loadTargets(delegations, role);
      yield [role, document];
      pending.push(document.signed.delegations);
    }
  }
}

function* endProblems(role: RoleName, { signed }: Document, request: SiteTest): Iterable<string> {
  const days = role === SNAPSHOT || role === TIMESTAMP ? request.onlineDays : request.offlineDays;
  if (signed.expiresAt > request.now + days * DAY_MS) return;
  yield `${role} version ${signed.version} expires at ${signed.expires}, in less than ${days} days`;
}

function* sourceProblems(role: RoleName, { signed }: Document, { source }: SiteTest): Iterable<string> {
  const wanted = source === undefined ? undefined : documentOf(source, role)?.signed.version;
  if (wanted === undefined || wanted === signed.version) return;
  yield `${role} is version ${signed.version} on the site and ${wanted} on main: was it published?`;
}

async function requireArtifact(updater: Updater, path: string): Promise<void> {
  const info = await updater.getTargetInfo(path);
  if (info === undefined)
    throw new ClientError('TARGET_UNKNOWN', `the repository has no target ${JSON.stringify(path)}`);
  await updater.checkArtifact(info);
}
