import { judgeRepository } from '../event/judge.ts';
import type { Finding } from '../event/reason.ts';
import type { CommitSha } from '../git/oid.ts';
import { rememberVerified } from '../git/verified.ts';
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

/** One line about one finding. */
export const sentence = ({ role, message }: Finding): string =>
  role === undefined ? message : `${role} ${message}`;
