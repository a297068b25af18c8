import type { Policy } from '../policy/policy.ts';
import type { Context } from './context.ts';

/**
 * The policy that the event would put in force, where that is another one than it is judged by; its signers are told what it will
 * mean. `undefined` where the event brings none that can be read.
 */
export function comingPolicy({ mode, knownGood, tree }: Context): Policy | undefined {
  if (mode !== 'event' || !tree.policy.ok) return undefined;
  const { digest, policy } = tree.policy.value;
  const before = knownGood.policy.ok ? knownGood.policy.value.digest : undefined;
  return digest === undefined || digest === before ? undefined : policy;
}
