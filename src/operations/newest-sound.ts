import { listFirstParents } from '../git/history.ts';
import type { CommitSha } from '../git/oid.ts';
import { ROOT } from '../metadata/names.ts';
import { OperationError } from './error.ts';
import { followMain } from './main-departures.ts';
import { departures, type Ground } from './pin/departures.ts';
import { type VerifiedMain, verifyMain } from './verify-main.ts';
import type { Workspace } from './workspace.ts';

/** States of main that are looked at in search of one that is sound. */
const MAX_STATES = 100;

/**
 * The newest state that main itself had before `tip` and that verifies and goes on from what main was before it: what a repair
 * puts back. It follows from `ground` where a person's pin gives one, else from main's own past, so that a state that was put
 * back to an old one is not taken for sound. `undefined` where the last hundred states hold none.
 */
export async function newestSound(
  workspace: Workspace,
  tip: CommitSha,
  ground?: Ground,
): Promise<CommitSha | undefined> {
  const [, ...states] = await listFirstParents(workspace.repository, tip, MAX_STATES + 1);
  for (const state of states) {
    const verified = await verifyMain(workspace, state);
    if (verified.problems.length > 0 || !verified.gathered.tree.documents.has(ROOT)) continue;
    const follows =
      ground === undefined
        ? await goesOn(workspace, verified)
        : (await departures(workspace, verified, ground)).length === 0;
    if (follows) return state;
  }
  return undefined;
}

async function goesOn(workspace: Workspace, { commit, gathered }: VerifiedMain): Promise<boolean> {
  try {
    return (await followMain(workspace, commit, gathered)).departures.length === 0;
  } catch (error) {
    if (error instanceof OperationError && error.code === 'REFUSED') return false; // nothing genuine to go on from
    throw error;
  }
}
