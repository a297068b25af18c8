import type { JsonObject } from '../json.ts';
import { type AttestationTerms, defaultTerms } from './attestation.ts';
import type { ClientId } from './clients.ts';

/** The policy file's name, at the top of the repository. */
export const POLICY_FILE = 'tuf-signer.yml';
/** The member of root's `signed` that holds the SHA-256 of the policy file's bytes, in hex. */
export const POLICY_MEMBER = 'x-tuf-signer-policy';

/** A value that may differ by role: `default` for all roles but those in `roles`. */
export interface PerRole<T> {
  readonly default: T;
  readonly roles: ReadonlyMap<string, T>;
}

export const forRole = <T>(values: PerRole<T>, role: string): T =>
  values.roles.has(role) ? (values.roles.get(role) as T) : values.default;

/**
 * Who may delegate what. `tuf-on-ci`: as its tools do it, by `targets` alone and to each role the folder of its name.
 * `none`: nobody anything.
 */
export const delegationShapes = ['any', 'tuf-on-ci', 'none'] as const;
export type DelegationShape = (typeof delegationShapes)[number];

/** What a repository asks of its events beyond what is always asked. Without a policy file: {@link defaultPolicy}. */
export interface Policy {
  /** How far a role's version may jump in one event. */
  readonly maxVersionStep: number;
  /** The longest expiry period a role may have, in days; `undefined`: as long as the format allows. */
  readonly maxExpiryDays: PerRole<number | undefined>;
  readonly attestation: AttestationTerms;
  /** Where a key was brought by another forge account than its owner's. */
  readonly enrolmentAccount: 'warn' | 'refuse';
  /** The least threshold a role may be given. `default` is not for snapshot and timestamp, which one online key signs. */
  readonly minThreshold: PerRole<number>;
  /** The clients that have to be able to verify what is published. */
  readonly clients: ReadonlySet<ClientId>;
  readonly delegations: DelegationShape;
  /** Patterns of the paths outside of metadata/ and targets/ that an event may change. `mayChange` in repository/scope.ts reads them. */
  readonly scope: readonly string[];
}

export const defaultPolicy: Policy = {
  maxVersionStep: 100,
  maxExpiryDays: { default: undefined, roles: new Map() },
  attestation: defaultTerms,
  enrolmentAccount: 'warn',
  minThreshold: { default: 1, roles: new Map() },
  clients: new Set(),
  delegations: 'any',
  scope: [],
};

/** A policy file that was read. */
export interface PolicyFile {
  /** SHA-256 of the file's bytes in hex; `undefined` where there is no file. */
  readonly digest: string | undefined;
  readonly policy: Policy;
  /** What the file says, member by member, for descriptions of a change. */
  readonly stated: JsonObject;
}

export const noPolicyFile: PolicyFile = { digest: undefined, policy: defaultPolicy, stated: {} };
