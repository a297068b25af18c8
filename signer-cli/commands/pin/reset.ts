import { OperationError } from '../../../src/operations/error.ts';
import { pinsHere } from '../../../src/operations/pin/trust.ts';
import { EXIT } from '../../exit-codes.ts';
import { type GlobalFlags, pinsOf, type RunContext, workspaceOf } from '../../run-context.ts';
import { UsageError } from '../../usage-error.ts';

/** Forgets what this machine trusts of the repository in this clone, or of the one that is named. */
export async function run(
  [identity]: readonly string[],
  flags: GlobalFlags,
  context: RunContext,
): Promise<number> {
  const { output, asker } = context;
  const identities = identity === undefined ? await here(flags, context) : [requireIdentity(identity)];
  if (identities.length === 0) {
    output.say('No root is pinned here: nothing to forget.');
    return EXIT.notFound;
  }
  output.say(
    `Forgets the root ${identities.join(', ')}: the next tuf-signer sign shows what main has then, and asks.`,
  );
  if (!(await asker.confirm('Forget it?'))) throw new OperationError('DECLINED', 'the pin stays');
  for (const each of identities) await pinsOf(context).remove(each);
  return EXIT.accepted;
}

async function here(flags: GlobalFlags, context: RunContext): Promise<readonly string[]> {
  await using workspace = await workspaceOf(flags);
  return (await pinsHere(workspace, pinsOf(context))).map(({ identity }) => identity);
}

function requireIdentity(text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  throw new UsageError(
    'an identity is the SHA-256 of a first root, 64 hex digits: see tuf-signer pin show --all',
  );
}
