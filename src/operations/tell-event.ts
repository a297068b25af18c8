import { unreachable } from '../errors.ts';
import type { Verdict } from '../event/judge.ts';
import type { EventReport } from '../event/report.ts';
import type { Forge, PullRequest, StatusState } from '../forge/forge.ts';
import { isAncestor } from '../git/history.ts';
import { type BranchName, trackingRef } from '../git/names.ts';
import { readRef } from '../git/refs.ts';
import {
  EVENT_MARKER,
  obligationsIn,
  readMemory,
  renderEventComment,
  renderUnjudged,
} from '../render/event-comment.ts';
import { renderMention } from '../render/mention.ts';
import { accountsOf } from './accounts.ts';
import { OperationError } from './error.ts';
import { type EventRequest, loadEvent } from './event.ts';
import { isFaultOfEvent } from './status.ts';
import { findMain, requirePullRemote, type Workspace } from './workspace.ts';

/** What was told of an event. */
export type ToldEvent =
  | { readonly kind: 'judged'; readonly report: EventReport }
  /** It can not be judged at all, and why. */
  | { readonly kind: 'unjudged'; readonly problem: string }
  /** All of it is on main: its branch can be deleted. */
  | { readonly kind: 'merged' };

export interface TellOptions {
  /** URL of a page that shows what is too long for a comment. */
  readonly elsewhere?: string | undefined;
}

/**
 * Judges an event as it was last fetched, and tells what came of it: beside the commit, in the pull request, and to those
 * whose turn has begun. Changes nothing of the event itself. Throws {@link ForgeError}, {@link OperationError}; git's errors.
 */
export async function tellEvent(
  workspace: Workspace,
  branch: BranchName,
  forge: Forge,
  options: TellOptions = {},
): Promise<ToldEvent> {
  const remote = await requirePullRemote(workspace);
  const head = await readRef(workspace.repository, trackingRef(remote, branch));
  if (head === undefined) throw new OperationError('NOT_FOUND', `there is no event ${branch} on ${remote}`);
  const main = await findMain(workspace);
  if (await isAncestor(workspace.repository, head, main.commit)) return { kind: 'merged' };
  const event = await judgeEvent(workspace, {
    head,
    branch,
    main,
    accountsOf: gathered => accountsOf(workspace, forge, branch, head, gathered),
  });
  // The status first: it is what merging waits for.
  if (event.kind === 'unjudged') {
    await forge.setStatus(head, 'error', `can not be judged: ${event.problem}`);
    const pullRequest = await openPullRequest(forge, branch, true);
    await forge.upsertComment(pullRequest, EVENT_MARKER, renderUnjudged(event.problem));
    return event;
  }
  const { report } = event;
  await forge.setStatus(head, statusOf(report.verdict), summary(report));
  const pullRequest = await openPullRequest(forge, branch, report.verdict !== 'accepted');
  await tellReport(forge, pullRequest, report, options);
  return event;
}

/** The report of an event that is known to be sound. Throws {@link OperationError} `REFUSED` where there is none. */
export function requireReport(told: ToldEvent): EventReport {
  if (told.kind === 'judged') return told.report;
  const problem = told.kind === 'merged' ? 'the event is merged already' : told.problem;
  throw new OperationError('REFUSED', problem);
}

async function judgeEvent(
  workspace: Workspace,
  request: EventRequest,
): Promise<Exclude<ToldEvent, { readonly kind: 'merged' }>> {
  try {
    return { kind: 'judged', report: (await loadEvent(workspace, request)).report };
  } catch (error) {
    if (!isFaultOfEvent(error)) throw error;
    return { kind: 'unjudged', problem: error.message };
  }
}

const openPullRequest = (forge: Forge, branch: BranchName, draft: boolean): Promise<PullRequest> =>
  forge.openOrUpdatePullRequest({
    branch,
    title: `Signing event ${branch.replace(/^sign\//, '')}`,
    body: 'A signing event of this TUF repository. The comment below says what it needs.',
    draft,
  });

/**
 * Writes the comment where it would say something else, and calls those whose turn has begun since it was last written.
 * They are called first: a run that ends between the two calls them once more, and not never.
 */
async function tellReport(
  forge: Forge,
  pullRequest: PullRequest,
  report: EventReport,
  options: TellOptions,
): Promise<void> {
  const before = await forge.readComment(pullRequest, EVENT_MARKER);
  const memory = readMemory(before);
  const owed = obligationsIn(report);
  const begun = new Set([...owed].filter(([name]) => !memory.mentioned.has(name)).map(([, owner]) => owner));
  const mention = renderMention(report, begun);
  if (mention !== undefined) await forge.postMention(pullRequest, mention);
  // While an event is rejected it is nobody's turn, but nobody's turn has ended.
  const mentioned = report.verdict === 'rejected' ? memory.mentioned : new Set(owed.keys());
  const write = (judgedAt: string): string => renderEventComment({ ...report, judgedAt }, mentioned, options);
  // Only a verdict that is new has a new date.
  if (memory.judgedAt !== undefined && before?.trim() === write(memory.judgedAt).trim()) return;
  await forge.upsertComment(pullRequest, EVENT_MARKER, write(report.judgedAt));
}

/** Pending is no failure: a red mark is for what a person has to mend. */
function statusOf(verdict: Verdict): StatusState {
  switch (verdict) {
    case 'accepted':
      return 'success';
    case 'pending':
    case 'unchanged':
      return 'pending';
    case 'rejected':
      return 'failure';
    default:
      return unreachable(verdict);
  }
}

function summary({ verdict, reasons }: EventReport): string {
  const telling = reasons.filter(
    ({ severity }) => severity === (verdict === 'rejected' ? 'refuse' : 'await'),
  );
  const rules = [...new Set(telling.map(({ rule }) => rule))].join(', ');
  return rules === '' ? verdict : `${verdict}: ${rules}`;
}
