import { GitError } from './error.ts';
import type { BranchName, RemoteName } from './names.ts';
import { parseRemoteName, refNameProblem, SIGNING_EVENT_PREFIX } from './names.ts';
import type { CommitSha } from './oid.ts';
import { type GitRepository, gitText, runGit } from './process.ts';
import { readRef, requireFullRef } from './refs.ts';

/** How to talk to a remote. */
export interface RemoteOptions {
  /** May git and ssh ask for a password or a touch? Default: no. */
  readonly mayPrompt?: boolean;
  /** Receives git's words to the person, made safe for a terminal. */
  readonly onProgress?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Brings the remote-tracking refs of `branches` and of all signing events up to date; those of events that are gone
 * are removed. Nothing else is written: no tags, no FETCH_HEAD, no submodule. A branch that is not on the remote is
 * an error. Throws {@link GitError} `REMOTE_FAILED`.
 */
export async function fetchBranches(
  repository: GitRepository,
  remote: RemoteName,
  branches: readonly BranchName[],
  options: RemoteOptions = {},
): Promise<void> {
  const events = `+refs/heads/${SIGNING_EVENT_PREFIX}*:refs/remotes/${remote}/${SIGNING_EVENT_PREFIX}*`;
  // An event's own branch is covered, and need not exist any more.
  const others = branches.filter(branch => !branch.startsWith(SIGNING_EVENT_PREFIX));
  const refspecs = others.map(branch => `+refs/heads/${branch}:refs/remotes/${remote}/${branch}`);
  await runGit(
    repository,
    [
      'fetch',
      '--prune',
      '--no-tags',
      '--no-recurse-submodules',
      '--no-write-fetch-head',
      '--no-auto-maintenance',
      '--refmap=', // configured refspecs stay out of it
      '--',
      remote,
      events,
      ...refspecs,
    ],
    {
      remote: true,
      failure: 'REMOTE_FAILED',
      mayPrompt: options.mayPrompt ?? false,
      onProgress: options.onProgress,
      signal: options.signal,
    },
  );
}

/**
 * Brings one full ref of the remote into `into`, a full ref of this clone, and says what it is. Throws {@link GitError}
 * `REMOTE_FAILED` where there is none.
 */
export async function fetchRef(
  repository: GitRepository,
  remote: RemoteName,
  ref: string,
  into: string,
  options: RemoteOptions = {},
): Promise<CommitSha> {
  for (const name of [ref, into]) requireFullRef(name);
  await runGit(
    repository,
    [
      'fetch',
      '--no-tags',
      '--no-recurse-submodules',
      '--no-write-fetch-head',
      '--no-auto-maintenance',
      '--refmap=',
      '--',
      remote,
      `+${ref}:${into}`,
    ],
    { remote: true, failure: 'REMOTE_FAILED', mayPrompt: options.mayPrompt ?? false, signal: options.signal },
  );
  const commit = await readRef(repository, into);
  if (commit !== undefined) return commit;
  throw new GitError('REMOTE_FAILED', `${ref} of remote ${remote} is no commit`);
}

export interface Remote {
  readonly name: RemoteName;
  /** As configured, before `url.*.insteadOf`. May hold a password: not for showing. */
  readonly url: string;
}

const REMOTE_URL = /^remote\.([^]*)\.url$/;

/** The configured remotes with their first URL, by name; those whose names are not safe are left out. */
export async function listRemotes(repository: GitRepository): Promise<readonly Remote[]> {
  const output = await gitText(repository, ['config', '--null', '--get-regexp', '^remote\\..*\\.url$'], {
    answers: [0, 1],
  });
  const urls = new Map<string, string>();
  for (const record of output.split('\0')) {
    const end = record.indexOf('\n');
    const name = REMOTE_URL.exec(record.slice(0, end))?.[1];
    if (end >= 0 && name !== undefined && !urls.has(name)) urls.set(name, record.slice(end + 1));
  }
  return [...urls]
    .filter(([name]) => refNameProblem(name) === undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, url]) => ({ name: parseRemoteName(name), url }));
}
