import { CodedError } from '../errors.ts';

export type ForgeErrorCode =
  /** What the forge keeps is not what we wrote. */
  | 'BAD_STATE'
  /** There is no such pull request. */
  | 'NOT_FOUND'
  /** The forge could not be read or written. */
  | 'ACCESS';

export class ForgeError extends CodedError<ForgeErrorCode> {}
