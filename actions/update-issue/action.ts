import { tellWorkflowOutcome } from '../../src/operations/workflow-issue.ts';
import { say } from '../lib/commands.ts';
import { openForge, runUrl } from '../lib/github.ts';
import type { Action } from '../lib/run.ts';
import { booleanInput, input } from '../lib/world.ts';

/** Opens, updates or closes the one issue that says that a workflow fails. */
export const updateIssue: Action = async world => {
  const workflow = input(world, 'workflow') ?? world.context.workflow;
  const succeeded = booleanInput(world, 'success');
  const issue = await tellWorkflowOutcome(openForge(world), { workflow, succeeded, url: runUrl(world) });
  if (issue !== undefined) say(`${succeeded ? 'Closed' : 'Opened or updated'} ${issue.url}`);
  return undefined;
};
