import type { JsonObject } from '../json.ts';
import { withMembers } from '../json.ts';
import { type TargetFile, targetHash } from '../metadata/document.ts';
import { isOnlineRole, ROOT, type RoleName, spellingProblem } from '../metadata/names.ts';
import { artifactRoles, delegationGraph } from './delegators.ts';
import { diffEntries } from './diff.ts';
import { ownershipOf } from './ownership.ts';
import {
  type BlobDigest,
  type BlobDigests,
  metadataFile,
  type ObjectId,
  type RepositoryTree,
  targetsOf,
} from './tree.ts';

/**
 * What `targets` of each role should say to agree with the files of `targets/`; only roles where it says something
 * else. Unknown members of an entry (`custom`) stay. Files with an unsafe or contested path are left for the rules.
 */
export function artifactEdits(tree: RepositoryTree, digests: BlobDigests): ReadonlyMap<RoleName, JsonObject> {
  const files = filesByRole(tree);
  const edits = new Map<RoleName, JsonObject>();
  for (const role of artifactRoles(tree)) {
    const document = targetsOf(tree, role);
    if (document === undefined) continue;
    const edit = editOf(document.signed.targets, files.get(role) ?? [], digests);
    if (edit !== undefined) edits.set(role, edit);
  }
  return edits;
}

/** What `targets` should be for these files; `undefined` where it says that. */
function editOf(
  known: ReadonlyMap<string, TargetFile>,
  files: Iterable<readonly [string, ObjectId | undefined]>,
  digests: BlobDigests,
): JsonObject | undefined {
  const wanted = new Map<string, JsonObject>();
  let changed = false;
  for (const [path, oid] of files) {
    const old = known.get(path);
    const digest = oid === undefined ? undefined : digests.get(oid);
    // No digest was asked for where neither the file nor what is said of it has changed.
    const agrees = digest === undefined ? old !== undefined : old !== undefined && says(old, digest);
    if (digest === undefined && old === undefined) continue;
    wanted.set(path, agrees && old !== undefined ? old : restate(old, digest as BlobDigest));
    changed ||= !agrees;
  }
  return changed || wanted.size !== known.size ? Object.fromEntries(wanted) : undefined;
}

function filesByRole(tree: RepositoryTree): ReadonlyMap<RoleName, readonly (readonly [string, ObjectId])[]> {
  const ownership = ownershipOf(tree);
  const byRole = new Map<RoleName, (readonly [string, ObjectId])[]>();
  for (const [path, { oid, mode }] of tree.artifacts) {
    if (!mode.startsWith('100') || spellingProblem(path) !== undefined) continue;
    const [owner, ...others] = ownership.ownersOf(path);
    if (owner === undefined || others.length > 0) continue;
    const list = byRole.get(owner);
    if (list === undefined) byRole.set(owner, [[path, oid]]);
    else list.push([path, oid]);
  }
  return byRole;
}

/**
 * As {@link artifactEdits}, where known-good's metadata and files are known to agree: only roles are looked at that the event
 * touches, by their files or their document. Where it moves delegations, any role may be one.
 */
export function artifactEditsSince(
  knownGood: RepositoryTree,
  tree: RepositoryTree,
  digests: BlobDigests,
): ReadonlyMap<RoleName, JsonObject> {
  const documents = diffEntries(knownGood.metadata, tree.metadata).flatMap(({ path }) => {
    const file = metadataFile(path);
    return file.kind === 'role' && file.role !== ROOT && !isOnlineRole(file.role) ? [file.role] : [];
  });
  const touched = new Set(documents);
  // Also a document that can't be read may have delegated.
  const mayDelegate = (role: RoleName): boolean =>
    [knownGood, tree].some(side => targetsOf(side, role)?.signed.delegations.roles.size !== 0);
  if (documents.some(mayDelegate)) return artifactEdits(tree, digests);
  const { roles } = delegationGraph(tree);
  const ownership = ownershipOf(tree);
  const files = new Map<RoleName, Map<string, ObjectId | undefined>>();
  for (const { path, after } of diffEntries(knownGood.artifacts, tree.artifacts)) {
    const isFile = after === undefined || after.mode.startsWith('100');
    const owners = spellingProblem(path) === undefined ? ownership.ownersOf(path) : [];
    const [owner] = owners;
    if (owner === undefined || owners.length > 1) continue;
    touched.add(owner);
    const own = files.get(owner) ?? new Map<string, ObjectId | undefined>();
    files.set(owner, own.set(path, isFile ? after?.oid : undefined));
  }
  const edits = new Map<RoleName, JsonObject>();
  for (const role of roles.keys()) {
    const known = touched.has(role) ? targetsOf(tree, role)?.signed.targets : undefined;
    if (known === undefined) continue;
    const own = files.get(role);
    const paths = new Map<string, ObjectId | undefined>();
    for (const path of targetsOf(knownGood, role)?.signed.targets.keys() ?? [])
      if (own?.has(path) !== true) paths.set(path, tree.artifacts.get(path)?.oid);
    for (const [path, oid] of own ?? []) if (oid !== undefined) paths.set(path, oid);
    const edit = editOf(known, paths, digests);
    if (edit !== undefined) edits.set(role, edit);
  }
  return edits;
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
