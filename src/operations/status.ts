import type { BranchName } from '../git/names.ts';
import { isSigningEvent, parseBranchName } from '../git/names.ts';
import { currentBranch, resolveCommit } from '../git/refs.ts';
import type { KeyOwner, RoleName } from '../metadata/names.ts';
import { type LoadedEvent, listEvents, loadEvent, loadRemoteEvent } from './event.ts';
import { invitedRoles } from './join.ts';
import { obligationsOf } from './sign.ts';
import { fetchMain, requireUser, type Workspace } from './workspace.ts';

export interface StatusRequest {
  /** A revision; where nothing is said, HEAD. */
  readonly event?: string | undefined;
  /** A revision that is taken as it is; where nothing is said, the merge-base with main. */
  readonly knownGood?: string | undefined;
}

/** Judges one event of this clone, without asking the remote. Throws {@link GitError}, {@link OperationError}. */
export async function eventStatus(workspace: Workspace, request: StatusRequest): Promise<LoadedEvent> {
  const { repository } = workspace;
  const [head, knownGood, branch] = await Promise.all([
    resolveCommit(repository, request.event ?? 'HEAD'),
    request.knownGood === undefined ? undefined : resolveCommit(repository, request.knownGood),
    request.event === undefined
      ? currentBranch(repository)
      : request.event.replace(/^refs\/heads\/|^origin\//, ''),
  ]);
  return loadEvent(workspace, { head, knownGood, branch: asEvent(branch) });
}

const asEvent = (name: string | undefined): BranchName | undefined =>
  name !== undefined && isSigningEvent(name) ? parseBranchName(name) : undefined;

/** An open event and what it wants of one person. */
export interface PendingEvent {
  readonly branch: BranchName;
  readonly invited: readonly RoleName[];
  readonly toSign: readonly RoleName[];
  readonly event: LoadedEvent;
}

/** The open events on the remote, and what each wants of this person. */
export async function pendingEvents(workspace: Workspace): Promise<{
  readonly user: KeyOwner;
  readonly events: readonly PendingEvent[];
  readonly ignored: readonly string[];
}> {
  const user = requireUser(workspace);
  await fetchMain(workspace);
  const { events, ignored } = await listEvents(workspace);
  const pending: PendingEvent[] = [];
  for (const branch of events) {
    const event = await loadRemoteEvent(workspace, branch);
    const toSign = [...new Set(obligationsOf(event, user).map(({ role }) => role))];
    pending.push({ branch, invited: invitedRoles(event, user), toSign, event });
  }
  return { user, events: pending, ignored };
}
