import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runOk } from './program.ts';

const projectFile = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** The command as it is installed: bundled, run by Node alone. */
const COMMAND = projectFile('dist/cli.mjs');
const AT_TERMINAL = projectFile('test/interop/support/at_terminal.py');
const LIMIT_MS = 90_000;

/** Builds the command where that has not been done. */
export async function requireBuilt(): Promise<void> {
  if (!existsSync(COMMAND)) await runOk(process.execPath, projectFile('script/build.mjs'), '--no-types');
}

/** How one run of the command ended. */
export interface CommandResult {
  /** `null`: it did not come to an end, and was killed. */
  readonly code: number | null;
  readonly stdout: string;
  /** Standard output and standard error; of a run at a terminal, what was on the screen. */
  readonly output: string;
}

export interface CommandOptions {
  readonly folder: string;
  /** Beside PATH, all that the command finds in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** What can be read from file descriptor 3. */
  readonly descriptor3?: string;
}

/** `tuf-signer ARGS…` with nobody at a terminal. Never blocks: cards live in this very process. */
export const runCommand = (args: readonly string[], options: CommandOptions): Promise<CommandResult> =>
  finish(process.execPath, [COMMAND, ...args], options, '');

/** What a person types once a prompt matches `asked`; `null` hangs up. */
export interface Answer {
  readonly asked: RegExp;
  readonly typed: string | null;
}

/** `tuf-signer ARGS…` at a pseudo terminal, with a person who answers. A question that is never asked is code 124. */
export const runAtTerminal = (
  args: readonly string[],
  answers: readonly Answer[],
  options: CommandOptions,
): Promise<CommandResult> => programAtTerminal([process.execPath, COMMAND, ...args], answers, options);

/** As {@link runAtTerminal}, of any program. */
export const programAtTerminal = (
  command: readonly string[],
  answers: readonly Answer[],
  options: CommandOptions,
): Promise<CommandResult> =>
  finish(
    'python3',
    [AT_TERMINAL, ...command],
    options,
    JSON.stringify(answers.map(({ asked, typed }) => [asked.source, typed])),
  );

function finish(
  program: string,
  args: readonly string[],
  { folder, environment, descriptor3 }: CommandOptions,
  input: string,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: folder,
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['pipe', 'pipe', 'pipe', descriptor3 === undefined ? 'ignore' : 'pipe'],
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    let [stdout, output] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      output += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', reject);
    child.once('close', code => resolve({ code, stdout, output }));
    child.stdin?.end(input);
    const third = child.stdio[3];
    if (third !== null && third !== undefined && 'end' in third) {
      third.on('error', () => undefined); // it may have ended without reading
      third.end(descriptor3);
    }
  });
}
