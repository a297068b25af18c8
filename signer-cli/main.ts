#!/usr/bin/env node
import { CodedError } from '../src/errors.ts';
import { escapeTerminal } from '../src/render/terminal-text.ts';
import { CardError } from '../src/signers/piv/error.ts';
import { EXIT, exitCodeOf, isSystemError } from './exit-codes.ts';
import { printFailure } from './failure.ts';
import { openOutput, spoken } from './output.ts';
import { buildProgram, isHelp, isUsageError } from './program.ts';
import { processContext } from './run-context.ts';
import { version } from './version.ts';

// A reader that closes early (`tuf-signer status | head`) is no fault.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const output = openOutput(process.stdout, process.stderr, process.env);

try {
  await buildProgram(
    code => (process.exitCode = code),
    yes => processContext(yes, output),
  ).parseAsync();
} catch (thrown) {
  const error = firstError(thrown);
  if (!isHelp(error)) printFailure(error, process.argv.slice(2), output);
  if (isHelp(error)) process.exitCode = 0;
  else if (isUsageError(error)) process.exitCode = EXIT.usage;
  else {
    process.exitCode = exitCodeOf(error);
    process.stderr.write(`${explain(error)}\n`, () => leaveBlockedThread(error));
  }
}

/** What went wrong first, where letting go of things afterwards failed as well. */
function firstError(error: unknown): unknown {
  return error instanceof Error && 'suppressed' in error ? firstError(error.suppressed) : error;
}

/** For a terminal; several lines for what nobody foresaw. */
function explain(error: unknown): string {
  if (error instanceof CodedError || isSystemError(error))
    return spoken(`tuf-signer: ${error.message}`, process.stderr);
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const lines = what.split('\n').map(escapeTerminal);
  return `tuf-signer: this is a defect of tuf-signer ${version} (on Node ${process.version}): please report it with these lines\n${lines.join('\n')}`;
}

/**
 * After CARD_TIMEOUT a thread of Node's pool still waits for the card, and every orderly way out (`process.exit` as well)
 * waits for that thread. So this one case ends by a signal, which a shell reports as 137. Nothing is half-written then:
 * commits are pushed, or kept, by processes that have ended before.
 */
function leaveBlockedThread(error: unknown): void {
  if (error instanceof CardError && error.code === 'CARD_TIMEOUT') process.kill(process.pid, 'SIGKILL');
}
