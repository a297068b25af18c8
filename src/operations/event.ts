import type { Facts } from '../event/context.ts';
import { type Judgement, judge } from '../event/judge.ts';
import { type EventReport, reportOf } from '../event/report.ts';
import { listed } from '../event/words.ts';
import { isOnFirstParent, singleMergeBase } from '../git/history.ts';
import { type BranchName, trackingRef } from '../git/names.ts';
import type { CommitSha } from '../git/oid.ts';
import { listRemoteBranches, readRef } from '../git/refs.ts';
import { POLICY_FILE } from '../policy/policy.ts';
import { invitesOf, type RepositoryTree, type TreeEntry } from '../repository/tree.ts';
import { OperationError } from './error.ts';
import { type EventCommits, type GatheredEvent, gatherEvent } from './gather.ts';
import { newestSound } from './newest-sound.ts';
import { invitedSince } from './open-invitations.ts';
import { findMain, type Main, requirePullRemote, type Workspace } from './workspace.ts';

/** A signing event at one commit, judged. */
export interface LoadedEvent {
  /** `undefined` where a commit was named that is no event's branch. */
  readonly branch: BranchName | undefined;
  readonly head: CommitSha;
  readonly knownGoodCommit: CommitSha;
  readonly gathered: GatheredEvent;
  /** Does it mend a main that does not verify? Then it is judged against the newest state of main that does. */
  readonly isRepair: boolean;
  readonly judgement: Judgement;
  readonly report: EventReport;
}

export interface EventRequest {
  readonly head: CommitSha;
  readonly branch?: BranchName | undefined;
  /** Named by hand: taken as it is, whatever main says. */
  readonly knownGood?: CommitSha | undefined;
  /** Where the caller has looked already. */
  readonly main?: Main | undefined;
  /** Who brought the keys that join: given by automation, always, so that what is unknown there is refused. */
  readonly accountsOf?: ((gathered: GatheredEvent) => Promise<Facts['accounts']>) | undefined;
}

/**
 * Gathers and judges one event. Throws {@link GitError}, {@link OperationError} `NOT_FROM_MAIN` where the event does not
 * start at a state that main itself had, `MERGED` where main has it.
 */
export async function loadEvent(workspace: Workspace, request: EventRequest): Promise<LoadedEvent> {
  const given = request.knownGood !== undefined;
  const main = given ? undefined : (request.main ?? (await findMain(workspace)));
  const knownGoodCommit = request.knownGood ?? (await knownGoodOf(workspace, request.head, main as Main));
  const now = workspace.clock.now();
  const { head, branch } = request;
  const commits = { event: head, knownGood: knownGoodCommit, main: main?.commit };
  const known = await gatherEvent(workspace.objects, commits, { now });
  const accounts = await request.accountsOf?.(known);
  const gathered = { ...known, facts: { ...known.facts, accounts } };
  const plain: Judged = {
    knownGoodCommit,
    gathered,
    isRepair: false,
    judgement: judge({ ...gathered, knownGoodGiven: given, now }),
  };
  const judged =
    main?.commit === knownGoodCommit ? ((await asRepair(workspace, commits, gathered)) ?? plain) : plain;
  const range = { base: judged.knownGoodCommit, tip: head };
  const labels = {
    event: branch,
    head,
    knownGood: judged.knownGoodCommit,
    now,
    invitedSince: await invitedSince(workspace, range, invitesOf(judged.gathered.event)),
  };
  return { branch, head, ...judged, report: reportOf(judged.judgement, labels) };
}

type Judged = Pick<LoadedEvent, 'knownGoodCommit' | 'gathered' | 'isRepair' | 'judgement'>;

/**
 * Where main's tip does not verify, the event on top of it is rejected, unless it mends that: it leads from the newest state
 * of main that does verify to one that asks nobody for anything. Nothing is signed on a broken main. `undefined` for any
 * other event.
 */
async function asRepair(
  workspace: Workspace,
  commits: EventCommits,
  beside: GatheredEvent,
): Promise<Judged | undefined> {
  const { knownGood: broken, knownGoodFaults } = beside;
  const faults = knownGoodFaults.filter(({ severity }) => severity === 'refuse');
  if (faults.length === 0) return undefined;
  const sound = await newestSound(workspace, commits.knownGood);
  if (sound === undefined) return undefined;
  const now = workspace.clock.now();
  const ground = { event: commits.event, knownGood: sound, main: undefined };
  const found = await gatherEvent(workspace.objects, ground, { now });
  const gathered = {
    ...found,
    knownGood: withSurroundings(found.knownGood, broken),
    // As it was read beside main: of what they share, a folder may be one entry.
    event: { ...found.event, outside: beside.event.outside },
  };
  const what = listed(
    faults.map(({ role, message }) => (role === undefined ? message : `${role} ${message}`)),
    3,
  );
  const repairs = `main does not verify at ${commits.knownGood.slice(0, 12)} (${what}): this event mends it, judged against ${sound.slice(0, 12)}`;
  const judgement = judge({ ...gathered, repairs, knownGoodGiven: false, now });
  return judgement.verdict === 'accepted'
    ? { knownGoodCommit: sound, gathered, isRepair: true, judgement }
    : undefined;
}

/**
 * `sound` in the surroundings that main has by now, which no event touches: whoever broke main could else stand in the way of
 * every repair by a change beside it.
 */
function withSurroundings(sound: RepositoryTree, main: RepositoryTree): RepositoryTree {
  const isRestored = ([path]: readonly [string, TreeEntry]): boolean =>
    path === POLICY_FILE || path.startsWith('targets/');
  const restored = [...sound.outside].filter(isRestored);
  const left = [...main.outside].filter(entry => !isRestored(entry));
  return { ...sound, outside: new Map([...left, ...restored]) };
}

/**
 * The state of main that the event stands on: their single merge-base, which has to lie on main's first-parent history.
 * Else an attacker forks from inside a merged event and brings his own keys along.
 */
export async function knownGoodOf(
  { repository }: Workspace,
  event: CommitSha,
  main: Main,
): Promise<CommitSha> {
  const base = await singleMergeBase(repository, event, main.commit);
  if (await isOnFirstParent(repository, base, main.commit)) return base;
  if (base === event)
    throw new OperationError(
      'MERGED',
      `the event is part of ${main.branch} already: nothing is left to do, its branch can be deleted`,
    );
  throw new OperationError(
    'NOT_FROM_MAIN',
    `the event starts at ${base.slice(0, 12)}, which ${main.branch} itself never was: start it anew from ${main.branch}`,
  );
}

/** The event's branch on the remote, as last fetched. Throws {@link OperationError} `NOT_FOUND`. */
export async function loadRemoteEvent(workspace: Workspace, branch: BranchName): Promise<LoadedEvent> {
  const remote = await requirePullRemote(workspace);
  const head = await readRef(workspace.repository, trackingRef(remote, branch));
  if (head === undefined) throw await noSuchEvent(workspace, branch);
  return loadEvent(workspace, { head, branch });
}

const MAX_NAMED = 5;

/** What to say of an event that is not on the remote, as last fetched: which ones are. */
export async function noSuchEvent(workspace: Workspace, branch: BranchName): Promise<OperationError> {
  const remote = await requirePullRemote(workspace);
  if ((await readRef(workspace.repository, `refs/heads/${branch}`)) !== undefined)
    return new OperationError(
      'NOT_FOUND',
      `${branch} is in this clone, and not on ${remote}: run git push --set-upstream ${remote} ${branch}`,
    );
  const { events } = await listEvents(workspace);
  const named = events.slice(0, MAX_NAMED).join(', ');
  const more = events.length > MAX_NAMED ? `, and ${events.length - MAX_NAMED} more` : '';
  const open = events.length === 0 ? 'nor any other' : `open there: ${named}${more}`;
  return new OperationError('NOT_FOUND', `there is no event ${branch} on ${remote} (${open})`);
}

/** All open events on the remote, as last fetched; names that are not safe to use apart. */
export async function listEvents(
  workspace: Workspace,
): Promise<{ readonly events: readonly BranchName[]; readonly ignored: readonly string[] }> {
  const remote = await requirePullRemote(workspace);
  const { branches, ignored } = await listRemoteBranches(workspace.repository, remote, 'sign/');
  return { events: branches.map(({ name }) => name), ignored };
}
