import type { Instant } from '../clock.ts';
import { type Facts, noFacts } from '../event/context.ts';
import { addedDrills } from '../event/drill/drill-of.ts';
import { judgeRepository } from '../event/judge.ts';
import type { Reason } from '../event/reason.ts';
import type { ObjectReader } from '../git/objects.ts';
import type { CommitSha } from '../git/oid.ts';
import { recallVerified, rememberVerified, type Verified } from '../git/verified.ts';
import type { Policy } from '../policy/policy.ts';
import { foldersOf } from '../policy/scope.ts';
import { leavesOf } from '../repository/delegators.ts';
import { diffTrees } from '../repository/diff.ts';
import { allDigests, changedDigests } from '../repository/digests.ts';
import { DRILLS_FOLDER } from '../repository/drill-file.ts';
import {
  type BlobDigests,
  emptyTree,
  policyOf,
  type RepositoryTree,
  type TreeEntry,
} from '../repository/tree.ts';
import { gatherAttestations } from './attestations.ts';
import { drillFolders, earlierProofs, readDrills, readIdentity } from './drill/read.ts';
import { TreeReader } from './read-tree.ts';

/** The commits that an event is judged by. */
export interface EventCommits {
  readonly event: CommitSha;
  readonly knownGood: CommitSha;
  /** The default branch's tip; missing where known-good was named by hand. */
  readonly main: CommitSha | undefined;
}

/** All that the judge needs, as values. */
export interface GatheredEvent {
  readonly knownGood: RepositoryTree;
  readonly event: RepositoryTree;
  readonly knownGoodFaults: readonly Reason[];
  readonly facts: Facts;
  /** The policy in force: known-good's. */
  readonly policy: Policy;
}

export interface GatherOptions {
  readonly now: Instant;
  /** Hash and verify all of known-good even where this machine has done so before. */
  readonly distrustCache?: boolean;
  /** Reads of `objects`; who reads several events that share much keeps what was read. */
  readonly trees?: TreeReader;
}

/** Reads both trees, verifies known-good, and hashes the blobs that the verdict depends on. Throws {@link GitError}. */
export async function gatherEvent(
  objects: ObjectReader,
  commits: EventCommits,
  options: GatherOptions,
): Promise<GatheredEvent> {
  const trees = options.trees ?? new TreeReader(objects);
  const remembered =
    options.distrustCache === true ? undefined : await recallVerified(objects.repository, commits.knownGood);
  const [ground, head, main] = await readEvent(trees, commits, remembered);
  const policy = policyOf(ground);
  const folders = new Set([...foldersOf(policy.scope), ...(movesDrills(ground, head) ? drillFolders : [])]);
  const [knownGood, event] =
    folders.size === 0 ? [ground, head] : await trees.withFilesOf(folders, ground, head);
  const { faults, artifactsVerified } =
    remembered === undefined
      ? await verifyKnownGood(trees, commits.knownGood, knownGood, options)
      : { faults: [], artifactsVerified: true };
  const needed = artifactsVerified ? changedDigests(knownGood, event) : allDigests(event);
  const digests = await objects.hashBlobs(needed);
  const attestations = await gatherAttestations(objects, knownGood, event, policy, options.now);
  const drill = theOnly(addedDrills(diffTrees(knownGood, event)));
  return {
    knownGood,
    event,
    knownGoodFaults: faults,
    facts: {
      ...noFacts,
      digests,
      knownGoodVerified: faults.length === 0,
      knownGoodArtifactsVerified: artifactsVerified,
      main,
      attestations,
      ...(drill === undefined ? {} : await drillFacts(trees, drill, commits, knownGood)),
    },
    policy,
  };
}

/** Of several none: whoever pushes a thousand drills is refused, and they are left unread. */
const theOnly = <T>(items: readonly T[]): T | undefined => (items.length === 1 ? items[0] : undefined);

const drillFacts = async (
  trees: TreeReader,
  drill: TreeEntry,
  commits: EventCommits,
  knownGood: RepositoryTree,
): Promise<Pick<Facts, 'drills' | 'identity' | 'earlierProofs'>> => ({
  drills: await readDrills(trees, [drill]),
  identity: await readIdentity(trees, knownGood),
  earlierProofs: await earlierProofs(trees, commits, drill.path),
});

const movesDrills = ({ outside }: RepositoryTree, event: RepositoryTree): boolean =>
  outside.get(DRILLS_FOLDER)?.oid !== event.outside.get(DRILLS_FOLDER)?.oid;

/** Known-good, event and main. Where known-good is remembered, what they share need not be read. */
async function readEvent(
  trees: TreeReader,
  commits: EventCommits,
  remembered: Verified | undefined,
): Promise<readonly [RepositoryTree, RepositoryTree, RepositoryTree | undefined]> {
  const { knownGood, event } = commits;
  const main = commits.main === knownGood ? undefined : commits.main;
  if (remembered !== undefined) return trees.readBeside(knownGood, event, main, remembered.leaves);
  return Promise.all([
    trees.read(knownGood),
    trees.read(event),
    main === undefined ? undefined : trees.read(main),
  ]);
}

async function verifyKnownGood(
  trees: TreeReader,
  commit: CommitSha,
  tree: RepositoryTree,
  { now }: GatherOptions,
): Promise<{ readonly faults: readonly Reason[]; readonly artifactsVerified: boolean }> {
  if (tree.metadata.size === 0 && tree.artifacts.size === 0) return { faults: [], artifactsVerified: true };
  const facts = await factsOf(trees, tree);
  const { reasons } = judgeRepository({ mode: 'known-good', tree, policy: policyOf(tree), facts, now });
  // Warnings of main's own are for main's own judgement; wrong artifacts tell an event where it has to look itself.
  const faults = reasons.filter(({ rule, severity }) => severity === 'refuse' || rule === 'artifacts');
  if (faults.length === 0)
    await rememberVerified(trees.objects.repository, commit, { leaves: leavesOf(tree) });
  return { faults, artifactsVerified: !faults.some(({ rule }) => rule === 'artifacts') };
}

/** One complete repository, as values. */
export interface GatheredRepository {
  readonly tree: RepositoryTree;
  readonly facts: Facts;
  readonly policy: Policy;
}

/** Hashes the artifacts of a tree; as a rule what git holds of them. */
export type HashArtifacts = (objects: ObjectReader, tree: RepositoryTree) => Promise<BlobDigests>;

const hashFromGit: HashArtifacts = (objects, tree) => objects.hashBlobs(allDigests(tree));

/**
 * Reads one complete repository for {@link judgeRepository}, every hash and every root. Attestations are verified where an
 * instant to do it at is given. Throws {@link GitError}.
 */
export async function gatherRepository(
  objects: ObjectReader,
  commit: CommitSha,
  now?: Instant,
  hashArtifacts: HashArtifacts = hashFromGit,
): Promise<GatheredRepository> {
  const trees = new TreeReader(objects);
  const tree = await trees.read(commit);
  const policy = policyOf(tree);
  const facts = await factsOf(trees, tree, hashArtifacts);
  if (now === undefined || !asksForAttestation(policy)) return { tree, facts, policy };
  const attestations = await gatherAttestations(objects, emptyTree, tree, policy, now);
  return { tree, facts: { ...facts, attestations }, policy };
}

function asksForAttestation({ attestation: { requirement } }: Policy): boolean {
  return [requirement.default, ...requirement.roles.values()].some(value => value !== 'off');
}

const factsOf = async (
  trees: TreeReader,
  tree: RepositoryTree,
  hashArtifacts: HashArtifacts = hashFromGit,
): Promise<Facts> => ({
  ...noFacts,
  digests: await hashArtifacts(trees.objects, tree),
  history: await trees.history(tree),
});
