import { CodedError } from '../src/errors.ts';

/** A command line that does not say what is to be done. */
export class UsageError extends CodedError<'USAGE'> {
  constructor(message: string) {
    super('USAGE', message);
  }
}

/** A file that was named is there, and this machine does not let us read it. */
export class UnreadableFile extends CodedError<'STORAGE'> {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super('STORAGE', message, options);
  }
}
