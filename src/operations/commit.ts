import { createCommit, type FileChanges } from '../git/commit.ts';
import type { Identity } from '../git/commit-object.ts';
import { fetchBranches } from '../git/fetch.ts';
import type { BranchName } from '../git/names.ts';
import type { CommitSha } from '../git/oid.ts';
import { pushCommit } from '../git/push.ts';
import { deleteUnpushed, saveUnpushed } from '../git/unpushed.ts';
import { authorOf, pushRemote, requirePullRemote, type Workspace } from './workspace.ts';

export interface EventCommit {
  readonly branch: BranchName;
  /** What the branch is; `undefined` where it does not exist yet. */
  readonly head: CommitSha | undefined;
  /** First is the commit whose files change. */
  readonly parents: readonly CommitSha[];
  readonly changes: FileChanges;
  readonly message: readonly string[];
  /** Who signs off; the person at this clone unless said otherwise. */
  readonly author?: Identity;
  /** Does the commit hold work that a person would be sorry to lose? Then it is kept until it is pushed. */
  readonly precious?: boolean;
}

export type CommitResult =
  | { readonly status: 'pushed'; readonly commit: CommitSha }
  /** Somebody was faster: the remote's state was fetched, look again. */
  | { readonly status: 'rejected'; readonly commit: CommitSha };

/** Commits `changes` on top of the branch and pushes it, without touching checkout or index. Throws {@link GitError}. */
export async function commitAndPush(workspace: Workspace, request: EventCommit): Promise<CommitResult> {
  const { repository, objects, clock } = workspace;
  const commit = await createCommit(objects, {
    parents: request.parents,
    changes: request.changes,
    message: request.message,
    author: request.author ?? (await authorOf(workspace)),
    time: clock.now(),
  });
  const kept = { branch: request.branch, commit };
  if (request.precious === true) await saveUnpushed(repository, kept);
  const remote = await pushRemote(workspace);
  const result = await pushCommit(
    repository,
    { remote, branch: request.branch, commit, expected: request.head },
    { mayPrompt: true },
  );
  if (result.status === 'pushed' && request.precious === true) await deleteUnpushed(repository, kept);
  await fetchBranches(repository, await requirePullRemote(workspace), [], { mayPrompt: true });
  return { status: result.status, commit };
}
