import type { Repository } from './model.ts';

/** The commit of a branch; `undefined` where there is none of that name. */
export const branchHead = (repository: Repository, branch: string): string | undefined =>
  readRefs(repository, `refs/heads/${branch}`).get(`refs/heads/${branch}`);

/** Refs below `prefix` (or that very one) and the objects they name. */
export function readRefs(repository: Repository, prefix = 'refs'): Map<string, string> {
  const text = repository.git.git('for-each-ref', '--format=%(objectname) %(refname)', '--', prefix);
  const lines = text === '' ? [] : text.split('\n');
  return new Map(lines.map(line => [line.slice(line.indexOf(' ') + 1), line.slice(0, line.indexOf(' '))]));
}

/** Runs git for an answer that may be no: `undefined` where it exits with an error. */
export function tryGit(repository: Repository, ...args: readonly string[]): string | undefined {
  try {
    return repository.git.git(...args);
  } catch {
    return undefined;
  }
}

/** A commit by branch, tag, full ref or (part of) its name, as the API takes it. */
export function resolveCommit(repository: Repository, name: string): string | undefined {
  if (name.startsWith('-') || name === '') return undefined;
  for (const candidate of [`refs/heads/${name}`, `refs/tags/${name}`, `refs/${name}`]) {
    const found = tryGit(repository, 'rev-parse', '--verify', '-q', `${candidate}^{commit}`);
    if (found !== undefined) return found;
  }
  return /^(refs\/.+|[0-9a-f]{7,40})$/.test(name)
    ? tryGit(repository, 'rev-parse', '--verify', '-q', `${name}^{commit}`)
    : undefined;
}

export const isAncestor = (repository: Repository, older: string, newer: string): boolean =>
  tryGit(repository, 'merge-base', '--is-ancestor', older, newer) !== undefined;

/** The commit that merges `head` into `base`, made but named by no ref; `undefined` where they conflict. */
export function mergeCommit(
  repository: Repository,
  base: string,
  head: string,
  message: string,
): string | undefined {
  const tree = tryGit(repository, 'merge-tree', '--write-tree', base, head)?.split('\n')[0];
  if (tree === undefined) return undefined;
  return repository.git.git('commit-tree', tree, '-p', base, '-p', head, '-m', message);
}

/** Names of files that differ between two commits; all of `to` where `from` is absent. */
export function changedFiles(
  repository: Repository,
  from: string | undefined,
  to: string,
): readonly string[] {
  const text =
    from === undefined
      ? tryGit(repository, 'ls-tree', '-r', '-z', '--name-only', to)
      : tryGit(repository, 'diff-tree', '-r', '-z', '--no-renames', '--name-only', from, to);
  return (text ?? '').split('\0').filter(name => name !== '');
}

/** A file's text at a commit; `undefined` where there is none. */
export const readFileAt = (repository: Repository, commit: string, path: string): string | undefined =>
  tryGit(repository, 'cat-file', 'blob', `${commit}:${path}`);
