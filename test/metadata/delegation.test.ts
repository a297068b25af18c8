import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/json.ts';
import { membersOf } from '../../src/metadata/decode.ts';
import {
  decodeRoleDefinition,
  type RoleDefinition,
  rolesSpeakingFor,
  speaksFor,
} from '../../src/metadata/delegation.ts';
import type { RoleName } from '../../src/metadata/names.ts';
import { decodePeriods } from '../../src/metadata/periods.ts';

const decode = (role: JsonObject): RoleDefinition =>
  decodeRoleDefinition('dev', membersOf({ keyids: [], threshold: 1, ...role }, 'role'));

describe('a role speaks for', () => {
  const digest = createHash('sha256').update('dev/ä').digest('hex');
  const [first = '', second = ''] = digest;
  const other = first === '0' ? '1' : '0';
  const rows: readonly (readonly [string, JsonObject, boolean])[] = [
    ['no path where it names none', {}, false],
    ['a path that is its pattern', { paths: ['dev/ä'] }, true],
    ['a path that one of its patterns matches', { paths: ['ops/*', 'dev/*'] }, true],
    ['no path beside its patterns', { paths: ['ops/*', 'dev/b'] }, false],
    ['a path whose SHA-256 begins with its prefix', { path_hash_prefixes: [`${first}${second}`] }, true],
    ['a path whose SHA-256 is its prefix', { path_hash_prefixes: [digest] }, true],
    ['a path that one of its prefixes has', { path_hash_prefixes: [other, first] }, true],
    ['no path that no prefix has', { path_hash_prefixes: [other] }, false],
    ['no path whose digest only ends so', { path_hash_prefixes: [digest.slice(-8)] }, false],
    ['nothing by an empty prefix, which every digest has', { path_hash_prefixes: [''] }, false],
    ['nothing by a prefix in capitals', { path_hash_prefixes: [digest.toUpperCase()] }, false],
  ];
  it.each(rows)('%s', (_, role, expected) => {
    expect(speaksFor(decode(role), 'dev/ä')).toBe(expected);
  });
});

describe('among many roles', () => {
  const shares: readonly JsonObject[] = [
    { paths: ['a/*', 'b/x'] },
    { paths: ['a/b/*'] },
    { paths: ['*/x'] },
    { paths: ['a?/x', 'b/*'] },
    { path_hash_prefixes: ['0', '1', '2', '3', '4', '5', '6', '7'] },
    { paths: ['a'] },
    { paths: ['*'] },
    { paths: ['b/*', 'a/x', 'b/x'] },
    { paths: ['ab/x'] },
    { paths: [] },
    { path_hash_prefixes: [''] },
    { paths: ['a/*/x', 'b*/x'] },
  ];
  const roles = new Map(shares.map((share, i) => [`role-${i}` as RoleName, decode(share)]));
  const paths = ['a', 'b', 'ab', 'a/x', 'b/x', 'ab/x', 'a/b/x', 'a/', '/x', '', 'c/x', 'a/b/c/x'];
  it.each(paths)('those speak for %j that do so one by one, in their order', path => {
    const expected = [...roles.values()].filter(role => speaksFor(role, path));
    expect(rolesSpeakingFor({ roles, keys: new Map() }, path)).toEqual(expected);
    expect(rolesSpeakingFor({ roles, keys: new Map() }, path)).toEqual(expected);
  });
});

describe('a role that says no more than it has to', () => {
  it('has no paths and does not end a search', () => {
    expect(decode({})).toEqual({
      name: 'dev',
      keyids: [],
      threshold: 1,
      periods: { expiryDays: undefined, signingDays: undefined },
      paths: [],
      pathHashPrefixes: [],
      terminating: false,
    });
    expect(decode({ terminating: true }).terminating).toBe(true);
  });
});

describe('a period', () => {
  const days = (value: number): unknown =>
    decodePeriods(membersOf({ 'x-tuf-on-ci-signing-period': value }, 'role')).signingDays;
  it('has from none to a hundred years of days', () => {
    expect([days(0), days(36_525)]).toEqual([0, 36_525]);
    expect(() => days(36_526)).toThrow('role.x-tuf-on-ci-signing-period has to be at most 36525');
    expect(() => days(-1)).toThrow('role.x-tuf-on-ci-signing-period has to be at least 0');
  });
});
