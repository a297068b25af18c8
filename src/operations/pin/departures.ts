import { type Standing, successionFindings } from '../../event/succession.ts';
import { isOnFirstParent } from '../../git/history.ts';
import type { CommitSha } from '../../git/oid.ts';
import { hasCommit } from '../../git/refs.ts';
import { roleFile } from '../../repository/tree.ts';
import { takeoversSince } from '../main-takeovers.ts';
import { sentence, type VerifiedMain } from '../verify-main.ts';
import type { Workspace } from '../workspace.ts';

/** What main was seen to be before. */
export interface Ground {
  readonly standing: Standing;
  /** A state that main had; `undefined` where it had none yet. */
  readonly commit: CommitSha | undefined;
}

/** Where a state of main does not follow from what was seen before; empty where it does. Throws {@link GitError}. */
export async function departures(
  workspace: Workspace,
  { commit, gathered }: VerifiedMain,
  { standing, commit: before }: Ground,
): Promise<readonly string[]> {
  const { repository } = workspace;
  const { tree, facts } = gathered;
  const found = [...successionFindings(standing, tree, facts)].map(sentence);
  if (before === undefined) return found;
  if (!((await hasCommit(repository, before)) && (await isOnFirstParent(repository, before, commit)))) {
    const rewritten = `history was rewritten: ${before.slice(0, 12)}, which was verified here, is no part of it any more`;
    return [...found, rewritten];
  }
  if ([...standing.roles.keys()].every(role => tree.metadata.has(roleFile(role)))) return found;
  return [...found, ...(await takeoversSince(workspace, before, commit, tree)).map(sentence)];
}
