import type { RoleName } from '../metadata/names.ts';
import { drillIn } from './drill/proofs.ts';
import { proveKeys } from './drill/prove.ts';
import { loadRemoteEvent } from './event.ts';
import { acceptInvitations, invitedRoles } from './join.ts';
import { TrustedMain } from './pin/trusted-main.ts';
import { requireSound, type SignedEvent, type SignRequest, signAsAsked } from './signing.ts';
import { requireUser, type Workspace } from './workspace.ts';

export interface SignOutcome extends SignedEvent {
  /** Roles joined by accepting an invitation. */
  readonly joined: readonly RoleName[];
  /** Of a drill: fingerprints of the keys that have proved themselves. */
  readonly proved: readonly string[];
}

/**
 * What a keyholder does in an event: main is verified from what this machine trusts, then they join where invited, and sign
 * what their keys are asked for. Everything is recomputed from git objects and shown before one confirmation. A signature, once made, is kept through lost races, cut
 * networks and pulled cards, and goes out with the next run as long as it is over what the event holds.
 *
 * Throws {@link OperationError} `REFUSED` (the event is rejected), `UNTRUSTED`, `BAD_PIN`, `DECLINED`, `NO_SIGNER`,
 * `RACE_LOST`; the errors of git and of the signer.
 */
export async function signEvent(workspace: Workspace, request: SignRequest): Promise<SignOutcome> {
  const { branch, prompter, trust } = request;
  const user = requireUser(workspace);
  prompter.progress('fetching main and the signing events');
  const main = new TrustedMain(workspace, branch, trust, prompter);
  await main.fetch();
  let event = await loadRemoteEvent(workspace, branch);
  requireSound(event, prompter);
  if (drillIn(event) !== undefined)
    return { joined: [], signed: [], ...(await proveKeys(workspace, request, user, main, event)) };
  let joined: readonly RoleName[] = [];
  if (invitedRoles(event, user).length > 0) {
    joined = await acceptInvitations(workspace, request, user, main);
    prompter.progress(`you have joined ${joined.join(' and ')}`);
    event = await loadRemoteEvent(workspace, branch);
    requireSound(event, prompter); // somebody may have pushed between the answer and now
  }
  return { joined, proved: [], ...(await signAsAsked(workspace, request, main, event)) };
}
