import { plural } from '../../../src/event/words.ts';
import { importResponse } from '../../../src/operations/request/import.ts';
import { decodeResponse } from '../../../src/operations/request/response.ts';
import { renderJson, reportJson } from '../../../src/render/json.ts';
import { EXIT } from '../../exit-codes.ts';
import { givenFile } from '../../given.ts';
import { type GlobalFlags, prompterOf, type RunContext, trustOf, workspaceOf } from '../../run-context.ts';
import { bringHome } from '../bring-home.ts';
import { sayAwaited } from '../say-signed.ts';

export interface ImportFlags extends GlobalFlags {
  readonly json?: boolean;
}

/** Verifies a response and puts it into its event. */
export async function run(
  [file = '']: readonly string[],
  flags: ImportFlags,
  context: RunContext,
): Promise<number> {
  const response = decodeResponse(await givenFile(file, 'the response'));
  await using workspace = await workspaceOf(flags);
  const outcome = await importResponse(workspace, {
    response,
    prompter: prompterOf(context),
    trust: await trustOf(flags, context),
  });
  const { output } = context;
  const { joined, signed, proved, event } = outcome;
  const { event: branch, user } = response;
  if (joined.length + signed.length + proved.length > 0) await bringHome(workspace, branch, context);
  if (flags.json === true) {
    output.result(
      renderJson({ event: branch, user, joined, signed, proved, status: reportJson(event.report) }),
    );
    return EXIT.accepted;
  }
  if (joined.length > 0)
    output.say(
      `${user} has joined ${joined.join(' and ')}. Once everybody has, export again for the signature: tuf-signer request export ${branch}`,
    );
  else if (proved.length > 0) output.say(`${user} has proved ${plural(proved.length, 'key')} in ${branch}.`);
  else if (signed.length === 0) output.say(`${branch} has all of that already: nothing was changed.`);
  else output.say(`What ${user} signed is in ${branch}: ${signed.join(' and ')}.`);
  sayAwaited(output, event);
  return EXIT.accepted;
}
