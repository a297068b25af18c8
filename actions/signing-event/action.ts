import { unreachable } from '../../src/errors.ts';
import { parseSigningEvent } from '../../src/git/names.ts';
import { runSigningEvent, tellOpenEvents } from '../../src/operations/signing-event.ts';
import type { ToldEvent } from '../../src/operations/tell-event.ts';
import { renderMarkdown } from '../../src/render/markdown.ts';
import { escapeMarkdown } from '../../src/render/markdown-text.ts';
import { automation, openClone } from '../lib/clone.ts';
import { addSummary, MAX_SUMMARY, say, sayWarning, setOutput } from '../lib/commands.ts';
import { openForge, runUrl } from '../lib/github.ts';
import { inBrief } from '../lib/reasons.ts';
import type { Action } from '../lib/run.ts';
import { type ActionWorld, input } from '../lib/world.ts';

const BRANCH = /^refs\/heads\/(sign\/.+)$/;

/**
 * After a push to `sign/**`: that event. After any other, or on a schedule: all open events are judged again. Fails where an
 * event of its own push is rejected or can not be judged.
 */
export const signingEvent: Action = async world => {
  const name = input(world, 'event') ?? BRANCH.exec(world.context.ref)?.[1];
  if (name === undefined) return judgeAll(world);
  const event = parseSigningEvent(name);
  await using workspace = await openClone(world);
  const options = { elsewhere: runUrl(world) };
  const { told, updated } = await runSigningEvent(workspace, event, openForge(world), automation, options);
  if (updated.length > 0) say(`Updated the targets metadata of ${updated.join(', ')}.`);
  setOutput('updated', updated.join(' '));
  setOutput('verdict', told.kind === 'judged' ? told.report.verdict : told.kind);
  await show(name, told);
  return failureOf(name, told);
};

async function judgeAll(world: ActionWorld): Promise<string | undefined> {
  await using workspace = await openClone(world);
  const { told, failed, ignored } = await tellOpenEvents(workspace, openForge(world), {
    elsewhere: runUrl(world),
  });
  for (const [branch, event] of told) await show(branch, event);
  for (const [branch, error] of failed) sayWarning(`${branch}: ${error.message}`);
  for (const name of ignored) sayWarning(`the branch ${name} is left aside: its name is not safe to use`);
  setOutput('verdict', '');
  // Whose push it was that an event is rejected, its own run says in red.
  return undefined;
}

async function show(branch: string, told: ToldEvent): Promise<void> {
  const title = `# ${escapeMarkdown(branch)}`;
  switch (told.kind) {
    case 'judged':
      say(`${branch}: ${told.report.verdict}`);
      return addSummary(`${title}\n\n${renderMarkdown(told.report, { maxLength: MAX_SUMMARY / 4 })}`);
    case 'unjudged':
      say(`${branch} can not be judged: ${told.problem}`);
      return addSummary(`${title}\n\nThis event can not be judged: ${escapeMarkdown(told.problem)}\n`);
    case 'merged':
      say(`${branch} is on main already: its branch can be deleted`);
      return undefined;
    default:
      return unreachable(told);
  }
}

/** Pending is green: nobody has anything to mend. */
function failureOf(branch: string, told: ToldEvent): string | undefined {
  switch (told.kind) {
    case 'judged':
      return told.report.verdict === 'rejected'
        ? `${branch} is rejected: ${inBrief(told.report.reasons)}`
        : undefined;
    case 'unjudged':
      return `${branch} can not be judged: ${told.problem}`;
    case 'merged':
      return undefined;
    default:
      return unreachable(told);
  }
}
