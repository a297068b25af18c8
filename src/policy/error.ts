import { CodedError } from '../errors.ts';

export type PolicyErrorCode =
  /** More bytes, or deeper nesting, than a policy needs. */
  | 'POLICY_SIZE'
  /** Not UTF-8. */
  | 'POLICY_ENCODING'
  /** No YAML, or YAML of a kind that is not taken here. */
  | 'POLICY_SYNTAX'
  /** A member that is not known, or a value that is none of those it can have. */
  | 'POLICY_SCHEMA'
  /** Text that should hold certificates and does not. */
  | 'POLICY_CERTIFICATE';

/** A policy file that says nothing. The message begins with line and column where there are any. */
export class PolicyError extends CodedError<PolicyErrorCode> {}
