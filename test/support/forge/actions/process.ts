import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface ProcessRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: string;
  /** All that the process sees; nothing of ours is inherited. */
  readonly environment: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

/** Runs a program to its end, or until the signal ends its whole group. Gives the exit code; -1 where it was killed. */
export async function runProcess(request: ProcessRequest): Promise<number> {
  const child = spawn(request.command, request.args, {
    cwd: request.folder,
    env: Object.fromEntries(request.environment),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const kill = (): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  if (request.signal.aborted) kill();
  request.signal.addEventListener('abort', kill);
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', request.onLine);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', code => resolve(code ?? -1));
    });
  } finally {
    request.signal.removeEventListener('abort', kill);
  }
}
