import { eventStatus, type StatusRequest } from '../../src/operations/status.ts';
import { renderJson, reportJson } from '../../src/render/json.ts';
import { renderTerminal } from '../../src/render/terminal.ts';
import { exitCodeOfVerdict } from '../exit-codes.ts';
import { type GlobalFlags, type RunContext, workspaceOf } from '../run-context.ts';

export interface StatusFlags extends GlobalFlags, StatusRequest {
  readonly json?: boolean;
}

/** Judges one event of this clone and says why. */
export async function run(
  _args: readonly string[],
  flags: StatusFlags,
  { output }: RunContext,
): Promise<number> {
  await using workspace = await workspaceOf(flags);
  const { report } = await eventStatus(workspace, flags);
  if (flags.json === true) output.result(renderJson(reportJson(report)));
  else output.result(renderTerminal(report, { colour: output.colour.out, width: output.width }));
  return exitCodeOfVerdict(report.verdict);
}
