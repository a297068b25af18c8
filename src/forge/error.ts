import { CodedError } from '../errors.ts';

export type ForgeErrorCode =
  /** What the forge keeps is not what we wrote. */
  | 'BAD_STATE'
  /** There is no such pull request, branch, workflow, …. */
  | 'NOT_FOUND'
  /** The forge could not be read or written. */
  | 'ACCESS'
  /** The token is no good. */
  | 'UNAUTHENTICATED'
  /** The token is good, but not for this. */
  | 'FORBIDDEN'
  /** Too many calls for now. */
  | 'RATE_LIMITED'
  /** The forge is there, but can't do what it is asked to: a branch is gone, a pull request is closed. */
  | 'UNFIT'
  /** The forge can't be reached, or is broken. */
  | 'UNAVAILABLE';

export class ForgeError extends CodedError<ForgeErrorCode> {}
