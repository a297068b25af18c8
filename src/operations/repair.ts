import { createCommit, createRestoration, type FileChanges } from '../git/commit.ts';
import { type BranchName, parseSigningEvent } from '../git/names.ts';
import type { ObjectReader } from '../git/objects.ts';
import type { CommitSha } from '../git/oid.ts';
import { isOnlineRole } from '../metadata/names.ts';
import { POLICY_FILE } from '../policy/policy.ts';
import { diffTrees, type EntryChange } from '../repository/diff.ts';
import { metadataFile } from '../repository/tree.ts';
import { pushEvent } from './commit.ts';
import { TreeReader } from './read-tree.ts';
import { authorOf, type Main, type Workspace } from './workspace.ts';

export interface RepairRequest {
  readonly main: Main;
  /** The state of main that is put back. */
  readonly sound: CommitSha;
  /** Does main verify in itself, and just does not follow from `sound`? Then the event is judged against main. */
  readonly isConsistent: boolean;
}

/**
 * Opens an event that puts back what main signed and held at `sound`; everything outside of that stays as it is. One that is
 * there already is left as it is. Throws {@link GitError}.
 */
export async function openRepair(
  workspace: Workspace,
  { main, sound, isConsistent }: RepairRequest,
): Promise<BranchName> {
  const { objects, clock } = workspace;
  const branch = parseSigningEvent(`sign/repair-${main.commit.slice(0, 12)}`);
  const told = {
    message: [`Restore main to what it was at ${sound.slice(0, 12)}`],
    author: await authorOf(workspace),
    time: clock.now(),
  };
  const commit = isConsistent
    ? await createCommit(objects, {
        parents: [main.commit],
        changes: await changesTo(objects, main.commit, sound),
        ...told,
      })
    : // Whatever stands in the way on a broken main, links and names that can't be read among them, goes with its folder.
      await createRestoration(objects, {
        parent: main.commit,
        from: sound,
        names: ['metadata', 'targets', POLICY_FILE],
        ...told,
      });
  await pushEvent(workspace, { branch, head: undefined, commit });
  return branch;
}

/** What people sign, as it was in `sound`. What automation signs is for automation to mend: events never touch it. */
async function changesTo(objects: ObjectReader, from: CommitSha, sound: CommitSha): Promise<FileChanges> {
  const reader = new TreeReader(objects);
  const diff = diffTrees(await reader.read(from), await reader.read(sound));
  const wanted: readonly (readonly [string, EntryChange])[] = [
    ...diff.metadata
      .filter(({ path }) => !isOnline(path))
      .map(change => [`metadata/${change.path}`, change] as const),
    ...diff.artifacts.map(change => [`targets/${change.path}`, change] as const),
    ...diff.outside.filter(({ path }) => path === POLICY_FILE).map(change => [change.path, change] as const),
  ];
  const changes = new Map<string, Uint8Array | undefined>();
  for (const [path, { after }] of wanted) {
    changes.set(path, after === undefined ? undefined : await objects.readBlob(after.oid));
  }
  return changes;
}

function isOnline(path: string): boolean {
  const file = metadataFile(path);
  return file.kind === 'role' && isOnlineRole(file.role);
}
