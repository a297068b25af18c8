import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isJsonObject,
  JsonError,
  type JsonErrorCode,
  type JsonObject,
  type JsonValue,
  jsonEqual,
  member,
  parseJson,
  withMembers,
} from '../src/json.ts';
import { arbitraryJson } from './support/arbitrary-json.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');

const codeOf = (input: Uint8Array, limits?: { maxBytes: number; maxDepth: number }): string => {
  try {
    parseJson(input, limits);
  } catch (error) {
    if (error instanceof JsonError) return error.code;
    throw error;
  }
  return 'accepted';
};

describe('parseJson refuses', () => {
  it.each<[string, JsonErrorCode, string | Uint8Array]>([
    ['a name twice', 'JSON_DUPLICATE_KEY', '{"a":1,"a":1}'],
    ['a name twice, once escaped', 'JSON_DUPLICATE_KEY', String.raw`{"a":1,"\u0061":2}`],
    ['a name twice, with an astral escape', 'JSON_DUPLICATE_KEY', String.raw`{"😀":1,"\ud83d\ude00":2}`],
    ['a name twice, deep inside', 'JSON_DUPLICATE_KEY', '{"a":[{"b":[{"c":1,"d":2,"c":3}]}]}'],
    ['the empty name twice', 'JSON_DUPLICATE_KEY', '{"":1,"":2}'],
    ['__proto__ twice', 'JSON_DUPLICATE_KEY', '{"__proto__":1,"__proto__":2}'],
    ['an integer name twice', 'JSON_DUPLICATE_KEY', '{"1":1,"1":2}'],
    ['a name twice whose first value holds members', 'JSON_DUPLICATE_KEY', '{"a":{"b":1,"c":2},"a":1}'],
    ['2^53', 'JSON_NUMBER', '9007199254740992'],
    ['2^53 + 1, which would be rounded', 'JSON_NUMBER', '{"a":9007199254740993}'],
    ['-2^53', 'JSON_NUMBER', '-9007199254740992'],
    ['a hundred digits', 'JSON_NUMBER', '9'.repeat(100)],
    ['a thousand digits, which are infinite', 'JSON_NUMBER', '9'.repeat(1_000)],
    ['a fraction that is whole', 'JSON_NUMBER', '1.0'],
    ['an exponent', 'JSON_NUMBER', '1e3'],
    ['a capital exponent', 'JSON_NUMBER', '[1E3]'],
    ['an exponent after a fraction', 'JSON_NUMBER', '1.5e-3'],
    ['minus zero', 'JSON_NUMBER', '-0'],
    ['minus zero in a list', 'JSON_NUMBER', '[1,-0]'],
    ['NaN', 'JSON_SYNTAX', '{"a":NaN}'],
    ['Infinity', 'JSON_SYNTAX', 'Infinity'],
    ['a leading zero', 'JSON_SYNTAX', '01'],
    ['a leading plus', 'JSON_SYNTAX', '+1'],
    ['hex', 'JSON_SYNTAX', '0x10'],
    ['nothing', 'JSON_SYNTAX', ''],
    ['white space alone', 'JSON_SYNTAX', ' \n'],
    ['trailing garbage', 'JSON_SYNTAX', '{}x'],
    ['a second document', 'JSON_SYNTAX', '{}{}'],
    ['a trailing comma', 'JSON_SYNTAX', '[1,]'],
    ['a comment', 'JSON_SYNTAX', '/* a */ {}'],
    ['single quotes', 'JSON_SYNTAX', "{'a':1}"],
    ['an open string', 'JSON_SYNTAX', '{"a'],
    ['an open escape', 'JSON_SYNTAX', '{"a\\'],
    ['an unknown escape', 'JSON_SYNTAX', String.raw`"\x41"`],
    ['a bare NUL', 'JSON_SYNTAX', '{}\0'],
    ['a NUL inside a string', 'JSON_SYNTAX', '"\0"'],
    ['a line feed inside a string', 'JSON_SYNTAX', '"\n"'],
    ['a no-break space between tokens', 'JSON_SYNTAX', '[1,\u00a02]'],
    ['a byte order mark', 'JSON_SYNTAX', '\ufeff{}'],
    ['UTF-16', 'JSON_ENCODING', Buffer.from('\ufeff{}', 'utf16le')],
    ['an invalid byte', 'JSON_ENCODING', Buffer.from([0x22, 0xff, 0x22])],
    ['an overlong encoding', 'JSON_ENCODING', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
    ['a surrogate in UTF-8', 'JSON_ENCODING', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['a code point beyond U+10FFFF', 'JSON_ENCODING', Buffer.from([0x22, 0xf4, 0x90, 0x80, 0x80, 0x22])],
    ['a character cut short', 'JSON_ENCODING', Buffer.from([0x22, 0xe2, 0x82, 0x22])],
    ['half of a surrogate pair as a value', 'JSON_ENCODING', String.raw`["\ud800"]`],
    ['the second half alone', 'JSON_ENCODING', String.raw`["\uDC00"]`],
    ['the halves the wrong way round', 'JSON_ENCODING', String.raw`["\udc00\ud800"]`],
    ['half of a surrogate pair in a name', 'JSON_ENCODING', String.raw`{"\uDbff":1}`],
    ['65 levels', 'JSON_DEPTH', '['.repeat(65) + ']'.repeat(65)],
    ['65 levels of lists and objects', 'JSON_DEPTH', `${'[{"a":'.repeat(33)}1${'}]'.repeat(33)}`],
    ['brackets that never close', 'JSON_DEPTH', '['.repeat(100_000)],
  ])('%s as %s', (_, code, input) => {
    expect(codeOf(typeof input === 'string' ? bytes(input) : input)).toBe(code);
  });

  it('a document of one byte more than the limit', () => {
    expect(codeOf(bytes('[1,2]'), { maxBytes: 5, maxDepth: 1 })).toBe('accepted');
    expect(codeOf(bytes('[1,22]'), { maxBytes: 5, maxDepth: 1 })).toBe('JSON_SIZE');
    expect(codeOf(new Uint8Array(64 * 1024 * 1024 + 1))).toBe('JSON_SIZE');
  });

  it('a document of too many values as too large', () => {
    expect(codeOf(bytes(`[${'1,'.repeat(2_999_997)}1]`))).toBe('accepted');
    expect(codeOf(bytes(`[${'1,'.repeat(2_999_999)}1]`))).toBe('JSON_SIZE');
  });

  it.each([
    ['100,000 levels', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['100,000 levels of objects', '{"a":'.repeat(100_000)],
    ['closing before opening', ']'.repeat(1_000_000) + '['.repeat(1_000_000)],
    ['a million quotes', '"'.repeat(1_000_001)],
    ['a million backslashes', `"${'\\'.repeat(1_000_001)}`],
    ['a number of a million digits', '1'.repeat(1_000_000)],
    ['a million minus signs', '-'.repeat(1_000_000)],
    ['twenty million bytes of empty objects', `[${'{},'.repeat(6_666_666)}{}]`],
    ['twenty million bytes of empty lists', `[${'[],'.repeat(6_666_666)}[]]`],
    ['twenty million bytes of digits', `[${'1,'.repeat(10_000_000)}1]`],
  ])('%s within a second', (_, text) => {
    const begin = performance.now();
    expect(codeOf(bytes(text))).not.toBe('accepted');
    expect(performance.now() - begin).toBeLessThan(1_000);
  });
});

describe('parseJson accepts', () => {
  it.each<[string, string]>([
    ['the largest integer', '9007199254740991'],
    ['the smallest integer', '-9007199254740991'],
    ['zero', '0'],
    ['64 levels', '['.repeat(64) + ']'.repeat(64)],
    ['white space of all four kinds', ' \t\r\n[ 1 , 2 ] \n'],
    ['one name in two objects', '[{"a":1},{"a":{"a":2}}]'],
    ['names that differ in their normal form alone', '{"\u00e9":1,"e\u0301":2}'],
    ['colons, dots, exponents and brackets inside strings', '{"a:b":"1.0e5 -0 [[[{{{ :::"}'],
    ['an escaped quote before a colon', String.raw`{"a\":\"b":"c\\"}`],
    ['a surrogate pair by escapes', String.raw`"\ud83d\uDE00"`],
    ['an escaped backslash before ud800', String.raw`"\\ud800"`],
    ['an escaped NUL', String.raw`"\u0000"`],
    ['text alone', '"a"'],
  ])('%s', (_, text) => {
    expect(jsonEqual(parseJson(bytes(text)), JSON.parse(text) as JsonValue)).toBe(true);
  });

  it('the names of JavaScript without harm', () => {
    const text = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":2}';
    const value = parseJson(bytes(text)) as JsonObject;
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(JSON.stringify(value)).toBe(text);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(member(value, '__proto__')).toEqual({ polluted: 1 });
    expect(member(parseJson(bytes('{}')) as JsonObject, 'constructor')).toBeUndefined();
    expect(member(parseJson(bytes('{}')) as JsonObject, '__proto__')).toBeUndefined();
  });

  it('a polluted prototype no further than to refuse', () => {
    const prototype = Object.prototype as unknown as Record<string, unknown>;
    prototype['polluted'] = 1;
    try {
      expect(codeOf(bytes('{"a":1}'))).toBe('JSON_DUPLICATE_KEY');
    } finally {
      delete prototype['polluted'];
    }
  });

  it('any JSON of integers', () => {
    fc.assert(
      fc.property(arbitraryJson, value => {
        expect(
          jsonEqual(parseJson(bytes(JSON.stringify(value)), { maxBytes: 1e6, maxDepth: 64 }), value),
        ).toBe(true);
      }),
    );
  });
});

describe('parseJson on anything', () => {
  const token = fc.constantFrom(
    ...'{ } [ ] : , " \\ u a 1 0 - . e E \n \0 \u00e9 \ufeff true null d8 00 "a" "a": "\\u0061":'.split(' '),
    ' ',
  );

  it('throws nothing without a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), input => void codeOf(input)),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 40 }), tokens => void codeOf(bytes(tokens.join('')))),
      {
        numRuns: 5_000,
      },
    );
  });

  it('agrees with JSON.parse wherever it accepts', () => {
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), tokens => {
        const text = tokens.join('');
        if (codeOf(bytes(text)) !== 'accepted') return;
        expect(parseJson(bytes(text))).toEqual(JSON.parse(text));
      }),
      { numRuns: 10_000 },
    );
  });

  it('finds a duplicate wherever one is put', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), arbitraryJson, { minKeys: 1 }), fc.nat(), (object, at) => {
        const members = Object.entries(object).map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`);
        const text = `{${[...members, members[at % members.length]].join(',')}}`;
        expect(codeOf(bytes(text))).toBe('JSON_DUPLICATE_KEY');
      }),
    );
  });
});

describe('withMembers', () => {
  const base = parseJson(bytes('{"a":1,"__proto__":2,"b":3}')) as JsonObject;

  it.each<[string, [string, JsonValue | undefined][], string]>([
    ['changes nothing', [], '{"a":1,"__proto__":2,"b":3}'],
    ['replaces in place', [['a', 9]], '{"a":9,"__proto__":2,"b":3}'],
    ['appends', [['c', null]], '{"a":1,"__proto__":2,"b":3,"c":null}'],
    ['removes', [['a', undefined]], '{"__proto__":2,"b":3}'],
    ['removes what is not there', [['x', undefined]], '{"a":1,"__proto__":2,"b":3}'],
    ['treats __proto__ as a name', [['__proto__', { x: 1 }]], '{"a":1,"__proto__":{"x":1},"b":3}'],
  ])('%s', (_, changes, expected) => {
    expect(JSON.stringify(withMembers(base, new Map(changes)))).toBe(expected);
    expect(JSON.stringify(base)).toBe('{"a":1,"__proto__":2,"b":3}');
  });
});

describe('jsonEqual', () => {
  it.each<[string, boolean, string, string]>([
    ['members in another order are equal', true, '{"a":1,"b":2}', '{"b":2,"a":1}'],
    ['items in another order are not', false, '[1,2]', '[2,1]'],
    ['an empty list is no empty object', false, '[]', '{}'],
    ['an object is no list', false, '{"0":1}', '[1]'],
    ['null is no object', false, 'null', '{}'],
    ['zero is not false', false, '0', 'false'],
    ['1 is not "1"', false, '1', '"1"'],
    ['an own __proto__ counts', false, '{"__proto__":{}}', '{"x":{}}'],
    ['an inherited member does not count', false, '{"toString":1}', '{"x":1}'],
    ['a shorter list is not equal', false, '[1]', '[1,2]'],
  ])('%s', (_, expected, a, b) => {
    const [x, y] = [parseJson(bytes(a)), parseJson(bytes(b))];
    expect(jsonEqual(x, y)).toBe(expected);
    expect(jsonEqual(y, x)).toBe(expected);
    expect(jsonEqual(x, x)).toBe(true);
  });

  it('undefined equals itself alone', () => {
    expect(jsonEqual(undefined, undefined)).toBe(true);
    expect(jsonEqual(undefined, null)).toBe(false);
    expect(isJsonObject(undefined)).toBe(false);
  });
});
