import { describe, expect, it } from 'vitest';
import { keyName, keyNames, listed, plural, quoted } from '../../src/event/words.ts';
import { noDelegations } from '../../src/metadata/delegation.ts';
import { KEYOWNER_MEMBER, type Key } from '../../src/metadata/key.ts';
import type { Keyid } from '../../src/metadata/names.ts';
import { keyOf } from '../support/tree-builder.ts';

const key = (tags: Partial<Key>): Key => ({
  keyid: '0123456789abcdef' as Keyid,
  keytype: 'ed25519',
  scheme: 'ed25519',
  publicText: '',
  owner: undefined,
  onlineUri: undefined,
  raw: {},
  ...tags,
});

describe('a key goes by', () => {
  it.each([
    ['its owner', { owner: '@alice', onlineUri: 'gcpkms:k' }, '@alice'],
    ['where it is online', { onlineUri: 'gcpkms:k' }, 'gcpkms:k'],
    ['the first digits of its id', {}, 'key 0123456789ab'],
    ['a name of 300 characters', { onlineUri: 'x'.repeat(300) }, 'x'.repeat(300)],
    ['the first 300 characters of a longer one', { onlineUri: 'x'.repeat(301) }, `${'x'.repeat(300)}…`],
  ])('%s', (_, tags, name) => {
    expect(keyName(key(tags as Partial<Key>))).toBe(name);
  });
  it('the first list that has it, and its id where none has', () => {
    const { keyid, raw } = keyOf('@alice');
    const lists = ['@one', '@two'].map(owner => ({
      ...noDelegations,
      keys: new Map([
        [keyid, key({ keyid, owner: owner as never, raw: { ...raw, [KEYOWNER_MEMBER]: owner } })],
      ]),
    }));
    expect(keyNames([keyid, 'ffffffffffffffff' as Keyid], noDelegations, ...lists)).toEqual([
      '@one',
      'key ffffffffffff',
    ]);
  });
});

describe('names in a sentence', () => {
  const letters = 'abcdefghij'.split('');
  it.each([
    [0, ''],
    [1, 'a'],
    [2, 'a and b'],
    [3, 'a, b and c'],
    [8, 'a, b, c, d, e, f, g and h'],
    [9, 'a, b, c, d, e, f, g, h and 1 more'],
  ])('%i of them', (count, sentence) => {
    expect(listed(letters.slice(0, count))).toBe(sentence);
  });
  it('are counted beyond a limit of the caller', () => {
    expect(listed(letters.slice(0, 4), 3)).toBe('a, b, c and 1 more');
  });
  it.each([
    [0, '0 keys'],
    [1, '1 key'],
    [2, '2 keys'],
  ])('%i with the right ending', (count, text) => {
    expect(plural(count, 'key')).toBe(text);
  });
  it('are cut in quotes after 120 characters', () => {
    expect(quoted('x'.repeat(120))).toBe(`"${'x'.repeat(120)}"`);
    expect(quoted('x'.repeat(121))).toBe(`"${'x'.repeat(120)}…"`);
    expect(quoted('a"\n')).toBe('"a\\"\\n"');
  });
});
