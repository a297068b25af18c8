import { randomUUID } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { type ActionWorld, variable } from './world.ts';

// How a step talks to its runner. Source: docs.github.com, "Workflow commands for GitHub Actions". `@actions/core` does the
// same, and brings an HTTP client along: a third of a bundle, and a third of the time that it takes to start.

/** A red line in the log and on the run's page. The step fails by its exit code, not by this. */
export const sayError = (world: ActionWorld, message: string): void => command(world, 'error', message);
export const sayWarning = (world: ActionWorld, message: string): void => command(world, 'warning', message);
export const sayNotice = (world: ActionWorld, message: string): void => command(world, 'notice', message);

/** The runner hides this text wherever it shows up from now on. */
export const hide = (world: ActionWorld, secret: string): void => command(world, 'add-mask', secret);

function command({ write }: ActionWorld, name: string, value: string): void {
  write(`::${name}::${escapeValue(value)}`);
}

/** Else a line of untrusted text could be a command of its own. */
const escapeValue = (value: string): string =>
  value.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

/** Plain words in the log. Untrusted text stays one line that is no command. */
export function say({ write }: ActionWorld, text: string): void {
  for (const line of text.split(/[\r\n]+/)) write(line.replace(/^(\s*)(::|##\[)/, '$1\u200b$2'));
}

/** Sets an output of the step. `name` is ours; the value may be anything. */
export function setOutput(world: ActionWorld, name: string, value: string): Promise<void> {
  const end = `end_${randomUUID()}`;
  return appendFile(variable(world, 'GITHUB_OUTPUT'), `${name}<<${end}\n${value}\n${end}\n`);
}

/** Bytes. A summary beyond 1 MiB is refused as a whole. */
export const MAX_SUMMARY = 1_000_000;

/** Adds Markdown to the page of the run. */
export function addSummary(world: ActionWorld, markdown: string): Promise<void> {
  const page =
    Buffer.byteLength(markdown) <= MAX_SUMMARY ? markdown : '_This summary is too long to be shown._\n';
  return appendFile(variable(world, 'GITHUB_STEP_SUMMARY'), `${page}\n`);
}
