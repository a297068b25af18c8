import type { JsonObject } from '../json.ts';
import { withMembers } from '../json.ts';
import { type TargetFile, targetHash } from '../metadata/document.ts';
import { type RoleName, targetPathProblem } from '../metadata/names.ts';
import { artifactRoles } from './delegators.ts';
import { ownershipOf } from './ownership.ts';
import { type BlobDigest, type ObjectId, type RepositoryTree, targetsOf } from './tree.ts';

/**
 * What `targets` of each role should say to agree with the files of `targets/`; only roles where it says something
 * else. Unknown members of an entry (`custom`) stay. Files with an unsafe or contested path are left for the rules.
 */
export function artifactEdits(
  tree: RepositoryTree,
  digests: ReadonlyMap<ObjectId, BlobDigest>,
): ReadonlyMap<RoleName, JsonObject> {
  const files = filesByRole(tree);
  const edits = new Map<RoleName, JsonObject>();
  for (const role of artifactRoles(tree)) {
    const document = targetsOf(tree, role);
    if (document === undefined) continue;
    const known = document.signed.targets;
    const wanted = new Map<string, JsonObject>();
    let changed = false;
    for (const [path, oid] of files.get(role) ?? []) {
      const old = known.get(path);
      const digest = digests.get(oid);
      // No digest was asked for where neither the file nor what is said of it has changed.
      const agrees = digest === undefined ? old !== undefined : old !== undefined && says(old, digest);
      if (digest === undefined && old === undefined) continue;
      wanted.set(path, agrees && old !== undefined ? old : restate(old, digest as BlobDigest));
      changed ||= !agrees;
    }
    changed ||= wanted.size !== known.size;
    if (changed) edits.set(role, Object.fromEntries(wanted));
  }
  return edits;
}

function filesByRole(tree: RepositoryTree): ReadonlyMap<RoleName, readonly (readonly [string, ObjectId])[]> {
  const ownership = ownershipOf(tree);
  const byRole = new Map<RoleName, (readonly [string, ObjectId])[]>();
  for (const [path, { oid, mode }] of tree.artifacts) {
    if (!mode.startsWith('100') || targetPathProblem(path) !== undefined) continue;
    const [owner, ...others] = ownership.ownersOf(path);
    if (owner === undefined || others.length > 0) continue;
    const list = byRole.get(owner);
    if (list === undefined) byRole.set(owner, [[path, oid]]);
    else list.push([path, oid]);
  }
  return byRole;
}

const says = (file: TargetFile, digest: BlobDigest): boolean =>
  file.length === digest.length && targetHash(file, 'sha256') === digest.sha256;

const restate = (old: TargetFile | undefined, { length, sha256 }: BlobDigest): JsonObject =>
  withMembers(
    old ?? {},
    new Map<string, number | JsonObject>([
      ['hashes', { sha256 }],
      ['length', length],
    ]),
  );
