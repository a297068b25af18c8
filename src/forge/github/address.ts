import { parseGithubPlace } from './place.ts';

/** A repository on a GitHub, and where that GitHub's API is. */
export interface GithubAddress {
  readonly owner: string;
  readonly repo: string;
  /** As in `https://github.com`. */
  readonly serverUrl: string;
  readonly apiUrl: string;
  readonly graphqlUrl: string;
}

/**
 * The repository that a remote's URL names. Only github.com is known by itself: who else is a GitHub is what `environment` says, by
 * GITHUB_SERVER_URL and GITHUB_API_URL, as in a job. A remote alone never decides which host is sent a token.
 * `undefined`: the remote is at no GitHub that is known.
 */
export function githubAddress(
  remoteUrl: string,
  environment: Readonly<Record<string, string | undefined>>,
): GithubAddress | undefined {
  const place = parseGithubPlace(remoteUrl);
  if (place === undefined) return undefined;
  const { owner, repo, server } = place;
  const api = apiOf(new URL(server).host, environment);
  return api === undefined ? undefined : { owner, repo, ...api };
}

function apiOf(
  host: string,
  environment: Readonly<Record<string, string | undefined>>,
): Omit<GithubAddress, 'owner' | 'repo'> | undefined {
  const serverUrl = environment['GITHUB_SERVER_URL'] ?? '';
  const apiUrl = environment['GITHUB_API_URL'] ?? '';
  const isHere =
    URL.canParse(serverUrl) && [new URL(serverUrl).host, new URL(serverUrl).hostname].includes(host);
  if (isHere && isSafe(serverUrl) && isSafe(apiUrl)) {
    const graphqlUrl = environment['GITHUB_GRAPHQL_URL'] ?? `${apiUrl.replace(/\/v3\/?$/, '')}/graphql`;
    if (isSafe(graphqlUrl)) return { serverUrl, apiUrl, graphqlUrl };
  }
  if (host.toLowerCase() !== 'github.com' && host.toLowerCase() !== 'ssh.github.com') return undefined;
  return {
    serverUrl: 'https://github.com',
    apiUrl: 'https://api.github.com',
    graphqlUrl: 'https://api.github.com/graphql',
  };
}

/** A token goes over TLS, or stays on this machine. */
const isSafe = (url: string): boolean =>
  URL.canParse(url) &&
  (new URL(url).protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(new URL(url).hostname));
