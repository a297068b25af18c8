import type { Clock } from '../clock.ts';
import type { Identity } from '../git/commit-object.ts';
import { fetchBranches, listRemotes, type Remote } from '../git/fetch.ts';
import { readIdentity } from '../git/identity.ts';
import { type BranchName, type RemoteName, trackingRef } from '../git/names.ts';
import { type ObjectReader, openObjectReader } from '../git/objects.ts';
import type { CommitSha } from '../git/oid.ts';
import { defaultBranch, listLocalBranches, readRef, trackedDefault } from '../git/refs.ts';
import { type GitRepository, openRepository } from '../git/repository.ts';
import { readSettings, type Settings } from '../git/settings.ts';
import type { KeyOwner } from '../metadata/names.ts';
import { OperationError } from './error.ts';
import { readPeerSettings } from './peer-settings.ts';

/** A clone with everything that operations on it need. Use it with `await using`. */
export interface Workspace extends AsyncDisposable {
  readonly repository: GitRepository;
  readonly objects: ObjectReader;
  readonly settings: Settings;
  /** As configured when the workspace was opened. */
  readonly remotes: readonly Remote[];
  readonly clock: Clock;
}

/** Opens the clone at `folder` with its settings (`git config tuf-signer.*`, else `.tuf-on-ci-sign.ini`). */
export async function openWorkspace(folder: string, clock: Clock): Promise<Workspace> {
  const repository = await openRepository(folder);
  const objects = openObjectReader(repository);
  const [settings, remotes] = await Promise.all([settingsOf(repository), listRemotes(repository)]).catch(
    async (error: unknown) => {
      await objects[Symbol.asyncDispose](); // its process would keep the command alive
      throw error;
    },
  );
  return {
    repository,
    objects,
    settings,
    remotes,
    clock,
    [Symbol.asyncDispose]: () => objects[Symbol.asyncDispose](),
  };
}

async function settingsOf(repository: GitRepository): Promise<Settings> {
  const [peer, own] = await Promise.all([readPeerSettings(repository), readSettings(repository)]);
  return { ...peer, ...own };
}

/** Whose keys these are. Throws {@link OperationError} `MISSING_ANSWER`. */
export function requireUser(workspace: Workspace): KeyOwner {
  const { user } = workspace.settings;
  if (user !== undefined) return user;
  throw new OperationError(
    'MISSING_ANSWER',
    'who are you? Run git config tuf-signer.user @your-account, or give --user',
  );
}

/** The remote that events come from; `undefined` where the clone has none. */
export function pullRemote({ remotes, settings }: Workspace): RemoteName | undefined {
  if (settings.pullRemote !== undefined) return settings.pullRemote;
  const names = remotes.map(({ name }) => name);
  return names.find(name => name === 'origin') ?? names.find(name => name === 'upstream') ?? names[0];
}

/** As {@link pullRemote}. Throws {@link OperationError} `NOT_FOUND` where there is none. */
export async function requirePullRemote(workspace: Workspace): Promise<RemoteName> {
  const remote = pullRemote(workspace);
  if (remote !== undefined) return remote;
  throw new OperationError('NOT_FOUND', 'this clone has no remote: run git remote add origin URL');
}

export const pushRemote = async (workspace: Workspace): Promise<RemoteName> =>
  workspace.settings.pushRemote ?? (await requirePullRemote(workspace));

/** The branch that events start from and go to. */
export interface Main {
  readonly branch: BranchName;
  /** Where it was when last fetched (or, without a remote, where it is). */
  readonly commit: CommitSha;
}

/** The default branch as this clone knows it. Throws {@link OperationError} `NOT_FOUND`. */
export async function findMain(workspace: Workspace): Promise<Main> {
  const { repository } = workspace;
  const remote = pullRemote(workspace);
  if (remote !== undefined) {
    const known = await trackedDefault(repository, remote);
    if (known !== undefined) return { branch: known.name, commit: known.commit };
    const branch = await defaultBranch(repository, remote);
    const commit = await readRef(repository, trackingRef(remote, branch));
    if (commit !== undefined) return { branch, commit };
  }
  const local = (await listLocalBranches(repository)).branches;
  for (const name of ['main', 'master']) {
    const found = local.find(branch => branch.name === name);
    if (found !== undefined) return { branch: found.name, commit: found.commit };
  }
  throw new OperationError(
    'NOT_FOUND',
    'there is no main branch here: run git fetch, or tuf-signer init to start',
  );
}

/** Brings main and all events up to date from the remote, and says where main is. */
export async function fetchMain(workspace: Workspace, mayPrompt = true): Promise<Main> {
  const remote = await requirePullRemote(workspace);
  const branch = await defaultBranch(workspace.repository, remote, mayPrompt);
  await fetchBranches(workspace.repository, remote, [branch], { mayPrompt });
  return findMain(workspace);
}

/** The person as git knows them. */
export const authorOf = (workspace: Workspace): Promise<Identity> => readIdentity(workspace.repository);
