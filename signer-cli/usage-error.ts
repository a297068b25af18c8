import { CodedError } from '../src/errors.ts';

/** A command line that does not say what is to be done. */
export class UsageError extends CodedError<'USAGE'> {
  constructor(message: string) {
    super('USAGE', message);
  }
}
