import { judge } from '../event/judge.ts';
import { reportOf } from '../event/report.ts';
import type { BranchName } from '../git/names.ts';
import type { CommitSha } from '../git/oid.ts';
import type { LoadedEvent } from './event.ts';
import { gatherEvent } from './gather.ts';
import type { Main, Workspace } from './workspace.ts';

/**
 * An event that is part of main: there is nothing to judge but main, as it is. So its report says `merged`, and what
 * main has of each role. Nothing in it can be signed. Throws {@link GitError}.
 */
export async function loadMerged(
  workspace: Workspace,
  main: Main,
  event: { readonly head: CommitSha; readonly branch: BranchName | undefined },
): Promise<LoadedEvent> {
  const now = workspace.clock.now();
  const commits = { event: main.commit, knownGood: main.commit, main: main.commit };
  const gathered = await gatherEvent(workspace.objects, commits, { now });
  const judgement = judge({ ...gathered, knownGoodGiven: false, now });
  const labels = { event: event.branch, head: event.head, knownGood: main.commit, now, merged: true };
  return {
    ...event,
    knownGoodCommit: main.commit,
    gathered,
    isRepair: false,
    judgement,
    report: reportOf(judgement, labels),
  };
}
