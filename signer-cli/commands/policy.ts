import { parseSigningEvent } from '../../src/git/names.ts';
import { setPolicy } from '../../src/operations/set-policy.ts';
import { EXIT } from '../exit-codes.ts';
import { givenFile } from '../given.ts';
import { type GlobalFlags, type RunContext, workspaceOf } from '../run-context.ts';
import { UsageError } from '../usage-error.ts';

export interface PolicyFlags extends GlobalFlags {
  readonly remove?: boolean;
}

/** Puts a policy file into an event of its own. */
export async function run(
  [event = '', file]: readonly string[],
  flags: PolicyFlags,
  { output }: RunContext,
): Promise<number> {
  const branch = parseSigningEvent(event);
  if ((file === undefined) === (flags.remove !== true)) {
    throw new UsageError('name the policy file, or give --remove');
  }
  await using workspace = await workspaceOf(flags);
  await setPolicy(
    workspace,
    branch,
    file === undefined ? undefined : await givenFile(file, 'the policy file'),
  );
  output.say(`${file === undefined ? 'Removed the policy' : 'Put the policy'} in ${branch} and pushed it.`);
  output.say(
    `It is in force once root's quorum has signed (tuf-signer sign ${branch}) and the event is merged.`,
  );
  return EXIT.accepted;
}
