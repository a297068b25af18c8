import { type ClientProblem, problemText } from '../event/clients/find.ts';
import type { Weight } from '../event/clients/hit.ts';
import { type Client, clients, commonProblems, type ProblemId, problemIds } from '../event/clients/matrix.ts';
import type { TerminalOptions } from './terminal.ts';
import { escapeTerminal, type Paint, painter, wrap } from './terminal-text.ts';

/** What `verify --clients --json` says of one client: a stable interface. Members are only ever added. Text in it is untrusted. */
export interface ClientJson {
  readonly client: string;
  /** As in "up to 5.0.1"; empty where what is known is of no version in particular. */
  readonly versions: string;
  readonly problems: readonly {
    readonly problem: ProblemId;
    readonly weight: Weight;
    readonly places: readonly string[];
  }[];
}

export const clientsJson = (found: readonly ClientProblem[]): readonly ClientJson[] =>
  clients.map(client => ({
    client: client.id,
    versions: client.versions,
    problems: found
      .filter(problem => problem.client.id === client.id)
      .map(({ problem, weight, hits }) => ({ problem, weight, places: hits.map(({ text }) => text) })),
  }));

/**
 * A table of problems by client, 79 columns wide, and below it each problem in words. Plain text, no newline at the end. Names from
 * the repository can not steer the terminal.
 */
export function renderClients(found: readonly ClientProblem[], { colour, width }: TerminalOptions): string {
  const paint = painter(colour);
  const first = Math.max(...problemIds.map(id => id.length));
  const head = ['', ...clients.map(({ id }) => id)];
  const rows = problemIds.map(problem => [problem, ...clients.map(client => cellOf(found, client, problem))]);
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => paintCell(cell.padEnd(i === 0 ? first : (head[i] ?? '').length), paint))
      .join('  ')
      .trimEnd();
  const words = found.map(problem => wrap(escapeTerminal(problemText(problem)), width, '  - ', '    '));
  return [
    paint('bold', line(head)),
    ...rows.map(line),
    '',
    wrap('NO: can not verify this. less: can, with less. ok: can. -: not known to mind.', width, '', ''),
    ...(words.length === 0 ? [] : ['', ...words]),
  ].join('\n');
}

function cellOf(found: readonly ClientProblem[], client: Client, problem: ProblemId): string {
  const here = found.find(one => one.client.id === client.id && one.problem === problem);
  if (here !== undefined) return here.weight === 'breaks' ? 'NO' : 'less';
  const minds =
    commonProblems.some(common => common === problem) ||
    client.quirks.some(quirk => quirk.problem === problem);
  return minds ? 'ok' : '-';
}

function paintCell(cell: string, paint: Paint): string {
  const word = cell.trimEnd();
  if (word === 'NO') return paint('red', word) + cell.slice(word.length);
  return word === 'less' ? paint('yellow', word) + cell.slice(word.length) : cell;
}
