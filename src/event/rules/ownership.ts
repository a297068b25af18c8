import { jsonEqual } from '../../json.ts';
import { type Delegations, noDelegations, type RoleDefinition } from '../../metadata/delegation.ts';
import { type Document, isTargets } from '../../metadata/document.ts';
import {
  foldCase,
  ROOT,
  type RoleName,
  spellingProblem,
  TARGETS,
  targetPathDoubts,
  targetPathProblem,
} from '../../metadata/names.ts';
import { artifactRoles } from '../../repository/delegators.ts';
import { collidable } from '../../repository/sparse-entries.ts';
import { documentOf, type TreeEntry, targetsOf } from '../../repository/tree.ts';
import { type Context, standsOnVerified } from '../context.ts';
import { type Finding, refuse, warn } from '../reason.ts';
import { listed, quoted } from '../words.ts';
import { checkDelegations } from './delegations.ts';
import { checkPublishedNames } from './published-names.ts';
import { always, type Rule } from './rule.ts';
import { takeovers } from './takeovers.ts';

/** Each artifact has one role that may sign it, and a path that is the same path for everyone. */
export const ownership: Rule = {
  id: 'ownership',
  source: 'TUF 1.0.34 section 4.5, PATHPATTERN; shared design, rule table',
  modes: always,
  *check(context) {
    for (const [role, others] of context.graph.contested) {
      yield refuse(
        `${quoted(role)} is delegated more than once (also by ${listed(others.map(quoted))})`,
        role,
      );
    }
    yield* checkDelegations(context);
    if (context.mode === 'event') yield* takeovers(context.knownGood, context.tree);
    const paths = pathsToCheck(context);
    yield* checkFiles(context, paths.files);
    for (const [role, signed] of paths.signed) {
      for (const path of signed) yield* checkPath(context, role, path);
    }
    yield* checkCollisions(context);
    yield* checkPublishedNames(context);
    if (context.mode === 'event') yield* doubts(context);
  },
};

/** What of this rule is about the names of files alone, signed or not, for whoever is about to sign them. */
export function* checkFileNames(context: Context): Iterable<Finding> {
  yield* checkFiles(context, pathsToCheck(context).files);
  yield* checkCollisions(context);
  yield* checkPublishedNames(context);
}

function* checkFiles(context: Context, paths: Iterable<string>): Iterable<Finding> {
  for (const path of paths) {
    const problem = targetPathProblem(path);
    if (problem !== undefined)
      yield pathFinding(context, path, `artifact ${quoted(path)}: the path ${problem}`);
  }
}

/** A path that is too long, and no more than that, keeps main from being published; what leaves it alone goes on. */
function pathFinding({ mode, knownGood }: Context, path: string, message: string, role?: RoleName): Finding {
  const isMains = mode === 'known-good' || knownGood.artifacts.has(path);
  return isMains && spellingProblem(path) === undefined ? warn(message, role) : refuse(message, role);
}

function* checkCollisions(context: Context): Iterable<Finding> {
  const { artifacts } = context.tree;
  if (context.mode !== 'event') {
    yield* collisions(artifacts);
    return;
  }
  // A path that main has too collides with nothing that is not new itself.
  const fresh = context.diff.artifacts.flatMap(({ path, before }) => (before === undefined ? [path] : []));
  if (fresh.length > 0)
    yield* collisions(standsOnVerified(context) ? collidable(artifacts, fresh, foldCase) : artifacts);
}

/** Of new artifacts alone: what main has was looked at. */
function* doubts({ diff }: Context): Iterable<Finding> {
  for (const { path, before } of diff.artifacts) {
    if (before !== undefined || targetPathProblem(path) !== undefined) continue;
    for (const doubt of targetPathDoubts(path)) yield warn(`artifact ${quoted(path)} ${doubt}`);
  }
}

function* checkPath(context: Context, role: RoleName, path: string): Iterable<Finding> {
  const problem = targetPathProblem(path);
  if (problem !== undefined) {
    yield pathFinding(context, path, `target path ${quoted(path)} ${problem}`, role);
    if (spellingProblem(path) !== undefined) return;
  }
  const owners = context.ownership().ownersOf(path);
  if (owners.length > 1) yield refuse(`${quoted(path)} is claimed by ${listed(owners.map(quoted))}`, role);
  else if (owners[0] !== role)
    yield refuse(`signs ${quoted(path)}, which belongs to ${quoted(owners[0] ?? TARGETS)}`, role);
}

/** All paths where delegations moved or no event is judged; else those that are new. */
function pathsToCheck(context: Context): {
  readonly files: Iterable<string>;
  readonly signed: ReadonlyMap<RoleName, Iterable<string>>;
} {
  const everything = context.mode !== 'event' || delegationsMoved(context);
  const signed = new Map<RoleName, Iterable<string>>();
  for (const role of artifactRoles(context.tree)) {
    if (!everything && context.changes.get(role) === 'unchanged') continue; // it signs no path that is new to it
    const targets = targetsOf(context.tree, role)?.signed.targets;
    if (targets === undefined) continue;
    const known = everything ? undefined : targetsOf(context.knownGood, role)?.signed.targets;
    if (known === undefined) signed.set(role, targets.keys());
    else if (known !== targets)
      signed.set(
        role,
        [...targets.keys()].filter(path => !known.has(path)),
      );
  }
  const files = everything
    ? context.tree.artifacts.keys()
    : context.diff.artifacts.filter(({ after }) => after !== undefined).map(({ path }) => path);
  return { files, signed };
}

/** Did any role begin, cease or change to delegate to others? New keys or thresholds alone move no artifact. */
const delegationsMoved = (context: Context): boolean =>
  [...context.changes].some(
    ([role, change]) =>
      role !== ROOT &&
      (change === 'added' || change === 'removed' || change === 'content') &&
      !sameDelegations(documentOf(context.knownGood, role), documentOf(context.tree, role)),
  );

function sameDelegations(before: Document | undefined, after: Document | undefined): boolean {
  const [old, now] = [delegationsOf(before), delegationsOf(after)];
  if (old.succinct !== undefined && now.succinct !== undefined)
    return (
      old.succinct.namePrefix === now.succinct.namePrefix && old.succinct.bitLength === now.succinct.bitLength
    );
  const roles = [...now.roles.values()];
  return (
    old.roles.size === roles.length && [...old.roles.values()].every((role, i) => sameCut(role, roles[i]))
  );
}

const delegationsOf = (document: Document | undefined): Delegations =>
  document === undefined || !isTargets(document) ? noDelegations : document.signed.delegations;

const sameCut = (a: RoleDefinition, b: RoleDefinition | undefined): boolean =>
  b !== undefined &&
  a.name === b.name &&
  jsonEqual(a.paths, b.paths) &&
  jsonEqual(a.pathHashPrefixes, b.pathHashPrefixes);

/** Two paths that are one file on a file system that folds case, or a file where another path has a folder. */
function* collisions(artifacts: ReadonlyMap<string, TreeEntry>): Iterable<Finding> {
  const files = new Map<string, string>();
  for (const path of artifacts.keys()) {
    const folded = foldCase(path);
    const other = files.get(folded);
    if (other !== undefined)
      yield refuse(`artifacts ${quoted(other)} and ${quoted(path)} differ in case only`);
    files.set(folded, path);
  }
  const folders = new Set<string>();
  for (const [folded, path] of files) {
    for (let end = folded.lastIndexOf('/'); end > 0; end = folded.lastIndexOf('/', end - 1)) {
      const folder = folded.slice(0, end);
      if (folders.has(folder)) break;
      folders.add(folder);
      const file = files.get(folder);
      if (file === undefined) continue;
      yield refuse(`artifact ${quoted(file)} stands where ${quoted(path)} has a folder, but for case`);
    }
  }
}
