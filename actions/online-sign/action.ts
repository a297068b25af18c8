import { onlineSign } from '../../src/operations/online-sign.ts';
import { findMain } from '../../src/operations/workspace.ts';
import { automation, openClone } from '../lib/clone.ts';
import { addSummary, say, setOutput } from '../lib/commands.ts';
import { openForge } from '../lib/github.ts';
import { onlineKeys } from '../lib/online-keys.ts';
import { inBrief, showReasons } from '../lib/reasons.ts';
import type { Action } from '../lib/run.ts';
import { trustedRoot } from '../lib/trusted-root.ts';
import { type ActionWorld, input } from '../lib/world.ts';

/** Signs snapshot and timestamp on main where they have to be, and starts the workflow that publishes. */
export const onlineSigning: Action = async world => {
  await using workspace = await openClone(world);
  const { signed, refusals } = await onlineSign(workspace, onlineKeys(world), automation, trustedRoot(world));
  setOutput('signed', signed.join(' '));
  if (refusals.length > 0) {
    await showReasons('Main is not fit to be signed', refusals);
    return `main is not fit to be signed: ${inBrief(refusals)}`;
  }
  const words = signed.length === 0 ? 'Snapshot and timestamp are fresh.' : `Signed: ${signed.join(', ')}.`;
  say(words);
  await addSummary(words);
  const workflow = input(world, 'publish-workflow');
  if (workflow !== undefined && (signed.length > 0 || isAskedFor(world))) {
    await openForge(world).dispatchWorkflow(workflow, (await findMain(workspace)).branch, {});
    say(`Started ${workflow}.`);
  }
  return undefined;
};

/**
 * A push that this token made starts nothing by itself. Where a run before ours signed and could not start the workflow, a
 * push, a person or another attempt makes good for it; to publish once more what is published does no harm.
 */
const isAskedFor = ({ context }: ActionWorld): boolean =>
  context.eventName !== 'schedule' || context.runAttempt !== 1;
