import { ALGORITHMS, type AlgorithmName } from '../../../src/signers/piv/algorithm.ts';
import {
  NEW_PIN_POLICIES,
  NEW_TOUCH_POLICIES,
  type PinPolicy,
  type TouchPolicy,
} from '../../../src/signers/piv/policy.ts';
import type { SlotName } from '../../../src/signers/piv/slot.ts';
import { UsageError } from '../../usage-error.ts';
import { type CardFlags, parseSlot } from './card.ts';

export interface GenerateFlags extends CardFlags {
  readonly slot?: string;
  readonly algorithm?: string;
  readonly pinPolicy?: string;
  readonly touchPolicy?: string;
  readonly managementKeyFile?: string;
  readonly managementKeyFd?: string;
  readonly overwrite?: string;
  readonly json?: boolean;
}

/** Which key is to be made. */
export interface KeyChoice {
  readonly slot: SlotName;
  readonly algorithm: AlgorithmName;
  readonly pinPolicy: PinPolicy | undefined;
  readonly touchPolicy: TouchPolicy | undefined;
}

/** Throws {@link UsageError}. */
export const parseChoice = (flags: GenerateFlags): KeyChoice => ({
  slot: parseSlot(flags.slot ?? '9c'),
  algorithm: parseAlgorithm(flags.algorithm ?? 'p256'),
  pinPolicy: parsePolicy(flags.pinPolicy, NEW_PIN_POLICIES, '--pin-policy'),
  touchPolicy: parsePolicy(flags.touchPolicy, NEW_TOUCH_POLICIES, '--touch-policy'),
});

/** `p256`, `P-256`, `rsa2048`, … */
function parseAlgorithm(given: string): AlgorithmName {
  const plain = (name: string): string => name.toLowerCase().replaceAll('-', '');
  const row = ALGORITHMS.find(({ name }) => plain(name) === plain(given));
  if (row !== undefined) return row.name;
  const known = ALGORITHMS.map(({ name }) => plain(name)).join(', ');
  throw new UsageError(`--algorithm ${JSON.stringify(given)} is not one of ${known}`);
}

function parsePolicy<P extends string>(
  given: string | undefined,
  known: readonly P[],
  flag: string,
): P | undefined {
  const policy = known.find(name => name === given);
  if (given !== undefined && policy === undefined)
    throw new UsageError(`${flag} ${JSON.stringify(given)} is not one of ${known.join(', ')}`);
  return policy;
}
