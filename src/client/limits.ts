/** How much a repository may ask of a client. Sizes in bytes. Source: the values that python-tuf and tuf-js share. */
export interface ClientLimits {
  readonly rootBytes: number;
  readonly timestampBytes: number;
  readonly snapshotBytes: number;
  /** Top-level and delegated targets metadata. */
  readonly targetsBytes: number;
  /** One artifact. Its signed length counts too. */
  readonly artifactBytes: number;
  /** Delegated roles visited in the search for one target. */
  readonly delegations: number;
  /** New root versions taken in one refresh. */
  readonly rootRotations: number;
}

export const defaultLimits: ClientLimits = {
  rootBytes: 512_000,
  timestampBytes: 16_384,
  snapshotBytes: 2_000_000,
  targetsBytes: 5_000_000,
  artifactBytes: Number.MAX_SAFE_INTEGER,
  delegations: 32,
  rootRotations: 256,
};
