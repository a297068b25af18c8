import { CodedError } from '../errors.ts';

export type RepositoryErrorCode =
  /** A file of the repository is not what the format says. */
  | 'BAD_FILE'
  /** An edit that would leave a repository that nobody could sign. */
  | 'BAD_EDIT'
  /** Delegations that would take too long to follow. */
  | 'TOO_COMPLEX';

export class RepositoryError extends CodedError<RepositoryErrorCode> {}
