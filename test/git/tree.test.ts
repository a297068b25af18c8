import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GitError } from '../../src/git/error.ts';
import { type ObjectFormat, type ObjectId, objectIdLength } from '../../src/git/oid.ts';
import { encodeTree, parseTree, type TreeEntry } from '../../src/git/tree.ts';

const OID = 'a1'.repeat(20) as ObjectId;

/** A raw entry; `name` as latin1, so that any byte can be written. */
const raw = (mode: string, name: string, oid: string = OID): Buffer =>
  Buffer.concat([Buffer.from(`${mode} ${name}\0`, 'latin1'), Buffer.from(oid, 'hex')]);

const codeOf = (content: Buffer, format: ObjectFormat = 'sha1'): string => {
  try {
    parseTree(content, format);
    return 'accepted';
  } catch (error) {
    if (error instanceof GitError) return error.code;
    throw error;
  }
};

describe('parseTree', () => {
  test.each([
    ['40000', '040000'],
    ['100644', '100644'],
    ['100755', '100755'],
    ['120000', '120000'],
    ['160000', '160000'],
    ['100664', '100664'],
  ])('shows mode %s as %s', (stored, shown) => {
    expect(parseTree(raw(stored, 'name'), 'sha1')).toEqual([
      { mode: shown, name: 'name', isUtf8: true, oid: OID },
    ]);
  });

  test('keeps names with line feeds, spaces and non-ASCII letters as they are', () => {
    const names = ['a\nb', 'a b', 'é', '名'];
    const content = Buffer.concat(names.map(name => raw('100644', Buffer.from(name).toString('latin1'))));
    expect(parseTree(content, 'sha1').map(entry => entry.name)).toEqual(names);
  });

  test('flags names that are not UTF-8, and tells two of them apart', () => {
    const content = Buffer.concat([raw('100644', 'x\xfe'), raw('100644', 'x\xff')]);
    expect(parseTree(content, 'sha1')).toMatchObject([
      { name: 'x\ufffd', isUtf8: false },
      { name: 'x\ufffd', isUtf8: false },
    ]);
  });

  test.each([
    ['an empty name', raw('100644', '')],
    ['a dot', raw('100644', '.')],
    ['two dots', raw('40000', '..')],
    ['.git', raw('40000', '.git')],
    ['.GIT', raw('40000', '.GIT')],
    ['a slash', raw('100644', 'a/b')],
    ['a mode with a leading zero', raw('0100644', 'a')],
    ['no mode', raw('', 'a')],
    ['a mode that is not octal', raw('100849', 'a')],
    ['a mode of seven digits', raw('1006440', 'a')],
    ['the same name twice', Buffer.concat([raw('100644', 'a'), raw('100644', 'a')])],
    [
      'a file and a folder of one name',
      Buffer.concat([raw('100644', 'a'), raw('100644', 'a.b'), raw('40000', 'a')]),
    ],
    ['names out of order', Buffer.concat([raw('100644', 'b'), raw('100644', 'a')])],
    ['a folder sorted as a file', Buffer.concat([raw('40000', 'a'), raw('100644', 'a.b')])],
  ])('refuses %s', (_what, content) => {
    expect(codeOf(content)).toBe('BAD_OBJECT');
  });

  test('refuses a tree of the other object format', () => {
    expect(codeOf(raw('100644', 'a'), 'sha256')).toBe('BAD_OBJECT');
  });

  const formats = fc.constantFrom<ObjectFormat>('sha1', 'sha256');
  const names = fc
    .string({ unit: fc.constantFrom('a', 'b', '.', '-', '0', 'é', '\n', ' '), minLength: 1, maxLength: 6 })
    .filter(name => name !== '.' && name !== '..');
  const modes = fc.constantFrom('040000', '100644', '100755', '120000', '160000');
  const trees = formats.chain(format =>
    fc.record({
      format: fc.constant(format),
      entries: fc.uniqueArray(
        fc.record<TreeEntry>({
          mode: modes,
          name: names,
          isUtf8: fc.constant(true),
          oid: fc
            .uint8Array({ minLength: objectIdLength(format), maxLength: objectIdLength(format) })
            .map(bytes => Buffer.from(bytes).toString('hex') as ObjectId),
        }),
        { selector: entry => entry.name, maxLength: 8 },
      ),
    }),
  );

  test('reads back what encodeTree writes, and refuses every cut but those between entries', () => {
    fc.assert(
      fc.property(trees, ({ format, entries }) => {
        const content = encodeTree(entries);
        const parsed = parseTree(content, format);
        expect(new Map(parsed.map(entry => [entry.name, entry]))).toEqual(
          new Map(entries.map(entry => [entry.name, entry])),
        );
        const ends = new Set(parsed.map((_, index) => encodeTree(parsed.slice(0, index)).length));
        for (let length = 0; length < content.length; length++) {
          expect(codeOf(content.subarray(0, length), format)).toBe(
            ends.has(length) ? 'accepted' : 'BAD_OBJECT',
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  test('answers any bytes with entries or BAD_OBJECT', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), formats, (bytes, format) => {
        expect(['accepted', 'BAD_OBJECT']).toContain(codeOf(Buffer.from(bytes), format));
      }),
    );
  });
});
