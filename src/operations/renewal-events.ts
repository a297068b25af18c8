import { DAY_MS, type Instant } from '../clock.ts';
import { quorumsOf } from '../event/plan.ts';
import { keyName } from '../event/words.ts';
import type { BranchName } from '../git/names.ts';
import type { CommitSha } from '../git/oid.ts';
import { jsonEqual, withMembers } from '../json.ts';
import type { RoleName } from '../metadata/names.ts';
import { effectivePeriods } from '../metadata/periods.ts';
import { diffTrees } from '../repository/diff.ts';
import { documentOf, metadataFile, type RepositoryTree } from '../repository/tree.ts';
import { type LoadedEvent, listEvents, loadRemoteEvent } from './event.ts';
import { isFaultOfEvent, isMerged } from './status.ts';
import type { Workspace } from './workspace.ts';

/** An open event, as far as renewing roles goes. */
export interface RenewalEvent {
  readonly branch: BranchName;
  readonly head: CommitSha;
  readonly tree: RepositoryTree;
  /** Paths below `metadata/` that it changes. */
  readonly files: readonly string[];
  readonly rejected: boolean;
  /** Does main say something else by now than what the event stands on? */
  readonly movedOn: boolean;
  /** And of what the event changes itself? Then nothing of it can be used any more. */
  readonly outrun: boolean;
  /** Does it give roles a new version and expiry, and nothing else? Then the automation may go on with it. */
  readonly renewal: boolean;
  /** Names of those who have signed what it changes. */
  readonly signers: readonly string[];
}

/** The open events as last fetched; one that can't be judged renews nothing, nor does one that is merged and still has a branch. */
export async function openEvents(workspace: Workspace): Promise<readonly RenewalEvent[]> {
  const found: RenewalEvent[] = [];
  for (const branch of (await listEvents(workspace)).events) {
    try {
      found.push(renewalEvent(branch, await loadRemoteEvent(workspace, branch)));
    } catch (error) {
      if (!isMerged(error) && !isFaultOfEvent(error)) throw error;
    }
  }
  return found;
}

function renewalEvent(branch: BranchName, { head, gathered, judgement }: LoadedEvent): RenewalEvent {
  const { knownGood, event } = gathered;
  const { metadata, artifacts, outside } = diffTrees(knownGood, event);
  const files = metadata.map(({ path }) => path);
  const main = gathered.facts.main ?? knownGood;
  return {
    branch,
    head,
    tree: event,
    files,
    rejected: judgement.verdict === 'rejected',
    movedOn: judgement.reasons.some(({ rule }) => rule === 'base'),
    outrun: files.some(path => main.metadata.get(path)?.oid !== knownGood.metadata.get(path)?.oid),
    renewal:
      artifacts.length + outside.length === 0 && files.every(path => isRenewed(knownGood, event, path)),
    signers: signersOf(judgement),
  };
}

function isRenewed(knownGood: RepositoryTree, event: RepositoryTree, path: string): boolean {
  const file = metadataFile(path);
  if (file.kind === 'history') return true; // a copy of root, which is looked at itself
  if (file.kind !== 'role') return false;
  const [before, after] = [documentOf(knownGood, file.role), documentOf(event, file.role)];
  if (before === undefined || after === undefined) return false;
  const { version, expires } = before.signed;
  const undone = withMembers(
    after.signed.raw,
    new Map<string, number | string>([
      ['version', version],
      ['expires', expires],
    ]),
  );
  return jsonEqual(undone, before.signed.raw);
}

function signersOf({ context }: LoadedEvent['judgement']): readonly string[] {
  const names = new Set<string>();
  for (const role of context.changed.keys()) {
    for (const { quorum, delegations } of quorumsOf(context, role)) {
      for (const keyid of quorum.signed) {
        const key = delegations.keys.get(keyid);
        if (key !== undefined) names.add(keyName(key));
      }
    }
  }
  return [...names];
}

/**
 * Would the event, once signed, renew `role` as it is on main? One that does nothing else counts though it be rejected: its
 * mark is red, and another one like it would not fare better.
 */
export function coversRole(event: RenewalEvent, main: RepositoryTree, role: RoleName, now: Instant): boolean {
  if (event.outrun || (event.rejected && !event.renewal)) return false;
  const [before, after] = [documentOf(main, role)?.signed, documentOf(event.tree, role)?.signed];
  if (before === undefined || after === undefined || after.version <= before.version) return false;
  const days = effectivePeriods(after.periods)?.signingDays ?? 0;
  return after.expiresAt - days * DAY_MS > now;
}
