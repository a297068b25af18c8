import * as core from '@actions/core';

// How a step talks to its runner. What is said here may be untrusted: `@actions/core` escapes what it makes a command of,
// and {@link say} sees to the rest.

/** A red line in the log and on the run's page. The step fails by its exit code, not by this. */
export const sayError = (message: string): void => core.error(message);
export const sayWarning = (message: string): void => core.warning(message);

/** The runner hides this text wherever it shows up from now on. */
export const hide = (secret: string): void => core.setSecret(secret);

/** Plain words in the log. Untrusted text stays one line that is no command: `core.info` alone would let it be one. */
export function say(text: string): void {
  for (const line of text.split(/[\r\n]+/)) core.info(line.replace(/^(\s*)(::|##\[)/, '$1\u200b$2'));
}

/** Sets an output of the step. `name` is ours; the value may be anything. */
export const setOutput = (name: string, value: string): void => core.setOutput(name, value);

/** Bytes. A summary beyond 1 MiB is refused as a whole. */
export const MAX_SUMMARY = 1_000_000;

/** Adds Markdown to the page of the run. */
export async function addSummary(markdown: string): Promise<void> {
  const page =
    Buffer.byteLength(markdown) <= MAX_SUMMARY ? markdown : '_This summary is too long to be shown._\n';
  await core.summary.addRaw(page, true).write();
}
