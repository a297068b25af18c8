import { GitError } from './error.ts';
import type { CommitSha, ObjectId } from './oid.ts';
import { type GitRepository, gitText, runGit } from './process.ts';
import { requireFullHistory } from './repository.ts';

/**
 * The one best common ancestor of two commits. Throws {@link GitError} `SHALLOW`, `NO_MERGE_BASE`, `MANY_MERGE_BASES`:
 * with more than one, which is known-good would be a matter of taste, and an attacker's to choose.
 */
export async function singleMergeBase(
  repository: GitRepository,
  a: CommitSha,
  b: CommitSha,
): Promise<CommitSha> {
  const args = ['merge-base', '--all', '--', a, b];
  const output = await ofFullHistory(repository, gitText(repository, args, { answers: [0, 1] }));
  const bases = output.split('\n').filter(line => line !== '');
  const [base, ...others] = bases;
  if (base === undefined) {
    throw new GitError(
      'NO_MERGE_BASE',
      `${a} and ${b} have no common ancestor: start the branch anew from main`,
    );
  }
  if (others.length > 0) {
    throw new GitError(
      'MANY_MERGE_BASES',
      `${a} and ${b} have ${bases.length} merge-bases: rebase the branch so that it holds no criss-cross merge`,
    );
  }
  return base as CommitSha;
}

/** Is `ancestor` reachable from `commit` (or the same)? Throws {@link GitError} `SHALLOW`. */
export async function isAncestor(
  repository: GitRepository,
  ancestor: CommitSha,
  commit: CommitSha,
): Promise<boolean> {
  const args = ['merge-base', '--is-ancestor', '--', ancestor, commit];
  const { exitCode } = await ofFullHistory(repository, runGit(repository, args, { answers: [0, 1] }));
  return exitCode === 0;
}

/**
 * Is `commit` what the branch at `tip` itself once was: `tip`, its first parent, the first parent of that, and so on?
 * A commit that came in as the second parent of a merge is an ancestor but never was the branch's state.
 * Throws {@link GitError} `SHALLOW`.
 */
export async function isOnFirstParent(
  repository: GitRepository,
  commit: CommitSha,
  tip: CommitSha,
): Promise<boolean> {
  if (commit === tip) return true;
  // The chain ends where it meets an ancestor of `commit`. Every line is on the chain, so a first parent that equals
  // `commit` proves it, whatever dates an attacker gave his commits to mislead the walk.
  const args = ['rev-list', '--first-parent', '--parents', tip, `^${commit}`, '--'];
  const output = await ofFullHistory(repository, gitText(repository, args));
  return output.split('\n').some(line => line.split(' ')[1] === commit);
}

/**
 * The first-parent chain from `tip` back, newest first, at most `limit` commits.
 * Throws {@link GitError} `SHALLOW`.
 */
export async function listFirstParents(
  repository: GitRepository,
  tip: CommitSha,
  limit: number,
): Promise<readonly CommitSha[]> {
  const args = ['rev-list', '--first-parent', `--max-count=${limit}`, tip, '--'];
  const output = await ofFullHistory(repository, gitText(repository, args));
  return output.split('\n') as CommitSha[];
}

/**
 * The commits reachable from `tip` but not from `base`, parents before children, at most the newest `limit`.
 * Throws {@link GitError} `SHALLOW`.
 */
export async function listCommits(
  repository: GitRepository,
  base: CommitSha,
  tip: CommitSha,
  limit: number,
): Promise<readonly CommitSha[]> {
  const args = ['rev-list', '--topo-order', '--reverse', `--max-count=${limit}`, tip, `^${base}`, '--'];
  const output = await ofFullHistory(repository, gitText(repository, args));
  return output === '' ? [] : (output.split('\n') as CommitSha[]);
}

/** `answer`, which git works out meanwhile; where the clone is shallow that is the error, whatever git says. */
async function ofFullHistory<T>(repository: GitRepository, answer: Promise<T>): Promise<T> {
  answer.catch(() => undefined); // it is awaited below
  await requireFullHistory(repository);
  return answer;
}

/** What a path held from one commit of a branch on. */
export interface PathState {
  readonly commit: CommitSha;
  readonly oid: ObjectId;
}

/**
 * Each file that the branch at `tip` itself ever held at `path`, newest first; times at which it was gone, or was no regular
 * file, are left out. Throws {@link GitError} `SHALLOW`.
 */
export async function listStates(
  repository: GitRepository,
  tip: CommitSha,
  path: string,
): Promise<readonly PathState[]> {
  return statesIn(repository, ['--first-parent', tip], path);
}

/**
 * Each file that any commit of `tip` which `base` does not have held at `path`, newest first, at most of the `limit` newest
 * commits that changed it. As {@link listStates} else, but with all parents: whoever pushes on top of others chooses which
 * parent comes first.
 */
export async function listStatesSince(
  repository: GitRepository,
  base: CommitSha,
  tip: CommitSha,
  path: string,
  limit: number,
): Promise<readonly PathState[]> {
  return statesIn(repository, ['--full-history', `--max-count=${limit}`, tip, `^${base}`], path);
}

/** How `git log` tells what each commit made of a path, whatever a person has set. */
export const RAW_CHANGES: readonly string[] = [
  '--raw',
  '--no-abbrev',
  '--no-renames',
  '--no-color',
  '--no-show-signature',
  '-z',
];

async function statesIn(
  repository: GitRepository,
  commits: readonly string[],
  path: string,
): Promise<readonly PathState[]> {
  const log = ['-c', 'log.follow=false', 'log', '-m', '--format=%H', ...RAW_CHANGES];
  const args = [...log, ...commits, '--', `:(top,literal)${path}`];
  const [output] = await Promise.all([gitText(repository, args), requireFullHistory(repository)]);
  const states: PathState[] = [];
  let commit: string | undefined;
  for (const field of output.split('\0')) {
    const found = /^\n?(?:([0-9a-f]{40,64})|:\d{6} (\d{6}) [0-9a-f]+ ([0-9a-f]+) [A-Z])$/.exec(field);
    if (found?.[1] !== undefined) commit = found[1];
    else if (commit !== undefined && (found?.[2] === '100644' || found?.[2] === '100755')) {
      states.push({ commit: commit as CommitSha, oid: found[3] as ObjectId });
    }
  }
  return states;
}
