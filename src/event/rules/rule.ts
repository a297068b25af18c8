import type { Context, Mode } from '../context.ts';
import type { Finding, RuleId } from '../reason.ts';

/** One rule of judgement. Pure: the same context, the same findings. One that throws is a refusal under its own id. */
export interface Rule {
  readonly id: RuleId;
  /** Where the rule comes from. */
  readonly source: string;
  readonly modes: readonly Mode[];
  check(context: Context): Iterable<Finding>;
}

export const always: readonly Mode[] = ['event', 'known-good', 'publish'];
