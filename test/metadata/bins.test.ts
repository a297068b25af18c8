import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/json.ts';
import { BinMap, binCount, binIndex, binName, binOf, binPrefixes } from '../../src/metadata/bins.ts';
import { membersOf } from '../../src/metadata/decode.ts';
import {
  type Delegations,
  decodeDelegations,
  listedRoles,
  rolesSpeakingFor,
  speaksFor,
  writtenRoles,
} from '../../src/metadata/delegation.ts';

const succinct = { keyids: ['a'], threshold: 1, bit_length: 5, name_prefix: 'bin' };
const decode = (delegations: JsonObject): Delegations =>
  decodeDelegations(membersOf({ keys: {}, ...delegations }, 'delegations'));

describe('the names of bins', () => {
  // As python-tuf, go-tuf and tuf-js make them: TAP 15, "NAME_PREFIX-COUNT".
  it.each([
    [1, 0, 'bin-0'],
    [1, 1, 'bin-1'],
    [4, 15, 'bin-f'],
    [5, 3, 'bin-03'],
    [8, 171, 'bin-ab'],
    [10, 3, 'bin-003'],
    [10, 1_023, 'bin-3ff'],
    [14, 16_383, 'bin-3fff'],
  ])('of %i bits: number %i is %s', (bitLength, index, name) => {
    const bins = { namePrefix: 'bin', bitLength };
    expect(binName(bins, index)).toBe(name);
    expect(binIndex(bins, name)).toBe(index);
  });
  it.each([
    'bin-',
    'bin-1',
    'bin-001',
    'bin-20',
    'bin-1F',
    'bin-1f ',
    'bin-+1',
    'bin1f',
    'bi-1f',
    'bin-fffffffff',
  ])('%j is none of 32', name => expect(binIndex({ namePrefix: 'bin', bitLength: 5 }, name)).toBeUndefined());
});

describe('the share of a bin', () => {
  it('is the same by number and by prefixes, and each path has one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 13 }), fc.string(), (bitLength, path) => {
        const index = binOf({ bitLength }, path);
        const digest = createHash('sha256').update(path, 'utf8').digest('hex');
        const has = (bin: number): boolean =>
          binPrefixes({ bitLength }, bin).some(prefix => digest.startsWith(prefix));
        expect(index).toBeLessThan(binCount({ bitLength }));
        expect(has(index)).toBe(true);
        expect([index - 1, index + 1].some(has)).toBe(false);
      }),
    );
  });
  it('takes eight prefixes at most', () => {
    expect(binPrefixes({ bitLength: 1 }, 1)).toEqual(['8', '9', 'a', 'b', 'c', 'd', 'e', 'f']);
    expect(binPrefixes({ bitLength: 5 }, 31)).toEqual(['f8', 'f9', 'fa', 'fb', 'fc', 'fd', 'fe', 'ff']);
    expect(binPrefixes({ bitLength: 14 }, 1)).toEqual(['0004', '0005', '0006', '0007']);
  });
});

describe('a map of bins', () => {
  const bins = { namePrefix: 'bin', bitLength: 2 };
  const map = new BinMap(bins, (name, index) => ({ name, index }));
  it('is like any other map, and gives the same object each time', () => {
    expect(new Map(map)).toEqual(
      new Map([0, 1, 2, 3].map(index => [`bin-${index}`, { name: `bin-${index}`, index }])),
    );
    expect([...map.keys()]).toEqual(['bin-0', 'bin-1', 'bin-2', 'bin-3']);
    expect([...map.values()].map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(map.size).toBe(4);
    const seen: string[] = [];
    map.forEach((_, name) => void seen.push(name));
    expect(seen).toEqual([...map.keys()]);
    const second = binName(bins, 1);
    expect(map.get(second)).toBe(map.get(second));
    expect([map.has(second), map.has(binName({ ...bins, bitLength: 5 }, 1))]).toEqual([true, false]);
    expect(map.get(binName({ ...bins, namePrefix: 'other' }, 1))).toBeUndefined();
  });
});

describe('succinct_roles', () => {
  it('stand for delegations by path_hash_prefixes that end the search', () => {
    const { roles, succinct: bins } = decode({ succinct_roles: succinct });
    expect(bins).toEqual({ namePrefix: 'bin', bitLength: 5 });
    expect(roles.size).toBe(32);
    expect(roles.get(binName({ namePrefix: 'bin', bitLength: 5 }, 2))).toEqual({
      name: 'bin-02',
      keyids: ['a'],
      threshold: 1,
      periods: { expiryDays: undefined, signingDays: undefined },
      paths: [],
      pathHashPrefixes: ['10', '11', '12', '13', '14', '15', '16', '17'],
      terminating: true,
    });
  });
  it('speak for a path by the one bin that it falls into, as trying all would have it', () => {
    const delegations = decode({ succinct_roles: succinct });
    fc.assert(
      fc.property(fc.string(), path => {
        const all = [...delegations.roles.values()].filter(role => speaksFor(role, path));
        expect(rolesSpeakingFor(delegations, path)).toEqual(all);
        expect(all).toHaveLength(1);
      }),
    );
  });
  it('give no bin a path of their own, whatever stands beside', () => {
    const { roles } = decode({
      succinct_roles: { ...succinct, paths: ['*'], path_hash_prefixes: [''], terminating: false },
    });
    for (const role of roles.values()) expect(role).toMatchObject({ paths: [], terminating: true });
  });
  it('are written as one role', () => {
    const delegations = decode({ succinct_roles: succinct });
    expect(writtenRoles(delegations).map(({ name }) => name)).toEqual(['bin-00']);
    expect(listedRoles(delegations).size).toBe(0);
  });

  const place = 'delegations.succinct_roles';
  it.each<readonly [string, JsonObject, string]>([
    [
      'stand beside roles',
      { succinct_roles: succinct, roles: [] },
      'delegations has to be either roles or succinct_roles',
    ],
    ['are a list', { succinct_roles: [succinct] }, `${place} has to be an object`],
    ['are null', { succinct_roles: null }, `${place} has to be an object`],
    [
      'have no bit',
      { succinct_roles: { ...succinct, bit_length: 0 } },
      `${place}.bit_length has to be at least 1`,
    ],
    [
      'have 17 bits',
      { succinct_roles: { ...succinct, bit_length: 17 } },
      `${place}.bit_length has to be at most 16`,
    ],
    [
      'have half a bit',
      { succinct_roles: { ...succinct, bit_length: 1.5 } },
      `${place}.bit_length has to be an integer`,
    ],
    [
      'have bits as text',
      { succinct_roles: { ...succinct, bit_length: '8' } },
      `${place}.bit_length has to be an integer`,
    ],
    [
      'have no prefix',
      { succinct_roles: { ...succinct, name_prefix: 1 } },
      `${place}.name_prefix has to be a string`,
    ],
    [
      'have no threshold',
      { succinct_roles: { ...succinct, threshold: 0 } },
      `${place}.threshold has to be at least 1`,
    ],
    [
      'name a key twice',
      { succinct_roles: { ...succinct, keyids: ['a', 'a'] } },
      `${place}.keyids has to be free of duplicates`,
    ],
    ['have no keys', { succinct_roles: { ...succinct, keyids: 'a' } }, `${place}.keyids has to be a list`],
    ['stand without keys', { keys: 1, succinct_roles: succinct }, 'delegations.keys has to be an object'],
  ])('are refused where they %s', (_, delegations, message) => {
    expect(() => decode(delegations)).toThrow(message);
  });
});

describe('roles that speak for a path', () => {
  it('come in the order of the document, by patterns and prefixes alike', () => {
    const role = (name: string, by: JsonObject): JsonObject => ({
      name,
      keyids: [],
      threshold: 1,
      terminating: false,
      ...by,
    });
    const digest = createHash('sha256').update('a/b').digest('hex');
    const delegations = decode({
      roles: [
        role('two', { path_hash_prefixes: [digest.slice(0, 2)] }),
        role('none', { paths: ['b/*'] }),
        role('one', { paths: ['a/*'] }),
      ],
    });
    expect(rolesSpeakingFor(delegations, 'a/b').map(({ name }) => name)).toEqual(['two', 'one']);
    expect(listedRoles(delegations)).toBe(delegations.roles);
    expect(writtenRoles(delegations)).toHaveLength(3);
  });
});
