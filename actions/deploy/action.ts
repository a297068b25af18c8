import { parseDestination } from '../../src/operations/deploy/destination.ts';
import { type RunProgram, runProgram } from '../../src/operations/deploy/program.ts';
import { deploySite } from '../../src/operations/deploy.ts';
import { addSummary, say } from '../lib/commands.ts';
import type { Action } from '../lib/run.ts';
import { trustedRoot } from '../lib/trusted-root.ts';
import { booleanInput, requiredInput } from '../lib/world.ts';

/**
 * Brings a site that `upload-repository` built to where clients fetch it, by `run`: verified once more, in order, timestamp last and only
 * forward, each object with its headers. A job that broke off is started again, and sends what lacks.
 */
export const deployBy =
  (run: RunProgram): Action =>
  async world => {
    const { sent, kept, removed } = await deploySite(
      {
        folder: requiredInput(world, 'path'),
        to: parseDestination(requiredInput(world, 'to')),
        remove: booleanInput(world, 'delete'),
        repair: booleanInput(world, 'repair'),
        dryRun: false,
        trustedRoot: trustedRoot(world),
        now: world.clock.now(),
        progress: say,
      },
      run,
    );
    const words = `Sent ${sent.length} files; ${kept} were there already; ${removed.length} were taken away.`;
    say(words);
    await addSummary(words);
    return undefined;
  };

/** With the programs of the runner, which take their credentials from what a step before set. */
export const deploy: Action = deployBy(runProgram);
