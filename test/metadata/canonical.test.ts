import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonObject, type JsonValue, jsonEqual, parseJson } from '../../src/json.ts';
import { canonicalJson, compareCodePoints, sortedNames } from '../../src/metadata/canonical.ts';
import { MetadataError } from '../../src/metadata/error.ts';
import { serializeJson } from '../../src/metadata/serialize.ts';
import { arbitraryJson } from '../support/arbitrary-json.ts';
import { readVectors, type WriterVector } from '../support/vectors.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

/** OLPC canonical JSON in its plainest words, to check the fast one by. */
function plainCanonical(value: JsonValue): string {
  if (typeof value === 'string') return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  if (value === null || typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map(plainCanonical).join(',')}]`;
  const names = Object.keys(value).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `{${names.map(n => `${plainCanonical(n)}:${plainCanonical((value as JsonObject)[n] ?? null)}`).join(',')}}`;
}

describe('canonicalJson', () => {
  it.each(readVectors('json-writers.json') as WriterVector[])('writes as securesystemslib: $name', vector => {
    const value = parseJson(Buffer.from(vector.input));
    expect(text(canonicalJson(value))).toBe(Buffer.from(vector.canonical, 'hex').toString('utf8'));
  });

  it('writes any value as its plain description says', () => {
    fc.assert(
      fc.property(arbitraryJson, value => {
        expect(text(canonicalJson(value))).toBe(plainCanonical(value));
      }),
      {
        numRuns: 500,
      },
    );
  });

  it('is the same whatever order the members come in', () => {
    const members = fc.uniqueArray(fc.tuple(fc.string({ unit: 'binary' }), fc.integer()), {
      selector: m => m[0],
    });
    fc.assert(
      fc.property(members, pairs => {
        const [a, b] = [Object.fromEntries(pairs), Object.fromEntries(pairs.toReversed())];
        expect(text(canonicalJson(a))).toBe(text(canonicalJson(b)));
      }),
    );
  });

  it('is the same before and after a document lay on disk', () => {
    fc.assert(
      fc.property(arbitraryJson, value => {
        const read = parseJson(serializeJson(value));
        expect(jsonEqual(read, value)).toBe(true);
        expect(text(canonicalJson(read))).toBe(text(canonicalJson(value)));
      }),
    );
  });

  it.each<[string, unknown]>([
    ['a fraction', 1.5],
    ['2^53', 2 ** 53],
    ['NaN', { a: [Number.NaN] }],
    ['infinity behind members that are out of order', { b: 1, a: Number.POSITIVE_INFINITY }],
    ['undefined', { a: undefined }],
    ['a hole in a list', Array(1)],
    ['a bigint', [1n]],
    ['a function', { toJSON: (): string => 'forged' }],
    ['half of a surrogate pair', ['\ud800']],
    ['half of a surrogate pair in a name', { '\udc00': 1 }],
  ])('refuses %s', (_, value) => {
    expect(() => canonicalJson(value as JsonValue)).toThrow(MetadataError);
  });

  it('keeps an escape that the text itself holds', () => {
    expect(text(canonicalJson(String.raw`\ud800 \n \u0041`))).toBe(String.raw`"\\ud800 \\n \\u0041"`);
  });

  it('takes five million escapes in its stride', () => {
    const begin = performance.now();
    canonicalJson('\n'.repeat(5_000_000));
    expect(performance.now() - begin).toBeLessThan(10_000);
  });
});

describe('compareCodePoints', () => {
  it('orders as UTF-8 bytes do', () => {
    const some = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('a', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}') }),
    );
    fc.assert(
      fc.property(some, some, (a, b) => {
        expect(Math.sign(compareCodePoints(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 2_000 },
    );
  });

  it('puts what lies beyond U+FFFF last, unlike JavaScript', () => {
    const names = { '\u{1f600}': 1, '\ufb01': 2, z: 3 };
    expect(sortedNames(names)).toEqual(['z', '\ufb01', '\u{1f600}']);
    expect(Object.keys(names).toSorted()).toEqual(['z', '\u{1f600}', '\ufb01']);
  });
});
