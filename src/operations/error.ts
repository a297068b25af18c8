import { CodedError } from '../errors.ts';

export type OperationErrorCode =
  /** The event's known-good is no state that the default branch itself ever had. */
  | 'NOT_FROM_MAIN'
  /** The event is part of the default branch: nothing is left to do. */
  | 'MERGED'
  /** What was asked for does not exist. */
  | 'NOT_FOUND'
  /** What was asked for is there already. */
  | 'ALREADY_THERE'
  /** Something that is needed and was neither given nor configured. */
  | 'MISSING_ANSWER'
  /** The person said no, or there is nobody to ask. */
  | 'DECLINED'
  /** A check said no before anything was written. */
  | 'REFUSED'
  /** What the remote has does not follow from what this machine trusts. */
  | 'UNTRUSTED'
  /** What this machine keeps of whom it trusts can't be read. */
  | 'BAD_PIN'
  /** A file that was brought here is not what its format says. */
  | 'BAD_FILE'
  /** Other people kept changing the branch while we tried. */
  | 'RACE_LOST'
  /** No configured signer has the key that is needed. */
  | 'NO_SIGNER'
  /** What was named as the place for a site is none. */
  | 'BAD_DESTINATION'
  /** A program that brings files somewhere is missing, or failed. */
  | 'PROGRAM_FAILED';

export class OperationError extends CodedError<OperationErrorCode> {}
