import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CardError } from '../../../src/signers/piv/error.ts';
import { decodeTlv, encodeTlv, findTlv, requireTlv } from '../../../src/signers/piv/tlv.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const thrown = (action: () => unknown): unknown => {
  try {
    return action();
  } catch (error) {
    return error;
  }
};
const tag = fc.constantFrom(0x53, 0x70, 0x7c, 0x82, 0x5f2f, 0x7f49, 0x5fc10a);
const value = fc.uint8Array({ maxLength: 700 });

describe('decodeTlv', () => {
  for (const [name, bytes] of [
    ['a length that runs past the end', '53 02 00'],
    ['no length', '53'],
    ['a tag cut off', '5f'],
    ['a tag of 4 bytes', '5f 81 82 83 03 00'],
    ['a padded tag', '5f 80 01 00'],
    ['an indefinite length', '53 80 00 00'],
    ['a length byte for short values', '53 81 02 00 00'],
    ['two length bytes for one', '53 82 00 80'],
    ['three length bytes', '53 83 00 00 01 00'],
    ['a length cut off', '53 82 01'],
    ['rubbish after an object', '53 00 53'],
  ] as const) {
    it(`refuses ${name}`, () => {
      expect(thrown(() => decodeTlv(hex(bytes)))).toMatchObject({ code: 'CARD_REPLY' });
    });
  }

  it('reads back what encodeTlv writes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(tag, value), { maxLength: 5 }), objects => {
        const bytes = Buffer.concat(objects.map(([number, content]) => encodeTlv(number, content)));
        expect(decodeTlv(bytes).map(({ tag, value }) => [tag, Uint8Array.from(value)])).toEqual(objects);
      }),
    );
  });

  it('answers any bytes with objects or CARD_REPLY, and never the same bytes two ways', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        const result = thrown(() => decodeTlv(bytes));
        if (result instanceof CardError) return result.code === 'CARD_REPLY';
        const objects = decodeTlv(bytes);
        return Buffer.concat(objects.map(object => encodeTlv(object.tag, object.value))).equals(bytes);
      }),
    );
  });
});

it('findTlv and requireTlv want an object once', () => {
  const objects = decodeTlv(hex('53 01 aa 70 00 70 00'));
  expect(findTlv(objects, 0x53)).toEqual(hex('aa'));
  expect(findTlv(objects, 0x54)).toBeUndefined();
  expect(thrown(() => findTlv(objects, 0x70))).toMatchObject({ code: 'CARD_REPLY' });
  expect(thrown(() => requireTlv(objects, 0x54))).toMatchObject({ code: 'CARD_REPLY' });
});

it('encodeTlv writes the shortest length', () => {
  const heads = [0x7f, 0x80, 0xff, 0x100].map(length =>
    encodeTlv(0x53, new Uint8Array(length)).subarray(0, 4),
  );
  expect(heads.map(head => Buffer.from(head).toString('hex'))).toEqual([
    '537f0000',
    '53818000',
    '5381ff00',
    '53820100',
  ]);
  expect(() => encodeTlv(0x53, new Uint8Array(0x1_0000))).toThrow(RangeError);
});
