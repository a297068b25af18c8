import { DAY_MS, type Instant } from '../clock.ts';
import { signersOf } from '../event/calendar.ts';
import { judgeRepository } from '../event/judge.ts';
import { listed, quoted } from '../event/words.ts';
import type { Identity } from '../git/commit-object.ts';
import type { BranchName } from '../git/names.ts';
import { isOnlineRole, type RoleName } from '../metadata/names.ts';
import { effectivePeriods } from '../metadata/periods.ts';
import { delegationGraph } from '../repository/delegators.ts';
import { documentOf, type RepositoryTree } from '../repository/tree.ts';
import { OperationError } from './error.ts';
import { gatherRepository } from './gather.ts';
import { beginRenewal, freeBranch, rebaseRenewal } from './renewal-commits.ts';
import { coversRole, openEvents, type RenewalEvent } from './renewal-events.ts';
import { fetchMain, type Main, type Workspace } from './workspace.ts';

/** A role that is within its signing period. */
export interface DueRole {
  readonly role: RoleName;
  readonly expiresAt: Instant;
  readonly signingDays: number;
  /** Names of those who can sign it, as {@link keyName} gives them, and how many have to. */
  readonly signers: readonly string[];
  readonly threshold: number;
  /** Does automation hold each of its keys? */
  readonly isAutomatic: boolean;
  /** The open event that renews it. */
  readonly event: BranchName | undefined;
}

export interface RenewOutcome {
  readonly due: readonly DueRole[];
  /** Events that were begun, by branch: the roles that each renews. */
  readonly begun: ReadonlyMap<BranchName, readonly RoleName[]>;
  /** Events of ours that main had moved on under: they stand on main again, with all signatures. */
  readonly rebased: readonly BranchName[];
  /** Events of ours that can't be used any more, and whose signatures on them are void: one in their place was begun. */
  readonly voided: ReadonlyMap<BranchName, readonly string[]>;
}

export interface RenewRequest {
  /** Who signs off; the person at this clone unless said otherwise. */
  readonly author?: Identity | undefined;
  /** These roles, whether or not their time has come; all whose time has come where nothing is said. */
  readonly roles?: readonly RoleName[] | undefined;
  /** Say what would be done, and do nothing. */
  readonly dryRun?: boolean | undefined;
}

const MAX_TRIES = 5;

/**
 * Sees to it that each role within its signing period is renewed by one open event: one for all roles that the same people
 * sign. Safe to run again, and never forces a branch: an event of ours without signatures is taken up again by a commit on
 * top, one that has some and can't be used is left for another, `…-2`. Throws {@link OperationError} `REFUSED` where main
 * does not verify or a chosen role is automation's alone, `NOT_FOUND` where main has no such role, `RACE_LOST`; git's errors.
 */
export async function renewRoles(workspace: Workspace, request: RenewRequest = {}): Promise<RenewOutcome> {
  const { author, roles: chosen, dryRun } = request;
  const begun = new Map<BranchName, readonly RoleName[]>();
  const rebased: BranchName[] = [];
  const voided = new Map<BranchName, readonly string[]>();
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const main = await fetchMain(workspace, false);
    const tree = await verifiedMain(workspace, main);
    const events = await openEvents(workspace);
    for (const role of chosen ?? []) requireRenewable(tree, role);
    const due = dueRoles(tree, workspace.clock.now(), events, chosen);
    const moved = events.filter(
      event =>
        event.renewal &&
        event.movedOn &&
        !event.outrun &&
        due.some(({ event: name }) => name === event.branch),
    );
    if (dryRun === true)
      return {
        due,
        rebased: moved.map(({ branch }) => branch),
        ...(await planned(workspace, tree, due, events)),
      };
    const [stale] = moved;
    if (stale !== undefined) {
      if (!(await rebaseRenewal(workspace, main, stale, author))) continue;
      rebased.push(stale.branch);
      attempt = -1; // progress was made: every group gets all its tries
      continue;
    }
    const done = new Set([...begun.values()].flat());
    const [group] = signerGroups(due.filter(({ role, event }) => event === undefined && !done.has(role)));
    if (group === undefined) return { due, begun, rebased, voided };
    const made = await beginRenewal(workspace, main, tree, group, events, author);
    if (made === undefined) continue;
    begun.set(made.branch, group);
    for (const [branch, names] of made.voided) voided.set(branch, names);
    attempt = -1;
  }
  throw new OperationError('RACE_LOST', 'main or an event kept changing under us: run the job again');
}

/** What would be begun, by the names that the branches would get. */
async function planned(
  workspace: Workspace,
  tree: RepositoryTree,
  due: readonly DueRole[],
  events: readonly RenewalEvent[],
): Promise<Pick<RenewOutcome, 'begun' | 'voided'>> {
  const begun = new Map<BranchName, readonly RoleName[]>();
  const voided = new Map<BranchName, readonly string[]>();
  for (const group of signerGroups(due.filter(({ event }) => event === undefined))) {
    const free = await freeBranch(workspace, tree, group, events);
    begun.set(free.branch, group);
    for (const [branch, names] of free.voided) voided.set(branch, names);
  }
  return { begun, voided };
}

function requireRenewable(tree: RepositoryTree, role: RoleName): void {
  const { roles } = delegationGraph(tree);
  if (!roles.has(role)) {
    const known = [...roles.keys()].filter(name => !isOnlineRole(name));
    throw new OperationError('NOT_FOUND', `main has no role ${quoted(role)}: it has ${listed(known, 20)}`);
  }
  if (isOnlineRole(role))
    throw new OperationError(
      'REFUSED',
      `${role} is signed by automation, in no event: run tuf-signer online-sign`,
    );
}

/** Nothing is begun on ground that does not hold. */
async function verifiedMain({ objects, clock }: Workspace, main: Main): Promise<RepositoryTree> {
  const now = clock.now();
  const { tree, facts, policy } = await gatherRepository(objects, main.commit, now);
  const { reasons } = judgeRepository({ mode: 'known-good', tree, policy, facts, now });
  const fault = reasons.find(({ severity }) => severity === 'refuse');
  if (fault === undefined) return tree;
  throw new OperationError('REFUSED', `main does not verify (${fault.rule}): ${fault.message}`);
}

function dueRoles(
  tree: RepositoryTree,
  now: Instant,
  events: readonly RenewalEvent[],
  chosen?: readonly RoleName[],
): readonly DueRole[] {
  return [...delegationGraph(tree).roles].flatMap(([role, delegated]): readonly DueRole[] => {
    if (chosen?.includes(role) === false) return [];
    const signed = isOnlineRole(role) ? undefined : documentOf(tree, role)?.signed;
    const signingDays = signed === undefined ? undefined : effectivePeriods(signed.periods)?.signingDays;
    if (signed === undefined || signingDays === undefined) return [];
    const { expiresAt } = signed;
    if (chosen === undefined && expiresAt - signingDays * DAY_MS > now) return [];
    const event = events.find(one => coversRole(one, tree, role, now))?.branch;
    return [{ role, expiresAt, signingDays, ...signersOf(delegated), event }];
  });
}

/** Roles that the same keys' owners sign, together: one visit to the card for all of them. */
export function signerGroups(
  due: readonly Pick<DueRole, 'role' | 'signers'>[],
): readonly (readonly RoleName[])[] {
  const groups = new Map<string, RoleName[]>();
  for (const { role, signers } of due) {
    const name = JSON.stringify(signers);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [role]);
    else group.push(role);
  }
  return [...groups.values()];
}
