/**
 * The base of every error this project throws on purpose. Each room has one subclass whose codes are a string union;
 * callers branch on `code`, never on `message`. A message says the fact, then what the person can do about it.
 */
export abstract class CodedError<Code extends string = string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

export type InvariantErrorCode = 'INVARIANT';

/** A state that our own code promised cannot be. Always a defect of tuf-signer, never of its input. */
export class InvariantError extends CodedError<InvariantErrorCode> {
  constructor(message: string) {
    super('INVARIANT', `${message} (this is a defect of tuf-signer: please report it)`);
  }
}

/** Narrows away `undefined` where the code above has already made sure of it. */
export function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new InvariantError(`missing ${what}`);
  return value;
}

/** For the end of an exhaustive `switch`. */
export function unreachable(value: never): never {
  throw new InvariantError(`unexpected ${JSON.stringify(value)}`);
}
