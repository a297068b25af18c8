import { judgeRepository } from '../event/judge.ts';
import type { Finding } from '../event/reason.ts';
import { type Standing, successionFindings } from '../event/succession.ts';
import { isOnFirstParent, listFirstParents } from '../git/history.ts';
import type { CommitSha } from '../git/oid.ts';
import { hasCommit } from '../git/refs.ts';
import { rememberVerified } from '../git/verified.ts';
import { ROOT } from '../metadata/names.ts';
import { leavesOf } from '../repository/delegators.ts';
import { type GatheredRepository, gatherRepository } from './gather.ts';
import type { Workspace } from './workspace.ts';

/** A state of main, verified in full: every signature, every root, every hash. */
export interface VerifiedMain {
  readonly commit: CommitSha;
  readonly gathered: GatheredRepository;
  /** Why nobody should sign on top of it; empty where all is well. */
  readonly problems: readonly string[];
  /** What is worth a word, and no obstacle: what has expired has to be signed anew, wrong artifacts can be mended. */
  readonly warnings: readonly string[];
}

/** Verifies one state of main in itself. Throws {@link GitError}. */
export async function verifyMain(workspace: Workspace, commit: CommitSha): Promise<VerifiedMain> {
  const { objects, repository, clock } = workspace;
  const gathered = await gatherRepository(objects, commit);
  const { tree, facts, policy } = gathered;
  const { reasons } = judgeRepository({ mode: 'known-good', tree, policy, facts, now: clock.now() });
  const problems = reasons.filter(({ severity }) => severity === 'refuse').map(sentence);
  if (problems.length === 0 && !reasons.some(({ rule }) => rule === 'artifacts')) {
    await rememberVerified(repository, commit, { leaves: leavesOf(tree) });
  }
  const warnings = reasons.filter(({ severity }) => severity !== 'refuse').map(sentence);
  return { commit, gathered, problems, warnings };
}

/** What main was seen to be before. */
export interface Ground {
  readonly standing: Standing;
  /** A state that main had; `undefined` where it had none yet. */
  readonly commit: CommitSha | undefined;
}

/** Where a state of main does not follow from what was seen before; empty where it does. Throws {@link GitError}. */
export async function departures(
  { repository }: Workspace,
  { commit, gathered }: VerifiedMain,
  { standing, commit: before }: Ground,
): Promise<readonly string[]> {
  const found = [...successionFindings(standing, gathered.tree, gathered.facts)].map(sentence);
  if (before === undefined) return found;
  if ((await hasCommit(repository, before)) && (await isOnFirstParent(repository, before, commit)))
    return found;
  const rewritten = `history was rewritten: ${before.slice(0, 12)}, which was verified here, is no part of it any more`;
  return [...found, rewritten];
}

const sentence = ({ role, message }: Finding): string =>
  role === undefined ? message : `${role} ${message}`;

/** States of main that are looked at in search of one that verifies. */
const MAX_STATES = 100;

/**
 * The newest state that main itself had before `tip` and that verifies, and follows from `ground` where there is one: what a
 * repair puts back. `undefined` where the last hundred states hold none.
 */
export async function newestSound(
  workspace: Workspace,
  tip: CommitSha,
  ground?: Ground,
): Promise<CommitSha | undefined> {
  const [, ...states] = await listFirstParents(workspace.repository, tip, MAX_STATES + 1);
  for (const state of states) {
    const verified = await verifyMain(workspace, state);
    const follows = ground === undefined || (await departures(workspace, verified, ground)).length === 0;
    if (verified.problems.length === 0 && follows && verified.gathered.tree.documents.has(ROOT)) return state;
  }
  return undefined;
}
