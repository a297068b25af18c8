#!/usr/bin/env node
import { CodedError } from '../src/errors.ts';
import { escapeTerminal } from '../src/render/terminal-text.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { buildProgram, isHelp, isUsageError } from './program.ts';

// A reader that closes early (`tuf-signer status | head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  await buildProgram(code => (process.exitCode = code)).parseAsync();
} catch (error) {
  if (isHelp(error)) process.exitCode = 0;
  else if (isUsageError(error)) process.exitCode = EXIT.usage;
  else {
    process.exitCode = exitCodeOf(error);
    const known = error instanceof CodedError;
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`tuf-signer: ${escapeTerminal(message)}\n`);
    if (!known && error instanceof Error) process.stderr.write(`${escapeTerminal(error.stack ?? '')}\n`);
  }
}
