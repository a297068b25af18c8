import type { Instant } from '../clock.ts';
import { jsonEqual } from '../json.ts';
import type { Document, Root } from '../metadata/document.ts';
import { type Keyid, type KeyOwner, ROOT, type RoleName } from '../metadata/names.ts';
import { type Quorum, verifyQuorum } from '../metadata/quorum.ts';
import type { AttestationResult } from '../policy/attestation.ts';
import type { Policy } from '../policy/policy.ts';
import { type Delegated, type DelegationGraph, delegationGraph } from '../repository/delegators.ts';
import { diffTrees, isSameFile, type RoleChange, roleChange, type TreeDiff } from '../repository/diff.ts';
import type { DrillFile, DrillProof } from '../repository/drill-file.ts';
import { RepositoryError } from '../repository/error.ts';
import { type Ownership, ownershipOf } from '../repository/ownership.ts';
import {
  type BlobDigests,
  documentOf,
  metadataFile,
  type ObjectId,
  type Parsed,
  type RepositoryTree,
  rootOf,
} from '../repository/tree.ts';

/**
 * What is judged. `event`: a change against known-good. `known-good`: one tree, as the ground that events stand on.
 * `publish`: one tree, complete, as clients are to get it.
 */
export type Mode = 'event' | 'known-good' | 'publish';

/** What took I/O to find out. Something missing that a rule needs is a refusal by that rule. */
export interface Facts {
  /** Digests of the blobs below `targets/` that had to be read. */
  readonly digests: BlobDigests;
  /** Is known-good without a fault? Then what has not changed need not be verified again. */
  readonly knownGoodVerified: boolean;
  /** Do known-good's artifacts agree with its metadata, every hash? Then what has not changed needs no digest. */
  readonly knownGoodArtifactsVerified: boolean;
  /** `root_history/N.root.json` by N; not needed to judge an event. */
  readonly history: ReadonlyMap<number, Parsed<Document<Root>>>;
  /** Where the default branch stands now; missing where known-good was given by hand, which turns rule `base` off. */
  readonly main: RepositoryTree | undefined;
  /** What became of verifying the attestations that the event depends on; none where no key joins. */
  readonly attestations: ReadonlyMap<Keyid, AttestationResult>;
  /** The drills that the event adds, by blob. */
  readonly drills: ReadonlyMap<ObjectId, Parsed<DrillFile>>;
  /** What the drill held in any commit of the event; `undefined` where nobody could look. */
  readonly earlierProofs: readonly DrillProof[] | undefined;
  /** Which repository known-good is ({@link identityOf}); not needed where the event is no drill. */
  readonly identity: string | undefined;
  /**
   * The forge account that brought a joining key; `undefined` where there is no forge to ask, as on a person's machine. Automation
   * always gives a map: a key that is missing there came from nobody that is known.
   */
  readonly accounts: ReadonlyMap<Keyid, KeyOwner> | undefined;
}

export const noFacts: Facts = {
  digests: new Map(),
  knownGoodVerified: false,
  knownGoodArtifactsVerified: false,
  history: new Map(),
  main: undefined,
  attestations: new Map(),
  drills: new Map(),
  identity: undefined,
  earlierProofs: undefined,
  accounts: undefined,
};

/** Everything that the rules look at, derived once. */
export interface Context {
  readonly mode: Mode;
  /** The empty tree unless an event is judged. */
  readonly knownGood: RepositoryTree;
  readonly tree: RepositoryTree;
  readonly policy: Policy;
  readonly facts: Facts;
  readonly now: Instant;
  /** Made when first asked for: outside of an event it holds everything. */
  readonly diff: TreeDiff;
  readonly graph: DelegationGraph;
  readonly knownGraph: DelegationGraph;
  /** For each role with a file in either tree. Outside of an event every role is `added`. */
  readonly changes: ReadonlyMap<RoleName, RoleChange>;
  /** The documents that the rules on content look at: those that parsed and are not just what known-good has. */
  readonly changed: ReadonlyMap<RoleName, Document>;
  /**
   * The quorum that the role's delegator in this tree sets; `undefined` where role or document is missing. Throws
   * {@link RepositoryError} `TOO_COMPLEX` beyond any real repository's number of signatures.
   */
  quorumOf(role: RoleName): Quorum | undefined;
  /** Is the role, with the keys and the threshold that it is given, what was verified on main? Its quorum has signed. */
  isSettled(role: RoleName): boolean;
  /** Do both trees give the role the same keys and threshold? */
  hasSameDelegation(role: RoleName): boolean;
  /** Known-good's root quorum over the event's root; `undefined` where there is no known-good root. */
  oldRootQuorum(): Quorum | undefined;
  ownership(): Ownership;
  /** Whose known-good's artifacts are. */
  knownOwnership(): Ownership;
}

/**
 * Did known-good verify, artifacts included? Then each of its files is a regular one that its owner, and nobody else, signs
 * as it is, no two paths collide (as what they are published as, they may), and a rule need not look at what is the same at the same path.
 */
export const standsOnVerified = ({ mode, facts }: Pick<Subject, 'mode' | 'facts'>): boolean =>
  mode === 'event' && facts.knownGoodVerified && facts.knownGoodArtifactsVerified;

export interface Subject {
  readonly mode: Mode;
  readonly knownGood: RepositoryTree;
  readonly tree: RepositoryTree;
  readonly policy: Policy;
  readonly facts: Facts;
  readonly now: Instant;
}

/** By all roles together. RSA of 8192 bits takes most of a millisecond; the same thousand signatures fit many roles. */
const MAX_VERIFICATIONS = 100_000;

export function contextOf(subject: Subject): Context {
  const { knownGood, tree } = subject;
  const [graph, knownGraph] = [delegationGraph(tree), delegationGraph(knownGood)];
  const changes = new Map<RoleName, RoleChange>();
  for (const role of rolesWithFiles(knownGood, tree)) changes.set(role, roleChange(knownGood, tree, role));
  const changed = new Map<RoleName, Document>();
  for (const [role, change] of changes) {
    const document = change === 'unchanged' ? undefined : documentOf(tree, role);
    if (document !== undefined) changed.set(role, document);
  }
  let verifications = 0;
  const quorumOf = remember((role: RoleName): Quorum | undefined => {
    const document = documentOf(tree, role);
    const delegated = graph.roles.get(role);
    if (document === undefined || delegated === undefined) return undefined;
    verifications += Math.min(document.signatures.length, delegated.definition.keyids.length);
    if (verifications > MAX_VERIFICATIONS) {
      throw new RepositoryError(
        'TOO_COMPLEX',
        `more than ${MAX_VERIFICATIONS} signatures would have to be verified`,
      );
    }
    return verifyQuorum(document, delegated.delegations, role);
  });
  const oldRootQuorum = once((): Quorum | undefined => {
    const [known, event] = [rootOf(knownGood), rootOf(tree)];
    return known === undefined || event === undefined
      ? undefined
      : verifyQuorum(event, known.signed.delegations, ROOT);
  });
  const diff = once((): TreeDiff => diffTrees(knownGood, tree));
  const ownership = once((): Ownership => ownershipOf(tree));
  const knownOwnership = once((): Ownership => ownershipOf(knownGood));
  const hasSameDelegation = remember((role: RoleName): boolean =>
    isSameDelegation(knownGraph.roles.get(role), graph.roles.get(role)),
  );
  return {
    ...subject,
    get diff() {
      return diff();
    },
    graph,
    knownGraph,
    changes,
    changed,
    quorumOf,
    // Many rules ask it of every role.
    isSettled: remember(
      role =>
        subject.facts.knownGoodVerified &&
        changes.get(role) === 'unchanged' &&
        isSameFile(knownGood, tree, role) &&
        hasSameDelegation(role),
    ),
    hasSameDelegation,
    oldRootQuorum,
    ownership,
    knownOwnership,
  };
}

function isSameDelegation(a: Delegated | undefined, b: Delegated | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (a.definition === b.definition) return true;
  const { threshold, keyids } = b.definition;
  return (
    a.definition.threshold === threshold &&
    jsonEqual(a.definition.keyids, keyids) &&
    keyids.every(keyid => jsonEqual(a.delegations.keys.get(keyid)?.raw, b.delegations.keys.get(keyid)?.raw))
  );
}

function rolesWithFiles(...trees: readonly RepositoryTree[]): ReadonlySet<RoleName> {
  const roles = new Set<RoleName>();
  for (const tree of trees) {
    for (const path of tree.metadata.keys()) {
      const file = metadataFile(path);
      if (file.kind === 'role') roles.add(file.role);
    }
  }
  return roles;
}

function remember<A, R>(compute: (argument: A) => R): (argument: A) => R {
  const results = new Map<A, R>();
  return argument => {
    if (results.has(argument)) return results.get(argument) as R;
    const result = compute(argument);
    results.set(argument, result);
    return result;
  };
}

function once<R>(compute: () => R): () => R {
  const result = remember((_key: undefined) => compute());
  return () => result(undefined);
}
