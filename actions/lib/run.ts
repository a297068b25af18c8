import { context } from '@actions/github';
import { systemClock } from '../../src/clock.ts';
import { CodedError, InvariantError } from '../../src/errors.ts';
import { GitError } from '../../src/git/error.ts';
import { say, sayError } from './commands.ts';
import { type ActionWorld, requireJob } from './world.ts';

/** What one action does. A sentence that comes back says why the job is to fail. */
export type Action = (world: ActionWorld) => Promise<string | undefined>;

/** Performs an action as a process: inputs from the environment, a failure as one sentence and exit code 1. */
export async function runAction(action: Action): Promise<void> {
  const environment = { ...process.env };
  for (const [name, value] of Object.entries(environment)) {
    if (isSecret(name, value ?? '')) delete process.env[name];
  }
  process.exitCode = await perform(action, { environment, context, clock: systemClock });
}

/** 0 or 1. */
export async function perform(action: Action, world: ActionWorld): Promise<number> {
  try {
    requireJob(world);
    const failure = await action(world);
    if (failure === undefined) return 0;
    sayError(failure);
  } catch (error) {
    tellFault(error);
  }
  return 1;
}

/** Git tells a missing permission by its number alone. */
const ABOUT_CONTENTS =
  'where that is a 403, the job lacks permissions contents: write, or a ruleset guards the branch';

/** What a person can mend is a sentence; a defect of ours comes with the trace that we need to find it. */
function tellFault(error: unknown): void {
  if (error instanceof GitError && (error.code === 'REMOTE_FAILED' || error.code === 'PUSH_REJECTED'))
    sayError(`${error.message}; ${ABOUT_CONTENTS}`);
  else if (error instanceof CodedError && !(error instanceof InvariantError)) sayError(error.message);
  else if (error instanceof Error && 'syscall' in error) sayError(`the runner failed us: ${error.message}`);
  else {
    sayError(
      `a defect of tuf-signer, please report it: ${error instanceof Error ? error.message : 'no error'}`,
    );
    if (error instanceof Error) say(error.stack ?? '');
  }
}

/** Inputs (the token is one), and keys with their passphrases wherever they are: no child process needs them. */
const isSecret = (name: string, value: string): boolean =>
  name.startsWith('INPUT_') || name.startsWith('TUF_SIGNER_') || value.includes('PRIVATE KEY-----');
