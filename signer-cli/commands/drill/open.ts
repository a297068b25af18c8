import { MAX_DRILL_DAYS } from '../../../src/event/drill/drill-of.ts';
import { DRILL_DAYS, openDrill } from '../../../src/operations/drill/open.ts';
import { drillKeyWords } from '../../../src/render/drill-words.ts';
import { renderJson } from '../../../src/render/json.ts';
import { drillNameProblem } from '../../../src/repository/drill-file.ts';
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
  const days = givenDays(flags);
  const problem = flags.name === undefined ? undefined : drillNameProblem(flags.name);
  if (problem !== undefined) throw new UsageError(`--name: a drill's ${problem}`);
  await using workspace = await workspaceOf(flags);
  const { branch, deadline, keyholders } = await openDrill(workspace, {
    name: flags.name,
    days,
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

function givenDays({ days }: OpenFlags): number {
  if (days === undefined) return DRILL_DAYS;
  const number = /^[1-9]\d?$/.test(days) ? Number(days) : 0;
  if (number >= 1 && number <= MAX_DRILL_DAYS) return number;
  throw new UsageError(`--days ${JSON.stringify(days)} is not a whole number from 1 to ${MAX_DRILL_DAYS}`);
}
