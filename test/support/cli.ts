import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { constants, devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Git need not wait for the disk: what a test writes does not outlive it. */
export const WITHOUT_FSYNC: Readonly<Record<string, string>> = {
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'core.fsync',
  GIT_CONFIG_VALUE_0: 'none',
};

export const projectFolder: string = fileURLToPath(new URL('../..', import.meta.url));

/** What a process did. */
export interface Ran {
  /** 128 and the signal's number where a signal ended it, as in a shell. */
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** On top of an environment without anybody's settings. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Milliseconds after which it is killed, and the test with it. */
  readonly deadline?: number;
}

/** Nobody's settings, colours, cards or PINs; git knows a name. */
export const plainEnvironment = (): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: join(tmpdir(), 'no-home'),
  TUF_SIGNER_CONFIG: join(tmpdir(), 'no-home', 'tuf-signer'),
  GIT_CONFIG_GLOBAL: devNull,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Somebody',
  GIT_AUTHOR_EMAIL: 'somebody@example.org',
  GIT_COMMITTER_NAME: 'Somebody',
  GIT_COMMITTER_EMAIL: 'somebody@example.org',
  ...WITHOUT_FSYNC,
  // A socket that is not there: no test meets a card of this machine.
  PCSCLITE_CSOCK_NAME: join(tmpdir(), 'no-pcscd.comm'),
});

export function runProgram(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { cwd = tmpdir(), env = {}, input, deadline = 60_000 } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...plainEnvironment(), ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${program} ${args.join(' ')} did not end`));
    }, deadline);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject).on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ exit: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), stdout, stderr });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
  });
}

/** The built command, in a folder of its own that no other build reaches. */
export interface BuiltCli extends AsyncDisposable {
  /** Path of `cli.mjs`. */
  readonly file: string;
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
}

export async function builtCli(): Promise<BuiltCli> {
  const folder = await mkdtemp(join(tmpdir(), 'tuf-signer-built-'));
  await locked(async () => {
    ensureBuilt(false);
    await cp(join(projectFolder, 'dist'), join(folder, 'dist'), { recursive: true });
  });
  for (const name of ['package.json', 'node_modules']) {
    await symlink(join(projectFolder, name), join(folder, name));
  }
  const file = join(folder, 'dist', 'cli.mjs');
  return {
    file,
    run: (args, options) => runProgram(process.execPath, [file, ...args], options),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Does `work` with a dist/ that is up to date, types too, and that no other test builds meanwhile. */
export const withBuiltPackage = <T>(work: () => Promise<T>): Promise<T> =>
  locked(async () => {
    ensureBuilt(true);
    return await work();
  });

function ensureBuilt(types: boolean): void {
  const built = join(projectFolder, 'dist', 'cli.mjs');
  const sources = ['src', 'signer-cli', 'script/build.mjs', 'package.json'].map(name =>
    join(projectFolder, name),
  );
  const hasTypes = existsSync(join(projectFolder, 'dist', 'types'));
  if (existsSync(built) && (hasTypes || !types) && statSync(built).mtimeMs >= newest(sources)) return;
  const args = ['script/build.mjs', ...(types || hasTypes ? [] : ['--no-types'])];
  execFileSync(process.execPath, args, { cwd: projectFolder, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** When the newest file of `paths` and what is below them was changed. */
function newest(paths: readonly string[]): number {
  return Math.max(
    0,
    ...paths.map(path => {
      const stats = statSync(path);
      if (!stats.isDirectory()) return stats.mtimeMs;
      return newest(readdirSync(path).map(name => join(path, name)));
    }),
  );
}

const LOCK = join(
  tmpdir(),
  `tuf-signer-build-${createHash('sha256').update(projectFolder).digest('hex').slice(0, 12)}.lock`,
);
const STALE_AFTER = 120_000;

async function locked<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      await mkdir(LOCK);
      break;
    } catch {
      const age = existsSync(LOCK) ? Date.now() - statSync(LOCK).mtimeMs : 0;
      if (age > STALE_AFTER) await rm(LOCK, { recursive: true, force: true });
      await sleep(50);
    }
  }
  try {
    return await work();
  } finally {
    await rm(LOCK, { recursive: true, force: true });
  }
}
