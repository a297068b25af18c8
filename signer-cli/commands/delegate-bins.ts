import { grouped } from '../../src/event/describe/text.ts';
import type { BranchName } from '../../src/git/names.ts';
import type { RoleName } from '../../src/metadata/names.ts';
import { type DelegateBinsOutcome, delegateBins } from '../../src/operations/delegate-bins.ts';
import { renderJson } from '../../src/render/json.ts';
import { EXIT } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { type RunContext, workspaceOf } from '../run-context.ts';
import { UsageError } from '../usage-error.ts';
import { parseCount, parseOwners, parsePeriods, readOnlineKey } from './answers.ts';
import type { DelegateFlags } from './delegate-flags.ts';
import { sayVoided } from './say-voided.ts';

/** What is said of the role itself. */
const STRANGE: readonly (readonly [keyof DelegateFlags, string])[] = [
  ['addSigners', '--add-signers'],
  ['removeSigners', '--remove-signers'],
  ['delegator', '--delegator'],
  ['paths', '--paths'],
  ['terminating', '--terminating'],
  ['before', '--before'],
  ['remove', '--remove'],
  ['recursive', '--recursive'],
];

/** `delegate EVENT ROLE --bins N`: the other flags are then of the bins. */
export async function runBins(
  event: BranchName | undefined,
  role: RoleName | undefined,
  flags: DelegateFlags,
  context: RunContext,
): Promise<number> {
  const { bins, signers, threshold, periods, onlineKey } = flags;
  if (bins === undefined) throw new UsageError('--succinct says how bins are written: say --bins N too');
  if (event === undefined || role === undefined)
    throw new UsageError('--bins N wants to know of what: name the event and the role');
  const strange = STRANGE.filter(([name]) => flags[name] !== undefined).map(([, flag]) => flag);
  if (strange.length > 0)
    throw new UsageError(`--bins is a change of its own, without ${strange.join(', ')}`);
  const count = parseCount(bins, 'the number of bins');
  if ((signers === undefined) === (onlineKey === undefined)) {
    throw new UsageError(
      'say who signs the bins: automation (--online-key URI) or people who have a key here (--signers @name,@other)',
    );
  }
  await using workspace = await workspaceOf(flags);
  const outcome = await delegateBins(workspace, {
    event,
    role,
    bins: count,
    dryRun: flags.dryRun === true,
    form: flags.succinct === true ? 'succinct' : 'listed',
    signers: signers === undefined ? undefined : parseOwners(signers),
    threshold: threshold === undefined ? undefined : parseCount(threshold, 'the threshold'),
    periods: periods === undefined ? undefined : parsePeriods(periods, 'the period'),
    online: onlineKey === undefined ? undefined : await readOnlineKey(onlineKey, flags, context),
  });
  if (flags.json === true) {
    const { first, last, created, moved } = outcome;
    context.output.result(renderJson({ event, role, bins: count, first, last, created, moved }));
  } else if (flags.dryRun === true) sayDry(context.output, role, count, outcome);
  else say(context.output, event, role, count, outcome);
  return EXIT.accepted;
}

function sayDry(
  output: Output,
  role: RoleName,
  count: number,
  { first, last, moved }: DelegateBinsOutcome,
): void {
  output.say(
    `${role} would have ${grouped(count)} bins, ${first} to ${last}, and ${grouped(moved)} artifacts go to them.`,
  );
  output.say('A dry run: nothing was written.');
}

function say(
  output: Output,
  event: BranchName,
  role: RoleName,
  count: number,
  { first, last, created, moved, voided }: DelegateBinsOutcome,
): void {
  const made = created === 0 ? 'Changed' : 'Created';
  output.say(`${made} ${grouped(count)} bins of ${role}, ${first} to ${last}, in ${event} and pushed them.`);
  if (moved > 0)
    output.say(`${grouped(moved)} of its artifacts are listed by them now, and no longer by ${role}.`);
  sayVoided(output, voided);
  output.say(`${role} has to be signed anew, once; after that an artifact changes its bin alone.`);
  output.say(`See what is left to do: tuf-signer status ${event}`);
}
