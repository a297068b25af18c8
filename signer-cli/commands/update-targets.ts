import { keyName } from '../../src/event/words.ts';
import { parseSigningEvent } from '../../src/git/names.ts';
import { currentBranch } from '../../src/git/refs.ts';
import { OperationError } from '../../src/operations/error.ts';
import { updateTargets } from '../../src/operations/update-targets.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import { renderJson } from '../../src/render/json.ts';
import { joinedRoles } from '../../src/render/words.ts';
import { EXIT } from '../exit-codes.ts';
import { type GlobalFlags, type RunContext, workspaceOf } from '../run-context.ts';
import { sayVoided } from './say-voided.ts';

interface UpdateFlags extends GlobalFlags {
  readonly json?: boolean;
}

/** Makes an event's targets metadata agree with its files. */
export async function run(
  [event]: readonly string[],
  flags: UpdateFlags,
  { output }: RunContext,
): Promise<number> {
  await using workspace = await workspaceOf(flags);
  await fetchMain(workspace);
  const name = event ?? (await currentBranch(workspace.repository));
  if (name === undefined)
    throw new OperationError('MISSING_ANSWER', 'no branch is checked out: name the event');
  const { updated, voided, refusals } = await updateTargets(workspace, parseSigningEvent(name));
  const exit = refusals.length === 0 ? EXIT.accepted : EXIT.rejected;
  if (flags.json === true) {
    const names = voided.map(({ role, key }) => ({ role, name: keyName(key) }));
    output.result(renderJson({ updated, voided: names, refusals }));
    return exit;
  }
  output.say(
    updated.length === 0 ? 'Metadata and files agree.' : `Updated and pushed: ${joinedRoles(updated)}.`,
  );
  sayVoided(output, voided);
  for (const refusal of refusals) output.say(`refuse: ${refusal}`);
  if (refusals.length > 0) output.say('Mend this before anybody signs: the event will be rejected.');
  return exit;
}
