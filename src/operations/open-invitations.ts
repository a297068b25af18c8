import type { Instant } from '../clock.ts';
import type { CommitSha } from '../git/oid.ts';
import { listPathChanges } from '../git/path-changes.ts';
import type { KeyOwner } from '../metadata/names.ts';
import { type Invites, noInvites, parseState } from '../repository/state.ts';
import { STATE_FILE } from '../repository/tree.ts';
import { readParsed } from './read-documents.ts';
import type { Workspace } from './workspace.ts';

/**
 * Since when each person of `invites` has had an invitation without a pause, by what the event's commits say of their time.
 * The state file can't hold that: the peers' tools rewrite it. Whoever can't be found is left out. Throws {@link GitError}.
 */
export async function invitedSince(
  { repository, objects }: Pick<Workspace, 'repository' | 'objects'>,
  range: { readonly base: CommitSha; readonly tip: CommitSha },
  invites: Invites,
): Promise<ReadonlyMap<KeyOwner, Instant>> {
  const since = new Map<KeyOwner, Instant>();
  if (invites.size === 0) return since;
  let open = [...invites];
  for (const { oid, time } of await listPathChanges(repository, range, `metadata/${STATE_FILE}`)) {
    const state = oid === undefined ? undefined : await readParsed(objects, oid, parseState);
    const then = state?.ok === true ? state.value : noInvites; // what can't be read invites nobody
    open = open.filter(([owner, roles]) => [...roles].some(role => then.get(owner)?.has(role)));
    if (open.length === 0) break;
    for (const [owner] of open) since.set(owner, time);
  }
  return since;
}
