import { parseSigningEvent } from '../../src/git/names.ts';
import {
  differsFromRemote,
  eventStatus,
  remoteEventStatus,
  type StatusRequest,
} from '../../src/operations/status.ts';
import { renderJson, reportJson } from '../../src/render/json.ts';
import { renderTerminal } from '../../src/render/terminal.ts';
import { exitCodeOfVerdict } from '../exit-codes.ts';
import { type GlobalFlags, type RunContext, workspaceOf } from '../run-context.ts';
import { UsageError } from '../usage-error.ts';

export interface StatusFlags extends GlobalFlags, StatusRequest {
  readonly json?: boolean;
}

/** Judges one event of this clone and says why. */
export async function run(
  [name]: readonly string[],
  flags: StatusFlags,
  { output }: RunContext,
): Promise<number> {
  if (name !== undefined && flags.event !== undefined)
    throw new UsageError('say what is judged once: by the name of an event, or by --event');
  await using workspace = await workspaceOf(flags);
  const event =
    name === undefined
      ? await eventStatus(workspace, flags)
      : await remoteEventStatus(workspace, parseSigningEvent(name), flags);
  const { report } = event;
  if (flags.json === true) output.result(renderJson(reportJson(report)));
  else output.result(renderTerminal(report, { colour: output.colour.out, width: output.width }));
  if (name === undefined && flags.event === undefined && (await differsFromRemote(workspace, event)))
    output.say(
      `This is ${event.branch ?? ''} as it is checked out here; on the remote it is another commit: tuf-signer status ${event.branch ?? ''}`,
    );
  return exitCodeOfVerdict(report.verdict);
}
