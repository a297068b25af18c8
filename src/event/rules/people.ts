import type { Key } from '../../metadata/key.ts';
import { isOnlineRole, type RoleName } from '../../metadata/names.ts';
import { distinctKeys } from '../../metadata/quorum.ts';
import { invitesOf } from '../../repository/tree.ts';
import { cardOf, cardText, fingerprintOf } from '../cards.ts';
import type { Context } from '../context.ts';
import { awaits, type Finding, refuse, warn } from '../reason.ts';
import { keyName, listed, longId, quoted } from '../words.ts';
import type { Rule } from './rule.ts';

/** Everyone who was invited has answered. */
export const invites: Rule = {
  id: 'invites',
  source: 'tuf-on-ci format, .signing-event-state',
  modes: ['event', 'publish'],
  *check({ tree, graph, mode }) {
    if (!tree.invites.ok) {
      yield refuse(`metadata/.signing-event-state: ${tree.invites.error.message}`);
      return;
    }
    for (const [owner, roles] of invitesOf(tree)) {
      const unknown = [...roles].filter(role => isOnlineRole(role) || !graph.roles.has(role));
      for (const role of unknown)
        yield refuse(`${owner} is invited to ${quoted(role)}, which is no role to sign`);
      const message = `${owner} is invited to sign ${listed([...roles])} and has not answered`;
      yield mode === 'publish' ? refuse(message) : awaits(message);
    }
  },
};

/** The keys that `role` has and known-good's role has not, by public key: a tag or keyid of its own is no new key. */
export function joiningKeys(context: Context, role: RoleName): readonly Key[] {
  const now = context.graph.roles.get(role);
  const before = context.knownGraph.roles.get(role);
  if (now === undefined) return [];
  const known = before === undefined ? undefined : distinctKeys(before.delegations, before.definition);
  return [...distinctKeys(now.delegations, now.definition)]
    .filter(([fingerprint]) => known?.has(fingerprint) !== true)
    .map(([, key]) => key);
}

/** Owner, fingerprint and card: what those who sign a key in compare with what its owner tells them. */
function introduction({ facts }: Context, key: Key): string {
  const card = cardOf(key, facts.attestations);
  const made = card === undefined ? '' : `; ${cardText(card)}`;
  return `${keyName(key)} (key ${longId(fingerprintOf(key) ?? key.keyid)}${made})`;
}

/**
 * A key that came from another account than the one it is said to be of. Where no forge was asked, as on a person's own
 * machine, the verdict waits: there the forge's word can't be had, and where it can be had nothing is left open.
 */
function* strangeAccounts(context: Context, role: RoleName): Iterable<Finding> {
  const { policy, facts } = context;
  const severe = policy.enrolmentAccount === 'refuse' ? refuse : warn;
  for (const key of joiningKeys(context, role)) {
    if (key.owner === undefined) continue;
    const account = facts.accounts?.get(key.keyid);
    if (account === key.owner) continue;
    if (account !== undefined) yield severe(`the key of ${key.owner} was brought by ${account}`, role);
    else if (severe === refuse) {
      const what = `which account brought the key of ${key.owner}`;
      yield facts.accounts === undefined
        ? awaits(`${what} is for the forge's automation to judge, as the policy asks`, role)
        : refuse(`${what} is not known, and the policy asks`, role);
    }
  }
}

/** Whoever joins has the private key, and shows it by signing the role. */
export const enrolment: Rule = {
  id: 'enrolment',
  source: 'shared design, rule table; proof of possession as in RFC 4211 section 4',
  modes: ['event'],
  *check(context) {
    for (const role of context.graph.roles.keys()) {
      if (isOnlineRole(role) || context.isSettled(role)) continue;
      const signed = context.quorumOf(role)?.signed ?? [];
      const waiting = joiningKeys(context, role).filter(key => !signed.includes(key.keyid));
      if (waiting.length > 0) {
        const names = waiting.map(key => introduction(context, key));
        yield awaits(`joins with a key that has not signed yet: ${listed(names)}`, role);
      }
      yield* strangeAccounts(context, role);
    }
  },
};
