import { ClientError } from '../client/error.ts';
import type { RepositorySource } from '../client/fetcher.ts';
import { memoryStore } from '../client/store.ts';
import { Updater } from '../client/updater.ts';
import { DAY_MS, type Instant } from '../clock.ts';
import type { Document } from '../metadata/document.ts';
import { type RoleName, SNAPSHOT, TIMESTAMP } from '../metadata/names.ts';
import { documentOf, type RepositoryTree } from '../repository/tree.ts';
import { siteDocuments } from './site-documents.ts';

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
  /** One sentence each of what is wrong with the site; none where all that was read is well. */
  readonly problems: readonly string[];
  /**
   * Why not all of it could be read: the server is down, or the way there. It says nothing of what is published; one that
   * lasts is an alarm as well, as whoever has the hosting can be down for the monitor alone.
   */
  readonly outage: string | undefined;
  /** What a client gets now, where it gets so far. */
  readonly versions: ReadonlyMap<RoleName, number>;
}

/**
 * Runs our client against a site as it is served, from a trusted root and an empty cache. What it refuses is a problem, and so is an
 * answer that no client can use ({@link ClientError.isOutage}); a server that does not answer is none of the site's.
 */
export async function testSite(request: SiteTest): Promise<SiteOutcome> {
  const { site, trustedRoot, now } = request;
  const updater = new Updater({ source: site, trustedRoot, store: memoryStore(), now });
  const versions = new Map<RoleName, number>();
  const problems: string[] = [];
  let outage: string | undefined;
  try {
    for await (const [role, document] of siteDocuments(updater)) {
      versions.set(role, document.signed.version);
      problems.push(...endProblems(role, document, request), ...sourceProblems(role, document, request));
    }
    if (request.artifact !== undefined) await requireArtifact(updater, request.artifact);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    if (error.isOutage) outage = `the site is out of reach: ${error.message}`;
    else problems.push(`a client refuses this site: ${error.message}`);
  }
  return { problems, outage, versions };
}

function* endProblems(role: RoleName, { signed }: Document, request: SiteTest): Iterable<string> {
  const days = role === SNAPSHOT || role === TIMESTAMP ? request.onlineDays : request.offlineDays;
  if (signed.expiresAt > request.now + days * DAY_MS) return;
  yield `${role} version ${signed.version} expires at ${signed.expires}, in less than ${days} days`;
}

function* sourceProblems(
  role: RoleName,
  { signed, bytes }: Document,
  { source }: SiteTest,
): Iterable<string> {
  if (source === undefined) return;
  const wanted = documentOf(source, role);
  if (wanted === undefined) yield `${role} is on the site and not on main`;
  else if (wanted.signed.version !== signed.version)
    yield `${role} is version ${signed.version} on the site and ${wanted.signed.version} on main: was it published?`;
  else if (Buffer.compare(wanted.bytes, bytes) !== 0)
    yield `${role} version ${signed.version} has other bytes on the site than on main`;
}

async function requireArtifact(updater: Updater, path: string): Promise<void> {
  const info = await updater.getTargetInfo(path);
  if (info === undefined)
    throw new ClientError('TARGET_UNKNOWN', `the repository has no target ${JSON.stringify(path)}`);
  await updater.checkArtifact(info);
}
