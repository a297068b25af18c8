import { hash } from 'node:crypto';
import { ClientError } from '../../client/error.ts';
import { defaultLimits } from '../../client/limits.ts';
import { onlineKeysRotated } from '../../client/trusted.ts';
import { verifyRepository } from '../../client/verify-repository.ts';
import type { Instant } from '../../clock.ts';
import { type Finding, type Reason, type RuleId, refuse, warn } from '../../event/reason.ts';
import { historyOf } from '../../event/rules/history.ts';
import { parseDocument } from '../../metadata/document.ts';
import { isOnlineRole, ROOT, TIMESTAMP } from '../../metadata/names.ts';
import { isImmutable, isRootFile, publishedMetadata, publishLayout } from '../../repository/layout.ts';
import { documentOf, type RepositoryTree, rootOf } from '../../repository/tree.ts';
import { SITE_LAYOUT } from '../verify.ts';
import { type ClientState, digestPrevious, fetchPrevious, type PreviousSite } from './previous.ts';
import type { KnownFiles } from './share.ts';
import type { Stage } from './stage.ts';

/** Names in one sentence. */
const NAMED = 5;

const because = (rule: RuleId, finding: Finding): Reason => ({ rule, ...finding });

/** The client workflow on what was built, with every artifact: from the first root; then from where clients are now. */
export async function walkThrough(
  stage: Stage,
  trustedRoot: Uint8Array,
  { now, known }: { readonly now: Instant; readonly known: KnownFiles },
  before: ClientState | undefined,
): Promise<readonly Reason[]> {
  const { checkArtifact } = stage;
  const options = { layout: SITE_LAYOUT, everyTarget: true, checkArtifact };
  const first = await refusalOf(() => verifyRepository(stage.fetcher(known), trustedRoot, now, options));
  if (first !== undefined)
    return [
      because(
        'clients',
        refuse(`a client that starts from the first root would refuse this: ${first.message}`),
      ),
    ];
  if (before === undefined) return [];
  const { store } = before;
  const following = await refusalOf(() =>
    verifyRepository(stage.fetcher(known), trustedRoot, now, { layout: SITE_LAYOUT, store }),
  );
  if (following === undefined) return [];
  const message = `a client that follows the site as it is now would refuse this: ${following.message}`;
  return [because('clients', refuse(message))];
}

async function refusalOf(walk: () => Promise<unknown>): Promise<ClientError | undefined> {
  try {
    await walk();
    return undefined;
  } catch (error) {
    // Anything else is this machine's failure, and no answer.
    if (error instanceof ClientError && error.code !== 'TRANSPORT' && error.code !== 'STORAGE') return error;
    throw error;
  }
}

/** Where what was published before does not lead to what is to be published now, whatever a repair may mend. */
export function* departures(tree: RepositoryTree, before: ClientState): Iterable<Reason> {
  const own = historyOf(tree);
  const newest = Math.max(...own.keys());
  const seen = before.root?.signed.version ?? 0;
  if (seen > newest) {
    const message = `clients have root version ${seen}, and this ends with ${newest}`;
    yield because('history', refuse(message, ROOT));
  }
  for (const [role, version] of before.versions) {
    const next = documentOf(tree, role)?.signed.version;
    // The two that automation signs are for the client to judge: it forgets them with their keys.
    if (next === undefined || next >= version || isOnlineRole(role)) continue;
    const message = `${role} goes back from version ${version}, which clients have, to ${next}`;
    yield because('version', refuse(message, role));
  }
  const next = documentOf(tree, TIMESTAMP);
  if (next === undefined || before.timestamp === undefined || forgets(before, tree)) return;
  const { version } = next.signed;
  if (version !== before.versions.get(TIMESTAMP) || Buffer.compare(before.timestamp, next.bytes) === 0)
    return;
  const message = `clients have another timestamp of version ${version}, and would keep it: sign online again`;
  yield because('version', refuse(message, TIMESTAMP));
}

/** Does a client drop timestamp and snapshot on its way to the new root, as keys of theirs are gone? */
function forgets({ root }: ClientState, tree: RepositoryTree): boolean {
  const next = rootOf(tree);
  return root !== undefined && next !== undefined && onlineKeysRotated(root, next);
}

/** The roots that the previous site has, up to the newest that clients took: each has to stay, and stay what it was. */
export async function rootDepartures(
  stage: Stage,
  site: PreviousSite,
  before: ClientState,
): Promise<readonly Reason[]> {
  const reasons: Reason[] = [];
  for (let version = 1; version <= (before.root?.signed.version ?? 0); version++) {
    const path = `${version}.root.json`;
    const served = await fetchPrevious(site, path, defaultLimits.rootBytes);
    if (served === undefined) continue;
    const kept = stage.digest(path);
    if (kept === undefined)
      reasons.push(because('history', refuse(`${path}, which clients may ask for, would be gone`, ROOT)));
    else if (kept.sha256 !== hash('sha256', served, 'hex'))
      reasons.push(
        because('history', refuse(`${path} has other bytes than the one that clients have`, ROOT)),
      );
  }
  return reasons;
}

/** Requests at a time: each may go around the world. */
const AT_ONCE = 8;

/** Must what was published under this name stay what it was? Roots are looked at apart. */
export const isCompared = (path: string): boolean => isImmutable(path) && !isRootFile(path);

/** Files that both sites have under one name for ever, and not with the same bytes. */
export async function changedFiles(
  stage: Stage,
  site: PreviousSite,
  tree: RepositoryTree,
): Promise<readonly string[]> {
  const changed: string[] = [];
  const next = site.metadataOnly === true ? publishedMetadata(tree) : publishLayout(tree);
  const work = async (): Promise<void> => {
    for (let file = next.next(); file.done !== true; file = next.next()) {
      const { path } = file.value;
      if (isCompared(path) && (await differs(stage, site, path))) changed.push(path);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return changed.sort();
}

async function differs(stage: Stage, site: PreviousSite, path: string): Promise<boolean> {
  const kept = stage.digest(path);
  if (kept === undefined) return false;
  const served = await digestPrevious(site, path, kept.length);
  return served !== undefined && (served.length !== kept.length || served.sha256 !== kept.sha256);
}

/** A previous site that clients can't follow, and what is not known of it therefore. */
export async function troubleReason(
  site: PreviousSite,
  { trouble, store, root }: ClientState,
  repair: boolean,
): Promise<readonly Reason[]> {
  if (trouble === undefined) return [];
  const message = `clients are stuck on the site as it is at ${site.name}: ${trouble.message}`;
  if (!repair) return [because('clients', refuse(`${message}; see what is lost by --repair`))];
  const compared = [`root ${root?.signed.version ?? 'none'}`];
  for (const role of ['timestamp', 'snapshot'] as const) {
    const bytes = await store.read(`${role}.json`, defaultLimits.snapshotBytes);
    if (bytes !== undefined) compared.push(`${role} ${parseDocument(bytes).signed.version}`);
  }
  const lost = `only ${compared.join(', ')} could be compared; what else it promised to clients is lost`;
  return [because('clients', warn(`${message}; ${lost}`))];
}

/** What is said of files that were published otherwise; with `repair` it stands in nobody's way. */
export function changeReason(changed: readonly string[], repair: boolean): readonly Reason[] {
  if (changed.length === 0) return [];
  const names = changed.slice(0, NAMED).join(', ');
  const more = changed.length > NAMED ? ` and ${changed.length - NAMED} more` : '';
  const message = `published with other bytes, which caches may keep for a year: ${names}${more}`;
  return [because('version', repair ? warn(message) : refuse(message))];
}
