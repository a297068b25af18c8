import { repairMain } from '../../src/operations/pin/repair-main.ts';
import { renderJson } from '../../src/render/json.ts';
import { EXIT } from '../exit-codes.ts';
import { type GlobalFlags, prompterOf, type RunContext, trustOf, workspaceOf } from '../run-context.ts';

interface RepairFlags extends GlobalFlags {
  readonly json?: boolean;
}

/** Verifies main from what this machine trusts, and opens the event that mends it where it can be mended. */
export async function run(
  _args: readonly string[],
  flags: RepairFlags,
  context: RunContext,
): Promise<number> {
  await using workspace = await workspaceOf(flags);
  const outcome = await repairMain(workspace, await trustOf(flags, context), prompterOf(context));
  const { output } = context;
  if (flags.json === true) output.result(renderJson(outcome));
  else output.say(WORDS[outcome.status]);
  if (outcome.status === 'opened' && flags.json !== true) {
    output.result(outcome.branch);
    output.say(
      `Have it looked at and merged; nobody needs to sign it: tuf-signer status --event origin/${outcome.branch}`,
    );
  }
  return EXIT.accepted;
}

const WORDS = {
  empty: 'Main has no metadata yet: there is nothing to repair.',
  sound: 'Metadata on main is sound, and follows from what this machine trusts: nothing is to be repaired.',
  opened: 'Main is not what it was. This event puts back what people signed, and is pushed:',
} as const;
