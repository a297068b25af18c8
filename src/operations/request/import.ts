import { drillIn } from '../drill/proofs.ts';
import { proveKeys } from '../drill/prove.ts';
import { loadRemoteEvent } from '../event.ts';
import { acceptInvitations } from '../join.ts';
import type { Trust } from '../pin/trust.ts';
import { TrustedMain } from '../pin/trusted-main.ts';
import type { Prompter } from '../prompter.ts';
import type { SignOutcome } from '../sign.ts';
import { requireSound, signAsAsked } from '../signing.ts';
import type { Workspace } from '../workspace.ts';
import { type Response, responseSigner } from './response.ts';

export interface ImportRequest {
  readonly response: Response;
  readonly prompter: Prompter;
  readonly trust: Trust;
}

/**
 * Brings an answer into the event that it is about, whoever carries it. Main is verified, the event judged and shown anew; a signature
 * goes in only where it is valid over what the event says now, a key only into the roles that its owner agreed to. Throws as
 * `signEvent`; {@link OperationError} `REFUSED` where the event invites to other roles by now.
 */
export async function importResponse(
  { settings, ...rest }: Workspace,
  { response, prompter, trust }: ImportRequest,
): Promise<SignOutcome> {
  const { event: branch, user, joins } = response;
  const workspace = { ...rest, settings: { ...settings, user } };
  const signer = responseSigner(response);
  prompter.progress('fetching main and the signing events');
  const main = new TrustedMain(workspace, branch, trust, prompter);
  await main.fetch();
  const event = await loadRemoteEvent(workspace, branch);
  requireSound(event, prompter);
  if (drillIn(event) !== undefined)
    return {
      joined: [],
      signed: [],
      ...(await proveKeys(workspace, { branch, signer, prompter }, user, main, event)),
    };
  if (joins === undefined)
    return {
      joined: [],
      proved: [],
      ...(await signAsAsked(workspace, { branch, signer, prompter, trust }, main, event)),
    };
  const joined = await acceptInvitations(
    workspace,
    { branch, signer, prompter, only: joins.roles },
    user,
    main,
  );
  return { joined, signed: [], proved: [], event: await loadRemoteEvent(workspace, branch) };
}
