import type { RoleChanges } from '../../src/operations/delegate-request.ts';
import { givenRole } from '../given.ts';
import type { RunContext } from '../run-context.ts';
import { UsageError } from '../usage-error.ts';
import { type OnlineKeyFlags, parseCount, parseOwners, parsePeriods, readOnlineKey } from './answers.ts';

export interface DelegateFlags extends OnlineKeyFlags {
  readonly signers?: string;
  readonly addSigners?: string;
  readonly removeSigners?: string;
  readonly threshold?: string;
  readonly periods?: string;
  readonly delegator?: string;
  readonly paths?: string;
  readonly terminating?: boolean;
  readonly before?: string;
  readonly remove?: boolean;
  readonly recursive?: boolean;
  readonly bins?: string;
  readonly succinct?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** What says something of a role, as it is typed. */
const CHANGES: readonly (readonly [keyof DelegateFlags, string])[] = [
  ['signers', '--signers'],
  ['addSigners', '--add-signers'],
  ['removeSigners', '--remove-signers'],
  ['threshold', '--threshold'],
  ['periods', '--periods'],
  ['onlineKey', '--online-key'],
  ['paths', '--paths'],
  ['delegator', '--delegator'],
  ['terminating', '--terminating'],
  ['before', '--before'],
  ['remove', '--remove'],
];

export const CHANGE_FLAGS: readonly string[] = CHANGES.map(([, flag]) => flag);

/** The changes that the flags name. Throws {@link UsageError} for what makes no sense together. */
export async function changesOf(flags: DelegateFlags, context: RunContext): Promise<RoleChanges> {
  const { signers, addSigners, removeSigners, onlineKey, remove, recursive } = flags;
  const people = addSigners !== undefined || removeSigners !== undefined;
  if (signers !== undefined && people) {
    throw new UsageError('--signers names all signers: give it alone, or --add-signers and --remove-signers');
  }
  if (onlineKey !== undefined && (signers !== undefined || people)) {
    throw new UsageError('a role is signed by people (--signers) or online (--online-key), not by both');
  }
  const beside = CHANGES.filter(([name]) => name !== 'remove' && flags[name] !== undefined);
  if (remove === true && beside.length > 0)
    throw new UsageError(`--remove stands alone, without ${beside.map(([, flag]) => flag).join(', ')}`);
  if (recursive === true && remove !== true)
    throw new UsageError('--recursive goes with --remove: it removes the roles below, too');
  return {
    signers: ownersIn(signers),
    addSigners: ownersIn(addSigners),
    removeSigners: ownersIn(removeSigners),
    threshold: flags.threshold === undefined ? undefined : parseCount(flags.threshold, 'the threshold'),
    periods: flags.periods === undefined ? undefined : parsePeriods(flags.periods, 'the period'),
    online: onlineKey === undefined ? undefined : await readOnlineKey(onlineKey, flags, context),
    delegator: flags.delegator === undefined ? undefined : givenRole(flags.delegator),
    paths: flags.paths === undefined ? undefined : parsePatterns(flags.paths),
    terminating: flags.terminating,
    before: flags.before === undefined ? undefined : givenRole(flags.before),
    remove,
    recursive,
  };
}

const ownersIn = (text: string | undefined): RoleChanges['signers'] =>
  text === undefined ? undefined : parseOwners(text);

/** `a/*,b/*`. A comma is in no pattern that comes from here. */
export const parsePatterns = (text: string): readonly string[] =>
  text
    .split(',')
    .map(pattern => pattern.trim())
    .filter(pattern => pattern !== '');

export const isChange = (changes: RoleChanges): boolean =>
  Object.values(changes).some(value => value !== undefined);
