import { jsonEqual } from '../../json.ts';
import { isOnlineRole, type RoleName } from '../../metadata/names.ts';
import { distinctKeys } from '../../metadata/quorum.ts';
import { forRole, type Policy } from '../../policy/policy.ts';
import type { Delegated } from '../../repository/delegators.ts';
import { invitedTo } from '../../repository/state.ts';
import { invitesOf } from '../../repository/tree.ts';
import { comingPolicy } from '../coming-policy.ts';
import type { Context } from '../context.ts';
import { type Finding, refuse, warn } from '../reason.ts';
import { listed, plural } from '../words.ts';
import { always, type Rule } from './rule.ts';

/**
 * A role's threshold is not below what the policy asks, wherever an event sets who signs it. What main has is named and goes on: a
 * policy that comes later must not stop the renewals of roles that fall short of it.
 */
export const threshold: Rule = {
  id: 'threshold',
  source: 'docs/policy.md, thresholds',
  modes: always,
  *check(context) {
    const short: string[] = [];
    for (const delegated of context.graph.roles.values()) {
      const least = leastThreshold(context.policy, delegated.role);
      if (delegated.definition.threshold >= least) continue;
      if (context.mode !== 'event') short.push(`${delegated.role} ${shortOf(delegated, least)}`);
      else if (isSetAnew(context, delegated))
        yield refuse(
          `its threshold is ${delegated.definition.threshold} and the policy asks for ${least}${howToReach(context, delegated, least)}`,
          delegated.role,
        );
    }
    if (short.length > 0)
      yield warn(`roles have a lower threshold than the policy asks for: ${listed(short)}`);
    yield* checkComing(context);
  },
};

/** Of the online roles, which one key of the automation signs, only what the policy says by their name is asked. */
const leastThreshold = ({ minThreshold }: Policy, role: RoleName): number =>
  isOnlineRole(role) ? (minThreshold.roles.get(role) ?? 1) : forRole(minThreshold, role);

const shortOf = ({ definition }: Delegated, least: number): string => `(${definition.threshold} of ${least})`;

/** Does the event say who signs the role, otherwise than main does? */
function isSetAnew({ changed, knownGraph }: Context, now: Delegated): boolean {
  if (!changed.has(now.delegator)) return false;
  const before = knownGraph.roles.get(now.role);
  return (
    before === undefined ||
    before.delegator !== now.delegator ||
    before.definition.threshold !== now.definition.threshold ||
    !jsonEqual(before.definition.keyids, now.definition.keyids) ||
    now.definition.keyids.some(
      keyid => !jsonEqual(before.delegations.keys.get(keyid)?.raw, now.delegations.keys.get(keyid)?.raw),
    )
  );
}

/** A threshold above what there are keys for would only be refused by rule `distinct-keys`: say what to do first. */
function howToReach({ tree }: Context, { role, definition, delegations }: Delegated, least: number): string {
  const keys = distinctKeys(delegations, definition).size;
  const invited = invitedTo(invitesOf(tree), role).length;
  const missing = least - keys - invited;
  if (missing <= 0) return '';
  const have = invited === 0 ? '' : ` and ${plural(invited, 'open invitation')}`;
  return `: it has ${plural(keys, 'key')}${have}, so invite ${missing} more in this event and raise it`;
}

/** A policy that asks for more signers than a role has is lawful, and somebody will wonder later: tell its signers now. */
function* checkComing(context: Context): Iterable<Finding> {
  const coming = comingPolicy(context);
  if (coming === undefined) return;
  const [low, unreachable]: [string[], string[]] = [[], []];
  for (const delegated of context.graph.roles.values()) {
    const { role, definition, delegations } = delegated;
    const least = leastThreshold(coming, role);
    if (definition.threshold >= least || leastThreshold(context.policy, role) >= least) continue;
    const most = distinctKeys(delegations, definition).size + invitedTo(invitesOf(context.tree), role).length;
    if (most < least) unreachable.push(`${role} (${least} of ${plural(most, 'signer')})`);
    else low.push(`${role} ${shortOf(delegated, least)}`);
  }
  if (unreachable.length > 0)
    yield warn(
      `the new policy asks for more signatures than roles have signers: ${listed(unreachable)}; whoever changes their signers next has to invite more`,
    );
  if (low.length > 0)
    yield warn(
      `the new policy asks for a higher threshold than roles have: ${listed(low)}; whoever changes their signers next has to raise it`,
    );
}
