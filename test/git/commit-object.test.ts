import { describe, expect, test } from 'vitest';
import { encodeCommit, parseCommit } from '../../src/git/commit-object.ts';

const tree = 'a'.repeat(40);
const person = 'A B <a@b> 1 +0100';
const head = `tree ${tree}\nauthor ${person}\ncommitter ${person}`;

describe('parseCommit', () => {
  test.each([
    [
      'a signature among the headers',
      `${head}\ngpgsig -----BEGIN\n \n parent ${tree}\n -----END\n\nmessage\n`,
    ],
    ['an encoding', `${head}\nencoding latin1\n\nmessage\n`],
    ['an empty name', `tree ${tree}\nauthor <a@b> 1 +0000\ncommitter  <> 1 +0000\n\nmessage\n`],
  ])('reads a commit with %s', (_what, text) => {
    expect(parseCommit(Buffer.from(text))).toMatchObject({ tree, parents: [], message: 'message\n' });
  });

  test('reads a commit without a message', () => {
    expect(parseCommit(Buffer.from(`${head}\n`))).toMatchObject({ message: '', author: { time: 1_000 } });
  });

  test.each([
    ['nothing', ''],
    ['no tree', `author ${person}\ncommitter ${person}\n\n`],
    ['a short name', `tree abc\nauthor ${person}\ncommitter ${person}\n\n`],
    ['a parent after the author', `tree ${tree}\nauthor ${person}\nparent ${tree}\ncommitter ${person}\n\n`],
    ['no time', `tree ${tree}\nauthor A <a>\ncommitter ${person}\n\n`],
    [
      'a time beyond the calendar',
      `tree ${tree}\nauthor A <a> 999999999999999 +0000\ncommitter ${person}\n\n`,
    ],
    ['an address within an address', `tree ${tree}\nauthor A <a <b> 1 +0000\ncommitter ${person}\n\n`],
  ])('refuses %s', (_what, text) => {
    expect(() => parseCommit(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'BAD_OBJECT' }));
  });

  test('reads what encodeCommit writes', () => {
    const commit = parseCommit(Buffer.from(`tree ${tree}\nparent ${tree}\n${head.slice(46)}\n\nmessage\n`));
    expect(parseCommit(encodeCommit(commit))).toEqual(commit);
  });
});
