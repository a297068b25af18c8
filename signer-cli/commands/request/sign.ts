import { join } from 'node:path';
import { answerRequest } from '../../../src/operations/request/answer.ts';
import { openRequest } from '../../../src/operations/request/open.ts';
import { encodeResponse } from '../../../src/operations/request/response.ts';
import { renderJson } from '../../../src/render/json.ts';
import { configFolder } from '../../config-folder.ts';
import { EXIT } from '../../exit-codes.ts';
import { givenOwner } from '../../given.ts';
import {
  clockOf,
  type GlobalFlags,
  personalSigner,
  prompterOf,
  type RunContext,
  trustOf,
} from '../../run-context.ts';
import { requireAbsent, writeNew } from './files.ts';

export interface SignRequestFlags extends GlobalFlags {
  readonly out?: string;
  readonly json?: boolean;
}

/** Judges and signs what a request brought. */
export async function run(
  [file = '']: readonly string[],
  flags: SignRequestFlags,
  context: RunContext,
): Promise<number> {
  const out = flags.out ?? `${file}.response`;
  await requireAbsent(out);
  const { output, environment } = context;
  output.say('… checking every object of the request');
  const user = flags.user === undefined ? undefined : givenOwner(flags.user);
  const folder = join(configFolder(environment), 'requests');
  await using request = await openRequest(file, folder, clockOf(flags), user);
  const { note } = request;
  output.say(`${note.event.branch} of ${note.place}, for ${user ?? note.user}.`);
  await using signer = personalSigner(flags, context);
  const response = await answerRequest(request, {
    signer,
    prompter: prompterOf(context),
    trust: await trustOf(flags, context),
  });
  await writeNew(out, encodeResponse(response));
  const signed = [...new Set(response.signatures.map(({ role }) => role))];
  const joined = response.joins?.roles ?? [];
  const proved = response.proofs.map(({ fingerprint }) => fingerprint);
  if (flags.json === true) {
    output.result(
      renderJson({ file: out, event: response.event, user: response.user, joined, signed, proved }),
    );
    return EXIT.accepted;
  }
  if (joined.length > 0)
    output.say(
      `You join ${joined.join(' and ')}. Once that is in the event, another request brings what you are to sign.`,
    );
  if (signed.length > 0) output.say(`You have signed ${signed.join(' and ')}. Thank you.`);
  if (proved.length > 0) output.say('Your key works. Thank you.');
  output.say(`Carry ${out} back. On the machine with network: tuf-signer request import ${out}`);
  return EXIT.accepted;
}
