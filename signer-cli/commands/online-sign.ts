import { onlineSign } from '../../src/operations/online-sign.ts';
import { reasonJson, renderJson } from '../../src/render/json.ts';
import { EXIT } from '../exit-codes.ts';
import { givenFile } from '../given.ts';
import { type GlobalFlags, onlineSigner, type RunContext, workspaceOf } from '../run-context.ts';
import { showReasons } from './show-reasons.ts';

interface OnlineFlags extends GlobalFlags {
  readonly trustedRoot?: string;
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
  const trustedRoot =
    flags.trustedRoot === undefined ? undefined : await givenFile(flags.trustedRoot, '--trusted-root');
  const signer = onlineSigner(flags, context);
  const { signed, refusals } = await onlineSign(workspace, signer, undefined, trustedRoot);
  if (flags.json === true) output.result(renderJson({ signed, reasons: refusals.map(reasonJson) }));
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
