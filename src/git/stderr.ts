/**
 * Text from git, ssh or a remote, safe for a terminal: no control or invisible formatting characters besides line
 * feeds (a carriage return becomes one), and no user name or password in a URL.
 */
export function printable(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{C}\n]/gu, '')
    .replace(/(:\/\/)[^/@\s]*@/g, '$1');
}

const MAX_COMPLAINT = 400;

/** What git says went wrong: its last `fatal:` line, else its last `error:` line, else its last line. */
export function complaintOf(stderr: string): string {
  const lines = printable(stderr)
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('hint:'));
  const line =
    lines.findLast(text => text.startsWith('fatal:')) ??
    lines.findLast(text => text.startsWith('error:')) ??
    lines.at(-1) ??
    'it gave no reason';
  return line.replace(/^(?:fatal|error): /, '').slice(0, MAX_COMPLAINT);
}
