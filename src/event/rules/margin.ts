import { jsonEqual } from '../../json.ts';
import { isOnlineRole, ROOT, type RoleName } from '../../metadata/names.ts';
import { distinctKeys } from '../../metadata/quorum.ts';
import type { Delegated } from '../../repository/delegators.ts';
import { invitedTo } from '../../repository/state.ts';
import { invitesOf } from '../../repository/tree.ts';
import type { Context } from '../context.ts';
import { warn } from '../reason.ts';
import { plural } from '../words.ts';
import type { Rule } from './rule.ts';

/** A quorum outlives the loss of one key. Said where the event sets the keys or the threshold, and not ever after. */
export const margin: Rule = {
  id: 'margin',
  source: 'TUF 1.0.34, key management and migration: keys are lost, and a quorum of the others hands over',
  modes: ['event'],
  *check(context) {
    for (const [role, delegated] of context.graph.roles) {
      if (isOnlineRole(role) || isAsBefore(context, role, delegated)) continue;
      // An answer widens the quorum: this is not what it will be.
      if (invitedTo(invitesOf(context.tree), role).length > 0) continue;
      const { definition, delegations, delegator } = delegated;
      const keys = [...distinctKeys(delegations, definition).values()];
      if (keys.length !== definition.threshold) continue;
      if (keys.every(({ onlineUri }) => onlineUri !== undefined)) continue;
      const needs =
        keys.length === 1
          ? 'has a single key: with that lost'
          : `needs each one of its ${plural(keys.length, 'key')}: with one lost`;
      const loss =
        role === ROOT
          ? 'there would be no next root, ever'
          : `nobody could sign it until ${delegator} names another`;
      yield warn(`${needs}, ${loss}`, role);
    }
  },
};

function isAsBefore({ knownGraph }: Context, role: RoleName, { definition }: Delegated): boolean {
  const before = knownGraph.roles.get(role)?.definition;
  if (before === undefined || before === definition) return before !== undefined;
  return before.threshold === definition.threshold && jsonEqual(before.keyids, definition.keyids);
}
