import type { Access, Scope, Token } from './model.ts';

/** An answer of GitHub that is a failure; thrown by handlers, written by the server. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    more: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.body = {
      message,
      ...more,
      documentation_url: 'https://docs.github.com/rest',
      status: String(status),
    };
    this.headers = headers;
  }
}

export const notFound = (): ApiError => new ApiError(404, 'Not Found');
export const badCredentials = (): ApiError => new ApiError(401, 'Bad credentials');
export const requiresAuthentication = (): ApiError => new ApiError(401, 'Requires authentication');

/** What GitHub's message calls the holder of a token. */
export const inaccessible = (token: Token): string =>
  `Resource not accessible by ${token.kind === 'user' ? 'personal access token' : 'integration'}`;

/** 403, with the header by which GitHub says what would have done. */
export const forbidden = (token: Token, scope: Scope, access: Access): ApiError =>
  new ApiError(
    403,
    inaccessible(token),
    {},
    {
      'x-accepted-github-permissions': `${scope.replaceAll('-', '_')}=${access}`,
    },
  );

export interface FieldError {
  readonly resource: string;
  readonly field?: string;
  readonly code: 'missing' | 'missing_field' | 'invalid' | 'already_exists' | 'custom';
  readonly message?: string;
}

export const invalid = (...errors: readonly FieldError[]): ApiError =>
  new ApiError(422, 'Validation Failed', { errors });
