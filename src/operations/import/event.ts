import { judge } from '../../event/judge.ts';
import { type EventReport, reportOf } from '../../event/report.ts';
import { createCommit } from '../../git/commit.ts';
import { type BranchName, trackingRef } from '../../git/names.ts';
import type { CommitSha } from '../../git/oid.ts';
import { readRef } from '../../git/refs.ts';
import { allDigests } from '../../repository/digests.ts';
import { commitAndPush } from '../commit.ts';
import { OperationError } from '../error.ts';
import { gatherEvent } from '../gather.ts';
import type { Prompter } from '../prompter.ts';
import { TreeReader } from '../read-tree.ts';
import { authorOf, requirePullRemote, type Workspace } from '../workspace.ts';
import type { Adoption, PlannedRole } from './adoption.ts';
import { adopt } from './edits.ts';

/** What is said of the roles, and what they become by it. */
export interface Plan {
  readonly adoption: Adoption;
  readonly planned: readonly PlannedRole[];
}

/** An event that no branch holds yet. */
export interface DraftedEvent {
  readonly changes: ReadonlyMap<string, Uint8Array | undefined>;
  readonly report: EventReport;
}

/** The event that is to follow, judged before anybody sees it; `undefined` where nothing has to change. */
export async function draftEvent(
  workspace: Workspace,
  { event, prompter }: { readonly event: BranchName; readonly prompter: Prompter },
  imported: CommitSha,
  { adoption, planned }: Plan,
): Promise<DraftedEvent | undefined> {
  const { objects, clock } = workspace;
  const now = clock.now();
  const tree = await new TreeReader(objects).read(imported);
  const changes = adopt(tree, await objects.hashBlobs(allDigests(tree)), planned, adoption).files(now);
  if (changes.size === 0) return undefined;
  const head = await createCommit(objects, {
    parents: [imported],
    changes,
    message: MESSAGE,
    author: await authorOf(workspace),
    time: now,
  });
  const commits = { event: head, knownGood: imported, main: undefined };
  const gathered = await gatherEvent(objects, commits, { now });
  const judgement = judge({ ...gathered, knownGoodGiven: false, now });
  const report = reportOf(judgement, { event, head, knownGood: imported, now });
  if (judgement.verdict !== 'rejected') return { changes, report };
  prompter.show(report);
  throw new OperationError(
    'REFUSED',
    'the event would be rejected, for the reasons above: nothing was imported',
  );
}

const MESSAGE = ['Import: who signs, the online key and periods'] as const;

export async function pushDraft(
  workspace: Workspace,
  branch: BranchName,
  { changes }: DraftedEvent,
  standing: CommitSha,
): Promise<void> {
  const parents = [standing];
  const commit = { branch, head: undefined, parents, changes, message: MESSAGE };
  if ((await commitAndPush(workspace, commit)).status === 'pushed') return;
  throw taken(branch);
}

/** Is the event there, from an earlier run? Throws `ALREADY_THERE` where it can't be that. */
export async function isEventOpen(
  workspace: Workspace,
  event: BranchName,
  isStarted: boolean,
): Promise<boolean> {
  const ref = trackingRef(await requirePullRemote(workspace), event);
  if ((await readRef(workspace.repository, ref)) === undefined) return false;
  if (isStarted) return true;
  throw taken(event);
}

const taken = (event: BranchName): OperationError =>
  new OperationError('ALREADY_THERE', `${event} is there already: close it, or choose another name`);
