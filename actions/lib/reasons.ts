import type { Reason } from '../../src/event/reason.ts';
import { codeSpan, escapeMarkdown, sentence } from '../../src/render/markdown-text.ts';
import { addSummary, say } from './commands.ts';

/** Puts reasons into the log and on the run's page. */
export async function showReasons(title: string, reasons: readonly Reason[]): Promise<void> {
  for (const { rule, role, message } of reasons)
    say(`${rule}${role === undefined ? '' : ` (${role})`}: ${message}`);
  const lines = reasons.map(
    ({ rule, role, message }) =>
      `- ${role === undefined ? '' : `${escapeMarkdown(role)}: `}${sentence(message)} (${codeSpan(rule)})`,
  );
  await addSummary(`## ${escapeMarkdown(title)}\n\n${lines.join('\n')}\n`);
}

/** The refusals in a few words, for one line. */
export const inBrief = (reasons: readonly Reason[]): string => {
  const refusals = reasons.filter(({ severity }) => severity === 'refuse');
  const rules = [...new Set(refusals.map(({ rule }) => rule))].join(', ');
  return `${rules}; the summary of this run says why`;
};
