import { jsonEqual } from '../json.ts';
import type { TargetFile } from '../metadata/document.ts';
import { diffEntries } from './diff.ts';
import { changedTargets } from './target-changes.ts';
import { metadataFile, type ObjectId, type RepositoryTree } from './tree.ts';

/** The blobs below `targets/` that have to be hashed to judge `tree` on its own. */
export function allDigests(tree: RepositoryTree): ReadonlySet<ObjectId> {
  const oids = new Set<ObjectId>();
  for (const { mode, oid } of tree.artifacts.values()) if (mode.startsWith('100')) oids.add(oid);
  return oids;
}

/**
 * The blobs that have to be hashed to judge `event` where known-good's own artifacts are known to be right: those that
 * known-good has not at the same path, and all that any changed document speaks of in a new way.
 */
export function changedDigests(knownGood: RepositoryTree, event: RepositoryTree): ReadonlySet<ObjectId> {
  const touched = diffEntries(knownGood.artifacts, event.artifacts).map(({ after }) => after);
  const restated = [...restatedPaths(knownGood, event)].map(path => event.artifacts.get(path));
  const regular = [...touched, ...restated].filter(entry => entry?.mode.startsWith('100') === true);
  return new Set(regular.map(entry => entry?.oid).filter(oid => oid !== undefined));
}

const saysTheSame = (a: TargetFile | undefined, b: TargetFile | undefined): boolean =>
  a?.length === b?.length && jsonEqual(a?.hashes, b?.hashes);

const nothing: ReadonlyMap<string, TargetFile> = new Map();

/** Target paths whose entry is not, to the letter, what known-good's document of the same role says. */
function restatedPaths(knownGood: RepositoryTree, event: RepositoryTree): ReadonlySet<string> {
  const restated = new Set<string>();
  for (const { path } of diffEntries(knownGood.metadata, event.metadata)) {
    const file = metadataFile(path);
    const parsed = file.kind === 'role' ? event.documents.get(file.role) : undefined;
    if (file.kind !== 'role' || parsed?.ok !== true || parsed.value.signed.type !== 'targets') continue;
    const known = knownGood.documents.get(file.role);
    const before =
      known?.ok === true && known.value.signed.type === 'targets' ? known.value.signed.targets : nothing;
    const after = parsed.value.signed.targets;
    for (const path of changedTargets(before, after)) {
      if (!saysTheSame(before.get(path), after.get(path))) restated.add(path);
    }
  }
  return restated;
}
