import { visible } from './visible.ts';

/** Untrusted text for one line of a terminal: what remains is drawn and does nothing. */
export const escapeTerminal = (text: string): string => visible(text);

/** Columns that a terminal gives the text: none to combining marks, two to wide East Asian characters and emoji. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (/\p{Mn}|\p{Me}/u.test(character)) continue;
    columns += WIDE.test(character) ? 2 : 1;
  }
  return columns;
}

// Near enough to Unicode TR 11 for lining up names; nothing depends on it but looks.
const WIDE =
  /[\u{1100}-\u{115f}\u{2e80}-\u{303e}\u{3041}-\u{a4cf}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe30}-\u{fe6f}\u{ff00}-\u{ff60}\u{ffe0}-\u{ffe6}\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Breaks escaped text at spaces into lines of `width` columns, `first` before the first and `rest` before the others. */
export function wrap(text: string, width: number, first: string, rest: string): string {
  const lines: string[] = [];
  let [line, used, empty] = [first, columnsOf(first), true];
  for (const word of text.split(' ')) {
    const columns = columnsOf(word);
    if (!empty && used + 1 + columns > width) {
      lines.push(line);
      [line, used, empty] = [rest, columnsOf(rest), true];
    }
    line += empty ? word : ` ${word}`;
    used += empty ? columns : columns + 1;
    empty = false;
  }
  return [...lines, line].join('\n');
}

/**
 * As {@link wrap}, for a sentence that names commands: each stays in one piece, so that it can be copied. What is wider than
 * a line is left to the terminal, which copies it whole.
 */
export function wrapSentence(text: string, width: number): string {
  const indent = /^ */.exec(text)?.[0] ?? '';
  const held = text.slice(indent.length).replaceAll(COMMAND, command => command.replaceAll(' ', HOLD));
  return wrap(held, width, indent, `${indent}  `).replaceAll(HOLD, ' ');
}

// A private use character, which escaped text does not hold.
const HOLD = '\ue000';
// A program, one or two words, then whatever is no word of English: options, names, files, settings.
const COMMAND = /\b(?:tuf-signer|git)(?: [a-z-]+(?![^\s,;:)])){1,2}(?: (?=\S*(?:[-/@.0-9]|[A-Z]{2}))\S+)*/g;

export type Colour = 'red' | 'yellow' | 'green' | 'bold' | 'dim';

/** Dresses text in a colour, or, where there are to be none, leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string;

// Select Graphic Rendition. Source: ECMA-48, section 8.3.117.
const SGR: Readonly<Record<Colour, readonly [number, number]>> = {
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
  bold: [1, 22],
  dim: [2, 22],
};

export const painter = (colour: boolean): Paint =>
  colour ? (name, text) => `\u001b[${SGR[name][0]}m${text}\u001b[${SGR[name][1]}m` : (_, text) => text;
