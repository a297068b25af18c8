import { type BranchName, branchNameProblem, parseBranchName } from './names.ts';
import type { CommitSha } from './oid.ts';
import type { GitRepository } from './process.ts';
import { listRefs, updateRef } from './refs.ts';

/** A commit that holds a signature which did not reach the remote yet. */
export interface UnpushedCommit {
  readonly branch: BranchName;
  readonly commit: CommitSha;
}

const PREFIX = 'refs/tuf-signer/unpushed/';

// The commit is part of the name: a second one for the same branch never takes the first one's place, and
// `sign/a` does not stand in the way of `sign/a/b`.
const refOf = ({ branch, commit }: UnpushedCommit): string => `${PREFIX}${branch}/${commit}`;

/** Keeps the commit from git's garbage collection until {@link deleteUnpushed}. To be called before a push. */
export async function saveUnpushed(repository: GitRepository, unpushed: UnpushedCommit): Promise<void> {
  if ((await listUnpushed(repository)).some(known => refOf(known) === refOf(unpushed))) return;
  await updateRef(repository, refOf(unpushed), unpushed.commit, undefined);
}

/** All of this clone, by branch. */
export async function listUnpushed(repository: GitRepository): Promise<readonly UnpushedCommit[]> {
  const found: UnpushedCommit[] = [];
  for (const { ref, commit } of await listRefs(repository, PREFIX)) {
    const branch = ref.slice(PREFIX.length, ref.lastIndexOf('/'));
    if (commit === undefined || branchNameProblem(branch) !== undefined) continue;
    found.push({ branch: parseBranchName(branch), commit });
  }
  return found;
}

/** To be called once the commit, or another one that holds its signatures, is on the remote. */
export const deleteUnpushed = (repository: GitRepository, unpushed: UnpushedCommit): Promise<void> =>
  updateRef(repository, refOf(unpushed), undefined, unpushed.commit);
