import { DRILL_DAYS, openDrill } from '../../../src/operations/drill/open.ts';
import { drillKeyWords } from '../../../src/render/drill-words.ts';
import { renderJson } from '../../../src/render/json.ts';
import { EXIT } from '../../exit-codes.ts';
import { type GlobalFlags, type RunContext, workspaceOf } from '../../run-context.ts';
import { UsageError } from '../../usage-error.ts';

interface OpenFlags extends GlobalFlags {
  readonly name?: string;
  readonly days?: string;
  readonly json?: boolean;
}

/** Opens a drill. */
export async function run(
  _args: readonly string[],
  flags: OpenFlags,
  { output }: RunContext,
): Promise<number> {
  const days = flags.days ?? String(DRILL_DAYS);
  if (!/^[1-9]\d?$/.test(days))
    throw new UsageError(`--days ${JSON.stringify(days)} is no number from 1 to 90`);
  await using workspace = await workspaceOf(flags);
  const { branch, deadline, keyholders } = await openDrill(workspace, {
    name: flags.name,
    days: Number(days),
  });
  if (flags.json === true) {
    const keys = keyholders.map(({ owner, fingerprint, roles }) => ({ owner, fingerprint, roles }));
    output.result(renderJson({ event: branch, deadline, keys }));
    return EXIT.accepted;
  }
  output.say(`Opened ${branch}. Until ${deadline} these are asked to prove their keys:`);
  for (const holder of keyholders) output.say(`  ${drillKeyWords(holder)}`);
  output.say(`Each of them runs: tuf-signer sign ${branch}`);
  return EXIT.accepted;
}
