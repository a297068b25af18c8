import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommitSha } from './oid.ts';
import type { GitRepository } from './process.ts';

/** Raised whenever a rule of judgement gets stricter, so that old marks count for nothing. */
const GENERATION = 2;
const MAX_BYTES = 1 << 20;

const fileOf = (repository: GitRepository): string =>
  join(repository.gitDir, 'tuf-signer', `verified-${GENERATION}`);

/** Has this clone verified `commit` in full before, every hash? A clone trusts its own git folder, nobody else's. */
export const hasVerified = async (repository: GitRepository, commit: CommitSha): Promise<boolean> =>
  (await readMarks(repository)).split('\n').includes(commit);

/** Remembers that `commit` verified. A clone that can't be written to just forgets. */
export async function rememberVerified(repository: GitRepository, commit: CommitSha): Promise<void> {
  const file = fileOf(repository);
  if ((await readMarks(repository)).length > MAX_BYTES) return;
  try {
    await mkdir(join(file, '..'), { recursive: true });
    await appendFile(file, `${commit}\n`);
  } catch (error) {
    if (!isReadOnly(error)) throw error;
  }
}

async function readMarks(repository: GitRepository): Promise<string> {
  try {
    return await readFile(fileOf(repository), 'utf8');
  } catch (error) {
    if (isAbsent(error)) return '';
    throw error;
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;
const isAbsent = (error: unknown): boolean => codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
const isReadOnly = (error: unknown): boolean =>
  ['EACCES', 'EROFS', 'EPERM', 'ENOSPC'].includes(String(codeOf(error)));
