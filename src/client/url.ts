import { ClientError } from './error.ts';

/** The address of a repository, always with a slash at its end. Throws {@link ClientError} `BAD_URL`. */
export function repositoryUrl(base: string | URL): URL {
  const url = parseUrl(String(base), undefined);
  const bad = (why: string): ClientError =>
    new ClientError('BAD_URL', `${shownText(String(base), url)} is no address of a repository: ${why}`);
  if (url === undefined || !isHttp(url)) throw bad('it is no http or https address');
  if (hasCredentials(url)) throw bad('it has a user name or a password');
  if (url.search !== '' || url.hash !== '') throw bad('it has a query or a fragment');
  // An empty query is none, but its sign would stand before each path.
  [url.search, url.hash] = ['', ''];
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

/**
 * Where a redirect may lead: within the repository's origin, to https on the same host, or to an origin that the caller
 * named; never from https to http. TUF proves the content either way. The point is that a repository can't send the
 * client (in CI often inside somebody's network) to hosts of its choice. Throws {@link ClientError} `TRANSPORT`.
 */
export function redirectTarget(
  root: URL,
  from: URL,
  location: string | null,
  origins: ReadonlySet<string>,
): URL {
  const to = parseUrl(location ?? '', from);
  if (location === null || to === undefined || !isHttp(to) || hasCredentials(to)) {
    throw new ClientError('TRANSPORT', `${shown(from)} redirects to no usable address`);
  }
  const upgrade = to.protocol === 'https:' && to.hostname === root.hostname && to.port === '';
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new ClientError('TRANSPORT', `${shown(from)} redirects from https to http (${to.origin})`);
  }
  if (to.origin !== root.origin && !upgrade && !origins.has(to.origin)) {
    throw new ClientError(
      'TRANSPORT',
      `${shown(from)} redirects to ${to.origin}: allow that origin, or use it as the address`,
    );
  }
  return to;
}

/** An address for a person to read. User name, password, query and fragment are left out: they may be secrets. */
export const shown = (url: URL): string => `${url.protocol}//${url.host}${url.pathname}`;

/** As {@link shown}, of what somebody gave as an address. What can't be taken apart may hold a secret anywhere after these signs. */
function shownText(text: string, url: URL | undefined): string {
  if (url !== undefined && url.host !== '') return JSON.stringify(shown(url));
  const isPlain = text.length <= 200 && !/[@?#]/.test(text);
  return isPlain ? JSON.stringify(text) : JSON.stringify(`${/^[a-z]+:(?=\/\/)/i.exec(text)?.[0] ?? ''}…`);
}

const isHttp = (url: URL): boolean => url.protocol === 'http:' || url.protocol === 'https:';
const hasCredentials = (url: URL): boolean => url.username !== '' || url.password !== '';

function parseUrl(text: string, base: URL | undefined): URL | undefined {
  return URL.canParse(text, base?.href) ? new URL(text, base) : undefined;
}
