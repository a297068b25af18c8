import { visible } from './visible.ts';

// GitHub finds mentions, issue numbers, addresses and emoji in what Markdown has become, where no backslash protects from them
// any more: only a character between that is not seen does. Within code nothing is looked for.
const BREAK = '&#8203;';

/**
 * Untrusted text for GitHub's Markdown, within a line, a heading, a list item or a table cell: it shows as it is, mentions
 * nobody, links to nothing and starts no block. Sources: GFM 0.29 sections 2.4, 4 and 6; docs.github.com, "Basic writing
 * and formatting syntax".
 */
export function escapeMarkdown(text: string): string {
  return visible(text)
    .replace(/[&<>]/g, character => `&#${character.charCodeAt(0)};`)
    .replace(/[\\`*_[\]|~$]/g, character => `\\${character}`)
    .replace(/@(?=\S)/g, `@${BREAK}`)
    .replace(/(?<!&)#(?=\S)/g, `#${BREAK}`)
    .replace(/:(?=[^\s&])/g, `:${BREAK}`)
    .replace(/(www|GH)(?=[.-])/gi, `$1${BREAK}`)
    .replace(/^ /, '&#32;')
    .replace(/^([-+=#])/, '\\$1')
    .replace(/^(\d+)([.)])/, '$1\\$2');
}

/** Text as code, exactly as it stands; what can not stand in a code span of a table is escaped instead. */
export const codeSpan = (text: string): string =>
  fitsCode(text) ? `\`${visible(text)}\`` : escapeMarkdown(text);

const fitsCode = (text: string): boolean => text !== '' && !/[`|]|^ | $/.test(text);

/** Characters of a sentence that a page keeps. */
const MAX_SENTENCE = 4_000;
/** A quoted text, hex digits enough for a digest, or an instant. Bounded: each quotation mark may start one that has no end. */
const PIECES = /"(?:[^"\\]|\\.){0,1000}"|\b[0-9a-f]{12,}\b|\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;

/** A sentence with what it quotes, and digests, as code. A very long one is cut, and says so. */
export function sentence(whole: string): string {
  const text = whole.length > MAX_SENTENCE ? `${whole.slice(0, MAX_SENTENCE)}… (cut here)` : whole;
  let result = '';
  let end = 0;
  for (const match of text.matchAll(PIECES)) {
    result += between(text, end, match.index);
    // Two spans that touch would be one.
    if (result.endsWith('`')) result += BREAK;
    // Quotation marks go where code says the same.
    const plain = /^"([^"\\]*)"$/.exec(match[0])?.[1];
    result += codeSpan(plain !== undefined && fitsCode(plain) ? plain : match[0]);
    end = match.index + match[0].length;
  }
  return result + between(text, end, text.length);
}

/** Escaped alone, the spaces at a piece's start would be taken for those of a line. */
function between(text: string, start: number, end: number): string {
  const piece = text.slice(start, end);
  if (start === 0) return escapeMarkdown(piece);
  const word = piece.replace(/^ +/, '');
  return ' '.repeat(piece.length - word.length) + escapeMarkdown(word);
}
