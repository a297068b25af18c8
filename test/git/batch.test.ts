import { describe, expect, test } from 'vitest';
import { BatchParser, type BatchSink } from '../../src/git/batch.ts';

const A = 'a'.repeat(40);
const B = 'b'.repeat(64);
const STREAM = Buffer.from(`${A} blob 5\nab\ncd\n${B} tree 0\n\n${A} missing\n${B} commit 1\nx\n`);
const EVENTS = [`blob ${A} 5 "ab\ncd"`, `tree ${B} 0 ""`, `missing ${A}`, `commit ${B} 1 "x"`];

function parse(...chunks: readonly Buffer[]): string[] {
  const events: string[] = [];
  let begun = '';
  let content = '';
  const sink: BatchSink = {
    begin: ({ oid, type, size }) => {
      begun = `${type} ${oid} ${size}`;
      content = '';
    },
    data: bytes => (content += bytes.toString('latin1')),
    end: () => events.push(`${begun} "${content}"`),
    missing: oid => events.push(`missing ${oid}`),
  };
  const parser = new BatchParser(sink);
  for (const chunk of chunks) parser.push(chunk);
  return events;
}

describe('BatchParser', () => {
  test('reads a stream cut at any place', () => {
    for (let at = 0; at <= STREAM.length; at++) {
      expect(parse(STREAM.subarray(0, at), STREAM.subarray(at))).toEqual(EVENTS);
    }
  });

  test('reads a stream byte by byte', () => {
    expect(parse(...[...STREAM].map(byte => Buffer.from([byte])))).toEqual(EVENTS);
  });

  test.each([
    ['no line feed after the content', `${A} blob 1\nxx\n`],
    ['a header that is endless', 'x'.repeat(200)],
    ['a header without a type', `${A} 5\nabcde\n`],
    ['an ambiguous name', `${A} ambiguous\n`],
    ['a short name', 'abc blob 1\nx\n'],
    ['a size beyond what can be counted', `${A} blob 99999999999999999\n`],
  ])('refuses %s', (_what, stream) => {
    expect(() => parse(Buffer.from(stream))).toThrow(expect.objectContaining({ code: 'GIT_FAILED' }));
  });
});
