import { spawn } from 'node:child_process';
import { systemErrorCode } from '../../client/error.ts';
import { printable } from '../../git/stderr.ts';
import { OperationError } from '../error.ts';

/** A program that brings files somewhere. It is told what to do by an argument array, never by a shell. */
export type RunProgram = (
  program: string,
  args: readonly string[],
  options?: ProgramOptions,
) => Promise<Buffer>;

export interface ProgramOptions {
  readonly input?: string;
  /** Exit codes that are no failure. Default: 0. */
  readonly answers?: readonly number[];
}

/**
 * What a program says of its failure. gcloud begins with the fault and ends with advice; rsync begins with the cause, as a disk that is
 * full, and ends with what came of it; a trace of Python's ends with the cause: so the first two lines, and the last two.
 */
function wordsOf(stderr: string): string {
  const lines = printable(stderr)
    .split('\n')
    .map(line => line.trim().slice(0, MAX_LINE))
    .filter(line => line !== '');
  const fault = lines.find(line => line.startsWith('ERROR: '));
  if (fault !== undefined) return fault;
  if (lines.length === 0) return 'it gave no reason';
  return (lines.length <= 4 ? lines : [...lines.slice(0, 2), '…', ...lines.slice(-2)]).join(' | ');
}

/** Characters. */
const MAX_LINE = 300;

/** The beginning of what comes, and its end, each of this many characters. */
class Ends {
  static readonly #size = 8_192;
  #head = '';
  #tail = '';

  add(text: string): void {
    const room = Ends.#size - this.#head.length;
    this.#head += text.slice(0, room);
    this.#tail = (this.#tail + text.slice(room)).slice(-Ends.#size);
  }

  toString(): string {
    return `${this.#head}${this.#tail}`;
  }
}

const MAX_OUTPUT = 512 * 1024 * 1024;

/**
 * Runs a program of this machine with the environment of this process, from which it takes its credentials. Gives its standard
 * output. Throws {@link OperationError} `PROGRAM_FAILED` with its own words, or where it is not there.
 */
export const runProgram: RunProgram = (program, args, { input = '', answers = [0] } = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
    const pieces: Buffer[] = [];
    let size = 0;
    const stderr = new Ends();
    child.stdout.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size > MAX_OUTPUT) child.kill();
      else pieces.push(piece);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.add(text));
    child.stdin.on('error', () => undefined); // the exit code says why
    child.on('error', cause => {
      const why =
        systemErrorCode(cause) === 'ENOENT'
          ? 'is not on the PATH: install it'
          : `could not be started: ${cause.message}`;
      reject(new OperationError('PROGRAM_FAILED', `${program} ${why}`, { cause }));
    });
    child.on('close', code => {
      if (code !== null && answers.includes(code)) resolve(Buffer.concat(pieces));
      else
        reject(
          new OperationError(
            'PROGRAM_FAILED',
            `${program} ${args[0] ?? ''} failed (${code ?? 'killed'}): ${wordsOf(stderr.toString())} - nothing is lost: mend that, and run this again`,
          ),
        );
    });
    child.stdin.end(input);
  });
