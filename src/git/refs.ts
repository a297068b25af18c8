import { GitError } from './error.ts';
import {
  type BranchName,
  branchNameProblem,
  parseBranchName,
  type RemoteName,
  refNameProblem,
  trackingRef,
} from './names.ts';
import { type CommitSha, isObjectId, zeroObjectId } from './oid.ts';
import { type GitRepository, gitText, runGit } from './process.ts';
import { printable } from './stderr.ts';

export interface Branch {
  readonly name: BranchName;
  readonly commit: CommitSha;
}

export interface BranchList {
  readonly branches: readonly Branch[];
  /** Names that are not safe to use, or that point at no commit: for showing only, in a form that is escaped. */
  readonly ignored: readonly string[];
}

/**
 * The commit that a revision typed by a person names (`HEAD`, `v1`, `main~2`, a digest). Code that knows which ref it
 * means calls {@link readRef}: a short name can be shadowed by a tag. Throws {@link GitError} `BAD_REVISION`.
 */
export async function resolveCommit(repository: GitRepository, revision: string): Promise<CommitSha> {
  if (revision === '' || revision.startsWith('-') || /\p{Cc}/u.test(revision)) throw badRevision(revision);
  const { exitCode, stdout } = await runGit(
    repository,
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`],
    { answers: [0, 1, 128] },
  );
  const oid = stdout.toString('utf8').trimEnd();
  if (exitCode !== 0 || !isObjectId(oid)) throw badRevision(revision);
  return oid as string as CommitSha;
}

const badRevision = (revision: string): GitError =>
  new GitError(
    'BAD_REVISION',
    revision === 'HEAD'
      ? 'nothing is checked out here: run git switch main, or say which event or commit is meant'
      : `${JSON.stringify(revision)} names no commit here: fetch it, or see git log --all`,
  );

/** Does this clone hold the commit? */
export async function hasCommit(repository: GitRepository, commit: CommitSha): Promise<boolean> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{commit}`];
  return (await runGit(repository, args, { answers: [0, 1, 128] })).exitCode === 0;
}

/** The commit at exactly this full ref (`refs/…`), or behind the tag there; `undefined` where there is none. */
export async function readRef(repository: GitRepository, ref: string): Promise<CommitSha | undefined> {
  requireFullRef(ref);
  return (await listRefs(repository, ref)).find(found => found.ref === ref)?.commit;
}

/** The branches of `remote` as last fetched, below `under` (`sign/`; all where nothing is said), by name. */
export async function listRemoteBranches(
  repository: GitRepository,
  remote: RemoteName,
  under = '',
): Promise<BranchList> {
  return branchesBelow(repository, `refs/remotes/${remote}/`, under);
}

/** The branches of this clone itself, below `under`, by name. */
export async function listLocalBranches(repository: GitRepository, under = ''): Promise<BranchList> {
  return branchesBelow(repository, 'refs/heads/', under);
}

/** The short name of the branch that is checked out, as it is: not yet known to be safe. `undefined`: none. */
export async function currentBranch(repository: GitRepository): Promise<string | undefined> {
  const ref = await symbolicRef(repository, 'HEAD');
  return ref?.startsWith('refs/heads/') === true ? ref.slice('refs/heads/'.length) : undefined;
}

/**
 * The default branch of `remote` as this clone learned it (`refs/remotes/REMOTE/HEAD`); where it never did, the remote
 * is asked. Throws {@link GitError} `NO_DEFAULT_BRANCH`, `REMOTE_FAILED`, `BAD_REF_NAME`.
 */
export async function defaultBranch(
  repository: GitRepository,
  remote: RemoteName,
  mayPrompt = false,
): Promise<BranchName> {
  const prefix = `refs/remotes/${remote}/`;
  const known = await symbolicRef(repository, `${prefix}HEAD`);
  if (known?.startsWith(prefix) === true) return parseBranchName(known.slice(prefix.length));
  const answer = await gitText(repository, ['ls-remote', '--symref', '--', remote, 'HEAD'], {
    remote: true,
    mayPrompt,
    failure: 'REMOTE_FAILED',
  });
  const branch = /^ref: refs\/heads\/(.+)\tHEAD$/m.exec(answer)?.[1];
  if (branch === undefined) {
    throw new GitError(
      'NO_DEFAULT_BRANCH',
      `remote ${remote} does not say which branch is its default: run git remote set-head ${remote} BRANCH`,
    );
  }
  return parseBranchName(branch);
}

/**
 * The default branch of `remote` and where it was when last fetched, in one look; `undefined` where this clone does not
 * know both. Throws {@link GitError} `BAD_REF_NAME`.
 */
export async function trackedDefault(
  repository: GitRepository,
  remote: RemoteName,
): Promise<Branch | undefined> {
  const prefix = `refs/remotes/${remote}/`;
  const format = '%(objecttype) %(objectname) %(symref)';
  const output = await gitText(repository, ['for-each-ref', `--format=${format}`, '--', `${prefix}HEAD`]);
  const [type, oid = '', ref = ''] = output.split(' ');
  if (type !== 'commit' || !isObjectId(oid) || !ref.startsWith(prefix)) return undefined;
  return { name: parseBranchName(ref.slice(prefix.length)), commit: oid as string as CommitSha };
}

/**
 * Moves a full ref to `commit`, or deletes it where that is `undefined`, if it still holds `expected` (`undefined`:
 * does not exist). Throws {@link GitError} `REF_MOVED` where it holds something else.
 */
export async function updateRef(
  repository: GitRepository,
  ref: string,
  commit: CommitSha | undefined,
  expected: CommitSha | undefined,
): Promise<void> {
  requireFullRef(ref);
  const none = zeroObjectId(repository.objectFormat);
  const args = ['update-ref', '--no-deref', '--', ref, commit ?? none, expected ?? none];
  try {
    await runGit(repository, args);
  } catch (cause) {
    if (!(cause instanceof GitError) || (await readRef(repository, ref)) === expected) throw cause;
    throw new GitError('REF_MOVED', `${ref} was changed by somebody else meanwhile: run this again`, {
      cause,
    });
  }
}

/** The branch's commit as last fetched from `remote`. Throws {@link GitError} `BAD_REVISION` where there is none. */
export async function requireRemoteBranch(
  repository: GitRepository,
  remote: RemoteName,
  branch: BranchName,
): Promise<CommitSha> {
  const commit = await readRef(repository, trackingRef(remote, branch));
  if (commit !== undefined) return commit;
  throw new GitError('BAD_REVISION', `remote ${remote} has no branch ${branch}: see git ls-remote ${remote}`);
}

export interface RefValue {
  readonly ref: string;
  /** `undefined` where the ref names something that is no commit. */
  readonly commit: CommitSha | undefined;
}

/** All refs at or below `pattern` (a full ref or a prefix that ends in `/`), by name. */
export async function listRefs(repository: GitRepository, pattern: string): Promise<readonly RefValue[]> {
  const format = '%(objecttype) %(objectname) %(*objecttype) %(*objectname) %(refname)';
  const output = await gitText(repository, ['for-each-ref', `--format=${format}`, '--', pattern]);
  return output === '' ? [] : output.split('\n').map(parseRefLine);
}

function parseRefLine(line: string): RefValue {
  const [type = '', oid = '', peeledType = '', peeled = '', ...name] = line.split(' ');
  const found = type === 'commit' ? oid : peeledType === 'commit' ? peeled : '';
  return { ref: name.join(' '), commit: isObjectId(found) ? (found as string as CommitSha) : undefined };
}

async function branchesBelow(repository: GitRepository, prefix: string, under: string): Promise<BranchList> {
  const branches: Branch[] = [];
  const ignored: string[] = [];
  for (const { ref, commit } of await listRefs(repository, prefix)) {
    const name = ref.slice(prefix.length);
    if (!name.startsWith(under) || name === 'HEAD') continue;
    if (commit === undefined || branchNameProblem(name) !== undefined) {
      ignored.push(printable(JSON.stringify(name)));
    } else {
      branches.push({ name: parseBranchName(name), commit });
    }
  }
  return { branches, ignored };
}

async function symbolicRef(repository: GitRepository, ref: string): Promise<string | undefined> {
  const { exitCode, stdout } = await runGit(repository, ['symbolic-ref', '--quiet', '--', ref], {
    answers: [0, 1],
  });
  return exitCode === 0 ? stdout.toString('utf8').trimEnd() : undefined;
}

/** Throws {@link GitError} `BAD_REF_NAME` unless `ref` is safe and starts with `refs/`. */
export function requireFullRef(ref: string): void {
  if (!ref.startsWith('refs/') || refNameProblem(ref) !== undefined) {
    throw new GitError('BAD_REF_NAME', `${JSON.stringify(ref)} is no safe full ref name`);
  }
}
