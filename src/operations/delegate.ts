import type { BranchName } from '../git/names.ts';
import { trackingRef } from '../git/names.ts';
import type { CommitSha } from '../git/oid.ts';
import { readRef } from '../git/refs.ts';
import { withMembers } from '../json.ts';
import { computeKeyid } from '../metadata/key.ts';
import {
  isOnlineRole,
  isTopLevelRole,
  type Keyid,
  type KeyOwner,
  ROOT,
  type RoleName,
  TARGETS,
} from '../metadata/names.ts';
import { EXPIRY_PERIOD_MEMBER, SIGNING_PERIOD_MEMBER } from '../metadata/periods.ts';
import { withDelegation, withKey, withoutKeys, withThreshold } from '../repository/delegator-edits.ts';
import { delegationGraph } from '../repository/delegators.ts';
import {
  newTargets,
  onlineKey,
  type PublicKeyParts,
  personKey,
  type RolePeriods,
} from '../repository/documents.ts';
import { Draft } from '../repository/draft.ts';
import { invitedTo } from '../repository/state.ts';
import { documentOf, invitesOf, type RepositoryTree } from '../repository/tree.ts';
import { type VoidedSignature, voidedSignatures } from '../repository/voided.ts';
import type { CardAttestation, PublicKeyInfo } from '../signers/signer.ts';
import { attestKey } from './attestations.ts';
import { commitAndPush } from './commit.ts';
import { OperationError } from './error.ts';
import { knownGoodOf } from './event.ts';
import { TreeReader } from './read-tree.ts';
import { fetchMain, requirePullRemote, requireUser, type Workspace } from './workspace.ts';

/** The public half of a key of the automation's, and where its private half is. */
export interface OnlineKey {
  readonly key: PublicKeyParts;
  readonly uri: string;
}

/** What is to be true of a role; what is left out stays as it is. */
export interface DelegateRequest {
  /** Created where it is not there yet. */
  readonly event: BranchName;
  /** `root`, `targets`, or a delegated role; one that is not there is created. */
  readonly role: RoleName;
  readonly signers?: readonly KeyOwner[] | undefined;
  readonly threshold?: number | undefined;
  readonly periods?: RolePeriods | undefined;
  /** An online key that signs this role instead of people. */
  readonly online?: OnlineKey | undefined;
  readonly ownKey: () => Promise<PublicKeyInfo>;
  /** What the card says of that key. */
  readonly ownAttestation?: (() => Promise<CardAttestation | undefined>) | undefined;
}

export interface DelegateOutcome {
  readonly created: boolean;
  readonly invited: readonly KeyOwner[];
  /** Signatures of the event that this edit made worthless. */
  readonly voided: readonly VoidedSignature[];
}

/** How long a new role lives where nobody says: a year, to be signed again in its last two months. Days. */
export const defaultRolePeriods: RolePeriods = { expiryDays: 365, signingDays: 60 };

/**
 * Creates or changes a delegated role in an event: signers who have no key yet are invited, signers who are no longer
 * named are removed. Nothing is written before a quorum is within reach of the result. Throws {@link OperationError} `REFUSED`,
 * `NOT_FOUND`, `RACE_LOST`.
 */
export async function delegate(workspace: Workspace, request: DelegateRequest): Promise<DelegateOutcome> {
  const { role, event } = request;
  if (isOnlineRole(role)) {
    throw new OperationError('REFUSED', `${role} is signed by automation: its key is part of root`);
  }
  const main = await fetchMain(workspace);
  const remote = await requirePullRemote(workspace);
  const head = await readRef(workspace.repository, trackingRef(remote, event));
  const trees = new TreeReader(workspace.objects);
  const knownGood = await trees.read(
    head === undefined ? main.commit : await knownGoodOf(workspace, head, main),
  );
  const tree = await trees.read(head ?? main.commit);
  const draft = new Draft(knownGood, tree);
  const created = documentOf(tree, role) === undefined;
  await applyTerms(workspace, request, draft, tree, created);
  const changes = draft.files(workspace.clock.now());
  if (changes.size === 0)
    throw new OperationError('REFUSED', `${role} is like that already: nothing to change`);
  const parents: readonly CommitSha[] = [head ?? main.commit];
  const message = [`'${role}' role/delegation change`];
  const result = await commitAndPush(workspace, {
    branch: event,
    head,
    parents,
    changes,
    message,
  });
  if (result.status === 'rejected') {
    throw new OperationError('RACE_LOST', `${event} changed meanwhile: look at it and run the command again`);
  }
  const voided = voidedSignatures(knownGood, tree, changes);
  return { created, invited: invitedTo(draft.invites, role), voided };
}

async function applyTerms(
  workspace: Workspace,
  request: DelegateRequest,
  draft: Draft,
  tree: RepositoryTree,
  created: boolean,
): Promise<void> {
  const { role, periods, threshold, signers, online } = request;
  const delegator = isTopLevelRole(role)
    ? ROOT
    : (delegationGraph(tree).roles.get(role)?.delegator ?? TARGETS);
  if (created) {
    if (role === ROOT || role === TARGETS || documentOf(tree, TARGETS) === undefined) {
      throw new OperationError(
        'NOT_FOUND',
        'this repository has no root and targets yet: run tuf-signer init',
      );
    }
    requireFullRequest(request);
    draft.create(role, newTargets(workspace.clock.now(), periods ?? defaultRolePeriods));
    draft.edit(TARGETS, signed =>
      withDelegation(signed, role, { threshold: 1, paths: pathsOf(role), terminating: true }),
    );
  } else if (periods !== undefined) {
    draft.edit(role, signed => withMembers(signed, periodMembers(periods)));
  }
  requireReachable(request, draft, tree);
  if (online !== undefined) applyOnline(role, online, delegator, draft, tree);
  else if (signers !== undefined) await applySigners(workspace, request, signers, delegator, draft, tree);
  const count = threshold ?? (online === undefined ? undefined : 1);
  if (count !== undefined) draft.edit(delegator, signed => withThreshold(signed, role, count));
}

const periodMembers = ({ expiryDays, signingDays }: RolePeriods): ReadonlyMap<string, number> =>
  new Map([
    [EXPIRY_PERIOD_MEMBER, expiryDays],
    [SIGNING_PERIOD_MEMBER, signingDays],
  ]);

/** The online key takes the place of all others, and of whoever is invited. */
function applyOnline(
  role: RoleName,
  online: OnlineKey,
  delegator: RoleName,
  draft: Draft,
  tree: RepositoryTree,
): void {
  const key = onlineKey(online.key, online.uri);
  const keyid = computeKeyid(key);
  const gone = new Set([...keysOf(tree, role).keys()].filter(known => known !== keyid));
  draft.edit(delegator, signed => withKey(withoutKeys(signed, role, gone), role, key));
  for (const owner of invitedTo(invitesOf(tree), role)) withdraw(draft, owner, role);
}

async function applySigners(
  workspace: Workspace,
  request: DelegateRequest,
  signers: readonly KeyOwner[],
  delegator: RoleName,
  draft: Draft,
  tree: RepositoryTree,
): Promise<void> {
  const { role } = request;
  const user = requireUser(workspace);
  const keys = keysOf(tree, role);
  const owners = new Set(keys.values());
  const gone = new Set(
    [...keys].filter(([, owner]) => owner === undefined || !signers.includes(owner)).map(([id]) => id),
  );
  if (gone.size > 0) draft.edit(delegator, signed => withoutKeys(signed, role, gone));
  for (const owner of invitedTo(invitesOf(tree), role)) {
    if (!signers.includes(owner)) withdraw(draft, owner, role);
  }
  for (const owner of signers) {
    if (owners.has(owner)) continue;
    if (owner === user) {
      const key = personKey(await request.ownKey(), owner);
      draft.edit(delegator, signed => withKey(signed, role, key));
      await attestKey(draft, key, request.ownAttestation, workspace.clock.now());
    } else {
      draft.invite(owner, new Set([...(draft.invites.get(owner) ?? []), role]));
    }
  }
}

function withdraw(draft: Draft, owner: KeyOwner, role: RoleName): void {
  const roles = new Set(draft.invites.get(owner));
  roles.delete(role);
  draft.invite(owner, roles);
}

/** Keyid -> owner of the role's keys as the tree has them. */
function keysOf(tree: RepositoryTree, role: RoleName): ReadonlyMap<Keyid, KeyOwner | undefined> {
  const delegated = delegationGraph(tree).roles.get(role);
  return new Map(
    (delegated?.definition.keyids ?? []).map(keyid => [keyid, delegated?.delegations.keys.get(keyid)?.owner]),
  );
}

/** The layout that the format gives a role: four levels below a folder of its name. */
const pathsOf = (role: RoleName): readonly string[] =>
  [1, 2, 3, 4].map(depth => `${role}${'/*'.repeat(depth)}`);

function requireFullRequest({ role, signers, online }: DelegateRequest): void {
  if (signers === undefined && online === undefined) {
    throw new OperationError(
      'MISSING_ANSWER',
      `${role} is new: say who signs it (--signers @name,@other, or --online-key URI)`,
    );
  }
}

/** Refuses a role that nobody could sign, whether the threshold changes or the people below it do. */
function requireReachable(request: DelegateRequest, draft: Draft, tree: RepositoryTree): void {
  const { role, signers, online } = request;
  if (role === ROOT && online !== undefined)
    throw new OperationError('REFUSED', 'root is signed by people: an online key can not stand in for them');
  if (signers?.length === 0) throw new OperationError('REFUSED', 'a role needs at least one signer');
  if (new Set(signers).size !== (signers?.length ?? 0))
    throw new OperationError('REFUSED', 'a signer is named twice');
  const present = keysOf(tree, role).size + invitedTo(draft.invites, role).length;
  const most = online === undefined ? (signers?.length ?? present) : 1;
  const before = delegationGraph(tree).roles.get(role)?.definition.threshold ?? 1;
  const threshold = request.threshold ?? (online === undefined ? before : 1);
  if (threshold >= 1 && threshold <= most) return;
  throw new OperationError(
    'REFUSED',
    `a threshold of ${threshold} can not be met by ${most} ${most === 1 ? 'signer' : 'signers'}: it has to be 1 to ${most}`,
  );
}
