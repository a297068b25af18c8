import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { RequestError } from '@octokit/request-error';
import { Octokit } from '@octokit/rest';
import { ForgeError } from '../error.ts';
import { faultOf } from './fault.ts';

export interface GithubOptions {
  readonly owner: string;
  readonly repo: string;
  readonly token: string;
  /** As in `https://api.github.com`. */
  readonly apiUrl: string;
  /** As in `https://api.github.com/graphql`. */
  readonly graphqlUrl: string;
  /** Milliseconds that "one second" lasts while waiting to try again; for tests. */
  readonly second?: number;
  readonly fetch?: typeof fetch;
}

export type Rest = Octokit['rest'];

/** One repository on GitHub, reached with one token. Calls throw {@link ForgeError} and nothing else for the forge's faults. */
export interface GithubClient {
  readonly here: { readonly owner: string; readonly repo: string };
  /** Makes a call. `deed` completes "can not …" where it fails. */
  call<T>(deed: string, act: (rest: Rest) => Promise<{ readonly data: T }>): Promise<T>;
  /** Asks by GraphQL for what REST does not offer. */
  ask(
    deed: string,
    query: string,
    variables: Readonly<Record<string, string>>,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** The account that the token acts as. Asked once. */
  ownLogin(): Promise<string>;
}

/** Longest wait for a limit to pass, in seconds: a job that sleeps for an hour is a job that somebody pays for. */
const MAX_WAIT = 60;
const MAX_LIMITED_TRIES = 2;

interface Limit {
  wait: number | undefined;
}

export function githubClient(options: GithubOptions): GithubClient {
  // Set by the throttling plugin: the error alone would tell a limit by its words only.
  const limit: Limit = { wait: undefined };
  const octokit = openOctokit(options, limit);
  const here = { owner: options.owner, repo: options.repo };
  const guarded = async <T>(deed: string, act: () => Promise<T>): Promise<T> => {
    limit.wait = undefined;
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      throw faultOf(error, deed, limit.wait);
    }
  };
  const ask: GithubClient['ask'] = async (deed, query, variables) => {
    const answer = await guarded(deed, () =>
      octokit.request({ method: 'POST', url: options.graphqlUrl, query, variables }),
    );
    return graphqlData(answer.data, deed);
  };
  let login: Promise<string> | undefined;
  return {
    here,
    call: async (deed, act) => (await guarded(deed, () => act(octokit.rest))).data,
    ask,
    ownLogin: () => (login ??= readLogin(ask, options.token)),
  };
}

/**
 * The plugin spaces writes by a second, and those that notify by three: right for a script that makes hundreds. A run of
 * ours makes six, and would stand still for ten seconds. Where GitHub finds it too much all the same, we wait then.
 */
const unhurried = { key: () => ({ schedule: (_: unknown, act: () => unknown) => act() }) } as never;

function openOctokit({ token, apiUrl, second = 1_000, fetch }: GithubOptions, limit: Limit): Octokit {
  const onLimit = (seconds: number, _request: unknown, _octokit: unknown, tries: number): boolean => {
    limit.wait = seconds;
    return seconds <= MAX_WAIT && tries < MAX_LIMITED_TRIES;
  };
  return new (Octokit.plugin(retry, throttling))({
    auth: token,
    baseUrl: apiUrl,
    userAgent: 'tuf-signer',
    // Nothing that it would say is for people, and headers are not for logs.
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    retry: { retryAfterBaseValue: second },
    throttle: {
      onRateLimit: onLimit,
      onSecondaryRateLimit: onLimit,
      retryAfterBaseValue: second,
      write: unhurried,
      notifications: unhurried,
    },
    ...(fetch === undefined ? {} : { request: { fetch } }),
  });
}

/** GraphQL says 200 to what it refuses. */
function graphqlData(answer: unknown, deed: string): Readonly<Record<string, unknown>> {
  const { data, errors } = answer as {
    readonly data?: Readonly<Record<string, unknown>> | null;
    readonly errors?: readonly { readonly type?: string; readonly message?: string }[];
  };
  const [error] = errors ?? [];
  if (error === undefined && data !== undefined && data !== null) return data;
  const words = JSON.stringify((error?.message ?? 'nothing').replace(/[^\P{C}]/gu, ' ').slice(0, 300));
  switch (error?.type) {
    case 'FORBIDDEN':
    case 'INSUFFICIENT_SCOPES':
      throw new ForgeError(
        'FORBIDDEN',
        `can not ${deed}: the token may not (${words}); the job needs permissions contents: write and pull-requests: write`,
      );
    case 'NOT_FOUND':
      throw new ForgeError(
        'NOT_FOUND',
        `can not ${deed}: GitHub has no such thing (${words}); was it deleted?`,
      );
    case undefined:
    default:
      throw new ForgeError('UNFIT', `can not ${deed}: GitHub says ${words}; is the pull request still open?`);
  }
}

async function readLogin(ask: GithubClient['ask'], token: string): Promise<string> {
  const deed = 'ask GitHub which account the token is of';
  const { viewer } = (await ask(deed, 'query { viewer { login } }', {})) as {
    readonly viewer?: { readonly login?: unknown };
  };
  if (typeof viewer?.login !== 'string') {
    throw new ForgeError('ACCESS', `can not ${deed}: GitHub does not say; pass another token`);
  }
  const login = viewer.login.toLowerCase();
  // GraphQL leaves an app's ending away in places. Without it, a user of that name would be taken for us.
  return token.startsWith(INSTALLATION_TOKEN) && !login.endsWith('[bot]') ? `${login}[bot]` : login;
}

/** Of an app, as a job's token is. Source: docs.github.com, "About authentication to GitHub", token formats. */
const INSTALLATION_TOKEN = 'ghs_';

/** Is it the account called `login`, as REST writes it: of an app `name[bot]`, which no user can be called? */
export const isAccount = (account: { readonly login: string } | null | undefined, login: string): boolean =>
  account?.login.toLowerCase() === login;
