import { GitError } from './error.ts';
import type { RemoteOptions } from './fetch.ts';
import { isAncestor } from './history.ts';
import { type BranchName, branchRef, type RemoteName } from './names.ts';
import { type CommitSha, isObjectId } from './oid.ts';
import { type GitRepository, gitText, runGit } from './process.ts';
import { complaintOf, printable } from './stderr.ts';

export interface PushRequest {
  readonly remote: RemoteName;
  readonly branch: BranchName;
  readonly commit: CommitSha;
  /** What the branch was when `commit` was made on top of it; `undefined`: it did not exist. */
  readonly expected: CommitSha | undefined;
}

export type PushResult =
  | { readonly status: 'pushed' }
  /** The branch is not what was expected any more: fetch, judge and try again. `reason` is git's, for showing. */
  | { readonly status: 'rejected'; readonly reason: string };

/**
 * Pushes one commit to one branch, only forward and only if the branch still is what was expected; never forced.
 * A race is a result. Throws {@link GitError} `PUSH_REJECTED` where the remote refuses for another reason (a rule, a
 * hook) or `commit` is not ahead of `expected`; `REMOTE_FAILED` where it can't be reached or does not let us in.
 */
export async function pushCommit(
  repository: GitRepository,
  request: PushRequest,
  options: RemoteOptions = {},
): Promise<PushResult> {
  const { remote, branch, commit, expected } = request;
  // A lease alone would let a rewind through; together with this it allows nothing but a step forward.
  if (expected !== undefined && !(await isAncestor(repository, expected, commit))) {
    throw new GitError(
      'PUSH_REJECTED',
      `${commit} is not ahead of ${expected}: it would undo what ${branch} holds`,
    );
  }
  const ref = branchRef(branch);
  const { exitCode, stdout, stderr } = await runGit(
    repository,
    [
      'push',
      '--porcelain',
      '--no-verify',
      '--no-follow-tags',
      '--recurse-submodules=no',
      `--force-with-lease=${ref}:${expected ?? ''}`,
      '--',
      remote,
      `${commit}:${ref}`,
    ],
    {
      remote: true,
      answers: [0, 1, 128],
      mayPrompt: options.mayPrompt ?? false,
      onProgress: options.onProgress,
      signal: options.signal,
    },
  );
  const line = parsePorcelain(stdout.toString('utf8'), ref);
  if (exitCode === 0 && line !== undefined && line.flag !== '!') return { status: 'pushed' };
  if (line?.flag !== '!')
    throw new GitError('REMOTE_FAILED', `push to ${remote} failed: ${complaintOf(stderr)}`);
  // The words after `!` differ between servers; what the branch is now tells a race from a rule.
  const now = await remoteBranchCommit(repository, remote, branch, options);
  if (now === commit) return { status: 'pushed' };
  if (now !== expected) return { status: 'rejected', reason: line.summary };
  throw new GitError('PUSH_REJECTED', `remote ${remote} refused the push to ${branch}: ${line.summary}`);
}

/** What `branch` is on the remote at this moment. Throws {@link GitError} `REMOTE_FAILED`. */
export async function remoteBranchCommit(
  repository: GitRepository,
  remote: RemoteName,
  branch: BranchName,
  options: RemoteOptions = {},
): Promise<CommitSha | undefined> {
  const ref = branchRef(branch);
  const output = await gitText(repository, ['ls-remote', '--', remote, ref], {
    remote: true,
    failure: 'REMOTE_FAILED',
    mayPrompt: options.mayPrompt ?? false,
    signal: options.signal,
  });
  for (const line of output.split('\n')) {
    const [oid = '', name] = line.split('\t');
    if (name === ref && isObjectId(oid)) return oid as string as CommitSha;
  }
  return undefined;
}

interface PorcelainLine {
  readonly flag: string;
  readonly summary: string;
}

/** The line about `ref`: `FLAG TAB FROM:TO TAB SUMMARY`. Source: git-push(1), "OUTPUT". */
function parsePorcelain(output: string, ref: string): PorcelainLine | undefined {
  for (const line of output.split('\n')) {
    const [flag = '', refs = '', summary = ''] = line.split('\t');
    if (flag.length === 1 && refs.endsWith(`:${ref}`)) return { flag, summary: printable(summary) };
  }
  return undefined;
}
