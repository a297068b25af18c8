import type { GithubAddress } from '../../../src/forge/github/address.ts';
import type { Finding, SettingCheck } from '../../../src/operations/github/check.ts';
import { BY_HAND } from '../../../src/operations/github/table.ts';
import { escapeTerminal, painter } from '../../../src/render/terminal-text.ts';
import type { Output } from '../../output.ts';

const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red', unknown: 'dim' } as const;
const MARKS = { ok: 'ok', warn: 'warn', fail: 'fail', unknown: '?' } as const;

/** The findings for a terminal, each fault with its fix and its page; then what a person has to look at. */
export function renderFindings(
  findings: readonly Finding[],
  table: readonly SettingCheck[],
  { serverUrl, owner, repo }: GithubAddress,
  { colour }: Output,
): string {
  const paint = painter(colour.out);
  const wanted = new Map(table.map(check => [check.id, check.wanted]));
  const lines = findings.flatMap(({ id, state, says, fix, page }) => {
    const mark = paint(COLOURS[state], MARKS[state].padEnd(4));
    if (state === 'ok') return [`${mark}  ${escapeTerminal(says)}`];
    return [
      `${mark}  ${escapeTerminal(says)}`,
      ...(state === 'unknown'
        ? [`      wanted: ${escapeTerminal((wanted.get(id) ?? '').replaceAll('`', ''))}`]
        : []),
      ...(fix === undefined ? [] : [`      fix: ${escapeTerminal(fix)}`]),
      `      at: ${serverUrl}/${owner}/${repo}/${page}`,
    ];
  });
  return [...lines, 'Nobody but you can look at these:', ...BY_HAND.map(text => `  - ${text}`)].join('\n');
}
