import { jsonEqual } from '../json.ts';
import type { TargetFile } from '../metadata/document.ts';
import { diffEntries } from './diff.ts';
import { changedTargets } from './target-changes.ts';
import type { ObjectId, RepositoryTree } from './tree.ts';

/** The blobs below `targets/` that have to be hashed to judge `tree` on its own. */
export const allDigests = (tree: RepositoryTree): ReadonlySet<ObjectId> =>
  new Set([...tree.artifacts.values()].filter(({ mode }) => mode.startsWith('100')).map(({ oid }) => oid));

/**
 * The blobs that have to be hashed to judge `event` where known-good's own artifacts are known to be right: those that
 * known-good has not at the same path, and all that any changed document speaks of in a new way.
 */
export function changedDigests(knownGood: RepositoryTree, event: RepositoryTree): ReadonlySet<ObjectId> {
  if (sameDocuments(knownGood, event) && knownGood.artifacts === event.artifacts) return new Set();
  const touched = diffEntries(knownGood.artifacts, event.artifacts).map(({ after }) => after);
  const restated = [...restatedPaths(knownGood, event)].map(path => event.artifacts.get(path));
  const regular = [...touched, ...restated].filter(entry => entry?.mode.startsWith('100') === true);
  return new Set(regular.map(entry => entry?.oid).filter(oid => oid !== undefined));
}

const sameDocuments = (a: RepositoryTree, b: RepositoryTree): boolean =>
  [...b.documents].every(([role, document]) => a.documents.get(role) === document);

const saysTheSame = (a: TargetFile | undefined, b: TargetFile | undefined): boolean =>
  a?.length === b?.length && jsonEqual(a?.hashes, b?.hashes);

const nothing: ReadonlyMap<string, TargetFile> = new Map();

/** Target paths whose entry is not, to the letter, what known-good's document of the same role says. */
function restatedPaths(knownGood: RepositoryTree, event: RepositoryTree): ReadonlySet<string> {
  const restated = new Set<string>();
  for (const [role, parsed] of event.documents) {
    const known = knownGood.documents.get(role);
    if (!parsed.ok || parsed === known || parsed.value.signed.type !== 'targets') continue;
    const before =
      known?.ok === true && known.value.signed.type === 'targets' ? known.value.signed.targets : nothing;
    const after = parsed.value.signed.targets;
    for (const path of changedTargets(before, after)) {
      if (!saysTheSame(before.get(path), after.get(path))) restated.add(path);
    }
  }
  return restated;
}
