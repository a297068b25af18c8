import { unreachable } from '../../../src/errors.ts';
import { ApiError } from './errors.ts';
import type { Token } from './model.ts';

/** Failures that GitHub's documentation tells of, and a cut connection. */
export type FaultKind =
  | { readonly kind: 'server-error'; readonly status?: 500 | 502 | 503 | 504 }
  | { readonly kind: 'primary-limit'; readonly status?: 403 | 429; readonly resetSeconds?: number }
  | { readonly kind: 'secondary-limit'; readonly retryAfter?: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'forbidden' };

export type Fault = FaultKind & {
  /** An operation's id, such as `issues/create-comment`, `graphql/convertPullRequestToDraft`, `git/receive-pack`; `*`: all. */
  readonly operation: string;
  /** Default: 1. */
  readonly times?: number;
  /** Is the work done, and only its answer lost? Default: no. */
  readonly afterwards?: boolean;
};

/** Faults that wait for their call. */
export class Faults {
  readonly #waiting: { readonly fault: Fault; left: number }[] = [];

  inject(fault: Fault): void {
    this.#waiting.push({ fault, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#waiting.length = 0;
  }

  /** The next fault for this operation, counted as used. */
  take(operation: string): Fault | undefined {
    const found = this.#waiting.find(
      ({ fault, left }) => left > 0 && (fault.operation === operation || fault.operation === '*'),
    );
    if (found !== undefined) found.left -= 1;
    return found?.fault;
  }
}

/** The answer that a fault stands for; `undefined`: none at all, the connection is cut. */
export function faultAnswer(fault: Fault, token: Token | undefined, now: number): ApiError | undefined {
  switch (fault.kind) {
    case 'server-error':
      return new ApiError(fault.status ?? 502, 'Server Error');
    case 'primary-limit':
      return new ApiError(
        fault.status ?? 403,
        'API rate limit exceeded for installation.',
        {},
        {
          'x-ratelimit-limit': '1000',
          'x-ratelimit-remaining': '0',
          'x-ratelimit-reset': String(Math.floor(now / 1000) + (fault.resetSeconds ?? 1)),
          'x-ratelimit-resource': 'core',
        },
      );
    case 'secondary-limit':
      return new ApiError(
        403,
        'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
        {},
        {
          'retry-after': String(fault.retryAfter ?? 1),
        },
      );
    case 'forbidden':
      return new ApiError(
        403,
        `Resource not accessible by ${token?.kind === 'user' ? 'personal access token' : 'integration'}`,
      );
    case 'reset':
      return undefined;
    default:
      return unreachable(fault);
  }
}

/** One call that reached the server. */
export interface ApiCall {
  /** OpenAPI's operation id, `graphql/FIELD` or `git/SERVICE`; `unknown` where it is not served. */
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly token: 'none' | Token['kind'];
  readonly login: string | undefined;
  readonly status: number;
}
