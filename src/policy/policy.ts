/** What a repository asks of its events beyond what is always asked. Without a policy file: {@link defaultPolicy}. */
export interface Policy {
  /** How far a role's version may jump in one event. */
  readonly maxVersionStep: number;
}

export const defaultPolicy: Policy = { maxVersionStep: 100 };
