import { plural } from '../event/words.ts';
import type { BranchName } from '../git/names.ts';
import type { RoleName } from '../metadata/names.ts';
import { distinctKeys } from '../metadata/quorum.ts';
import { delegationGraph } from '../repository/delegators.ts';
import { Draft } from '../repository/draft.ts';
import { invitedTo } from '../repository/state.ts';
import { invitesOf } from '../repository/tree.ts';
import { commitAndPush } from './commit.ts';
import { OperationError } from './error.ts';
import { type LoadedEvent, loadRemoteEvent } from './event.ts';
import { invitedRoles } from './join.ts';
import type { Prompter } from './prompter.ts';
import { fetchMain, requireUser, type Workspace } from './workspace.ts';

export interface DeclineOutcome {
  /** The roles that this person is no longer invited to. */
  readonly declined: readonly RoleName[];
  /** What is left for each of them, in words. */
  readonly consequences: readonly string[];
  /** The event as it is now. */
  readonly event: LoadedEvent;
}

const MAX_TRIES = 5;

export interface DeclineRequest {
  readonly branch: BranchName;
  readonly prompter: Prompter;
  /** The only roles to decline. Default: all that the person is invited to. */
  readonly only?: readonly RoleName[] | undefined;
}

/**
 * Takes back the invitations of the person who runs it, after telling what that leaves of each role's quorum. Nothing is signed and no
 * card is asked for, so main need not be trusted; an event that is rejected can be declined as well. A lost race is looked at again.
 *
 * Throws {@link OperationError} `NOT_FOUND` (no such event, or no invitation), `DECLINED`, `RACE_LOST`; the errors of git.
 */
export async function declineInvitations(
  workspace: Workspace,
  { branch, prompter, only }: DeclineRequest,
): Promise<DeclineOutcome> {
  const user = requireUser(workspace);
  let agreed: string | undefined;
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    await fetchMain(workspace);
    const event = await loadRemoteEvent(workspace, branch);
    const invited = invitedRoles(event, user);
    if (invited.length === 0)
      throw new OperationError(
        'NOT_FOUND',
        `${user} is not invited in ${branch}: there is nothing to decline`,
      );
    const stranger = only?.find(role => !invited.includes(role));
    if (stranger !== undefined)
      throw new OperationError(
        'NOT_FOUND',
        `${user} is not invited to ${stranger} in ${branch}, but to ${invited.join(' and ')}: nothing was declined`,
      );
    const declined = invited.filter(role => only?.includes(role) ?? true);
    const consequences = declined.map(role => consequenceOf(event, role));
    const question = `Decline the invitation to sign ${declined.join(' and ')}?`;
    const content = [question, ...consequences].join('\n');
    if (agreed !== content) {
      for (const consequence of consequences) prompter.progress(consequence);
      if (!(await prompter.confirm(question)))
        throw new OperationError('DECLINED', 'the invitation stands: nothing was changed');
      agreed = content;
    }
    const draft = new Draft(event.gathered.knownGood, event.gathered.event);
    draft.invite(user, new Set(invited.filter(role => !declined.includes(role))));
    const result = await commitAndPush(workspace, {
      branch,
      head: event.head,
      parents: [event.head],
      changes: draft.files(workspace.clock.now()),
      message: [`${user} declined invitation`],
    });
    if (result.status === 'pushed')
      return { declined, consequences, event: await loadRemoteEvent(workspace, branch) };
    prompter.progress('somebody else changed the event meanwhile: looking at it again');
  }
  throw new OperationError('RACE_LOST', `${branch} kept changing under us: run the command again`);
}

/** Whether the role can reach its threshold without this person. */
function consequenceOf({ gathered, branch }: LoadedEvent, role: RoleName): string {
  const delegated = delegationGraph(gathered.event).roles.get(role);
  if (delegated === undefined) return `${role}: there is no such role`;
  const { definition, delegations } = delegated;
  const keys = distinctKeys(delegations, definition).size;
  const others = invitedTo(invitesOf(gathered.event), role).length - 1;
  const left = [plural(keys, 'key'), ...(others === 0 ? [] : [plural(others, 'other invitation')])].join(
    ' and ',
  );
  const { threshold } = definition;
  const without = `${role}: without you there would be ${left} for a threshold of ${threshold}`;
  return keys + others >= threshold
    ? `${without}, which is enough`
    : `${without}: the event is refused until somebody else is invited, or the threshold lowered, by tuf-signer delegate ${branch ?? 'EVENT'} ${role}`;
}
