import { type DrillStatus, drillStatus } from '../../../src/operations/drill/status.ts';
import { renderDrillStatus } from '../../../src/render/drill.ts';
import { drillJson, renderJson, standingJson } from '../../../src/render/json.ts';
import { EXIT } from '../../exit-codes.ts';
import { type GlobalFlags, type RunContext, workspaceOf } from '../../run-context.ts';

interface StatusFlags extends GlobalFlags {
  readonly json?: boolean;
}

/** What the drills on main say of each key and role, and which drills are open. */
export async function run(
  _args: readonly string[],
  flags: StatusFlags,
  { output }: RunContext,
): Promise<number> {
  await using workspace = await workspaceOf(flags);
  const status = await drillStatus(workspace);
  if (flags.json === true) output.result(renderJson(asJson(status)));
  else output.result(renderDrillStatus(status, { colour: output.colour.out, width: output.width }));
  for (const [path, problem] of status.unreadable) output.say(`warning: ${path} says nothing: ${problem}`);
  return EXIT.accepted;
}

const asJson = ({ standing, unreadable, open }: DrillStatus): object => ({
  standing: standingJson(standing),
  open: open.map(({ branch, verdict, drill }) => ({ event: branch, verdict, ...drillJson(drill) })),
  unreadable: Object.fromEntries(unreadable),
});
