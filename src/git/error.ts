import { CodedError } from '../errors.ts';

export type GitErrorCode =
  /** There is no `git` program to run. */
  | 'GIT_MISSING'
  /** The folder belongs to no repository, or to one that may not be trusted (see `openRepository`). */
  | 'NOT_A_REPOSITORY'
  /** A revision that names no commit of this clone. */
  | 'BAD_REVISION'
  /** A branch, ref or remote name that is not safe to use. */
  | 'BAD_REF_NAME'
  /** A path that can't be committed, or leads through something that is no folder. */
  | 'BAD_PATH'
  /** The clone lacks history that a judgement needs. */
  | 'SHALLOW'
  | 'NO_MERGE_BASE'
  | 'MANY_MERGE_BASES'
  | 'OBJECT_MISSING'
  /** An object that is malformed, of another type than asked for, or not what its id names. */
  | 'BAD_OBJECT'
  | 'OBJECT_TOO_LARGE'
  /** A local ref did not hold the expected value any more. */
  | 'REF_MOVED'
  | 'NO_DEFAULT_BRANCH'
  /** `user.name` or `user.email` is not configured. */
  | 'IDENTITY_MISSING'
  /** The remote understood a push and said no, for another reason than a race. */
  | 'PUSH_REJECTED'
  /** The remote could not be reached, or did not let us in. */
  | 'REMOTE_FAILED'
  /** More output than a caller was ready to hold. */
  | 'OUTPUT_TOO_LARGE'
  | 'GIT_FAILED';

export class GitError extends CodedError<GitErrorCode> {}
