import type { DrillReport } from '../event/drill/report.ts';
import type { DrillStanding } from '../event/drill/standing.ts';
import { openDrillWords } from './drill-words.ts';
import { renderDrill, renderStanding, type TerminalOptions } from './terminal.ts';
import { escapeTerminal, painter, wrap } from './terminal-text.ts';
import { signCommand } from './words.ts';

/** What main's drills say, and each open one, for a terminal. No newline at the end. */
export function renderDrillStatus(
  {
    standing,
    open,
  }: {
    readonly standing: DrillStanding;
    readonly open: readonly { readonly branch: string; readonly drill: DrillReport }[];
  },
  { colour, width }: TerminalOptions,
): string {
  const paint = painter(colour);
  const none = 'No drill is on main, so nobody knows which keys still work: tuf-signer drill open';
  return [
    ...(standing.drills > 0 ? [renderStanding(standing, paint, width)] : []),
    ...(standing.drills + open.length === 0 ? [wrap(none, width, '', '  ')] : []),
    ...open.flatMap(({ branch, drill }) => [
      wrap(escapeTerminal(`${openDrillWords(branch, drill)}.`), width, '', '  '),
      ...renderDrill(drill, paint, width),
      `    ${paint('bold', signCommand(branch))}`,
    ]),
  ].join('\n\n');
}
