import type { Finding } from '../event/reason.ts';
import { takeovers } from '../event/rules/takeovers.ts';
import { listFirstParents } from '../git/history.ts';
import type { CommitSha } from '../git/oid.ts';
import type { RepositoryTree } from '../repository/tree.ts';
import { TreeReader } from './read-tree.ts';
import { verifyMain } from './verify-main.ts';
import type { Workspace } from './workspace.ts';

/** States of main that are looked at one after the other; of more, the first is held against the last. */
const MAX_STATES = 500;

/**
 * Where a role of main has come to list what another one signed, as the other's delegation ended, since `before`, an earlier state of
 * main itself. In two events people may do that: so where the two ends differ in this way, each step between states that verify is
 * looked at. What does not verify is no step, or whoever can push to main would hide one behind it. Throws {@link GitError}.
 */
export async function takeoversSince(
  workspace: Workspace,
  before: CommitSha,
  tip: CommitSha,
  tree: RepositoryTree,
): Promise<readonly Finding[]> {
  const ground = await new TreeReader(workspace.objects).read(before);
  const atOnce = [...takeovers(ground, tree)];
  if (atOnce.length === 0) return [];
  const states = await listFirstParents(workspace.repository, tip, MAX_STATES);
  const begin = states.indexOf(before);
  if (begin < 0) return atOnce;
  let last = ground;
  for (const state of states.slice(1, begin).toReversed()) {
    const { problems, gathered } = await verifyMain(workspace, state);
    if (problems.length > 0) continue;
    const found = [...takeovers(last, gathered.tree)];
    if (found.length > 0) return found;
    last = gathered.tree;
  }
  return [...takeovers(last, tree)];
}
