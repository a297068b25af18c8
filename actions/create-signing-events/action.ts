import { warnOfExpiry } from '../../src/operations/expiry-issue.ts';
import { renewRoles } from '../../src/operations/renew.ts';
import { tellOpenEvents } from '../../src/operations/signing-event.ts';
import { escapeMarkdown } from '../../src/render/markdown-text.ts';
import { automation, openClone } from '../lib/clone.ts';
import { addSummary, say, sayWarning, setOutput } from '../lib/commands.ts';
import { openForge, runUrl } from '../lib/github.ts';
import type { Action } from '../lib/run.ts';

/**
 * Opens events for roles within their signing period, tells of all open ones (a push by this token starts no workflow that
 * would), and warns where an end comes near.
 */
export const createSigningEvents: Action = async world => {
  const forge = openForge(world);
  await using workspace = await openClone(world);
  const { due, begun, rebased, voided } = await renewRoles(workspace, { author: automation });
  const lines = [
    ...[...begun].map(([branch, roles]) => `${branch} renews ${roles.join(' and ')}`),
    ...rebased.map(branch => `${branch} stands on main again, with its signatures`),
    ...[...voided].map(
      ([branch, names]) =>
        `${branch} can not be used any more: void are the signatures of ${names.join(', ')}`,
    ),
  ];
  if (lines.length === 0) lines.push('No event had to be begun.');
  for (const line of lines) say(line);
  await addSummary(lines.map(line => `- ${escapeMarkdown(line)}`).join('\n'));
  setOutput('events', [...begun.keys()].join(' '));
  // Before all that can fail: this is what people have to know.
  await warnOfExpiry(forge, due, world.clock.now());
  const { failed } = await tellOpenEvents(workspace, forge, { elsewhere: runUrl(world) });
  for (const [branch, error] of failed) sayWarning(`${branch}: ${error.message}`);
  return undefined;
};
