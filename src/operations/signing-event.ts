import { unreachable } from '../errors.ts';
import type { Verdict } from '../event/judge.ts';
import type { EventReport } from '../event/report.ts';
import type { Forge, StatusState } from '../forge/forge.ts';
import type { Identity } from '../git/commit-object.ts';
import type { BranchName } from '../git/names.ts';
import type { RoleName } from '../metadata/names.ts';
import { renderMarkdown } from '../render/markdown.ts';
import { loadRemoteEvent } from './event.ts';
import { updateTargets } from './update-targets.ts';
import { fetchMain, type Workspace } from './workspace.ts';

export interface SigningEventOutcome {
  readonly report: EventReport;
  /** Roles whose metadata was made to agree with the files. */
  readonly updated: readonly RoleName[];
}

const COMMENT_MARKER = '<!-- tuf-signer: signing event -->';

/**
 * What the automation does after each push to an event: metadata made to agree with files, the event judged, the verdict
 * told in the pull request and beside the commit. Safe to run again.
 */
export async function runSigningEvent(
  workspace: Workspace,
  branch: BranchName,
  forge: Forge,
  author?: Identity,
): Promise<SigningEventOutcome> {
  await fetchMain(workspace, false);
  const { updated } = await updateTargets(workspace, branch, author);
  return { report: await tellVerdict(workspace, branch, forge), updated };
}

/** Judges an event as it was last fetched, and tells the verdict. Changes nothing of the event itself. */
export async function tellVerdict(
  workspace: Workspace,
  branch: BranchName,
  forge: Forge,
): Promise<EventReport> {
  const { report, head } = await loadRemoteEvent(workspace, branch);
  const pullRequest = await forge.openOrUpdatePullRequest({
    branch,
    title: `Signing event ${branch.replace(/^sign\//, '')}`,
    body: 'A signing event of this TUF repository. The comment below says what it needs.',
    draft: report.verdict !== 'accepted',
  });
  await forge.setStatus(head, statusOf(report.verdict), summary(report));
  await forge.upsertComment(pullRequest, COMMENT_MARKER, `${COMMENT_MARKER}\n${renderMarkdown(report)}`);
  return report;
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
