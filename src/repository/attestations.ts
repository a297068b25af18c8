import { jsonEqual } from '../json.ts';
import type { Key } from '../metadata/key.ts';
import { isOnlineRole, type Keyid, ROOT, type RoleName } from '../metadata/names.ts';
import { type DelegationGraph, delegationGraph } from './delegators.ts';
import { ATTESTATIONS_FOLDER, attestationFile, type RepositoryTree, type TreeEntry } from './tree.ts';

const byKeyid = new WeakMap<RepositoryTree, ReadonlyMap<Keyid, TreeEntry>>();

/** The files of `metadata/attestations/`, by the keyid in their name. Remembered for each tree: every role asks. */
export function attestationsOf(tree: RepositoryTree): ReadonlyMap<Keyid, TreeEntry> {
  const known = byKeyid.get(tree) ?? findAttestations(tree);
  byKeyid.set(tree, known);
  return known;
}

function findAttestations(tree: RepositoryTree): ReadonlyMap<Keyid, TreeEntry> {
  const entries = new Map<Keyid, TreeEntry>();
  for (const [path, entry] of tree.metadata) {
    if (!path.startsWith(ATTESTATIONS_FOLDER) || !path.endsWith('.pem')) continue;
    const keyid = path.slice(ATTESTATIONS_FOLDER.length, -'.pem'.length) as Keyid;
    if (attestationFile(keyid) === path) entries.set(keyid, entry);
  }
  return entries;
}

/** The keys of all roles that people may sign. */
export function liveKeyids(graph: DelegationGraph): ReadonlySet<Keyid> {
  const keyids = new Set<Keyid>();
  for (const { role, definition } of graph.roles.values()) {
    if (!isOnlineRole(role)) for (const keyid of definition.keyids) keyids.add(keyid);
  }
  return keyids;
}

/** The role's keys, each with whether it is not, to the letter and under the same id, one that known-good's role has. */
export function roleKeys(
  known: DelegationGraph,
  now: DelegationGraph,
  role: RoleName,
): readonly { readonly key: Key; readonly joins: boolean }[] {
  const [before, after] = [known.roles.get(role), now.roles.get(role)];
  if (after === undefined) return [];
  const unchanged = before?.definition === after.definition;
  return after.definition.keyids.flatMap(keyid => {
    const key = after.delegations.keys.get(keyid);
    if (key === undefined) return [];
    const old =
      before?.definition.keyids.includes(keyid) === true ? before.delegations.keys.get(keyid) : undefined;
    return [{ key, joins: !unchanged && (old === undefined || !jsonEqual(old.raw, key.raw)) }];
  });
}

/**
 * The attestations that have to be verified to judge `tree` against `knownGood`: none where no key joins and none is new,
 * else those of all keys, as no two owners may share a card. Known-good's root keys are among them also where they leave:
 * those who hand over are told which card to take.
 */
export function neededAttestations(
  knownGood: RepositoryTree,
  tree: RepositoryTree,
): ReadonlyMap<Keyid, TreeEntry> {
  const files = attestationsOf(tree);
  const old = attestationsOf(knownGood);
  if (files.size + old.size === 0) return files;
  const [before, after] = [delegationGraph(knownGood), delegationGraph(tree)];
  const moved = [...files].some(([keyid, { oid }]) => old.get(keyid)?.oid !== oid);
  const joined = [...after.roles.keys()].some(
    role => !isOnlineRole(role) && roleKeys(before, after, role).some(({ joins }) => joins),
  );
  if (!moved && !joined) return new Map();
  const live = liveKeyids(after);
  const needed = new Map([...files].filter(([keyid]) => live.has(keyid)));
  for (const keyid of before.roles.get(ROOT)?.definition.keyids ?? []) {
    const entry = old.get(keyid);
    if (entry !== undefined && !needed.has(keyid)) needed.set(keyid, entry);
  }
  return needed;
}
