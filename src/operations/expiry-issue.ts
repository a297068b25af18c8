import { DAY_MS, formatInstant, type Instant } from '../clock.ts';
import type { Forge, Issue, IssueRequest } from '../forge/forge.ts';
import { codeSpan, escapeMarkdown } from '../render/markdown-text.ts';
import type { DueRole } from './renew.ts';

const LABEL = 'tuf-signer-expiry';

/** How near the end is, from the nearest on: as a part of the signing period that is left. */
const LEVELS = [
  { name: 'expired', left: 0, word: 'Expired' },
  { name: 'urgent', left: 0.25, word: 'Urgent' },
  { name: 'soon', left: 0.5, word: 'Soon' },
] as const;

type Level = (typeof LEVELS)[number];

/**
 * Warns of roles whose end comes near and whose renewal is not merged: one open issue, another one at each step nearer, so
 * that people are notified again, and none any more once all is renewed. Safe to run again.
 */
export async function warnOfExpiry(
  forge: Forge,
  due: readonly DueRole[],
  now: Instant,
): Promise<Issue | undefined> {
  const inDanger = due
    .filter(role => levelOf(role, now) !== undefined)
    .sort((a, b) => a.expiresAt - b.expiresAt);
  const level = LEVELS.find(one => inDanger.some(role => levelOf(role, now) === one));
  const issue = level === undefined ? undefined : await forge.openOrUpdateIssue(issueOf(level, inDanger));
  for (const other of LEVELS) {
    if (other === level) continue;
    const lastWord = issue === undefined ? 'All roles are renewed.' : `See ${issue.url} instead.`;
    await forge.closeIssue({ marker: markerOf(other), label: LABEL }, lastWord);
  }
  return issue;
}

const levelOf = ({ expiresAt, signingDays }: DueRole, now: Instant): Level | undefined =>
  LEVELS.find(({ left }) => expiresAt - now <= left * signingDays * DAY_MS);

const markerOf = ({ name }: Level): string => `<!-- tuf-signer: expiry, ${name} -->`;

function issueOf(level: Level, roles: readonly DueRole[]): IssueRequest {
  const lines = roles.map(({ role, expiresAt, event }) => {
    const where =
      event === undefined ? 'no event renews it yet' : `signatures are wanted on ${codeSpan(event)}`;
    return `- ${escapeMarkdown(role)} ends at ${codeSpan(formatInstant(expiresAt))}: ${where}`;
  });
  return {
    marker: markerOf(level),
    label: LABEL,
    title: `${level.word}: metadata of this TUF repository has to be renewed`,
    body: `Clients refuse what has expired.\n\n${lines.join('\n')}\n\nThe pull request of an event says whose turn it is. This issue is closed once all is merged.\n`,
  };
}
