import { CommanderError } from 'commander';
import { CodedError } from '../src/errors.ts';
import { renderJson } from '../src/render/json.ts';
import { isSystemError } from './exit-codes.ts';
import type { Output } from './output.ts';

/** What `--json` prints of a failure, a stable interface. `code` is that of the error, `USAGE` for a command line. */
export interface FailureJson {
  readonly error: { readonly code: string; readonly message: string };
}

/** `undefined`: nobody foresaw this, and what it says is for whoever mends it. */
export function failureJson(error: unknown): FailureJson | undefined {
  if (error instanceof CommanderError) return { error: { code: 'USAGE', message: usageWords(error) } };
  if (error instanceof CodedError) return { error: { code: String(error.code), message: error.message } };
  return isSystemError(error) ? { error: { code: 'SYSTEM', message: error.message } } : undefined;
}

/**
 * Prints for a program why its command ended, where it asked for JSON and has no document yet: there is never more than one.
 * What people read on standard error is beside this.
 */
export function printFailure(error: unknown, args: readonly string[], output: Output): void {
  const failure = failureJson(error);
  if (failure !== undefined && asksForJson(args) && !output.hasResult) output.result(renderJson(failure));
}

/** By the words themselves: a command line that is wrong was not taken apart. */
function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end < 0 ? args : args.slice(0, end)).includes('--json');
}

/** Commander's own words, without what they begin with at a terminal. It has none where it prints the help instead. */
const usageWords = ({ message }: CommanderError): string =>
  message === '(outputHelp)' ? 'name a command: see --help' : message.replace(/^error: /, '');
