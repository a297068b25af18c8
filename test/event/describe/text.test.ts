import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  bytesText,
  capped,
  cappedGravely,
  days,
  isBrief,
  listChange,
  placeText,
  roleText,
  wholeJson,
  wholeList,
  wholeText,
} from '../../../src/event/describe/text.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
const some = (count: number, prefix = 'n'): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

describe('what is too long to be said whole ends in a digest of the whole', () => {
  const [fits, over] = ['x'.repeat(120), 'x'.repeat(121)];
  it('a text', () => {
    expect(wholeText(fits)).toBe(`"${fits}"`);
    expect(wholeText(over)).toBe(`"${fits}…" (121 characters, digest ${digest(over)})`);
  });
  it('a JSON value', () => {
    const [brief, long] = ['x'.repeat(118), 'x'.repeat(119)];
    expect(wholeJson(brief)).toBe(`"${brief}"`);
    expect(isBrief(brief)).toBe(true);
    expect(wholeJson(long)).toBe(`"${long}… (121 characters, digest ${digest(`"${long}"`)})`);
    expect(isBrief(long)).toBe(false);
  });
  it('a list of names', () => {
    const names = some(21);
    expect(wholeList(names)).toBe(
      `${names.slice(0, 20).join(', ')} and 1 more (digest of the list ${digest(names.join('\n'))})`,
    );
    expect(wholeList(names.slice(0, 20))).toBe(`${names.slice(0, 19).join(', ')} and n19`);
  });
  it('sentences, of which one more than the limit still fits', () => {
    const lines = some(52);
    expect(capped(lines.slice(0, 51), 'lines')).toEqual(lines.slice(0, 51));
    expect(capped(lines, 'lines', ' at all')).toEqual([
      ...lines.slice(0, 50),
      `and 2 more lines that are not listed here at all (digest of that list ${digest('n50\nn51')})`,
    ]);
    expect(capped(lines.slice(0, 4), 'lines', '', 2)).toEqual([
      'n0',
      'n1',
      `and 2 more lines that are not listed here (digest of that list ${digest('n2\nn3')})`,
    ]);
  });
});

describe('where not all can be shown, what is grave', () => {
  const harmless = some(60, 'h');
  const grave = some(1_002, 'g');
  it('comes first, and all of it', () => {
    const said = cappedGravely([...harmless, 'g0', 'g1'], new Set(['g0', 'g1']), 'changes');
    expect(said).toEqual(['g0', 'g1', ...capped(harmless, 'changes')]);
    expect(said.at(-1)).toMatch(/^and 10 more changes that are not listed here \(/);
  });
  it('is cut only beyond a thousand', () => {
    const said = cappedGravely([...harmless, ...grave], new Set(grave), 'changes');
    expect(said.slice(0, 1_000)).toEqual(grave.slice(0, 1_000));
    expect(said[1_000]).toMatch(/^and 2 more changes, of who signs that are not listed here \(/);
    expect(said).toHaveLength(1_001 + 51);
  });
  it('stays in its place where all fit', () => {
    const lines = [...harmless.slice(0, 50), 'g0'];
    expect(cappedGravely(lines, new Set(['g0']), 'changes')).toEqual(lines);
  });
});

describe('short words', () => {
  it.each([
    [[], 'nobody'],
    [['a'], 'a'],
    [['a', 'b'], 'a and b'],
    [['a', 'b', 'c'], 'a, b and c'],
  ])('a list of %j', (names, text) => {
    expect(wholeList(names)).toBe(text);
  });
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1_000, '1,000 bytes'],
    [1_234_567, '1,234,567 bytes'],
  ])('%i bytes', (length, text) => {
    expect(bytesText(length)).toBe(text);
  });
  it('days', () => expect([days(1), days(2)]).toEqual(['1 day', '2 days']));
  it.each([
    ['dev', 'dev'],
    ['../root', '"../root"'],
    ['a b\n', '"a b\\n"'],
  ])('the role %j', (name, text) => {
    expect(roleText(name)).toBe(text);
  });
  it.each([
    [['a'], 'a'],
    [['a', 'b-c', 0, 'd'], 'a.b-c[0].d'],
    [['a.b'], '["a.b"]'],
    [['a', ''], 'a[""]'],
    [['x'.repeat(80)], 'x'.repeat(80)],
    [['x'.repeat(81)], `["${'x'.repeat(81)}"]`],
    [['a', 'b]\n'], 'a["b]\\n"]'],
    [[0], '[0]'],
  ])('the place %j', (path, text) => {
    expect(placeText(path)).toBe(text);
  });
});

describe('two lists', () => {
  const rows: readonly (readonly [string, string, string, string, string, boolean])[] = [
    ['the same', 'abc', 'abc', '', '', false],
    ['one more at the end', 'ab', 'abc', 'c', '', false],
    ['one more at the beginning', 'ab', 'cab', 'c', '', true],
    ['one less', 'abc', 'ac', '', 'b', false],
    ['turned around', 'ab', 'ba', '', '', true],
    ['one for another, in its place', 'abc', 'adc', 'd', 'b', true],
    ['one for another, at the end', 'abc', 'acd', 'd', 'b', false],
    ['a name that stands twice', 'ab', 'abb', '', '', true],
  ];
  it.each(rows)('%s', (_, before, after, added, removed, reordered) => {
    expect(listChange(before.split(''), after.split(''))).toEqual({
      added: added.split(''),
      removed: removed.split(''),
      reordered,
    });
  });
});
