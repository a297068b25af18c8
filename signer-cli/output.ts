import { escapeTerminal, wrapSentence } from '../src/render/terminal-text.ts';

/** Where a command writes: results to `out`, everything for the person beside them to `err`. */
export interface Output {
  /** A result, as it is: already rendered for its reader. */
  result(text: string): void;
  /** Was there a result already? */
  readonly hasResult: boolean;
  /** A line about what happens, made safe for a terminal. */
  say(text: string): void;
  /** Text that was rendered for this terminal, escapes and all. */
  show(rendered: string): void;
  /** May results, or what is said, carry colour? */
  readonly colour: { readonly out: boolean; readonly err: boolean };
  /** Columns of the terminal. */
  readonly width: number;
}

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** A sentence for a person, made safe: at a terminal broken between words, elsewhere one line, which a program can find. */
export function spoken(text: string, { isTTY, columns = 0 }: Pick<Stream, 'isTTY' | 'columns'>): string {
  const escaped = escapeTerminal(text);
  return isTTY === true && columns > 0 ? wrapSentence(escaped, columns) : escaped;
}

/** Colour only on a terminal, and never under NO_COLOR (https://no-color.org). */
export function openOutput(out: Stream, err: Stream, environment: NodeJS.ProcessEnv): Output {
  const allowed = (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb';
  let hasResult = false;
  return {
    result: text => {
      hasResult = true;
      out.write(`${text}\n`);
    },
    get hasResult() {
      return hasResult;
    },
    say: text => void err.write(`${spoken(text, err)}\n`),
    show: rendered => void err.write(`${rendered}\n`),
    colour: { out: allowed && out.isTTY === true, err: allowed && err.isTTY === true },
    width: Math.min(Math.max(out.columns ?? err.columns ?? 80, 40), 120),
  };
}
