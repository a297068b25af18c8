import type { BranchName } from '../git/names.ts';
import type { KeyOwner, RoleName } from '../metadata/names.ts';
import { type DelegationGraph, delegationGraph } from '../repository/delegators.ts';
import type { PublicKeyParts, RolePeriods } from '../repository/documents.ts';
import { Draft } from '../repository/draft.ts';
import type { RepositoryTree } from '../repository/tree.ts';
import type { CardAttestation, PublicKeyInfo } from '../signers/signer.ts';
import type { EventGround } from './propose.ts';
import type { Workspace } from './workspace.ts';

/** The public half of a key of the automation's, and where its private half is. */
export interface OnlineKey {
  readonly key: PublicKeyParts;
  readonly uri: string;
}

/** What is to be true of a role; what is left out stays as it is. */
export interface RoleChanges {
  /** Exactly these sign; who has no key yet is invited. */
  readonly signers?: readonly KeyOwner[] | undefined;
  readonly addSigners?: readonly KeyOwner[] | undefined;
  /** Their keys leave the role, their open invitations are withdrawn. */
  readonly removeSigners?: readonly KeyOwner[] | undefined;
  readonly threshold?: number | undefined;
  readonly periods?: RolePeriods | undefined;
  /** An online key that signs this role instead of people. Of snapshot or timestamp: of both. */
  readonly online?: OnlineKey | undefined;
  /** Who delegates to a role that is new (default: targets). */
  readonly delegator?: RoleName | undefined;
  /** The path patterns that the role speaks for (default: four levels below a folder of its name). */
  readonly paths?: readonly string[] | undefined;
  /** Do clients end their search with this role (default: yes)? */
  readonly terminating?: boolean | undefined;
  /** Clients ask this role before that one of the same delegator. */
  readonly before?: RoleName | undefined;
  /** The delegation goes, with the role's file and its artifacts. */
  readonly remove?: boolean | undefined;
  /** With `remove`: and the roles below it. */
  readonly recursive?: boolean | undefined;
}

export interface DelegateRequest extends RoleChanges {
  /** Created where it is not there yet. */
  readonly event: BranchName;
  /** Any role; a delegated one that is not there is created. */
  readonly role: RoleName;
  readonly ownKey: () => Promise<PublicKeyInfo>;
  /** What the card says of that key. */
  readonly ownAttestation?: (() => Promise<CardAttestation | undefined>) | undefined;
}

/** How long a new role lives where nobody says: a year, to be signed again in its last two months. Days. */
export const defaultRolePeriods: RolePeriods = { expiryDays: 365, signingDays: 60 };

/** A request on its way into a draft. */
export interface Edit {
  readonly workspace: Workspace;
  readonly request: DelegateRequest;
  readonly knownGood: RepositoryTree;
  /** The event as it is. */
  readonly tree: RepositoryTree;
  readonly graph: DelegationGraph;
  readonly draft: Draft;
}

export function openEdit(workspace: Workspace, ground: EventGround, request: DelegateRequest): Edit {
  const { knownGood, event: tree } = ground.gathered;
  return {
    workspace,
    request,
    knownGood,
    tree,
    graph: delegationGraph(tree),
    draft: new Draft(knownGood, tree),
  };
}

/** Takes back what `owner` was asked for `role`. */
export function withdraw(draft: Draft, owner: KeyOwner, role: RoleName): void {
  const roles = new Set(draft.invites.get(owner));
  roles.delete(role);
  draft.invite(owner, roles);
}
