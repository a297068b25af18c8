import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { devNull } from 'node:os';
import { GitError, type GitErrorCode } from './error.ts';
import type { ObjectFormat } from './oid.ts';
import { complaintOf, printable } from './stderr.ts';

/** A clone on this machine. Made by `openRepository` or `openBareRepository`. */
export interface GitRepository {
  /** Absolute: the top of the checkout, or the git folder where the repository is bare. */
  readonly folder: string;
  /** Absolute. */
  readonly gitDir: string;
  readonly objectFormat: ObjectFormat;
}

export interface GitOptions {
  /** Bytes or text for standard input; nothing otherwise. */
  readonly input?: Uint8Array | string;
  /** Bytes of standard output that are held before the process is stopped. Default: 64 MiB. */
  readonly maxOutput?: number;
  /** Exit codes that are an answer rather than a failure. Default: 0. */
  readonly answers?: readonly number[];
  /** The code of the {@link GitError} for any other exit. Default: `GIT_FAILED`. */
  readonly failure?: GitErrorCode;
  /** Does this talk to a remote? Then it runs in the checkout, as URLs of remotes may be relative to it. */
  readonly remote?: boolean;
  /** May git ask a person for a password or a touch? Default: no. */
  readonly mayPrompt?: boolean;
  /** Receives what git and ssh write to standard error, as it comes, made {@link printable}. */
  readonly onProgress?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface GitOutput {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

const DEFAULT_MAX_OUTPUT = 64 * 1024 * 1024;
const MAX_STDERR = 64 * 1024;

// Nothing that a branch, a hook or a habit of the user may bend takes part in what we read, write and push.
const OVERRIDES: readonly string[] = [
  `core.hooksPath=${devNull}`,
  'core.fsmonitor=false',
  `core.attributesFile=${devNull}`,
  'core.useReplaceRefs=false',
  'submodule.recurse=false',
  'fetch.recurseSubmodules=false',
  'push.recurseSubmodules=no',
  'push.followTags=false',
  'protocol.ext.allow=never',
  'gc.auto=0',
  'maintenance.auto=false',
].flatMap(setting => ['-c', setting]);

// Of git's own variables only those pass that say how a remote is reached, who the author is, and which configuration
// files hold; GIT_DIR, GIT_INDEX_FILE, GIT_OBJECT_DIRECTORY and the like (we may run inside a hook) do not.
const INHERITED =
  /^GIT_(?:SSH(?:_COMMAND|_VARIANT)?|ASKPASS|SSL_.*|PROXY_.*|HTTP_.*|CURL_.*|PROTOCOL|ALLOW_PROTOCOL|EXEC_PATH|CEILING_DIRECTORIES|CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+)|(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL))$/;

/** The environment of every git process: the caller's, without what could lead git elsewhere. */
function environment(gitDir: string | undefined, mayPrompt: boolean): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!name.toUpperCase().startsWith('GIT_') || INHERITED.test(name)) env[name] = value;
  }
  return {
    ...env,
    ...(gitDir === undefined ? {} : { GIT_DIR: gitDir }),
    ...(mayPrompt ? {} : { GIT_TERMINAL_PROMPT: '0' }),
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_GRAFT_FILE: devNull,
    GIT_ATTR_NOSYSTEM: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_OPTIONAL_LOCKS: '0',
    LC_ALL: 'C',
  };
}

/** Starts git. `where` is a repository, or a folder from which git shall look for one. */
export function spawnGit(
  where: GitRepository | string,
  args: readonly string[],
  options: GitOptions = {},
): ChildProcessWithoutNullStreams {
  const discovers = typeof where === 'string';
  return spawn('git', [...OVERRIDES, ...args], {
    // In the git folder no file of the checkout (.gitattributes, .mailmap) is found.
    cwd: discovers ? where : options.remote === true ? where.folder : where.gitDir,
    env: environment(discovers ? undefined : where.gitDir, options.mayPrompt ?? false),
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/** The name of git's command, behind the settings that it is given. */
const nameOf = (args: readonly string[]): string => {
  const at = args.findIndex((arg, i) => !arg.startsWith('-') && args[i - 1] !== '-c');
  return args[at] ?? '';
};

/**
 * Runs git to its end. Throws {@link GitError} with `options.failure` unless it exits with one of `options.answers`;
 * the message carries git's own complaint. Throws the signal's `AbortError` where that ends it.
 */
export function runGit(
  where: GitRepository | string,
  args: readonly string[],
  options: GitOptions = {},
): Promise<GitOutput> {
  const { promise, resolve, reject } = withResolvers<GitOutput>();
  const child = spawnGit(where, args, options);
  const stdout: Buffer[] = [];
  let size = 0;
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > (options.maxOutput ?? DEFAULT_MAX_OUTPUT)) child.kill();
    else stdout.push(chunk);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR);
    options.onProgress?.(printable(text));
  });
  child.on('error', cause => reject(spawnError(cause)));
  child.on('close', exitCode => {
    const command = `git ${nameOf(args)}`;
    if (size > (options.maxOutput ?? DEFAULT_MAX_OUTPUT)) {
      reject(new GitError('OUTPUT_TOO_LARGE', `${command} wrote more than it is trusted to`));
    } else if (exitCode !== null && (options.answers ?? [0]).includes(exitCode)) {
      resolve({ exitCode, stdout: Buffer.concat(stdout), stderr });
    } else {
      reject(new GitError(options.failure ?? 'GIT_FAILED', `${command} failed: ${complaintOf(stderr)}`));
    }
  });
  // A process that ends without reading its input is judged by its exit code.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  return promise;
}

/**
 * As {@link runGit}, and the whole process waits for it: for what is seldom asked for, by code that can't wait itself.
 * Gives the standard output.
 */
export function runGitNow(
  where: GitRepository,
  args: readonly string[],
  options: Required<Pick<GitOptions, 'input' | 'maxOutput'>>,
): Buffer {
  const { error, status, stdout, stderr } = spawnSync('git', [...OVERRIDES, ...args], {
    cwd: where.gitDir,
    env: environment(where.gitDir, false),
    input: options.input,
    maxBuffer: options.maxOutput,
    windowsHide: true,
  });
  const command = `git ${nameOf(args)}`;
  if (error !== undefined && 'code' in error && error.code === 'ENOBUFS')
    throw new GitError('OUTPUT_TOO_LARGE', `${command} wrote more than it is trusted to`);
  if (error !== undefined) throw spawnError(error);
  if (status !== 0)
    throw new GitError('GIT_FAILED', `${command} failed: ${complaintOf(stderr.toString('utf8'))}`);
  return stdout;
}

/** {@link runGit} for one line or a list of ASCII lines: its output as text, without the last line feed. */
export async function gitText(
  where: GitRepository | string,
  args: readonly string[],
  options: GitOptions = {},
): Promise<string> {
  const { stdout } = await runGit(where, args, options);
  return stdout.toString('utf8').replace(/\n$/, '');
}

/** The error for a git process that could not be started. An abort stays what it is. */
export function spawnError(cause: Error): Error {
  if (cause.name === 'AbortError') return cause;
  return new GitError('GIT_MISSING', 'git could not be started: install git and see that it is on the PATH', {
    cause,
  });
}

interface Resolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: Error) => void;
}

/** `Promise.withResolvers`, which Node 20 lacks. */
export function withResolvers<T>(): Resolvers<T> {
  let resolve: ((value: T) => void) | undefined;
  let reject: ((reason: Error) => void) | undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve: value => resolve?.(value), reject: reason => reject?.(reason) };
}
