// Cold processes: their wall time, their peak memory, and what they answered.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

const TIME = '/usr/bin/time';

/** GNU time tells the peak memory of a process; without it there is only the clock. */
export const canMeasureMemory = isGnuTime();

function isGnuTime() {
  if (!existsSync(TIME)) return false;
  try {
    return execFileSync(TIME, ['-f', '%M', 'true'], { stdio: ['ignore', 'ignore', 'pipe'] }) !== undefined;
  } catch {
    return false;
  }
}

/** Runs git for set-up, without the habits of whoever runs the bench. */
export const git = (folder, ...args) =>
  execFileSync('git', args, {
    cwd: folder,
    encoding: 'utf8',
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();

export function environment(more = {}) {
  const kept = Object.entries(process.env).filter(([name]) => !/^(GIT_|NODE_|PYTHON|TUF_SIGNER)/.test(name));
  return {
    ...Object.fromEntries(kept),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    NO_COLOR: '1',
    ...more,
  };
}

/**
 * Runs one cold process. Seconds of wall time, MiB of peak memory (of the largest process where it starts others), and
 * its standard output. Throws unless it ends with `exitCode`: what is measured has to be the real thing.
 */
export async function runCold({ command, args, env, exitCode = 0, timeout = 300_000 }, scratch) {
  const note = `${scratch}/peak`;
  const line = canMeasureMemory
    ? [TIME, '--quiet', '-f', '%M', '-o', note, command, ...args]
    : [command, ...args];
  const begin = performance.now();
  const child = spawn(line[0], line.slice(1), {
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
    killSignal: 'SIGKILL',
  });
  let [stdout, stderr, seconds] = ['', '', 0];
  child.stdout.setEncoding('utf8').on('data', text => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', text => (stderr += text));
  child.on('exit', () => (seconds = (performance.now() - begin) / 1_000));
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== exitCode) {
    throw new Error(
      `${[command, ...args].join(' ')} ended with ${code ?? child.signalCode}, not ${exitCode}:\n${stdout}${stderr}`,
    );
  }
  const mebibytes = canMeasureMemory
    ? Math.round(Number(readFileSync(note, 'utf8').trim().split('\n').at(-1)) / 1_024)
    : undefined;
  rmSync(note, { force: true });
  return { seconds, mebibytes, stdout };
}

/** The middle one; of an even number, the lower. */
export const median = values => values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
