import { longId } from '../event/words.ts';
import type { BranchName } from '../git/names.ts';
import { computeKeyid, decodeKey, requirePublicKey } from '../metadata/key.ts';
import { type KeyOwner, ROOT, type RoleName } from '../metadata/names.ts';
import { distinctKeys } from '../metadata/quorum.ts';
import { withKey } from '../repository/delegator-edits.ts';
import { delegationGraph } from '../repository/delegators.ts';
import { personKey } from '../repository/documents.ts';
import { Draft } from '../repository/draft.ts';
import type { PersonalSigner } from '../signers/signer.ts';
import { attestJoiningKey } from './attestations.ts';
import { commitAndPush } from './commit.ts';
import { OperationError } from './error.ts';
import { type LoadedEvent, loadRemoteEvent } from './event.ts';
import type { TrustedMain } from './pin/trusted-main.ts';
import type { Prompter } from './prompter.ts';
import type { Workspace } from './workspace.ts';

const MAX_TRIES = 5;

/** The roles that `owner` is invited to in this event. */
export const invitedRoles = (event: LoadedEvent, owner: KeyOwner): readonly RoleName[] =>
  event.report.invites.get(owner) ?? [];

export interface JoinRequest {
  readonly branch: BranchName;
  readonly signer: PersonalSigner;
  readonly prompter: Prompter;
  /** What the person agreed to join, where they were asked elsewhere: an invitation to anything else is refused. */
  readonly only?: readonly RoleName[];
}

/**
 * Accepts every invitation of `owner` in the event: the key goes into the roles, the invitation goes away, the commit
 * is pushed. A lost race is looked at again. Throws {@link OperationError} `DECLINED`, `REFUSED`, `RACE_LOST`.
 */
export async function acceptInvitations(
  workspace: Workspace,
  { branch, signer, prompter, only }: JoinRequest,
  owner: KeyOwner,
  main: Pick<TrustedMain, 'fetch'>,
): Promise<readonly RoleName[]> {
  let agreed: string | undefined;
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const event = await loadRemoteEvent(workspace, branch);
    const roles = invitedRoles(event, owner);
    if (only !== undefined) requireAgreed(branch, roles, only);
    if (roles.length === 0) return [];
    const graph = delegationGraph(event.gathered.event);
    const info = await signer.readPublicKey();
    const key = personKey(info, owner);
    const publicKey = requirePublicKey(decodeKey(computeKeyid(key), key, 'your key'));
    for (const role of roles) requireOwnKey(publicKey.fingerprint, owner, role, graph);
    const question = `${owner} is invited to sign ${roles.join(' and ')}. Join with the key of ${info.place} (fingerprint ${longId(publicKey.fingerprint)})?`;
    if (agreed !== question) {
      prompter.show(event.report);
      if (!(await prompter.confirm(question)))
        throw new OperationError(
          'DECLINED',
          `not joined: nothing was changed, and the invitation stands; tuf-signer sign ${branch} --decline takes it back`,
        );
      agreed = question;
    }
    const draft = new Draft(event.gathered.knownGood, event.gathered.event);
    for (const role of roles)
      draft.edit(graph.roles.get(role)?.delegator ?? ROOT, signed => withKey(signed, role, key));
    const { knownGood } = event.gathered;
    const now = workspace.clock.now();
    await attestJoiningKey(workspace.objects, knownGood, draft, key, () => signer.readAttestation?.(), now);
    draft.invite(owner, new Set());
    const result = await commitAndPush(workspace, {
      branch,
      head: event.head,
      parents: [event.head],
      changes: draft.files(now),
      message: [`${owner} accepted invitation`],
    });
    if (result.status === 'pushed') return roles;
    prompter.progress('somebody else changed the event meanwhile: looking at it again');
    await main.fetch();
  }
  throw new OperationError('RACE_LOST', `${branch} kept changing under us: run the command again`);
}

/**
 * A colleague's card in the reader would make one key count for two people, which the rules refuse later. Throws
 * {@link OperationError} `REFUSED`.
 */
export function requireOwnKey(
  fingerprint: string,
  owner: KeyOwner,
  role: RoleName,
  graph: ReturnType<typeof delegationGraph>,
): void {
  const delegated = graph.roles.get(role);
  if (delegated === undefined) return;
  const other = distinctKeys(delegated.delegations, delegated.definition).get(fingerprint);
  if (other === undefined || other.owner === owner) return;
  throw new OperationError(
    'REFUSED',
    `this key is that of ${other.owner ?? 'automation'} in ${role} already: insert your own card`,
  );
}

/** Whoever can push to the branch can invite: to no role that the person has not seen. */
function requireAgreed(branch: BranchName, invited: readonly RoleName[], agreed: readonly RoleName[]): void {
  if (invited.length === agreed.length && invited.every(role => agreed.includes(role))) return;
  throw new OperationError(
    'REFUSED',
    `${branch} invites to ${invited.join(', ') || 'nothing'} by now, and what was agreed to is ${agreed.join(', ')}: export it again`,
  );
}
