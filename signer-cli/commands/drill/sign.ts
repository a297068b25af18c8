import { openDrills } from '../../../src/operations/drill/status.ts';
import { OperationError } from '../../../src/operations/error.ts';
import { fetchMain } from '../../../src/operations/workspace.ts';
import { type RunContext, workspaceOf } from '../../run-context.ts';
import { type SignFlags, run as sign } from '../sign.ts';

/** Proves this person's keys in the drill that is named, or in the one that is open. */
export async function run(
  [event]: readonly string[],
  flags: SignFlags,
  context: RunContext,
): Promise<number> {
  return sign([event ?? (await theOpenDrill(flags))], flags, context);
}

async function theOpenDrill(flags: SignFlags): Promise<string> {
  await using workspace = await workspaceOf(flags);
  await fetchMain(workspace);
  const branches = (await openDrills(workspace)).map(({ branch }) => branch);
  const [only] = branches;
  if (only === undefined)
    throw new OperationError('NOT_FOUND', 'no drill is open: tuf-signer drill open begins one');
  if (branches.length > 1)
    throw new OperationError('MISSING_ANSWER', `several drills are open, name one: ${branches.join(', ')}`);
  return only;
}
