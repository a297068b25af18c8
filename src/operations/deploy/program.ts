import { spawn } from 'node:child_process';
import { systemErrorCode } from '../../client/error.ts';
import { complaintOf, printable } from '../../git/stderr.ts';
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

/** gcloud begins with the fault and ends with advice. */
const lastWords = (stderr: string): string => {
  const fault = printable(stderr)
    .split('\n')
    .find(line => line.startsWith('ERROR: '));
  return fault === undefined ? complaintOf(stderr) : fault.slice(0, 400);
};

const MAX_OUTPUT = 512 * 1024 * 1024;

/**
 * Runs a program of this machine with the environment of this process, from which it takes its credentials. Gives its standard
 * output. Throws {@link OperationError} `PROGRAM_FAILED` with its own last words, or where it is not there.
 */
export const runProgram: RunProgram = (program, args, { input = '', answers = [0] } = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
    const pieces: Buffer[] = [];
    let [size, stderr] = [0, ''];
    child.stdout.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size > MAX_OUTPUT) child.kill();
      else pieces.push(piece);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-8_192)));
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
            `${program} ${args[0] ?? ''} failed (${code ?? 'killed'}): ${lastWords(stderr)} - nothing is lost: mend that, and run this again`,
          ),
        );
    });
    child.stdin.end(input);
  });
