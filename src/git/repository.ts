import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { GitError } from './error.ts';
import type { ObjectFormat } from './oid.ts';
import { type GitRepository, gitText, runGit } from './process.ts';

export type { GitRepository } from './process.ts';

/**
 * The repository that `folder` lies in. Throws {@link GitError} `NOT_A_REPOSITORY`: none there, one of another owner
 * (git's `safe.directory`), or a bare one that lies inside another repository - a hostile branch can bring such a
 * folder along, with a configuration of its own.
 */
export async function openRepository(folder: string): Promise<GitRepository> {
  await requireFolder(folder);
  const found = await discover(folder, ['-c', 'safe.bareRepository=explicit'], [0, 128]);
  if (found !== undefined) return found;
  const bare = await discover(folder, [], [0]);
  if (bare === undefined) throw new GitError('NOT_A_REPOSITORY', `${folder} is no git repository`);
  if ((await discover(dirname(bare.gitDir), [], [0, 128])) !== undefined) {
    throw new GitError(
      'NOT_A_REPOSITORY',
      `${bare.gitDir} is a bare repository inside another one and is not trusted: name the outer one`,
    );
  }
  return { ...bare, folder: bare.gitDir };
}

/**
 * The bare repository whose git folder `folder` itself is. For folders that this program or its user made, never for
 * one that was merely found. Throws {@link GitError} `NOT_A_REPOSITORY`.
 */
export async function openBareRepository(folder: string): Promise<GitRepository> {
  await requireFolder(folder);
  const gitDir = resolve(folder);
  const found = await discover(gitDir, [`--git-dir=${gitDir}`], [0]);
  if (found === undefined) throw new GitError('NOT_A_REPOSITORY', `${folder} is no bare git repository`);
  return { ...found, folder: gitDir };
}

/** Throws {@link GitError} `SHALLOW` where commits were left out: merge-bases and ancestors can't be told then. */
export async function requireFullHistory(repository: GitRepository): Promise<void> {
  if ((await gitText(repository, ['rev-parse', '--is-shallow-repository'])) === 'false') return;
  throw new GitError(
    'SHALLOW',
    'this clone has no full history: run git fetch --unshallow (in a workflow: fetch-depth 0)',
  );
}

/** `undefined` where git ends with 128 and that is among `answers`. */
async function discover(
  folder: string,
  options: readonly string[],
  answers: readonly number[],
): Promise<GitRepository | undefined> {
  const { exitCode, stdout } = await runGit(
    resolve(folder),
    [...options, 'rev-parse', '--absolute-git-dir', '--show-object-format', '--show-cdup'],
    { answers, failure: 'NOT_A_REPOSITORY' },
  );
  if (exitCode !== 0) return undefined;
  const [gitDir = '', format = '', up = ''] = stdout.toString('utf8').split('\n');
  if (!isAbsolute(gitDir) || !isObjectFormat(format)) {
    throw new GitError('NOT_A_REPOSITORY', `git describes the repository of ${folder} in an unknown way`);
  }
  return { folder: resolve(folder, up), gitDir: resolve(gitDir), objectFormat: format };
}

const isObjectFormat = (text: string): text is ObjectFormat => text === 'sha1' || text === 'sha256';

async function requireFolder(folder: string): Promise<void> {
  const problem = await stat(folder).then(
    stats => (stats.isDirectory() ? undefined : 'is no folder'),
    (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? 'does not exist' : error.message),
  );
  if (problem !== undefined) throw new GitError('NOT_A_REPOSITORY', `${folder} ${problem}`);
}
