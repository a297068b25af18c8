import { jsonEqual } from '../json.ts';
import type { Document } from '../metadata/document.ts';
import type { RoleName } from '../metadata/names.ts';
import { SparseEntries, shareTheSame } from './sparse-entries.ts';
import { documentOf, type RepositoryTree, roleFile, type TreeEntry } from './tree.ts';

/** One path that is not the same in both trees. `before` is missing where it was added, `after` where it was removed. */
export interface EntryChange {
  readonly path: string;
  readonly before: TreeEntry | undefined;
  readonly after: TreeEntry | undefined;
}

export interface TreeDiff {
  readonly metadata: readonly EntryChange[];
  readonly artifacts: readonly EntryChange[];
  readonly outside: readonly EntryChange[];
}

/** Compares two trees by mode and object id, removals included. */
export const diffTrees = (before: RepositoryTree, after: RepositoryTree): TreeDiff => ({
  metadata: diffEntries(before.metadata, after.metadata),
  artifacts: diffEntries(before.artifacts, after.artifacts),
  outside: diffEntries(before.outside, after.outside),
});

export const isEmptyDiff = (diff: TreeDiff): boolean =>
  diff.metadata.length === 0 && diff.artifacts.length === 0 && diff.outside.length === 0;

type Entries = ReadonlyMap<string, TreeEntry>;

const differences = new WeakMap<Entries, WeakMap<Entries, readonly EntryChange[]>>();

/** The entries of one folder that differ, removals last. Remembered for each pair: there may be 100,000. */
export function diffEntries(before: Entries, after: Entries): readonly EntryChange[] {
  if (before === after) return [];
  const known = differences.get(before)?.get(after);
  if (known !== undefined) return known;
  const row = differences.get(before) ?? new WeakMap<Entries, readonly EntryChange[]>();
  const changes =
    before instanceof SparseEntries && after instanceof SparseEntries && shareTheSame(before, after)
      ? compareEntries(before.own, after.own)
      : compareEntries(before, after);
  differences.set(before, row.set(after, changes));
  return changes;
}

function compareEntries(before: Entries, after: Entries): readonly EntryChange[] {
  const changes: EntryChange[] = [];
  for (const [path, entry] of after) {
    const old = before.get(path);
    if (old === undefined || old.oid !== entry.oid || old.mode !== entry.mode) {
      changes.push({ path, before: old, after: entry });
    }
  }
  for (const [path, entry] of before) {
    if (!after.has(path)) changes.push({ path, before: entry, after: undefined });
  }
  return changes;
}

/** How a role's document differs between two trees. */
export type RoleChange = 'unchanged' | 'added' | 'removed' | 'content' | 'signatures';

/** Is the role's file the same in both trees, mode and all, or in neither? */
export function isSameFile(before: RepositoryTree, after: RepositoryTree, role: RoleName): boolean {
  const file = roleFile(role);
  const [old, now] = [before.metadata.get(file), after.metadata.get(file)];
  return old?.oid === now?.oid && old?.mode === now?.mode;
}

const sameContent = new WeakMap<Document, WeakMap<Document, boolean>>();

/** `signatures` where what is signed is the same. An unreadable document on either side counts as other content. */
export function roleChange(before: RepositoryTree, after: RepositoryTree, role: RoleName): RoleChange {
  const file = roleFile(role);
  const [old, now] = [before.metadata.get(file), after.metadata.get(file)];
  if (old === undefined) return now === undefined ? 'unchanged' : 'added';
  if (now === undefined) return 'removed';
  if (old.oid === now.oid) return 'unchanged';
  const [oldDocument, nowDocument] = [documentOf(before, role), documentOf(after, role)];
  if (oldDocument === undefined || nowDocument === undefined) return 'content';
  return hasSameContent(oldDocument, nowDocument) ? 'signatures' : 'content';
}

function hasSameContent(a: Document, b: Document): boolean {
  const known = sameContent.get(a)?.get(b);
  if (known !== undefined) return known;
  // The version first: it mostly tells, and spares a walk through what may be 100,000 targets.
  const same = a.signed.version === b.signed.version && jsonEqual(a.signed.raw, b.signed.raw);
  const row = sameContent.get(a) ?? new WeakMap<Document, boolean>();
  sameContent.set(a, row.set(b, same));
  return same;
}
