import type { Instant } from '../clock.ts';
import { RAW_CHANGES } from './history.ts';
import type { CommitSha, ObjectId } from './oid.ts';
import { type GitRepository, gitText } from './process.ts';
import { requireFullHistory } from './repository.ts';

/** What a commit of a branch made of a path. */
export interface PathChange {
  readonly commit: CommitSha;
  /** When its committer says that it was made: untrusted. */
  readonly time: Instant;
  /** `undefined`: it is gone, or no regular file. */
  readonly oid: ObjectId | undefined;
}

/** An event has tens of commits; whoever makes thousands is told about the newest. */
const MAX_CHANGES = 1_000;

/**
 * How the branch at `tip` itself changed the file at `path` since it left `base`, newest first. Throws {@link GitError} `SHALLOW`.
 */
export async function listPathChanges(
  repository: GitRepository,
  { base, tip }: { readonly base: CommitSha; readonly tip: CommitSha },
  path: string,
): Promise<readonly PathChange[]> {
  const format = ['--format=%H %ct', ...RAW_CHANGES];
  const log = ['-c', 'log.follow=false', 'log', '--first-parent', '-m', `--max-count=${MAX_CHANGES}`];
  const args = [...log, ...format, tip, `^${base}`, '--', `:(top,literal)${path}`];
  const [output] = await Promise.all([gitText(repository, args), requireFullHistory(repository)]);
  const changes: PathChange[] = [];
  let commit: Pick<PathChange, 'commit' | 'time'> | undefined;
  for (const field of output.split('\0')) {
    const found = /^\n?(?:([0-9a-f]{40,64}) (\d{1,12})|:\d{6} (\d{6}) [0-9a-f]+ ([0-9a-f]+) [A-Z])$/.exec(
      field,
    );
    if (found?.[1] !== undefined)
      commit = { commit: found[1] as CommitSha, time: (Number(found[2]) * 1_000) as Instant };
    else if (commit !== undefined && found?.[3] !== undefined)
      changes.push({ ...commit, oid: found[3].startsWith('100') ? (found[4] as ObjectId) : undefined });
  }
  return changes;
}
