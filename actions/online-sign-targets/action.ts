import { parseSigningEvent } from '../../src/git/names.ts';
import { onlineSignTargets } from '../../src/operations/online-sign-targets.ts';
import { tellEvent } from '../../src/operations/tell-event.ts';
import { automation, openClone } from '../lib/clone.ts';
import { addSummary, say, setOutput } from '../lib/commands.ts';
import { ActionError } from '../lib/error.ts';
import { openForge, runUrl } from '../lib/github.ts';
import { onlineKeys } from '../lib/online-keys.ts';
import type { Action } from '../lib/run.ts';
import { trustedRoot } from '../lib/trusted-root.ts';
import { requiredInput } from '../lib/world.ts';

/** Signs the roles of an event that online keys alone sign, once nothing else is missing. */
export const onlineSigningOfTargets: Action = async world => {
  // The event's own workflow files are its author's to write: the key may only be within reach of main's.
  if (world.context.ref.startsWith('refs/heads/sign/'))
    throw new ActionError(
      'BAD_INPUT',
      'this runs from the workflow of main, never from that of an event: start it there',
    );
  const branch = parseSigningEvent(requiredInput(world, 'event'));
  await using workspace = await openClone(world);
  const { signed, waiting } = await onlineSignTargets(
    workspace,
    branch,
    onlineKeys(world),
    automation,
    trustedRoot(world),
  );
  const words = waiting === undefined ? `Signed: ${signed.join(', ')}.` : `Nothing was signed: ${waiting}.`;
  say(words);
  await addSummary(signed.length === 0 ? 'Nothing was signed.' : words);
  setOutput('signed', signed.join(' '));
  if (signed.length > 0) await tellEvent(workspace, branch, openForge(world), { elsewhere: runUrl(world) });
  return undefined;
};
