import type { Instant } from '../clock.ts';
import { CodedError } from '../errors.ts';
import type { Policy } from '../policy/policy.ts';
import { isEmptyDiff } from '../repository/diff.ts';
import { emptyTree, type RepositoryTree } from '../repository/tree.ts';
import { type Context, contextOf, type Facts, type Mode } from './context.ts';
import { type Reason, refuse, warn } from './reason.ts';
import type { Rule } from './rules/rule.ts';
import { rules } from './rules/table.ts';

/**
 * `rejected`: only a change of content can mend it. `pending`: signatures, answers, time or the automation still can.
 * `unchanged`: nothing that an event may touch differs from known-good.
 */
export type Verdict = 'accepted' | 'pending' | 'rejected' | 'unchanged';

export interface EventInput {
  readonly knownGood: RepositoryTree;
  /** What {@link judgeRepository} found in known-good itself. */
  readonly knownGoodFaults: readonly Reason[];
  /** Was known-good named by a person? Then it is taken as it is, and its faults are warnings. */
  readonly knownGoodGiven: boolean;
  /** What is wrong with main, where known-good is an older state of it and the event is there to mend that. */
  readonly repairs?: string | undefined;
  readonly event: RepositoryTree;
  readonly policy: Policy;
  readonly facts: Facts;
  readonly now: Instant;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
  readonly context: Context;
}

/**
 * Judges a signing event against known-good. Pure: same trees, facts and instant, same verdict. A rule that throws is a
 * refusal under its own id, so that no fault of ours lets anything through.
 */
export function judge(input: EventInput): Judgement {
  const { knownGood, event: tree, policy, facts, now } = input;
  const context = contextOf({ mode: 'event', knownGood, tree, policy, facts, now });
  const inherited = input.knownGoodFaults.map(reason => inheritedFault(reason, input.knownGoodGiven));
  const { repairs } = input;
  // Putting everything back to where it was is a change of a main that is broken.
  if (repairs !== undefined) inherited.push({ rule: 'base', ...warn(repairs) });
  else if (isEmptyDiff(context.diff) && tree.unreadableNames.length === 0) {
    return { verdict: 'unchanged', reasons: inherited, context };
  }
  const reasons = [...inherited, ...applyRules(context)];
  return { verdict: verdictOf(reasons), reasons, context };
}

export interface RepositoryInput {
  /** `known-good`: what events stand on - expiry, a stale snapshot and artifacts do not count. `publish`: everything does. */
  readonly mode: Exclude<Mode, 'event'>;
  readonly tree: RepositoryTree;
  readonly policy: Policy;
  readonly facts: Facts;
  readonly now: Instant;
}

/** Judges one complete repository, with no event in sight. `accepted` or `rejected`. Pure as {@link judge} is. */
export function judgeRepository(input: RepositoryInput): Judgement {
  const context = contextOf({ ...input, knownGood: emptyTree });
  const reasons = applyRules(context);
  return { verdict: verdictOf(reasons), reasons, context };
}

export function verdictOf(reasons: readonly Reason[]): Verdict {
  if (reasons.some(({ severity }) => severity === 'refuse')) return 'rejected';
  return reasons.some(({ severity }) => severity === 'await') ? 'pending' : 'accepted';
}

const applyRules = (context: Context): readonly Reason[] =>
  rules.filter(({ modes }) => modes.includes(context.mode)).flatMap(rule => applyRule(rule, context));

function applyRule(rule: Rule, context: Context): readonly Reason[] {
  try {
    return [...rule.check(context)].map(finding => ({ rule: rule.id, ...finding }));
  } catch (error) {
    const what = error instanceof CodedError || error instanceof Error ? error.message : 'unknown fault';
    return [{ rule: rule.id, ...refuse(`this rule could not be applied (${what})`) }];
  }
}

/** A fault of main stands in the way of every event, unless a person took that main on purpose. */
function inheritedFault(reason: Reason, given: boolean): Reason {
  const message = `known-good itself: ${reason.message}`;
  return { ...reason, message, severity: given ? 'warn' : reason.severity };
}
