import { jsonEqual } from '../../json.ts';
import { type TargetFile, targetHash } from '../../metadata/document.ts';
import { foldCase, type RoleName, spellingProblem, targetPathProblem } from '../../metadata/names.ts';
import { artifactRoles } from '../../repository/delegators.ts';
import { digestsOf, hashedName } from '../../repository/layout.ts';
import type { Ownership } from '../../repository/ownership.ts';
import {
  digestFolders,
  folderLikePublished,
  type PublishedClash,
  publishedClashes,
  publishedNameProblem,
  publishedPathProblem,
  SHA256_DIGITS,
} from '../../repository/published-names.ts';
import { collidable } from '../../repository/sparse-entries.ts';
import { changedTargets } from '../../repository/target-changes.ts';
import { type RepositoryTree, type TreeEntry, targetsOf } from '../../repository/tree.ts';
import { type Context, standsOnVerified } from '../context.ts';
import { type Finding, refuse, warn } from '../reason.ts';
import { quoted } from '../words.ts';

/**
 * Part of rule `ownership`: every artifact can be published, under each of its digests, beside all others. One that can't would stop
 * publishing for all roles. What main has of it is told, so that it can be mended, and holds up no event that leaves it alone.
 */
export function* checkPublishedNames(context: Context): Iterable<Finding> {
  const isEvent = context.mode === 'event';
  // Without an event these are all there are, and none is asked for again.
  const signed = isEvent ? [...signedAnew(context)] : [];
  const told = new Set<string>();
  for (const [role, path, file] of isEvent ? signed : signedAnew(context)) {
    const problem = nameProblem(context, path, file);
    if (problem === undefined) continue;
    told.add(path);
    yield severity(context)(`target path ${quoted(path)} ${problem}`, role);
  }
  const fresh = freshPaths(context);
  yield* unsignedNames(fresh, told);
  if (isEvent && fresh.length === 0 && signed.length === 0) return;
  const clashing = new Set<string>();
  const isOnMain = onMainOf(context);
  for (const clash of clashes(context, signed, fresh)) {
    if (isEvent && isOnMain(clash)) continue;
    const { path, digest, folder, below } = clash;
    clashing.add(folder);
    yield severity(context)(
      `artifact ${quoted(path)} is published as ${quoted(hashedName(path, digest))}, where ${quoted(below)} has a folder: rename that folder`,
    );
  }
  yield* foldersLikePublished(fresh, clashing);
}

/** An imported or older main may have such names, and publishing is what they keep from working. */
const severity = ({ mode }: Context): typeof refuse => (mode === 'known-good' ? warn : refuse);

/** Of files that nobody has signed yet, as they will be signed. */
function* unsignedNames(fresh: readonly string[], told: ReadonlySet<string>): Iterable<Finding> {
  for (const path of fresh) {
    if (told.has(path) || targetPathProblem(path) !== undefined) continue;
    const problem = publishedNameProblem(path, SHA256_DIGITS) ?? publishedPathProblem(path, SHA256_DIGITS);
    if (problem !== undefined) yield refuse(`artifact ${quoted(path)} ${problem}`);
  }
}

/**
 * A new folder in whose place an artifact was, or could come to be, published: sites keep what they had, and whoever knows the next
 * release could stand in its way.
 */
function* foldersLikePublished(fresh: readonly string[], told: Set<string>): Iterable<Finding> {
  for (const path of fresh) {
    const folder = folderLikePublished(path);
    if (folder === undefined || told.has(folder)) continue;
    told.add(folder);
    yield refuse(
      `artifact ${quoted(path)} is in a folder with the name of a published file, a digest and a dot: rename that folder`,
    );
  }
}

function nameProblem(context: Context, path: string, file: TargetFile): string | undefined {
  const digits = longestDigest(file);
  const isEvent = context.mode === 'event';
  const problem =
    publishedNameProblem(path, digits) ??
    // Sites that are served from folders have no such limit, and main's may be one.
    (isEvent ? (publishedPathProblem(path, digits) ?? shortDigestProblem(file)) : undefined);
  if (problem === undefined || targetPathProblem(path) !== undefined) return undefined;
  // What is signed and does not lie there is not published; rule artifacts has the word.
  if (!context.tree.artifacts.has(path)) return undefined;
  return isEvent && isSignedSoOnMain(context, path, file) ? undefined : problem;
}

const longestDigest = (file: TargetFile): number => {
  let digits = 0;
  for (const name in file.hashes) digits = Math.max(digits, targetHash(file, name)?.length ?? 0);
  return digits;
};

/** Not only is it a weak one: the place where it is published looks like any folder, so that none could be kept out of it. */
function shortDigestProblem(file: TargetFile): string | undefined {
  const short = digestsOf(file).find(digest => digest.length < SHA256_DIGITS);
  return short === undefined
    ? undefined
    : `is signed with a digest of ${short.length} hex digits: ${SHA256_DIGITS}, as SHA-256 has, is the least`;
}

/** Does main's owner sign it with digests of all these lengths? Then it is published by such names already. */
function isSignedSoOnMain(context: Context, path: string, file: TargetFile): boolean {
  const lengths = new Set(digestsOnMain(context, path).map(({ length }) => length));
  return digestsOf(file).every(({ length }) => lengths.has(length));
}

/** The digests by which its owners sign an artifact. */
const signedDigests = (tree: RepositoryTree, ownership: Ownership, path: string): readonly string[] =>
  spellingProblem(path) !== undefined
    ? []
    : ownership.ownersOf(path).flatMap(role => {
        const file = targetsOf(tree, role)?.signed.targets.get(path);
        return file === undefined ? [] : digestsOf(file);
      });

const digestsOnMain = (context: Context, path: string): readonly string[] =>
  signedDigests(context.knownGood, context.knownOwnership(), path);

type Signed = readonly [role: RoleName, path: string, file: TargetFile];

/** What is signed with digests that main's document of the same role has not for it; without an event everything. */
function* signedAnew(context: Context): Iterable<Signed> {
  for (const role of artifactRoles(context.tree)) {
    if (context.mode === 'event' && context.changes.get(role) === 'unchanged') continue;
    const now = targetsOf(context.tree, role)?.signed.targets;
    if (now === undefined) continue;
    const before = context.mode === 'event' ? targetsOf(context.knownGood, role)?.signed.targets : undefined;
    if (before === now) continue;
    for (const path of before === undefined ? now.keys() : changedTargets(before, now)) {
      const file = now.get(path);
      if (file !== undefined && !jsonEqual(before?.get(path)?.hashes, file.hashes)) yield [role, path, file];
    }
  }
}

/** Files of an event that main does not have. */
const freshPaths = ({ mode, diff }: Context): readonly string[] =>
  mode !== 'event'
    ? []
    : diff.artifacts.flatMap(({ path, before, after }) =>
        before === undefined && after !== undefined ? [path] : [],
      );

const clashes = (
  context: Context,
  signed: readonly Signed[],
  fresh: readonly string[],
): Iterable<PublishedClash> =>
  publishedClashes(artifactsBeside(context, signed, fresh), path =>
    signedDigests(context.tree, context.ownership(), path),
  );

/** Beyond this what is read of main would hardly be less than all. */
const MANY = 1_000;

/** The artifacts among which something new could clash with another one. */
function artifactsBeside(
  context: Context,
  signed: readonly Signed[],
  fresh: readonly string[],
): ReadonlyMap<string, TreeEntry> {
  const { artifacts } = context.tree;
  if (!standsOnVerified(context) || signed.length > MANY) return artifacts;
  const names = signed.flatMap(([, path, file]) => [
    path,
    ...digestsOf(file).map(digest => hashedName(path, digest)),
  ]);
  return collidable(artifacts, [...fresh, ...names], foldCase);
}

/** Has main both sides of a clash? Its folders are looked for once, and only where there is one. */
function onMainOf(context: Context): (clash: PublishedClash) => boolean {
  let folders: ReturnType<typeof digestFolders> | undefined;
  return ({ path, digest }) => {
    if (!digestsOnMain(context, path).includes(digest)) return false;
    folders ??= digestFolders(context.knownGood.artifacts.keys());
    return folders.get(foldCase(path))?.has(digest) === true;
  };
}
