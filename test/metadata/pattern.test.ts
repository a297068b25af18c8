import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesPattern, patternsOverlap } from '../../src/metadata/pattern.ts';

/** The same in the plainest words: slow on purpose-built patterns, hence only a reference. */
function plainMatch(pattern: string, path: string): boolean {
  const source = Array.from(pattern, c =>
    c === '*' ? '[^/]*' : c === '?' ? '[^/]' : c.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'),
  );
  return new RegExp(`^${source.join('')}$`, 'su').test(path);
}

describe('matchesPattern', () => {
  it.each<[string, boolean, string, string]>([
    ['the spec: a star stands for a name', true, 'targets/*.tgz', 'targets/foo.tgz'],
    ['the spec: and for another', true, 'targets/*.tgz', 'targets/bar.tgz'],
    ['the spec: but not for another ending', false, 'targets/*.tgz', 'targets/foo.txt'],
    ['the spec: a question mark stands for one character', true, 'foo-version-?.tgz', 'foo-version-2.tgz'],
    ['the spec: and for a letter', true, 'foo-version-?.tgz', 'foo-version-a.tgz'],
    ['the spec: but not for none', false, 'foo-version-?.tgz', 'foo-version-.tgz'],
    ['the spec: a star stands for a whole name', true, '*.tgz', 'foo.tgz'],
    ['the spec: a star does not cross a slash', false, '*.tgz', 'targets/foo.tgz'],
    ['the spec: a name stands for itself', true, 'foo.tgz', 'foo.tgz'],
    ['the spec: and not for a path below', false, 'foo.tgz', 'targets/foo.tgz'],
    ['a question mark does not stand for a slash', false, 'a?b', 'a/b'],
    ['two stars are one', false, '**', 'a/b'],
    ['two stars match within a segment', true, 'a**b', 'axxb'],
    ['a star stands for nothing', true, 'a*b', 'ab'],
    ['a star stands for dots', true, '*', '..'],
    ['a star at the end takes the rest', true, 'a*', 'abc'],
    ['a star goes back to the last place that fits', true, '*ab', 'aab'],
    ['levels count', false, 'a/*', 'a/b/c'],
    ['each level has its own pattern', true, 'ROLE/*/*', 'ROLE/a/b'],
    ['a trailing slash is a level', false, 'a', 'a/'],
    ['case counts', false, 'A', 'a'],
    ['a bracket stands for itself', true, '[ab]', '[ab]'],
    ['a bracket is no choice', false, '[ab]', 'a'],
    ['a brace is no choice', false, '{a,b}', 'a'],
    ['a backslash escapes nothing', false, String.raw`\*`, '*'],
    ['a dot is no wildcard', false, 'a.c', 'abc'],
    ['an exclamation mark is no negation', false, '!a', 'b'],
    ['a question mark stands for a character beyond U+FFFF', true, 'a?b', 'a\u{1f600}b'],
    ['a question mark does not stand for half of one', false, 'a??b', 'a\u{1f600}b'],
    ['the empty pattern matches the empty path alone', false, '', 'a'],
  ])('%s', (_, expected, pattern, path) => expect(matchesPattern(pattern, path)).toBe(expected));

  it('agrees with a plain regular expression', () => {
    const piece = fc.constantFrom('a', 'b', '/', '*', '?', '.', '[', '\u{1f600}', '\u{1f601}', '\ufffd');
    const path = fc.array(fc.constantFrom('a', 'b', '/', '.', '[', '\u{1f600}', '\u{1f601}', '\ufffd'), {
      maxLength: 10,
    });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), path, (pattern, parts) => {
        const [p, t] = [pattern.join(''), parts.join('')];
        expect(matchesPattern(p, t)).toBe(plainMatch(p, t));
      }),
      { numRuns: 10_000 },
    );
  });

  it.each([
    ['many stars', '*a'.repeat(500_000), 'a'.repeat(1_024)],
    ['many stars and no end', `${'a*'.repeat(500)}b`, 'a'.repeat(1_024)],
    ['a run of stars', `${'*'.repeat(1_000_000)}b`, 'a'.repeat(1_024)],
    ['a star before a long word', `*${'a'.repeat(1_000_000)}b`, 'a'.repeat(1_024)],
    ['a path of a million characters', `*${'a'.repeat(500_000)}b`, 'a'.repeat(1_000_000)],
  ])('is quick on %s', (_, pattern, path) => {
    const begin = performance.now();
    expect(matchesPattern(pattern, path)).toBe(false);
    expect(performance.now() - begin).toBeLessThan(500);
  });

  it('matches no path that is too long to be one', () => {
    expect(matchesPattern('*', 'a'.repeat(1_024))).toBe(true);
    expect(matchesPattern('*', 'a'.repeat(1_025))).toBe(false);
  });
});

describe('patternsOverlap', () => {
  it.each<[string, boolean, string, string]>([
    ['the same name', true, 'a/b', 'a/b'],
    ['two names', false, 'a/b', 'a/c'],
    ['a name and a star', true, 'a/b', 'a/*'],
    ['a star and a path below', false, 'a/*', 'a/b/c'],
    ['two stars in other places', true, '*/b', 'a/*'],
    ['a beginning and an end', true, 'a*', '*b'],
    ['two beginnings', false, 'ab*', 'ac*'],
    ['two ends', false, '*b', '*c'],
    ['a star that has to stand for nothing', true, 'a*b', 'a?'],
    ['a question mark and a star', true, '?', '*'],
    ['one character and two', false, '?', '??'],
    ['a character of two units', true, '?', '\u{1f600}*'],
    ['too few characters for both', false, 'aa*aa', 'a?a'],
    ['just enough', true, 'aa*aa', 'a??a'],
    ['more than is found out in good time', true, `${'a*'.repeat(300)}x`, `${'b*'.repeat(300)}y`],
  ])('%s: %s', (_name, expected, a, b) => {
    expect([patternsOverlap(a, b), patternsOverlap(b, a)]).toEqual([expected, expected]);
  });

  it('agrees with all paths over two letters', () => {
    const words = ['', 'a', 'b'].flatMap(x =>
      ['', 'a', 'b'].flatMap(y => ['', 'a', 'b'].map(z => x + y + z)),
    );
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 3 });
    fc.assert(
      fc.property(pattern, pattern, (a, b) => {
        const shared = words.some(word => matchesPattern(a, word) && matchesPattern(b, word));
        // Three characters are enough for a witness, but for two patterns that together ask for more.
        if (shared) expect(patternsOverlap(a, b)).toBe(true);
        else if (a.length + b.length <= 3) expect(patternsOverlap(a, b)).toBe(false);
      }),
    );
  });
});
