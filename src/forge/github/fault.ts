import type { RequestError } from '@octokit/request-error';
import { formatInstant, type Instant, SECOND_MS } from '../../clock.ts';
import { ForgeError } from '../error.ts';

/**
 * What a failed call means for the person who reads the log: what could not be done, and what to do about it. `deed`
 * completes "can not …"; `wait` is for how many seconds GitHub, limiting how often it is asked, wants none of us. Holds no token: neither message nor cause carries a header that was sent.
 */
export function faultOf(error: RequestError, deed: string, wait: number | undefined): ForgeError {
  const { status, response } = error;
  const header = (name: string): string | undefined => {
    const value = response?.headers[name];
    return value === undefined ? undefined : String(value);
  };
  const fail = (code: ForgeError['code'], message: string): ForgeError =>
    new ForgeError(code, `can not ${deed}: ${message}`);
  if (response === undefined) {
    return fail(
      'UNAVAILABLE',
      'GitHub can not be reached; see githubstatus.com, and run the job again later',
    );
  }
  if (wait !== undefined || status === 429 || header('x-ratelimit-remaining') === '0') {
    return fail('RATE_LIMITED', `GitHub limits how often it is asked; ${whenAgain(wait, header)}`);
  }
  switch (status) {
    case 401:
      return fail('UNAUTHENTICATED', 'GitHub does not take the token; pass ${{ github.token }} or a new one');
    case 403:
      return fail(
        'FORBIDDEN',
        `the token may not; ${permissionsWanted(header('x-accepted-github-permissions'))}`,
      );
    case 404:
    case 410:
      return fail(
        'NOT_FOUND',
        'GitHub has no such thing, or hides it from this token; was it deleted, or turned off in the settings?',
      );
    case 409:
    case 422:
      return fail(
        'UNFIT',
        `GitHub says ${said(response.data)}; see whether the branch or pull request still is open`,
      );
    default:
      return status >= 500
        ? fail('UNAVAILABLE', `GitHub answers ${status}; see githubstatus.com, and run the job again later`)
        : fail('ACCESS', `GitHub answers ${status}: ${said(response.data)}`);
  }
}

function whenAgain(wait: number | undefined, header: (name: string) => string | undefined): string {
  const reset = Number(header('x-ratelimit-reset') ?? Number.NaN);
  if (header('x-ratelimit-remaining') === '0' && reset > 0 && reset < 10_000_000_000) {
    return `run the job again after ${formatInstant((reset * SECOND_MS) as Instant)}`;
  }
  const seconds = wait ?? Number(header('retry-after') ?? Number.NaN);
  return seconds > 0 && seconds < 100_000
    ? `run the job again in ${Math.ceil(seconds)} seconds`
    : 'run the job again in some minutes';
}

/**
 * `issues=write; pull_requests=write` in the words of a workflow file. `;` stands between sets any of which will do, `,`
 * within one. Source: docs.github.com, "Troubleshooting the REST API", "Resource not accessible".
 */
function permissionsWanted(header: string | undefined): string {
  const settings = "check the job's permissions and, under Settings > Actions > General, what Actions may do";
  if (header === undefined || !/^[a-z_]+=[a-z]+(?:[,;] ?[a-z_]+=[a-z]+)*$/.test(header)) return settings;
  const sets = header.split(/; ?/).map(set =>
    set
      .split(/, ?/)
      .map(one => one.replaceAll('_', '-').replace('=', ': '))
      .join(' and '),
  );
  return `the job needs permissions ${sets.join(', or ')}; where it has them, ${settings}`;
}

/** GitHub's own words of a refusal: untrusted, as they may quote a branch. */
function said(data: unknown): string {
  const message = isRecord(data) && typeof data['message'] === 'string' ? data['message'] : 'no reason';
  const errors =
    isRecord(data) && Array.isArray(data['errors']) ? (data['errors'] as readonly unknown[]) : [];
  const details = errors.flatMap(error =>
    isRecord(error)
      ? [error['message'], error['field'], error['code']].filter(part => typeof part === 'string').join(' ')
      : [],
  );
  return JSON.stringify(
    [message, ...details]
      .join(': ')
      .replace(/[^\P{C}]/gu, ' ')
      .slice(0, 300),
  );
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
