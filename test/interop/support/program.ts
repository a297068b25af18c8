import { execFile } from 'node:child_process';

export interface ProgramResult {
  /** `null`: it was killed. */
  readonly code: number | null;
  /** Standard output and standard error. */
  readonly output: string;
}

const LIMIT_MS = 60_000;

/**
 * Runs a program to its end. A failing one is a value; throws where it can't be started. Never blocks: the virtual card that it talks
 * to lives in this very process.
 */
export const run = (program: string, ...args: readonly string[]): Promise<ProgramResult> =>
  new Promise((resolve, reject) => {
    const child = execFile(program, args, { timeout: LIMIT_MS }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code === 'string') reject(error);
      else resolve({ code: child.exitCode, output: stdout + stderr });
    });
  });

/** As {@link run}, but the program has to succeed. Gives its output. */
export async function runOk(program: string, ...args: readonly string[]): Promise<string> {
  const { code, output } = await run(program, ...args);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${output}`);
  return output;
}
