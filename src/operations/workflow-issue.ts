import { createHash } from 'node:crypto';
import type { Forge, Issue, IssueRequest } from '../forge/forge.ts';
import { escapeMarkdown } from '../render/markdown-text.ts';

export interface WorkflowOutcome {
  /** As the workflow calls itself. */
  readonly workflow: string;
  readonly succeeded: boolean;
  /** The page of the run. */
  readonly url: string;
}

const LABEL = 'tuf-signer-failure';

/**
 * One open issue a workflow, as long as it fails: made by the first failure, pointed to the last one, closed by the
 * first success. `undefined` where there is nothing to say.
 */
export function tellWorkflowOutcome(forge: Forge, outcome: WorkflowOutcome): Promise<Issue | undefined> {
  const request = issueOf(outcome);
  return outcome.succeeded
    ? forge.closeIssue(request, `It works again: ${outcome.url}`)
    : forge.openOrUpdateIssue(request);
}

function issueOf({ workflow, url }: WorkflowOutcome): IssueRequest {
  const digest = createHash('sha256').update(workflow).digest('hex').slice(0, 16);
  const body = [
    `The workflow ${escapeMarkdown(workflow)} of this TUF repository fails. Its last run: ${url}`,
    'Until it works again nothing new may reach clients, and what they have may expire.',
    'This issue is closed by the next run that succeeds. GitHub stops schedules in a public repository after 60 days without activity: `gh workflow enable` starts them again.',
  ];
  return {
    marker: `<!-- tuf-signer: workflow ${digest} -->`,
    label: LABEL,
    title: `The workflow ${workflow} fails`,
    body: `${body.join('\n\n')}\n`,
  };
}
