import type { EventReport } from '../event/report.ts';
import { keyName } from '../event/words.ts';
import type { Overlap } from '../repository/overlaps.ts';
import { folderOf } from '../repository/role-paths.ts';
import type { RoleRow, RoleSummary, RoleTable } from '../repository/role-table.ts';
import type { VoidedSignature } from '../repository/voided.ts';
import type { TerminalOptions } from './terminal.ts';
import { columnsOf, escapeTerminal, type Paint, painter, wrap } from './terminal-text.ts';
import { counted, joined as joinedNames, metersOf, turnsOf, whichQuorum } from './words.ts';

/** A change of roles, as people are asked about it. */
export interface RoleChangeView {
  readonly event: string;
  readonly table: RoleTable;
  readonly removedArtifacts: readonly string[];
  readonly overlaps: readonly Overlap[];
  readonly voided: readonly VoidedSignature[];
  readonly report: EventReport;
}

/** The roles that result, what has to be signed anew and by whom, and what is lost. Plain text, no newline at the end. */
export function renderRoleChange(view: RoleChangeView, { colour, width }: TerminalOptions): string {
  const paint = painter(colour);
  const section = (title: string, sentences: readonly string[]): readonly string[] =>
    sentences.length === 0
      ? []
      : [
          [
            paint('bold', title),
            ...sentences.map(text => wrap(escapeTerminal(text), width, '  - ', '    ')),
          ].join('\n'),
        ];
  const { removedArtifacts: files } = view;
  return [
    `${paint('bold', 'Roles')} ${paint('dim', `of ${escapeTerminal(view.event)}, each below its delegator, in the order of search`)}\n${tableLines(view.table, paint, width)}`,
    ...section(`Files that go with it`, [
      ...files.slice(0, MAX_NAMED).map(path => `targets/${path}`),
      ...(files.length > MAX_NAMED ? [`and ${files.length - MAX_NAMED} more`] : []),
    ]),
    ...section('Paths that meet', cut(view.overlaps.map(overlapWords), 'role')),
    ...section('Void', cut(view.voided.map(voidWords), 'signature')),
    ...section('Has to be signed', signingWords(view.report)),
    ...section(
      'Warnings',
      view.report.reasons
        .filter(({ severity }) => severity === 'warn')
        .map(({ role, message, rule }) => `${role === undefined ? '' : `${role}: `}${message} [${rule}]`),
    ),
  ].join('\n\n');
}

const MAX_NAMED = 12;
/** Columns. */
const MIN_BESIDE = 28;

const cut = (sentences: readonly string[], what: string): readonly string[] =>
  sentences.length <= MAX_NAMED
    ? sentences
    : [
        ...sentences.slice(0, MAX_NAMED),
        `and ${counted(sentences.length - MAX_NAMED, `more ${what}`, `more ${what}s`)}`,
      ];

/** Roles as they are, for people to choose from, each with the day on which it expires. */
export const renderRoles = (table: RoleTable, { colour, width }: TerminalOptions): string =>
  tableLines(table, painter(colour), width, true);

const MARKS: Readonly<Record<RoleRow['change'], string>> = {
  same: ' ',
  added: '+',
  changed: '~',
  removed: '-',
};

function tableLines({ rows, hidden }: RoleTable, paint: Paint, width: number, withExpiry = false): string {
  const cells = rows.map(row => {
    const { terms } = row;
    const name = `${'  '.repeat(Math.min(row.depth, 8))}${escapeTerminal(terms.role)}`;
    return { row, name, quorum: quorumWords(terms), days: periodWords(terms) };
  });
  const widest = (texts: readonly string[]): number =>
    texts.reduce((most, text) => Math.max(most, columnsOf(text)), 0);
  const [names, quorums, days] = [
    Math.min(widest(cells.map(({ name }) => name)), Math.floor(width / 3)),
    widest(cells.map(({ quorum }) => quorum)),
    widest(cells.map(cell => cell.days)),
  ];
  const pad = (text: string, to: number): string => text + ' '.repeat(Math.max(0, to - columnsOf(text)));
  const columns = names + quorums + days + 8;
  // Beside the columns, or where that leaves too little, below them.
  const isNarrow = width - columns < MIN_BESIDE;
  const indent = ' '.repeat(isNarrow ? 6 : columns);
  const lines = cells.map(({ row, name, quorum, days: period }) => {
    const start = `${MARKS[row.change]} ${pad(name, names)}  ${pad(quorum, quorums)}  ${pad(period, days)}  `;
    const rest = escapeTerminal(withExpiry ? `${untilWords(row.terms)}${restWords(row)}` : restWords(row));
    const text = isNarrow
      ? `${start.trimEnd()}\n${wrap(rest, width, indent, indent)}`
      : wrap(rest, width, start, indent);
    const line = row.change === 'same' ? text : paint(row.change === 'removed' ? 'red' : 'green', text);
    const was = row.before === undefined ? [] : wasWords(row, row.before);
    return was.length === 0
      ? line
      : `${line}\n${paint('dim', wrap(escapeTerminal(`was: ${was.join('; ')}`), width, indent, indent))}`;
  });
  return [...lines, ...(hidden === 0 ? [] : [`  … and ${counted(hidden, 'more role')}, as before`])].join(
    '\n',
  );
}

const quorumWords = ({ threshold, keys, invited }: RoleSummary): string =>
  `${threshold} of ${keys + invited.length}`;

const periodWords = ({ periods }: RoleSummary): string =>
  periods === undefined ? '-' : `${periods.expiryDays}/${periods.signingDays}`;

const untilWords = ({ expires }: RoleSummary): string =>
  expires === undefined ? '' : `until ${expires.slice(0, 10)}; `;

function peopleWords({ owners, onlineUris, invited, keys }: RoleSummary): string {
  const unnamed = keys - owners.length - onlineUris.length;
  const known = [
    ...owners,
    ...onlineUris.map(uri => `online ${uri}`),
    ...(owners.length + onlineUris.length === 0 && unnamed > 0
      ? [counted(unnamed, 'key of nobody', 'keys of nobody')]
      : []),
  ];
  return [
    ...(known.length === 0 ? [] : [known.join(', ')]),
    ...(invited.length === 0 ? [] : [`invited: ${invited.join(', ')}`]),
  ].join('; ');
}

/** `tools/ (4 levels)`, `docs/*, README`, `2 hash prefixes`. */
export function pathWords({ paths, hashPrefixes }: Pick<RoleSummary, 'paths' | 'hashPrefixes'>): string {
  if (hashPrefixes > 0) return counted(hashPrefixes, 'hash prefix', 'hash prefixes');
  const found = folderOf(paths);
  if (found !== undefined) return `${found.folder}/ (${counted(found.levels, 'level')})`;
  const shown = paths.slice(0, 6).join(', ');
  return paths.length > 6 ? `${shown} and ${paths.length - 6} more` : shown;
}

function restWords(row: RoleRow): string {
  const { terms } = row;
  const delegated = terms.terminating === undefined ? [] : [pathWords(terms), ...orderWords(row)];
  return [peopleWords(terms), ...delegated].filter(text => text !== '').join('; ');
}

const orderWords = ({ terms, isMoved, place }: RoleRow): readonly string[] => [
  ...(terms.terminating === false ? ['not terminating'] : []),
  ...(isMoved ? [`asked as number ${place}`] : []),
];

/** What a role was, where that differs from what it is. */
function wasWords({ terms, isMoved }: RoleRow, before: RoleSummary): readonly string[] {
  const differing = (words: (of: RoleSummary) => string): readonly string[] =>
    words(before) === words(terms) ? [] : [words(before)];
  return [
    ...differing(quorumWords),
    ...differing(of => `${periodWords(of)} days`),
    ...differing(peopleWords),
    ...differing(pathWords),
    ...differing(({ terminating }) => (terminating === false ? 'not terminating' : 'terminating')),
    ...(isMoved ? ['elsewhere in the order of search'] : []),
  ];
}

function overlapWords({ first, second, patterns, terminating }: Overlap): string {
  const where = patterns === undefined ? 'by hashes of paths' : `(${patterns[0]} and ${patterns[1]})`;
  const then = terminating ? `and not ${second} if ${first} does not have it` : `and then ${second}`;
  return `${first} and ${second} speak for the same paths ${where}: clients ask ${first}, ${then}; an artifact that both may sign is refused`;
}

const voidWords = ({ role, key }: VoidedSignature): string =>
  `the signature of ${keyName(key)} on ${role}: it was over other bytes and has to be made again`;

/** Who has to do what before the event is accepted. */
function signingWords(report: EventReport): readonly string[] {
  const invitations = turnsOf({ ...report, awaited: [] }).map(
    ({ name, deeds }) => `first ${name}: ${joinedNames(deeds)}`,
  );
  const signatures = metersOf(report).map(({ role, which, quorum: { signed, missing, threshold } }) => {
    // They do not hold a key of main's root yet.
    const coming = [...report.invites].flatMap(([owner, roles]) =>
      roles.includes(role) && which !== whichQuorum('old') ? [owner] : [],
    );
    const done = signed.length === 0 ? '' : `; ${signed.length} signed`;
    return `${role}${which === '' ? '' : ` (${which})`}: ${threshold} of ${joinedNames([...signed, ...missing, ...coming])}${done}`;
  });
  return [...invitations, ...cut(signatures, 'role')];
}
