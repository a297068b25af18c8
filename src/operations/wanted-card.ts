import { cardName, cardOf, fingerprintOf } from '../event/cards.ts';
import type { Context } from '../event/context.ts';
import { type Obligation, ownersOfSeveralKeys } from '../event/plan.ts';
import { listed, longId } from '../event/words.ts';
import type { LoadedEvent } from './event.ts';

/**
 * The card that the first of `wanted` is to be made with, and for which roles: `the card with your old key for root (YubiKey
 * 12345678, fingerprint 0123456789abcdef0123)`.
 */
export function cardWanted(
  { judgement }: LoadedEvent,
  wanted: readonly [Obligation, ...Obligation[]],
): string {
  const { context } = judgement;
  const [{ key }] = wanted;
  const fingerprint = fingerprintOf(key) ?? key.keyid;
  const same = wanted.filter(other => fingerprintOf(other.key) === fingerprint);
  const roles = [...new Set(same.map(({ role }) => role))];
  const card = cardOf(key, context.facts.attestations);
  const where = card === undefined ? '' : `${cardName(card)}, `;
  const age = ageOf(context, same);
  return `the card with your ${age}key for ${listed(roles)} (${where}fingerprint ${longId(fingerprint)})`;
}

/** ` with your old key`, where the person has several; else nothing, as there is nothing to tell apart. */
export function byWhichKey({ judgement }: LoadedEvent, obligation: Obligation): string {
  const age = ageOf(judgement.context, [obligation]);
  return age === '' ? '' : ` with your ${age}key`;
}

/** `old `: it hands root over and counts for nothing else. */
function ageOf(context: Context, wanted: readonly Obligation[]): string {
  const owner = wanted[0]?.key.owner;
  if (owner === undefined || !ownersOfSeveralKeys(context).has(owner)) return '';
  if (wanted.some(({ joining }) => joining)) return 'new ';
  return wanted.every(({ of }) => of.every(quorum => quorum === 'old')) ? 'old ' : '';
}
