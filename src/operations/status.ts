import { GitError } from '../git/error.ts';
import type { BranchName } from '../git/names.ts';
import { isSigningEvent, parseBranchName, trackingRef } from '../git/names.ts';
import type { CommitSha } from '../git/oid.ts';
import { currentBranch, readRef, resolveCommit } from '../git/refs.ts';
import type { KeyOwner } from '../metadata/names.ts';
import { RepositoryError } from '../repository/error.ts';
import { type Asks, asksOf } from './asks.ts';
import { readStanding } from './drill/standing.ts';
import { OperationError } from './error.ts';
import { type LoadedEvent, listEvents, loadEvent, loadRemoteEvent, noSuchEvent } from './event.ts';
import { loadMerged } from './merged.ts';
import {
  fetchMain,
  findMain,
  type Main,
  pullRemote,
  requirePullRemote,
  requireUser,
  type Workspace,
} from './workspace.ts';

export interface StatusRequest {
  /** A revision; where nothing is said, HEAD. */
  readonly event?: string | undefined;
  /** A revision that is taken as it is; where nothing is said, the merge-base with main. */
  readonly knownGood?: string | undefined;
}

/**
 * Judges one event of this clone, without asking the remote; of one that is merged, tells what main has. Throws {@link GitError}, {@link OperationError}.
 */
export async function eventStatus(workspace: Workspace, request: StatusRequest): Promise<LoadedEvent> {
  const { repository } = workspace;
  const [head, knownGood, main, branch] = await Promise.all([
    resolveCommit(repository, request.event ?? 'HEAD'),
    request.knownGood === undefined ? undefined : resolveCommit(repository, request.knownGood),
    request.knownGood === undefined ? findMain(workspace) : undefined,
    request.event === undefined
      ? currentBranch(repository)
      : request.event.replace(/^refs\/heads\/|^origin\//, ''),
  ]);
  return judged(workspace, { head, branch: asEvent(branch) }, knownGood, main);
}

/** As {@link eventStatus}, of an event on the remote, as last fetched. Throws {@link OperationError} `NOT_FOUND` where it is not there. */
export async function remoteEventStatus(
  workspace: Workspace,
  branch: BranchName,
  request: Pick<StatusRequest, 'knownGood'>,
): Promise<LoadedEvent> {
  const { repository } = workspace;
  const head = await readRef(repository, trackingRef(await requirePullRemote(workspace), branch));
  if (head === undefined) throw await noSuchEvent(workspace, branch);
  return request.knownGood === undefined
    ? judged(workspace, { head, branch }, undefined, await findMain(workspace))
    : judged(workspace, { head, branch }, await resolveCommit(repository, request.knownGood), undefined);
}

/** Is the event on the remote, as last fetched, at another commit than the one that was judged here? */
export async function differsFromRemote(
  workspace: Workspace,
  { branch, head }: Pick<LoadedEvent, 'branch' | 'head'>,
): Promise<boolean> {
  if (branch === undefined) return false;
  const remote = pullRemote(workspace);
  if (remote === undefined) return false;
  const there = await readRef(workspace.repository, trackingRef(remote, branch));
  return there !== undefined && there !== head;
}

async function judged(
  workspace: Workspace,
  event: { readonly head: CommitSha; readonly branch: BranchName | undefined },
  knownGood: CommitSha | undefined,
  main: Main | undefined,
): Promise<LoadedEvent> {
  try {
    return await withStanding(workspace, await loadEvent(workspace, { ...event, knownGood, main }));
  } catch (error) {
    if (main === undefined || !isMerged(error)) throw error;
    return withStanding(workspace, await loadMerged(workspace, main, event));
  }
}

/** With what the drills on main say of its keys. */
async function withStanding(workspace: Workspace, event: LoadedEvent): Promise<LoadedEvent> {
  const { knownGood, facts } = event.gathered;
  const { standing } = await readStanding(workspace, facts.main ?? knownGood);
  return standing.drills === 0 ? event : { ...event, report: { ...event.report, standing } };
}

/** The event on the remote, as last fetched, after it was found to be merged: what main has now. */
export async function mergedStatus(workspace: Workspace, branch: BranchName): Promise<LoadedEvent> {
  const ref = trackingRef(await requirePullRemote(workspace), branch);
  const [main, head] = await Promise.all([findMain(workspace), resolveCommit(workspace.repository, ref)]);
  return loadMerged(workspace, main, { head, branch });
}

export const isMerged = (error: unknown): boolean =>
  error instanceof OperationError && error.code === 'MERGED';

const asEvent = (name: string | undefined): BranchName | undefined =>
  name !== undefined && isSigningEvent(name) ? parseBranchName(name) : undefined;

/** An open event and what it wants of one person. */
export interface PendingEvent extends Asks {
  readonly branch: BranchName;
  readonly event: LoadedEvent;
}

/** An open event that can not be judged at all, and why: it waits for nobody until somebody mends it. */
export interface UnreadableEvent {
  readonly branch: BranchName;
  readonly problem: string;
}

/**
 * The open events on the remote, and what each wants of this person; of a rejected one nothing. A branch that can not be
 * judged stands beside them: whoever can push one must not hide the others.
 */
export async function pendingEvents(workspace: Workspace): Promise<{
  readonly user: KeyOwner;
  readonly events: readonly PendingEvent[];
  readonly unreadable: readonly UnreadableEvent[];
  /** Part of main, with a branch that is still there. */
  readonly merged: readonly BranchName[];
  readonly ignored: readonly string[];
}> {
  const user = requireUser(workspace);
  await fetchMain(workspace);
  const { events, ignored } = await listEvents(workspace);
  const pending: PendingEvent[] = [];
  const unreadable: UnreadableEvent[] = [];
  const merged: BranchName[] = [];
  for (const branch of events) {
    try {
      const event = await loadRemoteEvent(workspace, branch);
      pending.push({ branch, ...asksOf(event, user), event });
    } catch (error) {
      if (isMerged(error)) merged.push(branch);
      else if (isFaultOfEvent(error)) unreadable.push({ branch, problem: error.message });
      else throw error;
    }
  }
  return { user, events: pending, unreadable, merged, ignored };
}

/** Git takes a commit with a date of the year 30,000 and a tree of any size: `BAD_OBJECT` and `OBJECT_TOO_LARGE` to us. */
const EVENT_FAULTS: ReadonlySet<string> = new Set([
  'NO_MERGE_BASE',
  'MANY_MERGE_BASES',
  'NOT_FROM_MAIN',
  'BAD_OBJECT',
  'OBJECT_TOO_LARGE',
]);

/** As opposed to a fault of this clone or its remote. */
export const isFaultOfEvent = (error: unknown): error is Error =>
  error instanceof RepositoryError ||
  ((error instanceof GitError || error instanceof OperationError) && EVENT_FAULTS.has(error.code));
