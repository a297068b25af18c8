import { drillChanges } from '../event/drill/drill-of.ts';
import { judge } from '../event/judge.ts';
import type { Reason } from '../event/reason.ts';
import { type EventReport, reportOf } from '../event/report.ts';
import { listed } from '../event/words.ts';
import { type PreparedCommit, prepareCommit } from '../git/commit.ts';
import { LayeredReader } from '../git/layered.ts';
import { type BranchName, trackingRef } from '../git/names.ts';
import type { CommitSha } from '../git/oid.ts';
import { readRef } from '../git/refs.ts';
import { diffTrees } from '../repository/diff.ts';
import type { FileEdits } from '../repository/draft.ts';
import type { RepositoryTree } from '../repository/tree.ts';
import { type VoidedSignature, voidedSignatures } from '../repository/voided.ts';
import { pushEvent } from './commit.ts';
import { OperationError } from './error.ts';
import { knownGoodOf } from './event.ts';
import { type GatheredEvent, gatherEvent } from './gather.ts';
import { TreeReader } from './read-tree.ts';
import { authorOf, fetchMain, type Main, requirePullRemote, type Workspace } from './workspace.ts';

/** An event that is to be edited, as it stands; main where the event is not there yet. */
export interface EventGround {
  readonly event: BranchName;
  /** `undefined` where the event is created. */
  readonly head: CommitSha | undefined;
  readonly main: Main;
  readonly knownGoodCommit: CommitSha;
  readonly gathered: GatheredEvent;
  /** Reads what is there, and what is proposed. */
  readonly objects: LayeredReader;
  readonly trees: TreeReader;
}

/** An edit of an event that is made, judged, and nowhere yet. */
export interface ProposedEdit {
  readonly ground: EventGround;
  readonly before: RepositoryTree;
  readonly after: RepositoryTree;
  /** The event as it would be. */
  readonly report: EventReport;
  /** Signatures of the event that the edit makes worthless. */
  readonly voided: readonly VoidedSignature[];
  readonly prepared: PreparedCommit;
}

/**
 * Fetches, and reads the event that is to be edited. `main` where the caller has fetched already. Throws {@link GitError},
 * {@link OperationError} `NOT_FOUND`, `NOT_FROM_MAIN`, `MERGED`.
 */
export async function openGround(
  workspace: Workspace,
  event: BranchName,
  fetched?: Main,
): Promise<EventGround> {
  const main = fetched ?? (await fetchMain(workspace));
  const remote = await requirePullRemote(workspace);
  const head = await readRef(workspace.repository, trackingRef(remote, event));
  const knownGoodCommit = head === undefined ? main.commit : await knownGoodOf(workspace, head, main);
  const objects = new LayeredReader(workspace.objects);
  const trees = new TreeReader(objects);
  const commits = { event: head ?? main.commit, knownGood: knownGoodCommit, main: main.commit };
  const gathered = await gatherEvent(objects, commits, { now: workspace.clock.now(), trees });
  return { event, head, main, knownGoodCommit, gathered, objects, trees };
}

/**
 * Makes the commit of an edit and judges the event with it, all in memory. An edit that brings a refusal along which the
 * event had not before is refused. Throws {@link OperationError} `REFUSED`; {@link GitError}.
 */
export async function proposeEdit(
  workspace: Workspace,
  ground: EventGround,
  changes: FileEdits,
  message: readonly string[],
): Promise<ProposedEdit> {
  const { event, head, main, knownGoodCommit, gathered, objects, trees } = ground;
  // The judge would say so, but reads a drill's history, which a commit in memory has not.
  if (drillChanges(diffTrees(gathered.knownGood, gathered.event)).length > 0)
    throw new OperationError('REFUSED', `${event} is a drill, which comes alone: name another event`);
  const now = workspace.clock.now();
  const author = await authorOf(workspace);
  const parents = [head ?? main.commit];
  const prepared = await prepareCommit(objects, { parents, changes, message, author, time: now });
  objects.hold(prepared.objects);
  const commits = { event: prepared.commit, knownGood: knownGoodCommit, main: main.commit };
  const drafted = await gatherEvent(objects, commits, { now, trees });
  const judgement = judge({ ...drafted, knownGoodGiven: false, now });
  const refusals = judgement.reasons.filter(({ severity }) => severity === 'refuse');
  if (refusals.length > 0) {
    const known = new Set(judge({ ...gathered, knownGoodGiven: false, now }).reasons.map(keyOf));
    requireNone(refusals.filter(reason => !known.has(keyOf(reason))));
  }
  // What nobody has to make again is not void: a file that goes takes its signatures along.
  const staying = [...changes].filter(([, bytes]) => bytes !== undefined);
  return {
    ground,
    before: gathered.event,
    after: drafted.event,
    report: reportOf(judgement, { event, head: undefined, knownGood: knownGoodCommit, now }),
    voided: voidedSignatures(gathered.knownGood, gathered.event, new Map(staying)),
    prepared,
  };
}

/** Writes what was proposed, as it was judged, and pushes it. Throws {@link OperationError} `RACE_LOST`; {@link GitError}. */
export async function pushProposed(
  workspace: Workspace,
  { ground: { event, head }, prepared }: ProposedEdit,
): Promise<void> {
  await prepared.write();
  const { status } = await pushEvent(workspace, { branch: event, head, commit: prepared.commit });
  if (status === 'rejected') {
    throw new OperationError('RACE_LOST', `${event} changed meanwhile: look at it and run the command again`);
  }
}

const keyOf = ({ rule, role, message }: Reason): string => JSON.stringify([rule, role, message]);

function requireNone(refusals: readonly Reason[]): void {
  if (refusals.length === 0) return;
  const sentences = refusals.map(
    ({ rule, role, message }) => `${role === undefined ? '' : `${role}: `}${message} [${rule}]`,
  );
  throw new OperationError(
    'REFUSED',
    `the event would be rejected, so nothing was written: ${listed(sentences, 4)}`,
  );
}
