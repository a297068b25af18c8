/** A repository on a GitHub. */
export interface GithubPlace {
  /** As in `https://github.com`. */
  readonly server: string;
  readonly owner: string;
  readonly repo: string;
}

const PATH = /^\/?([A-Za-z0-9-]{1,100})\/([A-Za-z0-9._-]{1,100}?)(?:\.git)?\/?$/;

/**
 * Where a remote's URL points, if its path is one that GitHub has; over HTTP(S) or SSH, also in its short form
 * `git@github.com:town/metadata`. What the URL holds of a user or a password is left behind.
 */
export function parseGithubPlace(url: string): GithubPlace | undefined {
  const short = /^(?:[A-Za-z0-9_-]+@)?([A-Za-z0-9.-]+):(?!\/\/)(.+)$/.exec(url);
  const text = short === null ? url : `ssh://${short[1]}/${short[2]}`;
  if (!URL.canParse(text)) return undefined;
  const { protocol, host, hostname, pathname } = new URL(text);
  const [, owner, repo] = PATH.exec(pathname) ?? [];
  if (owner === undefined || repo === undefined || /^\.+$/.test(repo)) return undefined;
  switch (protocol) {
    case 'https:':
    case 'http:':
      return { server: `${protocol}//${host}`, owner, repo };
    case 'ssh:':
      return { server: `https://${hostname}`, owner, repo };
    default:
      return undefined;
  }
}

/** GitHub's own API, and that of GitHub Enterprise Server. Source: docs.github.com, "Getting started with the REST API". */
export const apiOf = (server: string): { readonly apiUrl: string; readonly graphqlUrl: string } =>
  server === 'https://github.com'
    ? { apiUrl: 'https://api.github.com', graphqlUrl: 'https://api.github.com/graphql' }
    : { apiUrl: `${server}/api/v3`, graphqlUrl: `${server}/api/graphql` };

/** The page on which a person opens the pull request by hand. Safe to print: all of it is of known characters. */
export const comparePage = (upstream: GithubPlace, fork: GithubPlace, branch: string): string =>
  `${upstream.server}/${upstream.owner}/${upstream.repo}/compare/${branch}...${fork.owner}:${fork.repo}:${branch}?expand=1`;
