import { type BranchName, trackingRef } from '../git/names.ts';
import type { CommitSha } from '../git/oid.ts';
import { readRef } from '../git/refs.ts';
import type { RepositoryTree } from '../repository/tree.ts';
import { knownGoodOf } from './event.ts';
import { TreeReader } from './read-tree.ts';
import { type Main, requirePullRemote, type Workspace } from './workspace.ts';

/** What an event is now, as last fetched; where there is none yet, what it would start from. */
export interface Ground {
  /** `undefined` where there is no event yet. */
  readonly head: CommitSha | undefined;
  /** What the next commit stands on. */
  readonly parent: CommitSha;
  readonly knownGood: RepositoryTree;
  readonly tree: RepositoryTree;
}

/** Throws as {@link knownGoodOf}; {@link GitError}. */
export async function groundOf(workspace: Workspace, branch: BranchName, main: Main): Promise<Ground> {
  const remote = await requirePullRemote(workspace);
  const head = await readRef(workspace.repository, trackingRef(remote, branch));
  const trees = new TreeReader(workspace.objects);
  const knownGood = await trees.read(
    head === undefined ? main.commit : await knownGoodOf(workspace, head, main),
  );
  const parent = head ?? main.commit;
  return { head, parent, knownGood, tree: await trees.read(parent) };
}
