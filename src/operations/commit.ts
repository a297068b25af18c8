import { createCommit, type FileChanges } from '../git/commit.ts';
import type { Identity } from '../git/commit-object.ts';
import { fetchBranches } from '../git/fetch.ts';
import type { BranchName } from '../git/names.ts';
import type { CommitSha } from '../git/oid.ts';
import { pushCommit, remoteBranchCommit } from '../git/push.ts';
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
  /** Does the commit hold signatures? Then it is kept in this clone until it is pushed. */
  readonly precious?: boolean;
}

export type CommitResult =
  | { readonly status: 'pushed'; readonly commit: CommitSha }
  /** Somebody was faster: the remote's state was fetched, look again. */
  | { readonly status: 'rejected'; readonly commit: CommitSha };

/** Makes the commit and keeps it in this clone where it is precious; nothing is pushed. Throws {@link GitError}. */
export async function keepCommit(workspace: Workspace, request: EventCommit): Promise<CommitSha> {
  const { repository, objects, clock } = workspace;
  const commit = await createCommit(objects, {
    parents: request.parents,
    changes: request.changes,
    message: request.message,
    author: request.author ?? (await authorOf(workspace)),
    time: clock.now(),
  });
  if (request.precious === true) await saveUnpushed(repository, { branch: request.branch, commit });
  return commit;
}

/** Commits `changes` on top of the branch and pushes it, without touching checkout or index. Throws {@link GitError}. */
export async function commitAndPush(workspace: Workspace, request: EventCommit): Promise<CommitResult> {
  const { branch, head } = request;
  const commit = await keepCommit(workspace, request);
  const result = await pushEvent(workspace, { branch, head, commit });
  if (result.status === 'pushed' && request.precious === true) {
    await deleteUnpushed(workspace.repository, { branch, commit });
  }
  return result;
}

/** Pushes a commit to an event's branch, and fetches what is there then. Throws {@link GitError}. */
export async function pushEvent(
  workspace: Workspace,
  { branch, head, commit }: Pick<EventCommit, 'branch' | 'head'> & { readonly commit: CommitSha },
): Promise<CommitResult> {
  const { repository } = workspace;
  const [pull, push] = [await requirePullRemote(workspace), await pushRemote(workspace)];
  // A fork may have the branch elsewhere than where events come from, or not have it at all.
  const expected =
    push === pull ? head : await remoteBranchCommit(repository, push, branch, { mayPrompt: true });
  const result = await pushCommit(
    repository,
    { remote: push, branch, commit, expected },
    { mayPrompt: true },
  );
  await fetchBranches(repository, pull, [], { mayPrompt: true });
  return { status: result.status, commit };
}
