import { ROOT } from '../../metadata/names.ts';
import {
  historyFile,
  metadataFile,
  type RepositoryTree,
  roleFile,
  rootOf,
  type TreeEntry,
} from '../../repository/tree.ts';
import type { Context } from '../context.ts';
import { type Finding, refuse } from '../reason.ts';
import { always, type Rule } from './rule.ts';

/** Every root that was ever trusted stays, unchanged, so that a client of any age finds the way. */
export const history: Rule = {
  id: 'history',
  source: 'TUF 1.0.34 section 5.3; tuf-on-ci format, root_history/',
  modes: always,
  *check(context) {
    const { tree, knownGood } = context;
    const now = historyOf(tree);
    for (const [version, before] of historyOf(knownGood)) {
      const entry = now.get(version);
      if (entry === undefined) yield refuse(`metadata/${historyFile(version)} was removed`, ROOT);
      else if (entry.oid !== before.oid) yield refuse(`metadata/${historyFile(version)} was changed`, ROOT);
    }
    yield* addedBehind(context);
    const root = rootOf(tree);
    if (root === undefined) return; // rule schema says so
    const current = root.signed.version;
    if (now.get(current)?.oid !== tree.metadata.get(roleFile(ROOT))?.oid) {
      yield refuse(`metadata/${historyFile(current)} is not the same file as metadata/root.json`, ROOT);
    }
    const versions = [...now.keys()].sort((a, b) => a - b);
    for (const version of versions.filter(found => found > current)) {
      yield refuse(`metadata/${historyFile(version)} is newer than root.json`, ROOT);
    }
    const first = versions[0] ?? current;
    for (let version = first; version < current; version++) {
      if (now.has(version)) continue;
      yield refuse(`metadata/${historyFile(version)} is missing`, ROOT);
      break;
    }
  },
};

/** A root of long ago that nobody knew of: clients that start from it would trust whom it names. */
function* addedBehind({ tree, knownGood }: Context): Iterable<Finding> {
  const known = historyOf(knownGood);
  const last = rootOf(knownGood)?.signed.version ?? 0;
  for (const [version, { oid }] of historyOf(tree)) {
    if (version > last || known.has(version)) continue;
    if (version === last && oid === knownGood.metadata.get(roleFile(ROOT))?.oid) continue; // mends main
    yield refuse(`metadata/${historyFile(version)} was added though main is past that version`, ROOT);
  }
}

const byVersion = new WeakMap<RepositoryTree, ReadonlyMap<number, TreeEntry>>();

/** The files of `metadata/root_history/`, by version. Remembered for each tree, as metadata/ may hold thousands of others. */
export function historyOf(tree: RepositoryTree): ReadonlyMap<number, TreeEntry> {
  const known = byVersion.get(tree) ?? findHistory(tree);
  byVersion.set(tree, known);
  return known;
}

function findHistory(tree: RepositoryTree): ReadonlyMap<number, TreeEntry> {
  const entries = new Map<number, TreeEntry>();
  for (const [path, entry] of tree.metadata) {
    const file = metadataFile(path);
    if (file.kind === 'history') entries.set(file.version, entry);
  }
  return entries;
}
