import type { Deadline } from '../event/deadlines.ts';
import type { Verdict } from '../event/judge.ts';
import type { Reason, Severity } from '../event/reason.ts';
import type { EventReport, RoleReport } from '../event/report.ts';
import type { RoleName } from '../metadata/names.ts';
import { marginWords } from './drill-words.ts';
import { codeSpan, escapeMarkdown, sentence } from './markdown-text.ts';
import {
  briefDeadline,
  counted,
  deadlineWords,
  isMet,
  joined,
  meterBar,
  metersOf,
  provenance,
  reasonsOf,
  roleTitle,
  roleWords,
  SEVERITY_TITLES,
  type StaleInvitation,
  signCommand,
  staleInvitations,
  type Turn,
  tally,
  turnsOf,
  urgencies,
  verdictWords,
} from './words.ts';

export interface MarkdownOptions {
  /** Characters that the page may have. GitHub takes 65,536 in a comment; a marker needs some of them. */
  readonly maxLength?: number;
  /** URL of a page that shows all of the report, named where this one can not. */
  readonly elsewhere?: string | undefined;
}

/** Lines of one list that stand open; the others are folded under them. */
const OPEN_LINES = 12;
/** How many lines of a list are kept, tried one after the other until the page is short enough. */
const LINES_KEPT: readonly number[] = [1_000, 60, 20, 5, 1, 0];

/**
 * A report as a page for the pull request, in GitHub's Markdown: verdict, what is urgent, refusals, signatures, whose turn it is and the command to
 * run, what changes. Nobody is mentioned. A page that would be too long keeps less of each list and says of how much less.
 */
export function renderMarkdown(
  report: EventReport,
  { maxLength = 65_000, elsewhere }: MarkdownOptions = {},
): string {
  const more = elsewhere === undefined ? '' : `[Everything is here](${elsewhere}).`;
  for (const kept of LINES_KEPT) {
    const text = page(report, kept);
    const whole = kept === LINES_KEPT[0] || more === '' ? text : `${text}\n${more}\n`;
    if (whole.length <= maxLength) return whole;
  }
  return bare(report, more);
}

/** Where names alone fill a page: nothing but the verdict. */
function bare(report: EventReport, more: string): string {
  const { word, meaning } = verdictWords(report);
  const rest = '_This event is too large for a page: `tuf-signer status` shows all._';
  return `## ${ICONS[report.verdict]} ${word}: ${meaning}\n\n${[rest, more].join(' ').trim()}\n`;
}

const ICONS: Readonly<Record<Verdict, string>> = {
  accepted: '✅',
  pending: '⏳',
  rejected: '❌',
  unchanged: '➖',
};

const MERGED = '🏁';

function page(report: EventReport, kept: number): string {
  const { word, meaning } = verdictWords(report);
  const turns = turnSection(report, kept);
  const awaited = reasonSection(report, 'await', kept);
  const sections = [
    `## ${report.state === 'merged' ? MERGED : ICONS[report.verdict]} ${word}: ${meaning}`,
    ...urgencies(report)
      .slice(0, Math.max(kept, 1))
      .map(text => `> ⏰ **${sentence(text)}**`),
    ...reasonSection(report, 'refuse', kept),
    ...signatureTable(report, kept),
    ...drillSection(report, kept),
    ...(report.state === 'merged' ? mainSection(report, kept) : []),
    // Where it is somebody's turn that says it all; where it is nobody's, what is waited for comes first.
    ...(turns.length > 0 ? turns : awaited),
    ...staleSection(report, kept),
    ...changeSection(report, kept),
    ...(turns.length > 0 ? awaited : []),
    ...reasonSection(report, 'warn', kept),
    `<sub>${sentence(`${provenance(report)}. Recompute this yourself: never sign what only a page says.`)}</sub>`,
  ];
  return `${sections.join('\n\n')}\n`;
}

function reasonSection(report: EventReport, severity: Severity, kept: number): readonly string[] {
  const found = reasonsOf(report.reasons, severity);
  if (found.length === 0) return [];
  return [`### ${SEVERITY_TITLES[severity]}`, list(found, kept, 'reason', reasonLine)];
}

function reasonLine({ rule, role, message }: Reason): string {
  const where = role === undefined ? '' : `${escapeMarkdown(role)}: `;
  return `${where}${sentence(message)} (${codeSpan(rule)})`;
}

function signatureTable(report: EventReport, kept: number): readonly string[] {
  const meters = metersOf(report);
  if (meters.length === 0) return [];
  const shown = meters.slice(0, Math.max(kept, 1));
  const rows = shown.map(({ role, which, quorum }, i) => {
    const label = escapeMarkdown(roleTitle(role, report)) + (which === '' ? '' : `, ${which}`);
    const bar = [meterBar(quorum, '■', '□'), tally(quorum)].join(' ').trim();
    const missing = isMet(quorum) ? '' : people(quorum.missing, kept);
    const signed = [
      ...(quorum.signed.length === 0 ? [] : [people(quorum.signed, kept)]),
      ...(quorum.void.length === 0 ? [] : [`void: ${people(quorum.void, kept)}`]),
    ].join('; ');
    const deadline = shown[i - 1]?.role === role ? undefined : report.onMain.get(role);
    const main = deadline === undefined ? '' : briefDeadline(deadline);
    return `| ${label} | ${isMet(quorum) ? `**${bar}**` : bar} | ${signed} | ${missing} | ${main} |`;
  });
  const table = [
    '| Role | Signatures | Signed by | Can still sign | On main |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
  return [table, ...leftOut(meters.length - shown.length, 'quorum', 'quorums')];
}

/** Who has proved a key, and what that says of each role. */
function drillSection({ drill }: EventReport, kept: number): readonly string[] {
  if (drill === undefined) return [];
  const shown = drill.keys.slice(0, Math.max(kept, 1));
  const rows = shown.map(
    ({ owner, fingerprint, roles, proved }) =>
      `| ${escapeMarkdown(briefly(owner))} | ${codeSpan(fingerprint.slice(0, 20))} | ${people(roles, Math.min(kept, 6))} | ${proved ? '**■ proved**' : '□'} |`,
  );
  return [
    ['| Keyholder | Key | Signs | Proof |', '|---|---|---|---|', ...rows].join('\n'),
    ...leftOut(drill.keys.length - shown.length, 'key', 'keys'),
    '### Margin',
    list(drill.margins, kept, 'role', margin => sentence(marginWords(margin, drill.isOver))),
    `A proof is no signature on metadata: it is over bytes that no client reads, SHA-256 ${codeSpan(drill.digest)}.`,
  ];
}

/** What there is now instead of an event to be signed. */
function mainSection(report: EventReport, kept: number): readonly string[] {
  const { onMain } = report;
  if (onMain.size === 0) return [];
  const line = ([role, deadline]: readonly [RoleName, Deadline]): string =>
    `${escapeMarkdown(roleTitle(role, report))}: ${sentence(deadlineWords(deadline))}`;
  return ['### On main', list([...onMain], kept, 'role', line)];
}

function people(names: readonly string[], kept: number): string {
  const shown = names.slice(0, Math.max(kept, 1)).map(name => escapeMarkdown(briefly(name)));
  const rest = names.length - shown.length;
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

/** A name is what a document says; one of a megabyte shall not fill the page. */
const briefly = (name: string): string => (name.length > 120 ? `${name.slice(0, 120)}…` : name);

function turnSection(report: EventReport, kept: number): readonly string[] {
  const turns = turnsOf(report);
  if (turns.length === 0) return [];
  const line = ({ name, deeds }: Turn): string => `**${escapeMarkdown(name)}**: ${sentence(joined(deeds))}`;
  return [
    '### Whose turn it is',
    list(turns, kept, 'signer', line),
    `Run this in a clone of the repository; it shows every change again before it asks for the card:`,
    `\`\`\`sh\n${signCommand(report.event)}\n\`\`\``,
  ];
}

function staleSection(report: EventReport, kept: number): readonly string[] {
  const list = staleInvitations(report);
  if (list.length === 0) return [];
  const shown = list.slice(0, Math.max(kept, 1));
  const item = ({ what }: StaleInvitation): string => `- ${sentence(what)}`;
  return [
    shown.map(item).join('\n'),
    'Withdraw with:',
    `\`\`\`sh\n${shown.flatMap(({ commands }) => commands).join('\n')}\n\`\`\``,
    ...leftOut(list.length - shown.length, 'invitation', 'invitations'),
  ];
}

function changeSection(report: EventReport, kept: number): readonly string[] {
  const roles = [...report.roles].filter(([, { change }]) => change !== 'unchanged');
  if (roles.length === 0 && report.artifacts.length === 0) return [];
  const shown = roles.slice(0, kept);
  return [
    '### What changes',
    ...shown.map(([role, found]) => roleSection(roleTitle(role, report), found, kept)),
    ...leftOut(roles.length - shown.length, 'role', 'roles'),
    ...(report.artifacts.length === 0
      ? []
      : ['**Files below `targets/`**', list(report.artifacts, kept, 'file', sentence)]),
  ];
}

function roleSection(role: string, found: RoleReport, kept: number): string {
  const title = `**${escapeMarkdown(role)}**: ${sentence(roleWords(found))}`;
  const { changes } = found;
  const digest = found.digest === undefined ? [] : [`Payload to sign: SHA-256 ${codeSpan(found.digest)}`];
  return [title, ...(changes.length === 0 ? [] : [list(changes, kept, 'change', sentence)]), ...digest].join(
    '\n\n',
  );
}

/** A list, folded from its twelfth line on; what is beyond `kept` is counted. */
function list<T>(all: readonly T[], kept: number, what: string, line: (item: T) => string): string {
  const items = all.slice(0, kept).map(item => `- ${line(item)}`);
  const open = items.slice(0, OPEN_LINES).join('\n');
  const folded = items.slice(OPEN_LINES);
  return [
    ...(open === '' ? [] : [open]),
    ...(folded.length === 0
      ? []
      : [
          `<details><summary>${counted(folded.length, `more ${what}`)}</summary>\n\n${folded.join('\n')}\n\n</details>`,
        ]),
    ...leftOut(all.length - items.length, what, `${what}s`),
  ].join('\n\n');
}

const leftOut = (count: number, one: string, many: string): readonly string[] =>
  count <= 0
    ? []
    : [
        `_${counted(count, one, many)} left out, as this page would be too long: \`tuf-signer status\` shows all._`,
      ];
