import { describe, expect, test } from 'vitest';
import { complaintOf, printable } from '../../src/git/stderr.ts';

test.each([
  ['escape sequences', 'a\u001b[31mb\u009bc', 'a[31mbc'],
  ['direction marks and zero-width characters', 'a\u202eb\u200bc', 'abc'],
  ['carriage returns', '10%\r20%\r\ndone', '10%\n20%\ndone'],
  ['passwords in URLs', "to 'https://me:secret@host/x'", "to 'https://host/x'"],
])('printable takes away %s', (_what, text, shown) => {
  expect(printable(text)).toBe(shown);
});

describe('complaintOf', () => {
  test.each([
    ['the last fatal line', 'error: a\nfatal: b\nhint: c\nwarning: d\n', 'b'],
    ['else the last error line', 'error: a\nerror: b\nTo x\n', 'b'],
    [
      'else the last line that is no hint',
      'Permission denied (publickey).\nhint: x\n',
      'Permission denied (publickey).',
    ],
    ['else that there is none', '\n', 'it gave no reason'],
  ])('is %s', (_what, stderr, complaint) => {
    expect(complaintOf(stderr)).toBe(complaint);
  });
});
