import type { RoleName } from '../../metadata/names.ts';
import type { Quorum } from '../../metadata/quorum.ts';
import type { DelegationGraph } from '../../repository/delegators.ts';
import type { RepositoryTree } from '../../repository/tree.ts';

/** What problems are looked for in. A context of judgement is one. */
export interface View {
  readonly tree: RepositoryTree;
  readonly graph: DelegationGraph;
  quorumOf(role: RoleName): Quorum | undefined;
}

/** `breaks`: the client can't verify what is named, or takes it for something else. `weakens`: it can, with less than others. */
export type Weight = 'breaks' | 'weakens';

/** One place where a client meets a problem. */
export interface Hit {
  /** The same place in another version of the repository has the same key. */
  readonly key: string;
  /** The place in a few words, as in `dev (1 of 2)`. Untrusted. */
  readonly text: string;
  readonly weight: Weight;
  /** Does rule `schema` judge this for every client alike? */
  readonly isCommon: boolean;
}

export const hit = (key: string, text: string = key, weight: Weight = 'breaks', isCommon = false): Hit => ({
  key,
  text,
  weight,
  isCommon,
});
