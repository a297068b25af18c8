import { formatInstant, type Instant } from '../clock.ts';
import type { Calendar, Ceremony } from '../event/calendar.ts';
import type { Deadline } from '../event/deadlines.ts';
import type { DrillReport } from '../event/drill/report.ts';
import type { DrillStanding } from '../event/drill/standing.ts';
import { ceremonyDeed, ceremonyWords } from './calendar-words.ts';
import { openDrillWords } from './drill-words.ts';
import { renderStanding, type TerminalOptions } from './terminal.ts';
import { escapeTerminal, type Paint, painter, wrap } from './terminal-text.ts';
import { deadlineWords } from './words.ts';

/** What a calendar says beside its dates. */
export interface CalendarView extends Calendar {
  readonly main: { readonly branch: string; readonly commit: string };
  readonly until: Instant;
  readonly drills: readonly { readonly branch: string; readonly drill: DrillReport }[];
  readonly standing: DrillStanding;
}

const day = (instant: Instant): string => formatInstant(instant).slice(0, 10);

/**
 * A calendar for a terminal: a line a ceremony, what automation signs, open drills, margins. Plain text of `width` columns,
 * no newline at the end.
 */
export function renderCalendar(view: CalendarView, { colour, width }: TerminalOptions): string {
  const paint = painter(colour);
  const line = (text: string): string => wrap(escapeTerminal(text), width, '  - ', '    ');
  const section = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : [[paint('bold', title), ...lines].join('\n')];
  const role = ([name, deadline]: readonly [string, Deadline]): string =>
    line(`${name}: ${deadlineWords(deadline)}`);
  const notes = [
    ...(view.ceremonies.some(({ isForecast }) => isForecast)
      ? ['~ if what comes before is begun on its first day']
      : []),
    ...(view.isCut ? ['more ceremonies follow before that: ask for a nearer --until'] : []),
    `by ${view.main.branch} at ${view.main.commit.slice(0, 12)} as last fetched; days are UTC`,
  ];
  return [
    ceremonies(view, paint, width),
    ...section(
      'Drills that are open',
      view.drills.map(({ branch, drill }) => line(openDrillWords(branch, drill))),
    ),
    ...section('Says no period, so that nobody is called in time', [...view.unplanned].map(role)),
    ...section('Signed by automation', [...view.automatic].map(role)),
    ...(view.standing.drills === 0 ? [] : [renderStanding(view.standing, paint, width)]),
    paint('dim', notes.map(note => wrap(escapeTerminal(note), width, '', '  ')).join('\n')),
  ].join('\n\n');
}

function ceremonies({ ceremonies: found, until }: CalendarView, paint: Paint, width: number): string {
  const title = `When to sign, until ${day(until)}`;
  if (found.length === 0) return `${paint('bold', title)}\n  nothing`;
  const lines = found.map(ceremony => {
    const mark = ceremony.isForecast ? '~' : ' ';
    const start = `${mark}${day(ceremony.opensAt)}  ${mark}${day(ceremony.expiresAt)}  `;
    const indent = ' '.repeat(start.length);
    const row = wrap(escapeTerminal(ceremonyWords(ceremony)), width, start, indent);
    const deed = ceremonyDeed(ceremony);
    return deed === undefined ? row : `${row}\n${deedLines(ceremony, deed, indent, paint, width)}`;
  });
  return [paint('bold', title), ' Opens        Expires     Roles, and who signs', ...lines].join('\n');
}

const deedLines = ({ state }: Ceremony, deed: string, indent: string, paint: Paint, width: number): string =>
  wrap(escapeTerminal(deed), width, indent, indent)
    .split('\n')
    .map(line => indent + paint(state === 'overdue' ? 'red' : 'yellow', line.slice(indent.length)))
    .join('\n');
