import type { DrillReport } from '../event/drill/report.ts';
import type { DrillStanding } from '../event/drill/standing.ts';
import type { Verdict } from '../event/judge.ts';
import type { Reason, Severity } from '../event/reason.ts';
import type { EventReport } from '../event/report.ts';
import { drillKeyWords, keyStandingWords, marginWords, standingTitle } from './drill-words.ts';
import { type Colour, columnsOf, escapeTerminal, type Paint, painter, wrap } from './terminal-text.ts';
import {
  deadlineWords,
  isMet,
  joined,
  meterBar,
  metersOf,
  provenance,
  reasonsOf,
  roleTitle,
  roleWords,
  SEVERITIES,
  SEVERITY_TITLES,
  signCommand,
  staleInvitations,
  tally,
  turnsOf,
  urgencies,
  verdictWords,
} from './words.ts';

export interface TerminalOptions {
  /** May escape sequences for colour be written? */
  readonly colour: boolean;
  /** Columns to wrap at. */
  readonly width: number;
}

/**
 * A report for a terminal: verdict, deadlines, refusals, signatures, other reasons, what changes, whose turn it is. Plain text, no newline at the end. Text from
 * the event can not steer the terminal.
 */
export function renderTerminal(report: EventReport, options: TerminalOptions): string {
  const paint = painter(options.colour);
  const sections = [
    headline(report, paint, options.width),
    ...deadlines(report, paint, options.width),
    ...reasons(reasonsOf(report.reasons, 'refuse'), options),
    ...signatures(report, paint, options.width),
    ...(report.drill === undefined ? [] : renderDrill(report.drill, paint, options.width)),
    ...reasons([...reasonsOf(report.reasons, 'await'), ...reasonsOf(report.reasons, 'warn')], options),
    ...changes(report, paint, options.width),
    ...turns(report, paint, options.width),
    ...standing(report, paint, options.width),
    ...stale(report, paint, options.width),
    paint('dim', wrap(escapeTerminal(provenance(report)), options.width, '', '')),
  ];
  return sections.join('\n\n');
}

const reasons = (found: readonly Reason[], options: TerminalOptions): readonly string[] =>
  found.length === 0 ? [] : [renderReasons(found, options)];

/** Reasons alone, refusals first, each with its rule and role. Empty for no reasons. */
export function renderReasons(reasons: readonly Reason[], { colour, width }: TerminalOptions): string {
  const paint = painter(colour);
  return SEVERITIES.flatMap(severity => {
    const found = reasonsOf(reasons, severity);
    if (found.length === 0) return [];
    const title = paint(SEVERITY_COLOURS[severity], SEVERITY_TITLES[severity]);
    return [[title, ...found.map(reason => reasonLine(reason, paint, width))].join('\n')];
  }).join('\n\n');
}

const SEVERITY_COLOURS: Readonly<Record<Severity, Colour>> = {
  refuse: 'red',
  await: 'yellow',
  warn: 'yellow',
};
const VERDICT_COLOURS: Readonly<Record<Verdict, Colour>> = {
  accepted: 'green',
  pending: 'yellow',
  rejected: 'red',
  unchanged: 'bold',
};

function reasonLine({ rule, role, message }: Reason, paint: Paint, width: number): string {
  const tag = `[${rule}]`;
  const line = bullet(`${role === undefined ? '' : `${role}: `}${message} ${tag}`, width);
  return line.slice(0, -tag.length) + paint('dim', tag);
}

function headline(report: EventReport, paint: Paint, width: number): string {
  const { word, meaning } = verdictWords(report);
  const name = report.event === undefined ? '' : ` ${escapeTerminal(report.event)}`;
  const line = wrap(`${word.toUpperCase()}${name}: ${meaning}.`, width, '', '  ');
  return [
    paintStart(line, word.toUpperCase(), VERDICT_COLOURS[report.verdict], paint),
    ...urgencies(report).map(text => paintLines('red', wrap(escapeTerminal(text), width, '', '  '), paint)),
  ].join('\n');
}

const paintLines = (colour: Colour, text: string, paint: Paint): string =>
  text
    .split('\n')
    .map(line => paint(colour, line))
    .join('\n');

function deadlines(report: EventReport, paint: Paint, width: number): readonly string[] {
  const { onMain } = report;
  if (onMain.size === 0) return [];
  const lines = [...onMain].map(([role, deadline]) =>
    bullet(`${roleTitle(role, report)}: ${deadlineWords(deadline)}`, width),
  );
  return [[heading('On main', paint), ...lines].join('\n')];
}

/** Paints after wrapping, which counts what is seen. */
const paintStart = (line: string, start: string, colour: Colour, paint: Paint): string =>
  line.startsWith(start) ? paint(colour, start) + line.slice(start.length) : line;

const heading = (title: string, paint: Paint): string => paint('bold', title);

/** One escaped sentence as a list item. */
const bullet = (text: string, width: number): string => wrap(escapeTerminal(text), width, '  - ', '    ');

function signatures(report: EventReport, paint: Paint, width: number): readonly string[] {
  const rows = metersOf(report).map(({ role, which, quorum }) => ({
    label: escapeTerminal(which === '' ? roleTitle(role, report) : `${role} (${which})`),
    bar: `[${meterBar(quorum, '#', '.')}]`,
    quorum,
  }));
  if (rows.length === 0) return [];
  const labels = Math.min(longest(rows.map(({ label }) => columnsOf(label))), Math.floor(width / 2));
  const bars = longest(rows.map(({ bar }) => bar.length));
  const lines = rows.map(({ label, bar, quorum }) => {
    const padding = ' '.repeat(Math.max(0, labels - columnsOf(label)));
    const start = `  ${label}${padding}  ${bar.padEnd(bars)} `;
    const { signed, missing, void: voided } = quorum;
    const who = [
      tally(quorum),
      ...(signed.length === 0 ? [] : [`signed: ${signed.join(', ')}`]),
      ...(voided.length === 0 ? [] : [`void: ${voided.join(', ')}`]),
      ...(isMet(quorum) || missing.length === 0 ? [] : [`can still sign: ${missing.join(', ')}`]),
    ];
    const indent = ' '.repeat(Math.min(columnsOf(start), Math.floor(width / 2)));
    const text = wrap(escapeTerminal(who.join('; ')), width, start, indent);
    const at = start.length - bars - 1;
    return isMet(quorum) ? text.slice(0, at) + paintStart(text.slice(at), bar, 'green', paint) : text;
  });
  return [[heading('Signatures', paint), ...lines].join('\n')];
}

/** Not `Math.max(...)`: there may be more roles than one call takes arguments. */
const longest = (lengths: readonly number[]): number => lengths.reduce((a, b) => Math.max(a, b), 0);

function changes(report: EventReport, paint: Paint, width: number): readonly string[] {
  const sections = [...report.roles]
    .filter(([, { change }]) => change !== 'unchanged')
    .map(([role, found]) => [
      paintStart(
        wrap(escapeTerminal(`${roleTitle(role, report)}: ${roleWords(found)}`), width, '', '    '),
        escapeTerminal(roleTitle(role, report)),
        'bold',
        paint,
      ),
      ...found.changes.map(sentence => bullet(sentence, width)),
      ...(found.digest === undefined ? [] : [`    payload ${found.digest}`]),
    ]);
  if (report.artifacts.length > 0) {
    sections.push([
      paint('bold', 'files below targets/'),
      ...report.artifacts.map(sentence => bullet(sentence, width)),
    ]);
  }
  if (sections.length === 0) return [];
  const title = wrap(`What changes (payload: SHA-256 of the bytes to sign)`, width, '', '  ');
  return [[paintStart(title, 'What changes', 'bold', paint), ...sections.flat()].join('\n')];
}

/** Who has proved a key in a drill, and what that says of each role: two sections. */
export function renderDrill(found: DrillReport, paint: Paint, width: number): readonly string[] {
  const keys = found.keys.map(key =>
    wrap(escapeTerminal(drillKeyWords(key)), width, key.proved ? '  [#] ' : '  [.] ', '      '),
  );
  const title = paint('bold', 'Keys that prove themselves');
  return [[title, ...keys, `    payload ${found.digest}`].join('\n'), renderMargins(found, paint, width)];
}

/** What the drills on main say, where somebody asked. */
function standing({ standing: found }: EventReport, paint: Paint, width: number): readonly string[] {
  return found === undefined || found.drills === 0 ? [] : [renderStanding(found, paint, width)];
}

/** Keys that are silent or not asked, and each role's margin. */
export function renderStanding(found: DrillStanding, paint: Paint, width: number): string {
  const title = wrap(escapeTerminal(standingTitle(found)), width, '', '  ');
  const keys = found.keys.filter(({ state }) => state !== 'proved');
  return [
    paintLines('bold', title, paint),
    ...found.margins.map(margin => bullet(marginWords(margin, true), width)),
    ...keys.map(key => bullet(keyStandingWords(key), width)),
  ].join('\n');
}

const renderMargins = ({ margins, isOver }: DrillReport, paint: Paint, width: number): string =>
  [
    paint('bold', 'Margin by role'),
    ...margins.map(margin => bullet(marginWords(margin, isOver), width)),
  ].join('\n');

function turns(report: EventReport, paint: Paint, width: number): readonly string[] {
  const list = turnsOf(report);
  if (list.length === 0) return [];
  return [
    [
      heading('Whose turn it is', paint),
      ...list.map(({ name, deeds }) => bullet(`${name}: ${joined(deeds)}`, width)),
      `    ${paint('bold', signCommand(report.event))}`,
    ].join('\n'),
  ];
}

function stale(report: EventReport, paint: Paint, width: number): readonly string[] {
  const list = staleInvitations(report);
  if (list.length === 0) return [];
  return [
    [
      heading('Invitations that can be withdrawn', paint),
      ...list.flatMap(({ what, commands }) => [
        bullet(what, width),
        ...commands.map(command => paintLines('bold', commandLines(command, width), paint)),
      ]),
    ].join('\n'),
  ];
}

/** One command, of several lines where it is too long for one; it can be pasted as it stands. */
const commandLines = (command: string, width: number): string =>
  wrap(escapeTerminal(command), width - 2, '    ', '      ').replaceAll('\n', ' \\\n');
