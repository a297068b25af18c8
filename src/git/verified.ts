import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type CommitSha, isObjectId, type ObjectId } from './oid.ts';
import type { GitRepository } from './process.ts';

/** Raised whenever a rule of judgement gets stricter, so that old marks count for nothing. */
const GENERATION = 4;
const MAX_BYTES = 1 << 20;

/** What this clone remembers of a commit that verified. */
export interface Verified {
  /** Blobs that are documents which delegate to nobody; not all of them need be here. */
  readonly leaves: ReadonlySet<ObjectId>;
}

const fileOf = (repository: GitRepository, what: 'verified' | 'leaves'): string =>
  join(repository.gitDir, 'tuf-signer', `${what}-${GENERATION}`);

/**
 * What this clone remembers of `commit`, where it has verified it in full before, every hash; else `undefined`. A clone
 * trusts its own git folder, nobody else's.
 */
export async function recallVerified(
  repository: GitRepository,
  commit: CommitSha,
): Promise<Verified | undefined> {
  const [marks, leaves] = await Promise.all([
    readLines(fileOf(repository, 'verified')),
    readLines(fileOf(repository, 'leaves')),
  ]);
  // A line that was cut short is no object's name.
  return marks.includes(commit) ? { leaves: new Set(leaves.filter(isObjectId)) } : undefined;
}

/**
 * Remembers that `commit` verified, and the leaves among its documents in the place of those that were remembered: the next
 * commit has nearly all of them. A clone that can't be written to just forgets.
 */
export async function rememberVerified(
  repository: GitRepository,
  commit: CommitSha,
  { leaves }: Verified,
): Promise<void> {
  const [marks, names] = [fileOf(repository, 'verified'), fileOf(repository, 'leaves')];
  if ((await readLines(marks)).length * (commit.length + 1) > MAX_BYTES) return;
  try {
    await mkdir(dirname(marks), { recursive: true });
    const draft = `${names}.${process.pid}`;
    await writeFile(draft, [...leaves].map(oid => `${oid}\n`).join(''));
    await rename(draft, names);
    await appendFile(marks, `${commit}\n`);
  } catch (error) {
    if (!isReadOnly(error)) throw error;
  }
}

async function readLines(file: string): Promise<readonly string[]> {
  try {
    return (await readFile(file, 'utf8')).split('\n');
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;
const isAbsent = (error: unknown): boolean => codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
const isReadOnly = (error: unknown): boolean =>
  ['EACCES', 'EROFS', 'EPERM', 'ENOSPC'].includes(String(codeOf(error)));
