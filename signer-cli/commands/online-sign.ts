import { onlineSign } from '../../src/operations/online-sign.ts';
import { reasonJson } from '../../src/render/json.ts';
import { EXIT } from '../exit-codes.ts';
import { type GlobalFlags, onlineSigner, type RunContext, workspaceOf } from '../run-context.ts';
import { showReasons } from './show-reasons.ts';

interface OnlineFlags extends GlobalFlags {
  readonly json?: boolean;
}

/** Signs snapshot and timestamp on main. */
export async function run(
  _args: readonly string[],
  flags: OnlineFlags,
  context: RunContext,
): Promise<number> {
  const { output } = context;
  await using workspace = await workspaceOf(flags);
  const { signed, refusals } = await onlineSign(workspace, onlineSigner(flags, context));
  if (flags.json === true) output.result(JSON.stringify({ signed, reasons: refusals.map(reasonJson) }));
  else if (refusals.length > 0) {
    output.say('main is not fit to be signed:');
    showReasons(output, refusals);
  } else {
    output.say(
      signed.length === 0 ? 'Snapshot and timestamp are fresh.' : `Signed and pushed: ${signed.join(', ')}.`,
    );
  }
  return refusals.length > 0 ? EXIT.rejected : EXIT.accepted;
}
