import { jsonEqual } from '../../json.ts';
import { type TargetFile, targetHash } from '../../metadata/document.ts';
import { type RoleName, spellingProblem } from '../../metadata/names.ts';
import { artifactRoles } from '../../repository/delegators.ts';
import { isSameFile } from '../../repository/diff.ts';
import { inOrder } from '../../repository/sparse-entries.ts';
import { changedTargets } from '../../repository/target-changes.ts';
import { type TreeEntry, targetsOf } from '../../repository/tree.ts';
import { type Context, standsOnVerified } from '../context.ts';
import { awaits, type Finding, refuse, warn } from '../reason.ts';
import { keyNames, listed, plural, quoted } from '../words.ts';
import { always, type Rule } from './rule.ts';

/** What is signed is what lies there: names, lengths and hashes, in both directions, for every role. */
export const artifacts: Rule = {
  id: 'artifacts',
  source: 'TUF 1.0.34 section 4.5, TARGETS; the peers let this pass',
  modes: always,
  *check(context) {
    const verified = standsOnVerified(context);
    const touched = verified ? ownersOfTouched(context) : undefined;
    const signed: ReadonlyMap<string, TargetFile>[] = [];
    for (const role of artifactRoles(context.tree)) {
      // It says what it said on main, of files that are what they were.
      if (touched?.has(role) === false && saysTheSame(context, role)) continue;
      const document = targetsOf(context.tree, role);
      if (document === undefined) continue;
      const faults = new Faults(context, role);
      signed.push(document.signed.targets);
      for (const [path, file] of document.signed.targets) faults.compare(path, file);
      yield* faults.findings();
    }
    const strays = verified ? newStrays(context, signed) : allStrays(context, unionOf(signed));
    yield* unsigned(context, strays);
  },
};

/** Was `role` a role on main already, and is its file the one that main has, mode and all? */
const saysTheSame = ({ tree, knownGood, knownGraph }: Context, role: RoleName): boolean =>
  knownGraph.roles.has(role) && isSameFile(knownGood, tree, role);

/** Those who sign what has changed, as far as main says so; on a main that verified nobody else signs it. */
function ownersOfTouched(context: Context): ReadonlySet<RoleName> {
  const { diff } = context;
  return new Set(diff.artifacts.flatMap(({ path }) => context.knownOwnership().ownersOf(path)));
}

const isRegular = ({ mode }: TreeEntry): boolean => mode.startsWith('100');

/** Collects what does not agree, so that a thousand changed artifacts are one sentence and not a thousand. */
class Faults {
  readonly #context: Context;
  /** What may not be as on main; `undefined`: everything. */
  readonly #touched: ReadonlySet<string> | undefined;
  readonly #role: RoleName;
  readonly #missing: string[] = [];
  readonly #changed: string[] = [];
  readonly #unread: string[] = [];
  readonly #inherited: string[] = [];
  readonly #unchecked: string[] = [];

  constructor(context: Context, role: RoleName) {
    this.#context = context;
    this.#touched = touchedPaths(context, role);
    this.#role = role;
  }

  compare(path: string, file: TargetFile): void {
    const { tree, knownGood, facts, mode } = this.#context;
    if (facts.knownGoodArtifactsVerified && this.#touched?.has(path) === false) return;
    const entry = tree.artifacts.get(path);
    if (entry !== undefined && !isRegular(entry)) return; // rule tree-modes refuses it, whatever it holds
    const before = mode === 'event' ? knownGood.artifacts.get(path) : undefined;
    const same =
      mode === 'event' &&
      entry?.oid === before?.oid &&
      sameFile(file, knownFile(this.#context, this.#role, path));
    if (same && facts.knownGoodArtifactsVerified) return;
    if (!same && Object.keys(file.hashes).length > 1) this.#unchecked.push(path);
    const fault = agreement(entry, file, this.#context);
    if (fault === undefined) return;
    if (same && fault !== 'unread') this.#inherited.push(path);
    else if (fault === 'missing') this.#missing.push(path);
    else if (fault === 'changed') this.#changed.push(path);
    else this.#unread.push(path);
  }

  *findings(): Iterable<Finding> {
    const role = this.#role;
    if (this.#inherited.length > 0) {
      yield warn(
        `on main already, ${names(this.#inherited)} ${are(this.#inherited)} not what is signed`,
        role,
      );
    }
    if (this.#unchecked.length > 0 && this.#context.mode === 'event') {
      yield warn(
        `${names(this.#unchecked)} ${are(this.#unchecked)} signed with hashes beside sha256, which were not compared`,
        role,
      );
    }
    if (this.#unread.length > 0) yield refuse(`${names(this.#unread)} could not be hashed`, role);
    if (this.#missing.length > 0)
      yield this.#mendable(`signs ${names(this.#missing)}, which ${are(this.#missing)} not in targets/`);
    if (this.#changed.length > 0)
      yield this.#mendable(
        `${names(this.#changed)} in targets/ ${are(this.#changed)} not what is signed (length or hash)`,
      );
  }

  /** Online automation can still write the metadata anew; what has been signed so far is then void. */
  #mendable(message: string): Finding {
    if (this.#context.mode === 'known-good') return warn(message, this.#role);
    if (this.#context.mode === 'publish') return refuse(message, this.#role);
    return awaits(`${message}; ${mendedBy(this.#context, this.#role)}`, this.#role);
  }
}

/** Says what updating the targets metadata will cost. */
function mendedBy(context: Context, role: RoleName): string {
  const signed = context.changed.has(role) ? (context.quorumOf(role)?.signed ?? []) : [];
  const delegations = context.graph.roles.get(role)?.delegations;
  const voided = delegations === undefined ? [] : keyNames(signed, delegations);
  const cost = voided.length === 0 ? '' : `, which voids the signatures of ${listed(voided)}`;
  return `the metadata has to be updated${cost}`;
}

/** Paths where the file, or what `role` says of it, is not what it is on main; `undefined` where main says nothing. */
function touchedPaths(context: Context, role: RoleName): ReadonlySet<string> | undefined {
  const { mode, tree, knownGood, knownGraph, diff } = context;
  const [before, after] = [targetsOf(knownGood, role), targetsOf(tree, role)];
  if (mode !== 'event' || !knownGraph.roles.has(role) || before === undefined || after === undefined)
    return undefined;
  const restated = before === after ? [] : changedTargets(before.signed.targets, after.signed.targets);
  return new Set([...restated, ...diff.artifacts.map(({ path }) => path)]);
}

function knownFile(context: Context, role: RoleName, path: string): TargetFile | undefined {
  // What main did not delegate to was not looked at when main was verified.
  if (!context.knownGraph.roles.has(role)) return undefined;
  return targetsOf(context.knownGood, role)?.signed.targets.get(path);
}

const sameFile = (a: TargetFile, b: TargetFile | undefined): boolean =>
  a === b || (b !== undefined && a.length === b.length && jsonEqual(a.hashes, b.hashes));

function agreement(
  entry: TreeEntry | undefined,
  file: TargetFile,
  { facts }: Context,
): 'missing' | 'changed' | 'unread' | undefined {
  if (entry === undefined) return 'missing';
  const digest = facts.digests.get(entry.oid);
  if (digest === undefined) return 'unread';
  return digest.length === file.length && digest.sha256 === targetHash(file, 'sha256')
    ? undefined
    : 'changed';
}

/** All keys; where there is one map alone, that very map, which may be large. */
function unionOf(maps: readonly ReadonlyMap<string, unknown>[]): Pick<ReadonlySet<string>, 'has'> {
  const filled = maps.filter(({ size }) => size > 0);
  const [first, ...others] = filled;
  if (first !== undefined && others.length === 0) return first;
  const union = new Set<string>();
  for (const map of filled) for (const key of map.keys()) union.add(key);
  return union;
}

/** Files that nobody signs, in order. */
const allStrays = ({ tree }: Context, signed: Pick<ReadonlySet<string>, 'has'>): readonly string[] =>
  [...tree.artifacts.keys()].filter(path => !signed.has(path));

/**
 * As {@link allStrays}, on a main where every file was signed: files that are new, and those whose role ceased to sign them.
 * `signed` is what the roles sign that changed, or that own what was touched on main; what all others sign is as it was.
 */
function newStrays(context: Context, signed: readonly ReadonlyMap<string, unknown>[]): readonly string[] {
  const { tree, knownGood, graph, diff } = context;
  const paths = new Set(diff.artifacts.flatMap(({ path, after }) => (after === undefined ? [] : [path])));
  for (const role of artifactRoles(knownGood)) {
    if (graph.roles.has(role) && saysTheSame(context, role)) continue;
    const now = graph.roles.has(role) ? targetsOf(tree, role)?.signed.targets : undefined;
    for (const path of targetsOf(knownGood, role)?.signed.targets.keys() ?? []) {
      if (now?.has(path) !== true) paths.add(path);
    }
  }
  // What is smaller is walked: thousands of bins may sign little, and one role very much.
  for (const files of signed) {
    if (files.size > paths.size) {
      for (const path of paths) if (files.has(path)) paths.delete(path);
    } else for (const path of files.keys()) paths.delete(path);
  }
  return paths.size === 0 ? [] : inOrder(tree.artifacts, paths);
}

function* unsigned(context: Context, paths: readonly string[]): Iterable<Finding> {
  const strays = new Map<RoleName | undefined, { readonly old: string[]; readonly fresh: string[] }>();
  const onMain = strayOnMain(context);
  for (const path of paths) {
    const owner = spellingProblem(path) === undefined ? context.ownership().ownersOf(path)[0] : undefined;
    const found = strays.get(owner) ?? { old: [], fresh: [] };
    strays.set(owner, found);
    (onMain(path) ? found.old : found.fresh).push(path);
  }
  for (const [role, { old, fresh }] of strays) {
    if (old.length > 0) yield warn(`on main already, ${names(old)} in targets/ ${are(old)} not signed`, role);
    if (fresh.length === 0) continue;
    const message = `${names(fresh)} in targets/ ${are(fresh)} not signed`;
    if (context.mode === 'known-good') yield warn(message, role);
    else if (context.mode === 'publish' || role === undefined) yield refuse(message, role);
    else yield awaits(`${message}; ${mendedBy(context, role)}`, role);
  }
}

/** Tells the files that lie on main just as they lie here, and that nobody signs there either. */
function strayOnMain(context: Context): (path: string) => boolean {
  const { mode, knownGood, tree } = context;
  if (mode !== 'event' || standsOnVerified(context)) return () => false;
  let signedOnMain: Set<string> | undefined;
  return path => {
    const before = knownGood.artifacts.get(path);
    if (before === undefined || before.oid !== tree.artifacts.get(path)?.oid) return false;
    signedOnMain ??= new Set(
      artifactRoles(knownGood).flatMap(role => [
        ...(targetsOf(knownGood, role)?.signed.targets.keys() ?? []),
      ]),
    );
    return !signedOnMain.has(path);
  };
}

const names = (paths: readonly string[]): string =>
  paths.length > 20 ? plural(paths.length, 'artifact') : listed(paths.map(quoted));
const are = (paths: readonly string[]): string => (paths.length === 1 ? 'is' : 'are');
