import type { Instant } from '../clock.ts';
import type { CommitSha, ObjectId } from '../git/oid.ts';
import { listPathChanges } from '../git/path-changes.ts';
import type { KeyOwner } from '../metadata/names.ts';
import { type Invites, noInvites, parseState } from '../repository/state.ts';
import { STATE_FILE } from '../repository/tree.ts';
import { readParsed } from './read-documents.ts';
import type { Workspace } from './workspace.ts';

/** Bytes: of one state, which has room for everybody in every role, and of all that are looked at. */
const MAX_STATE = 1024 * 1024;
const MAX_STATES = 32 * MAX_STATE;

/**
 * Since when each person of `invites` has had an invitation without a pause, by what the event's commits say of their time.
 * The state file can't hold that: the peers' tools rewrite it. Whoever can't be found is left out, and what is beyond
 * {@link MAX_STATES} is not looked at. Throws {@link GitError}.
 */
export async function invitedSince(
  { repository, objects }: Pick<Workspace, 'repository' | 'objects'>,
  range: { readonly base: CommitSha; readonly tip: CommitSha },
  invites: Invites,
): Promise<ReadonlyMap<KeyOwner, Instant>> {
  const since = new Map<KeyOwner, Instant>();
  if (invites.size === 0) return since;
  let open = [...invites];
  const read = new Map<ObjectId, Invites>();
  let total = 0;
  const stateOf = async (oid: ObjectId): Promise<Invites> => {
    const known = read.get(oid);
    if (known !== undefined) return known;
    const parse = (bytes: Uint8Array): Invites => {
      total += bytes.length;
      return parseState(bytes);
    };
    const state = await readParsed(objects, oid, parse, MAX_STATE);
    const then = state.ok ? state.value : noInvites; // what can't be read invites nobody
    read.set(oid, then);
    return then;
  };
  for (const { oid, time } of await listPathChanges(repository, range, `metadata/${STATE_FILE}`)) {
    const then = oid === undefined ? noInvites : await stateOf(oid);
    open = open.filter(([owner, roles]) => [...roles].some(role => then.get(owner)?.has(role)));
    if (open.length === 0 || total > MAX_STATES) break;
    for (const [owner] of open) since.set(owner, time);
  }
  return since;
}
