import { GitError } from './error.ts';

/** A branch's short name (`main`, `sign/root-v5`), safe in a ref, an argument list, a file name and a URL. */
export type BranchName = string & { readonly __brand: 'BranchName' };
/** The name of a configured remote (`origin`); never a URL or a path. */
export type RemoteName = string & { readonly __brand: 'RemoteName' };

export const SIGNING_EVENT_PREFIX = 'sign/';
const MAX_NAME = 200;

/**
 * Why `name` can't be the name of a branch or remote; `undefined` where it can. Narrower than git, which lets `$(…)`,
 * quotes and look-alikes of Unicode pass. Source of the rest: git-check-ref-format(1).
 */
export function refNameProblem(name: string): string | undefined {
  if (name.length === 0 || name.length > MAX_NAME) return `has to have 1 to ${MAX_NAME} characters`;
  if (!/^[A-Za-z0-9._+/-]+$/.test(name)) return 'may hold only ASCII letters, digits and . _ + - /';
  for (const segment of name.split('/')) {
    if (segment === '') return 'starts or ends with a slash or has two in a row';
    if (!/^[A-Za-z0-9_]/.test(segment)) return 'has a part that starts with a dot, a hyphen or a plus';
    if (segment.includes('..') || segment.endsWith('.'))
      return 'has two dots in a row, or a part that ends in one';
    if (segment.toLowerCase().endsWith('.lock')) return 'has a part that ends in .lock';
  }
  return undefined;
}

/** As {@link refNameProblem}, for the short name of a branch: HEAD and what looks like an object name are none. */
export const branchNameProblem = (name: string): string | undefined =>
  refNameProblem(name) ??
  (name === 'HEAD' || /^[0-9a-f]{40,}$/.test(name) ? 'can be taken for something else' : undefined);

/** Throws {@link GitError} `BAD_REF_NAME` unless `name` is safe as the short name of a branch. */
export function parseBranchName(name: string): BranchName {
  const problem = branchNameProblem(name);
  if (problem !== undefined)
    throw new GitError('BAD_REF_NAME', `branch name ${JSON.stringify(name)} ${problem}`);
  return name as BranchName;
}

/** Throws {@link GitError} `BAD_REF_NAME` unless `name` is safe as the branch of a signing event: `sign/…`. */
export function parseSigningEvent(name: string): BranchName {
  if (!isSigningEvent(name)) {
    throw new GitError(
      'BAD_REF_NAME',
      `${JSON.stringify(name)} is no signing event: give its whole name, as in ${SIGNING_EVENT_PREFIX}NAME`,
    );
  }
  return parseBranchName(name);
}

export const isSigningEvent = (name: string): boolean => name.startsWith(SIGNING_EVENT_PREFIX);

/** Throws {@link GitError} `BAD_REF_NAME` unless `name` is safe as the name of a remote. */
export function parseRemoteName(name: string): RemoteName {
  const problem = refNameProblem(name);
  if (problem !== undefined)
    throw new GitError('BAD_REF_NAME', `remote name ${JSON.stringify(name)} ${problem}`);
  return name as RemoteName;
}

export const branchRef = (branch: BranchName): string => `refs/heads/${branch}`;
/** Where a fetch keeps what `branch` of `remote` was. */
export const trackingRef = (remote: RemoteName, branch: BranchName): string =>
  `refs/remotes/${remote}/${branch}`;
