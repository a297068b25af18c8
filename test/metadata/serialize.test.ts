import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonValue, jsonEqual, parseJson } from '../../src/json.ts';
import { MetadataError } from '../../src/metadata/error.ts';
import { serializeJson } from '../../src/metadata/serialize.ts';
import { arbitraryJson } from '../support/arbitrary-json.ts';
import { readVectors, type WriterVector } from '../support/vectors.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('serializeJson', () => {
  it.each(readVectors('json-writers.json') as WriterVector[])('writes as CPython: $name', vector => {
    const value = parseJson(Buffer.from(vector.input));
    expect(text(serializeJson(value))).toBe(vector.indent1);
    expect(text(serializeJson(value, 2))).toBe(vector.indent2);
  });

  it('writes ASCII that reads back equal, and writes that the same', () => {
    fc.assert(
      fc.property(arbitraryJson, value => {
        const bytes = serializeJson(value);
        expect(text(bytes)).toMatch(/^[\n -~]*$/);
        const read = parseJson(bytes);
        expect(jsonEqual(read, value)).toBe(true);
        expect(text(serializeJson(read))).toBe(text(bytes));
      }),
    );
  });

  it('writes the same whether the members came in order or not', () => {
    const inner = { z: [1, { y: [], x: {} }], e: [] };
    expect(text(serializeJson({ b: inner, a: 1 }))).toBe(
      text(serializeJson({ a: 1, b: { e: [], z: [1, { x: {}, y: [] }] } })),
    );
  });

  it.each<[string, unknown]>([
    ['a fraction', { a: 1.5 }],
    ['2^53', [2 ** 53]],
    ['undefined', { a: undefined }],
  ])('refuses %s', (_, value) => expect(() => serializeJson(value as JsonValue)).toThrow(MetadataError));
});
