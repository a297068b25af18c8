import { jsonEqual } from '../json.ts';
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
  const needed = new Set<ObjectId>();
  const restated = restatedPaths(knownGood, event);
  for (const [path, { oid, mode }] of event.artifacts) {
    if (!mode.startsWith('100')) continue;
    if (knownGood.artifacts.get(path)?.oid !== oid || restated.has(path)) needed.add(oid);
  }
  return needed;
}

const sameDocuments = (a: RepositoryTree, b: RepositoryTree): boolean =>
  [...b.documents].every(([role, document]) => a.documents.get(role) === document);

/** Target paths whose entry is not, to the letter, what known-good's document of the same role says. */
function restatedPaths(knownGood: RepositoryTree, event: RepositoryTree): ReadonlySet<string> {
  const restated = new Set<string>();
  for (const [role, parsed] of event.documents) {
    const known = knownGood.documents.get(role);
    if (!parsed.ok || parsed === known || parsed.value.signed.type !== 'targets') continue;
    const before =
      known?.ok === true && known.value.signed.type === 'targets' ? known.value.signed.targets : undefined;
    for (const [path, file] of parsed.value.signed.targets) {
      const old = before?.get(path);
      if (old === undefined || old.length !== file.length || !jsonEqual(old.hashes, file.hashes)) {
        restated.add(path);
      }
    }
  }
  return restated;
}
