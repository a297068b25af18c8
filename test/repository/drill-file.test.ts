import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../../src/errors.ts';
import type { JsonObject } from '../../src/json.ts';
import {
  drillAt,
  drillBytes,
  drillNameProblem,
  parseDrill,
  serializeDrill,
} from '../../src/repository/drill-file.ts';
import { drillFile } from '../support/drill.ts';
import { repositoryOf } from '../support/tree-builder.ts';

const main = repositoryOf({ signers: ['@alice', '@bob'] });
const good = drillFile(main, { proved: ['@alice'] });
const wire = (): { signatures: JsonObject[]; signed: Record<string, unknown> } =>
  JSON.parse(Buffer.from(good).toString()) as ReturnType<typeof wire>;
const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

/** The drill with one member of `signed` as an attacker writes it. */
const signed = (name: string, value: unknown): Uint8Array => {
  const file = wire();
  file.signed[name] = value;
  return bytes(file);
};
const key = (over: object): readonly object[] => [
  { fingerprint: 'ab'.repeat(32), owner: '@a', roles: ['root'], ...over },
];

describe("a drill's file", () => {
  it('comes back as the bytes it was', () => {
    const { drill, proofs } = parseDrill(good);
    expect(Buffer.from(serializeDrill(drill, proofs)).equals(good)).toBe(true);
    expect(drill.keys.map(({ owner }) => owner)).toEqual(['@alice', '@bob']);
  });

  it('is signed over bytes that no metadata begins with', () => {
    const text = Buffer.from(drillBytes(parseDrill(good).drill)).toString();
    expect(text.startsWith('tuf-signer drill 1\n{"_type":"drill",')).toBe(true);
  });

  it.each<readonly [string, Uint8Array]>([
    ['no JSON', Buffer.from('{')],
    ['a list', bytes([])],
    ['without signatures', bytes({ signed: wire().signed })],
    ['without signed', bytes({ signatures: [] })],
    ['one member more', bytes({ ...wire(), more: 1 })],
    [
      'a member twice',
      Buffer.from(Buffer.from(good).toString().replace('"format": 1', '"format": 1, "format": 1')),
    ],
    ['another type', signed('_type', 'root')],
    ['a format of the future', signed('format', 2)],
    ['a format of no time', signed('format', 0)],
    ['no name', signed('name', '')],
    ['a name that is a path', signed('name', '../june')],
    ['another identity than a digest', signed('repository', 'AB'.repeat(32))],
    ['no root', signed('root', 3)],
    ['a root of version 0', signed('root', { version: 0, sha256: 'ab'.repeat(32) })],
    ['a root with more to say', signed('root', { version: 1, sha256: 'ab'.repeat(32), more: 1 })],
    ['a date without a time', signed('opened', '2030-06-01')],
    ['a day that is none', signed('deadline', '2030-02-30T00:00:00Z')],
    ['a short nonce', signed('nonce', '5a')],
    ['keys that are no list', signed('keys', {})],
    ['a key without roles', signed('keys', key({ roles: 'root' }))],
    ['a role that is no name', signed('keys', key({ roles: ['../root'] }))],
    ['an owner that is no account', signed('keys', key({ owner: 'a b' }))],
    ['a key with more to say', signed('keys', key({ more: 1 }))],
    ['a fingerprint that is none', signed('keys', key({ fingerprint: 'ab' }))],
    [
      'more keys than people',
      signed(
        'keys',
        Array.from({ length: 1_001 }, () => key({})[0]),
      ),
    ],
    [
      'more signatures than keys, each of which takes its time',
      bytes({ ...wire(), signatures: Array.from({ length: 5 }, () => wire().signatures[0]) }),
    ],
    ['more bytes than any drill has', Buffer.concat([Buffer.alloc(4 * 1024 * 1024, ' '), good])],
    [
      'a signature with more to say',
      bytes({ ...wire(), signatures: [{ ...wire().signatures[0], keyid: 'x' }] }),
    ],
    [
      'a signature that is no text',
      bytes({ ...wire(), signatures: [{ fingerprint: 'ab'.repeat(32), sig: 1 }] }),
    ],
  ])('is refused: %s', (_what, file) => {
    expect(() => parseDrill(file)).toThrow(CodedError);
  });

  it('of any bytes gives a coded error or a drill', () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const file = Buffer.from(good);
        file[at] = byte;
        try {
          parseDrill(file);
        } catch (error) {
          expect(error).toBeInstanceOf(CodedError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("a drill's name", () => {
  it.each(['a', '2030-06-01', 'x'.repeat(40)])('%j can be one', name => {
    expect(drillNameProblem(name)).toBeUndefined();
    expect(drillAt(`drills/${name}.json`)).toBe(name);
  });

  it.each(['', '-a', 'a-', 'A', 'a b', 'a/b', '..', 'é', 'x'.repeat(41), 'a\n'])('%j can not', name => {
    expect(drillNameProblem(name)).toBeDefined();
    expect(drillAt(`drills/${name}.json`)).toBeUndefined();
  });

  it.each([
    'drills/june',
    'drill/june.json',
    'metadata/drills/june.json',
    'Drills/june.json',
    'drills/june.json/x',
  ])('nothing else is at %j', path => expect(drillAt(path)).toBeUndefined());
});
