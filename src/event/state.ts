import { unreachable } from '../errors.ts';
import type { Judgement } from './judge.ts';
import type { RuleId } from './reason.ts';

/**
 * Where an event stands as a whole, for people who plan.
 *
 * `draft`: what is to be signed still moves. An invitation is open, a refusal has to be mended, metadata does not agree
 * with the files yet, main has moved on, or nothing differs from main so far. Some roles may be signed nevertheless.
 * `collecting`: the content stands and nothing but signatures is awaited, whether or not the first one is there; an edit
 * from here on voids those that are. `ready`: accepted, to be merged. `merged`: it is part of main.
 */
export type EventState = 'draft' | 'collecting' | 'ready' | 'merged';

/** Rules that await nothing but signatures over the content as it is. */
const SIGNATURES: ReadonlySet<RuleId> = new Set<RuleId>(['root-quorum', 'role-quorum', 'enrolment', 'drill']);

/** The state that follows from a judgement. That an event is merged is not to be seen from its trees. */
export function eventState({ verdict, reasons }: Pick<Judgement, 'verdict' | 'reasons'>): EventState {
  switch (verdict) {
    case 'accepted':
      return 'ready';
    case 'rejected':
    case 'unchanged':
      return 'draft';
    case 'pending':
      return reasons.every(({ rule, severity }) => severity !== 'await' || SIGNATURES.has(rule))
        ? 'collecting'
        : 'draft';
    default:
      return unreachable(verdict);
  }
}
