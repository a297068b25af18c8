import type { BranchName } from '../../src/git/names.ts';
import type { CommitSha } from '../../src/git/oid.ts';
import { gitText, runGit } from '../../src/git/process.ts';
import { pushCommit } from '../../src/git/push.ts';
import { requireRemoteBranch } from '../../src/git/refs.ts';
import { fetchMain, requirePullRemote, type Workspace } from '../../src/operations/workspace.ts';

/** What a maintainer's click on "merge" does: a merge commit of the event on main, pushed. */
export async function mergeEvent(workspace: Workspace, branch: BranchName): Promise<CommitSha> {
  const { repository } = workspace;
  const main = await fetchMain(workspace, false);
  const remote = await requirePullRemote(workspace);
  const event = await requireRemoteBranch(repository, remote, branch);
  const tree = await gitText(repository, ['merge-tree', '--write-tree', main.commit, event]);
  const commit = await gitText(repository, [
    'commit-tree',
    '-p',
    main.commit,
    '-p',
    event,
    '-m',
    `Merge ${branch}`,
    tree,
  ]);
  await pushCommit(repository, {
    remote,
    branch: main.branch,
    commit: commit as CommitSha,
    expected: main.commit,
  });
  await runGit(repository, ['push', '--quiet', '--', remote, `:refs/heads/${branch}`], { remote: true });
  await fetchMain(workspace, false);
  return commit as CommitSha;
}
