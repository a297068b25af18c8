import { type Delegations, noDelegations } from '../metadata/delegation.ts';
import type { Key } from '../metadata/key.ts';
import { isOnlineRole, type KeyOwner, ROOT, type RoleName } from '../metadata/names.ts';
import { distinctKeys, type Quorum } from '../metadata/quorum.ts';
import { roleChange } from '../repository/diff.ts';
import { invitedTo } from '../repository/state.ts';
import { invitesOf, rootOf } from '../repository/tree.ts';
import type { Context } from './context.ts';
import { withNames } from './named-keys.ts';
import { joiningKeys } from './rules/people.ts';

/** Which quorum a signature counts in: `old` and `new` for root, `delegator` for every other role. */
export type QuorumOf = 'old' | 'new' | 'delegator';

/** One signature that is still wanted: this key, on this role. */
export interface Obligation {
  readonly role: RoleName;
  readonly key: Key;
  readonly of: readonly QuorumOf[];
  /** The key joins with this event and has to show that its private half is there, whatever the quorum says. */
  readonly joining: boolean;
}

export interface RoleQuorum {
  readonly of: QuorumOf;
  readonly quorum: Quorum;
  readonly delegations: Delegations;
}

export interface Plan {
  /**
   * Who may still sign what. Not before nobody is invited to the role or to one whose keys it holds, and never where main
   * has a newer one.
   */
  readonly obligations: readonly Obligation[];
  /** Roles that nobody is asked to sign yet, as an answer to an invitation will change them. */
  readonly inviting: ReadonlySet<RoleName>;
  /** What an invited person is to answer. */
  readonly invites: ReadonlyMap<KeyOwner, ReadonlySet<RoleName>>;
}

/** The quorums that `role` has to meet in this event. */
export function quorumsOf(context: Context, role: RoleName): readonly RoleQuorum[] {
  const delegated = context.graph.roles.get(role);
  const own = context.quorumOf(role);
  if (delegated === undefined || own === undefined || isOnlineRole(role)) return [];
  if (role !== ROOT) return [{ of: 'delegator', quorum: own, delegations: delegated.delegations }];
  const old = context.changed.has(ROOT) ? context.oldRootQuorum() : undefined;
  const main = rootOf(context.knownGood)?.signed.delegations ?? noDelegations;
  const oldKeys = withNames(main, delegated.delegations);
  return [
    ...(old === undefined ? [] : [{ of: 'old' as const, quorum: old, delegations: oldKeys }]),
    { of: 'new', quorum: own, delegations: delegated.delegations },
  ];
}

/** Derives who owes which signature. */
export function planOf(context: Context): Plan {
  const invites = invitesOf(context.tree);
  const inviting = new Set<RoleName>();
  for (const { role, delegator } of context.graph.roles.values()) {
    if (invitedTo(invites, role).length > 0) inviting.add(delegator).add(role);
  }
  const obligations = [...context.graph.roles.keys()]
    .filter(role => !inviting.has(role) && !context.isSettled(role) && !hasMovedOn(context, role))
    .flatMap(role => obligationsOn(context, role));
  return { obligations, inviting, invites };
}

/**
 * Does main say something else of the role by now? A quorum on what the event makes of its past would be a second content
 * of one version, and of root a second chain, for whoever wants to serve it. Rule `base` says what to do.
 */
function hasMovedOn({ facts, knownGood }: Context, role: RoleName): boolean {
  if (facts.main === undefined) return false;
  const change = roleChange(knownGood, facts.main, role);
  return change !== 'unchanged' && change !== 'signatures';
}

function obligationsOn(context: Context, role: RoleName): readonly Obligation[] {
  const quorums = quorumsOf(context, role);
  const byKeyid = new Map<string, Obligation>();
  const joining = new Set(joiningKeys(context, role).map(key => key.keyid));
  for (const { of, quorum, delegations } of quorums) {
    for (const keyid of quorum.missing) {
      const key = delegations.keys.get(keyid);
      const joins = of !== 'old' && joining.has(keyid);
      if (key === undefined || (quorum.met && !joins)) continue;
      const before = byKeyid.get(keyid);
      byKeyid.set(keyid, {
        role,
        key,
        of: [...(before?.of ?? []), of],
        joining: joins || before?.joining === true,
      });
    }
  }
  return [...byKeyid.values()];
}

/** Who is to sign with more than one key: in the roles as the event has them, or handing root over from an old one. */
export function ownersOfSeveralKeys(context: Context): ReadonlySet<KeyOwner> {
  const fingerprints = new Map<KeyOwner, string>();
  const several = new Set<KeyOwner>();
  const old = rootOf(context.knownGood)?.signed.delegations;
  const oldRoot = context.changed.has(ROOT) ? old?.roles.get(ROOT) : undefined;
  const roles = [...context.graph.roles.values()];
  for (const { definition, delegations } of [
    ...(old === undefined || oldRoot === undefined ? [] : [{ definition: oldRoot, delegations: old }]),
    ...roles,
  ]) {
    for (const [fingerprint, { owner }] of distinctKeys(delegations, definition)) {
      if (owner === undefined) continue;
      const known = fingerprints.get(owner);
      if (known === undefined) fingerprints.set(owner, fingerprint);
      else if (known !== fingerprint) several.add(owner);
    }
  }
  return several;
}
