import { spawn } from 'node:child_process';
import { type BuiltCli, plainEnvironment, type RunOptions } from './cli.ts';

/** What stood on the terminal in the end, escapes and all, and how the command ended. */
export interface TerminalRun {
  readonly exit: number;
  readonly screen: string;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * Runs the command at a pseudo terminal (by util-linux's `script`). Each answer is typed once its prompt is on the
 * screen, with Enter after it unless it is a control character.
 */
export function runInTerminal(
  cli: BuiltCli,
  args: readonly string[],
  answers: readonly (readonly [prompt: string, answer: string])[],
  options: RunOptions = {},
): Promise<TerminalRun> {
  const command = [process.execPath, cli.file, ...args].map(quoted).join(' ');
  return new Promise((resolve, reject) => {
    const child = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
      cwd: options.cwd,
      env: { ...plainEnvironment(), TERM: 'xterm', ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`still waiting at: ${screen.slice(-400)}`));
    }, options.deadline ?? 20_000);
    const waiting = [...answers];
    let screen = '';
    let seen = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      screen += text;
      const [next] = waiting;
      const at = next === undefined ? -1 : screen.indexOf(next[0], seen);
      if (next === undefined || at < 0) return;
      waiting.shift();
      seen = at + next[0].length;
      child.stdin.write(next[1] === '\u0004' ? next[1] : `${next[1]}\r`);
    });
    child.stdin.on('error', () => undefined);
    child.on('error', reject).on('close', code => {
      clearTimeout(timer);
      resolve({ exit: code ?? 128, screen });
    });
  });
}
