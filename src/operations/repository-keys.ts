import { GitError } from '../git/error.ts';
import type { CommitSha } from '../git/oid.ts';
import { listRemoteBranches, readRef } from '../git/refs.ts';
import { MetadataError } from '../metadata/error.ts';
import { publicKeyOf } from '../metadata/key.ts';
import type { KeyOwner, RoleName } from '../metadata/names.ts';
import { delegationGraph } from '../repository/delegators.ts';
import type { RepositoryTree } from '../repository/tree.ts';
import { TreeReader } from './read-tree.ts';
import { pullRemote, type Workspace } from './workspace.ts';

/** What a public key is in a repository. */
export interface KeyUseInRepository {
  readonly role: RoleName;
  readonly owner: KeyOwner | undefined;
  /** `main`, or the event that brings the key. */
  readonly where: string;
}

/** Signing events that are looked at: each costs reading its metadata. */
const MAX_EVENTS = 10;

/**
 * The keys of the repository in this clone, by fingerprint: those of main, and those that open events bring, all as last
 * fetched. Asks no remote; metadata that can't be read is passed over. Throws {@link GitError} where the clone is broken.
 */
export async function repositoryKeys(
  workspace: Workspace,
): Promise<ReadonlyMap<string, readonly KeyUseInRepository[]>> {
  const reader = new TreeReader(workspace.objects);
  const uses = new Map<string, KeyUseInRepository[]>();
  for (const [where, commit] of await places(workspace)) {
    for (const [fingerprint, use] of keysOf(await reader.read(commit), where)) {
      const known = uses.get(fingerprint) ?? [];
      if (known.some(({ role, owner }) => role === use.role && owner === use.owner)) continue;
      uses.set(fingerprint, [...known, use]);
    }
  }
  return uses;
}

/** Main first. */
async function places(workspace: Workspace): Promise<readonly (readonly [string, CommitSha])[]> {
  const { repository } = workspace;
  const remote = pullRemote(workspace);
  const tracked =
    remote === undefined ? [] : ['HEAD', 'main', 'master'].map(name => `refs/remotes/${remote}/${name}`);
  const main = await firstRef(workspace, [...tracked, 'refs/heads/main', 'refs/heads/master']);
  const events = remote === undefined ? [] : (await listRemoteBranches(repository, remote, 'sign/')).branches;
  return [
    ...(main === undefined ? [] : [['main', main] as const]),
    ...events.slice(0, MAX_EVENTS).map(({ name, commit }) => [name, commit] as const),
  ];
}

async function firstRef({ repository }: Workspace, refs: readonly string[]): Promise<CommitSha | undefined> {
  for (const ref of refs) {
    const commit = await readRef(repository, ref);
    if (commit !== undefined) return commit;
  }
  return undefined;
}

function* keysOf(tree: RepositoryTree, where: string): Iterable<readonly [string, KeyUseInRepository]> {
  for (const { role, definition, delegations } of delegationGraph(tree).roles.values()) {
    for (const keyid of definition.keyids) {
      const key = delegations.keys.get(keyid);
      const usable = key === undefined ? undefined : publicKeyOf(key);
      if (usable === undefined || usable instanceof MetadataError) continue;
      yield [usable.fingerprint, { role, owner: key?.owner, where }];
    }
  }
}

/** Faults that say: there is no clone to look at here. */
export const isNoClone = (error: unknown): boolean =>
  error instanceof GitError && (error.code === 'NOT_A_REPOSITORY' || error.code === 'GIT_MISSING');
