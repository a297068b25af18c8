import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GitError } from './error.ts';
import type { RemoteName } from './names.ts';
import type { ObjectFormat } from './oid.ts';
import { type GitRepository, runGit } from './process.ts';
import { openBareRepository, openRepository } from './repository.ts';

/**
 * The bare repository at `folder`, made where it is not there. Throws {@link GitError}; `NOT_A_REPOSITORY` where one is there that
 * names its objects by another hash.
 */
export async function ensureBare(folder: string, format: ObjectFormat): Promise<GitRepository> {
  if (!(await exists(join(folder, 'HEAD')))) await init(folder, format, ['--bare']);
  return requireFormat(await openBareRepository(folder), format);
}

/** As {@link ensureBare}, with an empty checkout, and `remote` as a remote of it. */
export async function ensureClone(
  folder: string,
  format: ObjectFormat,
  remote: { readonly name: RemoteName; readonly url: string },
): Promise<GitRepository> {
  if (!(await exists(join(folder, '.git', 'HEAD')))) await init(folder, format, []);
  const repository = requireFormat(await openRepository(folder), format);
  await configure(repository, `remote.${remote.name}.url`, remote.url);
  return repository;
}

/** Sets one value in the repository's own configuration. */
export async function configure(repository: GitRepository, key: string, value: string): Promise<void> {
  await runGit(repository, ['config', '--local', '--replace-all', '--', key, value]);
}

/** No template: neither hooks nor excludes of this machine get in. */
async function init(folder: string, format: ObjectFormat, options: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await runGit(folder, [
    'init',
    '--quiet',
    `--object-format=${format}`,
    '--template=',
    ...options,
    '--',
    '.',
  ]);
}

function requireFormat(repository: GitRepository, format: ObjectFormat): GitRepository {
  if (repository.objectFormat === format) return repository;
  throw new GitError(
    'NOT_A_REPOSITORY',
    `${repository.folder} names its objects by ${repository.objectFormat}, and ${format} is needed: move it away`,
  );
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
