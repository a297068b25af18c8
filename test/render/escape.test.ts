import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeHtml } from '../../src/render/html.ts';
import { codeSpan, escapeMarkdown, sentence } from '../../src/render/markdown-text.ts';
import { columnsOf, escapeTerminal, wrap, wrapSentence } from '../../src/render/terminal-text.ts';

/** Text of the pieces that do harm somewhere. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.constantFrom(
        '@everyone',
        '](x)',
        '`',
        '``',
        '|',
        '<img src=x>',
        '"',
        '\\',
        '\n',
        '\r',
        '\u001b]0;t\u0007',
        '\u009b1m',
      ),
      fc.constantFrom(
        '\u202e',
        '\u2066',
        '\u200b',
        '\ufeff',
        '\u2028',
        '#1',
        'GH-1',
        'http://x',
        'www.x.y',
        ':tada:',
        '$x$',
        '*',
        '_',
        '~~',
        '# ',
        '- ',
        '1. ',
        ' ',
      ),
    ),
    { maxLength: 12 },
  )
  .map(parts => parts.join(''));

describe('escapeTerminal', () => {
  it.each([
    ['an escape sequence', '\u001b[31mred\u001b[0m', '\\u{1b}[31mred\\u{1b}[0m'],
    ['a terminal title', '\u001b]0;pwned\u0007', '\\u{1b}]0;pwned\\u{7}'],
    ['C1', '\u009b31m', '\\u{9b}31m'],
    ['a new line', 'a\r\nb\u2028c', 'a\\u{d}\\u{a}b\\u{2028}c'],
    ['a change of direction', 'a\u202eb\u2066c\u061c', 'a\\u{202e}b\\u{2066}c\\u{61c}'],
    ['what is not seen', 'a\u200bb\ufeff\u00ad\u{e0041}', 'a\\u{200b}b\\u{feff}\\u{ad}\\u{e0041}'],
    ['half a surrogate pair', 'a\ud800', 'a\\u{d800}'],
    ['and leaves letters of all scripts', 'café 日本 🔑', 'café 日本 🔑'],
  ])('writes out %s', (_, text, expected) => {
    expect(escapeTerminal(text)).toBe(expected);
  });

  it('leaves nothing that steers', () => {
    fc.assert(fc.property(hostile, text => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(escapeTerminal(text))));
  });
});

describe('escapeMarkdown', () => {
  it.each([
    ['a mention in a link', '@everyone](https://x)', '@&#8203;everyone\\](https:&#8203;//x)'],
    ['HTML', '<img src=x onerror=y>&amp;', '&#60;img src=x onerror=y&#62;&#38;amp;'],
    ['code and tables', 'a`b|c', 'a\\`b\\|c'],
    ['emphasis', '*a* _b_ ~~c~~', '\\*a\\* \\_b\\_ \\~\\~c\\~\\~'],
    ['an issue number', 'a #1 GH-1', 'a #&#8203;1 GH&#8203;-1'],
    ['an address', 'www.x.y', 'www&#8203;.x.y'],
    ['an emoji', ':tada:', ':&#8203;tada:'],
    ['mathematics', '$x$', '\\$x\\$'],
    ['a heading', '# a', '\\# a'],
    ['a list', '- a', '\\- a'],
    ['a numbered list', '12. a', '12\\. a'],
    ['a rule below a heading', '===', '\\==='],
    ['new lines', 'a\n\n# b', 'a\\\\u{a}\\\\u{a}# b'],
    ['and leaves plain words', 'root, version 3', 'root, version 3'],
  ])('makes inert: %s', (_, text, expected) => {
    expect(escapeMarkdown(text)).toBe(expected);
  });

  it.each([
    ['escapeMarkdown', escapeMarkdown],
    ['codeSpan', codeSpan],
    ['sentence', sentence],
  ] as const)('%s leaves nothing alive', (_, escape) => {
    fc.assert(
      fc.property(hostile, text => {
        const escaped = escape(text);
        const rest = withoutCode(escaped).replaceAll('&#8203;', '\u200b');
        expect(escaped).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(rest).not.toMatch(/@[^\s\u200b]/);
        expect(rest).not.toMatch(/[<>]/);
        expect(rest.replace(/\\./g, '')).not.toMatch(/[`*_[\]|~$]/);
        expect(rest).not.toMatch(/:\/\/|www\.|GH-|(?<!&)#\d/i);
        expect(rest).not.toMatch(/^([-+=#]|\d+[.)]| )/);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** Takes out code spans as CommonMark finds them: one backtick each side, a backslash meaning nothing inside. */
const withoutCode = (text: string): string =>
  text.replace(/\\.|`[^`]+`(?!`)/gs, found => (found.startsWith('`') ? 'CODE' : found));

describe('sentence', () => {
  it.each([
    ['a quoted name', 'artifact "a.txt" is added', 'artifact `a.txt` is added'],
    ['a quoted name with escapes', 'artifact "a\\"b" is added', 'artifact `"a\\"b"` is added'],
    ['a quoted name that is no code', 'artifact "a`b" is added', 'artifact "a\\`b" is added'],
    ['a digest', 'key 0123456789ab of @alice', 'key `0123456789ab` of @&#8203;alice'],
    ['an instant', 'on 2030-01-01T00:00:00Z, soon', 'on `2030-01-01T00:00:00Z`, soon'],
    ['a quotation mark alone', 'a " b', 'a " b'],
    ['two names that touch', '"a""b"', '`a`&#8203;`b`'],
    ['an empty name', 'role ""', 'role `""`'],
  ])('shows %s', (_, text, expected) => {
    expect(sentence(text)).toBe(expected);
  });
});

describe('escapeHtml', () => {
  it('leaves no markup and no quotation marks', () => {
    expect(escapeHtml(`<a href="x" title='y'>&\u202e`)).toBe(
      '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;\\u{202e}',
    );
    fc.assert(fc.property(hostile, text => !/[<>"']|&(?!(amp|lt|gt|quot|#39);)/.test(escapeHtml(text))));
  });
});

describe('wrap', () => {
  it.each([
    ['short text', 'a b', 10, '- a b'],
    ['text that is too long', 'aaa bbb ccc', 8, '- aaa\n  bbb\n  ccc'],
    ['a word that does not fit', 'a bbbbbbbbbbbb c', 8, '- a\n  bbbbbbbbbbbb\n  c'],
    ['wide characters', '日本 日本', 8, '- 日本\n  日本'],
  ])('breaks %s', (_, text, width, expected) => {
    expect(wrap(text, width, '- ', '  ')).toBe(expected);
  });
  it('loses no word', () => {
    fc.assert(
      fc.property(hostile.map(escapeTerminal), fc.integer({ min: 1, max: 60 }), (text, width) => {
        expect(wrap(text, width, '', '').replaceAll('\n', ' ')).toBe(text);
      }),
    );
  });
  it.each([
    ['prose between words', 'there is no such role', 'there is\n  no such\n  role'],
    ['before a command, which stays whole', 'run git config a.b @you', 'run\n  git config a.b @you'],
    ['after a command', 'tuf-signer sign sign/x: see it', 'tuf-signer sign sign/x:\n  see it'],
    ['prose behind a command', 'tuf-signer drill status says it', 'tuf-signer drill status\n  says it'],
    ['under its own indent', '  a role needs it', '  a role\n    needs\n    it'],
  ])('breaks a sentence: %s', (_, text, expected) => {
    expect(wrapSentence(text, 10)).toBe(expected);
  });
  it('loses no word of a sentence', () => {
    fc.assert(
      fc.property(hostile.map(escapeTerminal), fc.integer({ min: 1, max: 60 }), (text, width) => {
        const words = (of: string): readonly string[] => of.split(/[ \n]+/);
        expect(words(wrapSentence(`tuf-signer sign ${text}`, width))).toEqual(
          words(`tuf-signer sign ${text}`),
        );
      }),
    );
  });
  it('counts columns', () => {
    expect([columnsOf('abc'), columnsOf('日本'), columnsOf('e\u0301'), columnsOf('🔑')]).toEqual([
      3, 4, 1, 2,
    ]);
  });
});

it('a sentence of a megabyte of quotation marks takes no time and is cut', () => {
  for (const text of ['\\"'.repeat(500_000), `"${'\\"'.repeat(500_000)}"`, '"'.repeat(1_000_001)]) {
    const start = performance.now();
    expect(sentence(text)).toMatch(/cut here/);
    expect(performance.now() - start).toBeLessThan(1_000);
  }
});
