import { listed, plural } from '../event/words.ts';
import type { Keyid, KeyOwner, RoleName } from '../metadata/names.ts';
import { withKey, withoutKeys, withThreshold } from '../repository/delegator-edits.ts';
import { personKey } from '../repository/documents.ts';
import { invitedTo } from '../repository/state.ts';
import { attestJoiningKey } from './attestations.ts';
import { type Edit, withdraw } from './delegate-request.ts';
import { OperationError } from './error.ts';
import { requireUser } from './workspace.ts';

/** Who signs a role, of those that its delegator and the invitations name. */
interface Crew {
  /** Keys that stay, with their owners. */
  readonly keys: ReadonlyMap<Keyid, KeyOwner | undefined>;
  readonly gone: ReadonlySet<Keyid>;
  readonly invited: readonly KeyOwner[];
  readonly withdrawn: readonly KeyOwner[];
  /** Who comes. */
  readonly added: readonly KeyOwner[];
}

/** Who signs the role, and how many of them have to. Nothing is read from a card before the result makes sense. */
export async function editSigners(edit: Edit, delegator: RoleName): Promise<void> {
  const { request, draft, workspace } = edit;
  const { role, threshold, online } = request;
  if (online !== undefined && namesPeople(edit))
    throw refused(`${role} is signed by people or by an online key, not by both`);
  const crew = crewOf(edit);
  requireReachable(edit, crew);
  if (online === undefined) {
    if (crew.gone.size > 0) draft.edit(delegator, signed => withoutKeys(signed, role, crew.gone));
    for (const owner of crew.withdrawn) withdraw(draft, owner, role);
    for (const owner of crew.added) {
      if (owner !== workspace.settings.user) {
        draft.invite(owner, new Set([...(draft.invites.get(owner) ?? []), role]));
        continue;
      }
      const key = personKey(await request.ownKey(), owner);
      draft.edit(delegator, signed => withKey(signed, role, key));
      const now = workspace.clock.now();
      await attestJoiningKey(workspace.objects, edit.knownGood, draft, key, request.ownAttestation, now);
    }
  }
  if (threshold !== undefined) draft.edit(delegator, signed => withThreshold(signed, role, threshold));
}

const namesPeople = ({ request: { signers, addSigners, removeSigners } }: Edit): boolean =>
  [signers, addSigners, removeSigners].some(owners => owners !== undefined);

function crewOf(edit: Edit): Crew {
  const { request, graph, draft, workspace } = edit;
  const { role, signers } = request;
  const delegated = graph.roles.get(role);
  const keys = new Map<Keyid, KeyOwner | undefined>(
    (delegated?.definition.keyids ?? []).map(keyid => [keyid, delegated?.delegations.keys.get(keyid)?.owner]),
  );
  const invited = invitedTo(draft.invites, role);
  if (!namesPeople(edit)) return { keys, gone: new Set(), invited, withdrawn: [], added: [] };
  requireUser(workspace); // an account's own key comes from this machine
  const present = new Set([...keys.values(), ...invited].filter(owner => owner !== undefined));
  const wanted = new Set(signers === undefined ? changedSigners(edit, present, keys) : exactly(signers));
  // An exact list leaves no room for keys of nobody; a change of some people says nothing of those.
  const stays = (owner: KeyOwner | undefined): boolean =>
    owner === undefined ? signers === undefined : wanted.has(owner);
  if (wanted.size === 0) throw refused(`${role} needs at least one signer: nobody could sign it any more`);
  return {
    keys: new Map([...keys].filter(([, owner]) => stays(owner))),
    gone: new Set([...keys].filter(([, owner]) => !stays(owner)).map(([keyid]) => keyid)),
    invited: invited.filter(stays),
    withdrawn: invited.filter(owner => !stays(owner)),
    added: [...wanted].filter(owner => !present.has(owner)),
  };
}

function exactly(signers: readonly KeyOwner[]): readonly KeyOwner[] {
  if (new Set(signers).size !== signers.length) throw refused('a signer is named twice');
  return signers;
}

function changedSigners(
  { request: { role, addSigners = [], removeSigners = [] }, graph }: Edit,
  present: ReadonlySet<KeyOwner>,
  keys: ReadonlyMap<Keyid, KeyOwner | undefined>,
): readonly KeyOwner[] {
  exactly([...addSigners, ...removeSigners]);
  const strangers = removeSigners.filter(owner => !present.has(owner));
  if (strangers.length > 0) {
    const those = present.size === 0 ? 'nobody' : listed([...present]);
    throw refused(`${listed(strangers)} can not leave ${role}: its signers and invited people are ${those}`);
  }
  const there = addSigners.filter(owner => present.has(owner));
  if (there.length > 0)
    throw refused(
      `${listed(there)} ${there.length === 1 ? 'is' : 'are'} a signer of ${role}, or invited, already`,
    );
  const delegations = graph.roles.get(role)?.delegations;
  const isOnline = [...keys.keys()].some(keyid => delegations?.keys.get(keyid)?.onlineUri !== undefined);
  if (isOnline) throw refused(`${role} is signed by an online key: say by --signers who signs it instead`);
  return [...[...present].filter(owner => !removeSigners.includes(owner)), ...addSigners];
}

/** Refuses a role that nobody could sign, whether the threshold changes or the people below it do. */
function requireReachable({ request, graph }: Edit, { keys, invited, added }: Crew): void {
  const { role, online } = request;
  const most = online === undefined ? keys.size + invited.length + added.length : 1;
  const before = graph.roles.get(role)?.definition.threshold ?? 1;
  const threshold = request.threshold ?? (online === undefined ? before : 1);
  if (threshold >= 1 && threshold <= most) return;
  throw refused(
    `a threshold of ${threshold} can not be met by ${plural(most, 'signer')}: ${request.threshold === undefined ? `give --threshold, from 1 to ${most}` : `it has to be 1 to ${most}`}`,
  );
}

const refused = (message: string): OperationError => new OperationError('REFUSED', message);
