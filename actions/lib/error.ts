import { CodedError } from '../../src/errors.ts';

export type ActionErrorCode =
  /** An input that the workflow's author has to mend. */
  | 'BAD_INPUT'
  /** A variable that every job on GitHub has is missing. */
  | 'NOT_ON_GITHUB';

export class ActionError extends CodedError<ActionErrorCode> {}
