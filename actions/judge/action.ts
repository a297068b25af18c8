import { unreachable } from '../../src/errors.ts';
import { judgePullRequest } from '../../src/operations/judge-pull-request.ts';
import { renderMarkdown } from '../../src/render/markdown.ts';
import { sentence } from '../../src/render/markdown-text.ts';
import { openClone } from '../lib/clone.ts';
import { addSummary, MAX_SUMMARY, say, setOutput } from '../lib/commands.ts';
import { ActionError } from '../lib/error.ts';
import { inBrief } from '../lib/reasons.ts';
import type { Action } from '../lib/run.ts';
import { type ActionWorld, input } from '../lib/world.ts';

/** Judges a pull request, be it from a fork: the job's colour and its summary say the verdict, nothing is written. */
export const judgeAction: Action = async world => {
  const number = pullRequestNumber(world);
  await using workspace = await openClone(world);
  const judged = await judgePullRequest(workspace, number);
  setOutput('verdict', judged.kind === 'judged' ? judged.report.verdict : judged.kind);
  switch (judged.kind) {
    case 'aside':
      say(`#${number} changes nothing that is signed.`);
      await addSummary('This pull request changes nothing that is signed.');
      return undefined;
    case 'unjudged':
      await addSummary(`This pull request can not be judged: ${sentence(judged.problem)}`);
      return `#${number} can not be judged: ${judged.problem}`;
    case 'judged': {
      const { verdict, reasons } = judged.report;
      say(`#${number}: ${verdict}`);
      await addSummary(renderMarkdown(judged.report, { maxLength: MAX_SUMMARY / 4 }));
      return verdict === 'rejected' ? `#${number} is rejected: ${inBrief(reasons)}` : undefined;
    }
    default:
      return unreachable(judged);
  }
};

function pullRequestNumber(world: ActionWorld): number {
  const text = input(world, 'pull-request') ?? String(world.context.payload.pull_request?.number);
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new ActionError(
    'BAD_INPUT',
    'no pull request is named: run this on pull_request, or set input pull-request',
  );
}
