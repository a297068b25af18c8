import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WorkflowError } from './fields.ts';

const NAMES = ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_PATH', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY'] as const;
type FileName = (typeof NAMES)[number];

/** Source: "Adding a job summary": a step's may have 1 MiB; a larger one is not shown. */
const MAX_SUMMARY = 1024 * 1024;

/** The files by which one step speaks to the runner. */
export class CommandFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    for (const name of NAMES) writeFileSync(join(folder, name), '');
  }

  get environment(): ReadonlyMap<string, string> {
    return new Map(NAMES.map(name => [name, join(this.#folder, name)]));
  }

  outputs(): ReadonlyMap<string, string> {
    return readAssignments(this.#read('GITHUB_OUTPUT'));
  }

  variables(): ReadonlyMap<string, string> {
    const variables = readAssignments(this.#read('GITHUB_ENV'));
    // A branch that could set this would run its code in every later `node`.
    if (variables.has('NODE_OPTIONS'))
      throw new WorkflowError("Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.");
    return new Map([...variables].filter(([name]) => !/^(GITHUB|RUNNER)_/i.test(name)));
  }

  state(): ReadonlyMap<string, string> {
    return readAssignments(this.#read('GITHUB_STATE'));
  }

  paths(): readonly string[] {
    return this.#read('GITHUB_PATH')
      .split(/\r?\n/)
      .filter(line => line !== '');
  }

  summary(): string {
    const text = this.#read('GITHUB_STEP_SUMMARY');
    return Buffer.byteLength(text) > MAX_SUMMARY ? '' : text;
  }

  #read(name: FileName): string {
    return readFileSync(join(this.#folder, name), 'utf8');
  }
}

/** `NAME=VALUE`, or `NAME<<END` with lines until `END`. Throws where the file is neither, as the runner fails the step. */
export function readAssignments(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line === '') continue;
    const equals = line.indexOf('=');
    const heredoc = line.indexOf('<<');
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      found.set(line.slice(0, equals), line.slice(equals + 1));
      continue;
    }
    if (heredoc < 0) throw new WorkflowError(`Unable to process file command: Invalid format '${line}'`);
    const end = lines.indexOf(line.slice(heredoc + 2), at + 1);
    if (end < 0)
      throw new WorkflowError(
        `Unable to process file command: Matching delimiter not found '${line.slice(heredoc + 2)}'`,
      );
    found.set(line.slice(0, heredoc), lines.slice(at + 1, end).join('\n'));
    at = end;
  }
  return found;
}
