import type { EventReport } from '../event/report.ts';
import type { KeyOwner } from '../metadata/names.ts';
import { escapeMarkdown } from './markdown-text.ts';
import { joined, signCommand, turnsOf } from './words.ts';

/**
 * A short comment that calls on those of `owners` whose turn it is: the one text of ours that mentions people, and only by
 * names that can be accounts. `undefined` where it is nobody's turn.
 */
export function renderMention(report: EventReport, owners: ReadonlySet<KeyOwner>): string | undefined {
  const called = turnsOf(report).filter(({ owner }) => owner !== undefined && owners.has(owner));
  if (called.length === 0) return undefined;
  const lines = called.map(({ name, deeds }) => `- ${liveMention(name)}: ${escapeMarkdown(joined(deeds))}`);
  return `It is your turn. Please run \`${signCommand(report.event)}\`.\n\n${lines.join('\n')}\n`;
}

/** Source: GitHub's account names, 39 of letters, digits and single hyphens. */
const liveMention = (name: string): string =>
  /^@[a-z0-9](?:-?[a-z0-9]){0,38}$/.test(name) ? name : escapeMarkdown(name);
