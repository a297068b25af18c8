import { describe, expect, it } from 'vitest';
import type { Fetcher } from '../../../src/client/fetcher.ts';
import type { Instant } from '../../../src/clock.ts';
import { parseDocument, rememberParsed } from '../../../src/metadata/document.ts';
import { sharing } from '../../../src/operations/publish/share.ts';
import { newTargets } from '../../../src/repository/documents.ts';

const bytesOf = (version: number): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      signatures: [],
      signed: { ...newTargets(0 as Instant, { expiryDays: 2, signingDays: 1 }), version },
    }),
  );

/** A site of one file. */
const site = (path: string, bytes: Uint8Array): Fetcher => ({
  fetch: asked => Promise.resolve(asked === path ? bytes : undefined),
});

describe('a site that shares what is known', () => {
  const known = bytesOf(1);
  const shared = new Map([['1.targets.json', known]]);
  it('gives the known array for a file of equal bytes', async () => {
    const copy = Buffer.from(known);
    expect(await sharing(site('1.targets.json', copy), shared).fetch('1.targets.json', 1_000)).toBe(known);
  });
  it.each([
    ['one byte is another', Buffer.from(known).fill(0x20, 5, 6)],
    ['one byte is missing', known.subarray(0, -1)],
    ['there is one byte more', Buffer.concat([known, Buffer.from(' ')])],
    ['it is empty', new Uint8Array(0)],
    ['it is another document', bytesOf(2)],
  ])('gives the file itself where %s', async (_, bytes) => {
    expect(await sharing(site('1.targets.json', bytes), shared).fetch('1.targets.json', 1_000)).toBe(bytes);
  });
  it('gives nothing where there is no file, known or not', async () => {
    expect(await sharing(site('other', known), shared).fetch('1.targets.json', 1_000)).toBeUndefined();
  });
  it('gives the file itself under another name', async () => {
    const copy = Buffer.from(known);
    expect(await sharing(site('2.targets.json', copy), shared).fetch('2.targets.json', 1_000)).toBe(copy);
  });
});

describe('a document that is remembered', () => {
  const document = parseDocument(bytesOf(3));
  it('is given for its very bytes, and for no copy of them', () => {
    expect(parseDocument(document.bytes)).not.toBe(document);
    rememberParsed(document);
    expect(parseDocument(document.bytes)).toBe(document);
    expect(parseDocument(Buffer.from(document.bytes))).not.toBe(document);
  });
  it('passes no limit that somebody sets', () => {
    expect(() => parseDocument(document.bytes, { maxBytes: 10, maxDepth: 64 })).toThrow('more than 10');
  });
});
