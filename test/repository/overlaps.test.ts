import { describe, expect, it } from 'vitest';
import { membersOf } from '../../src/metadata/decode.ts';
import { type Delegations, decodeDelegations } from '../../src/metadata/delegation.ts';
import type { RoleName } from '../../src/metadata/names.ts';
import { overlapsOf } from '../../src/repository/overlaps.ts';

interface Cut {
  readonly paths?: readonly string[];
  readonly prefixes?: readonly string[];
  readonly terminating?: boolean;
}

const delegations = (roles: Readonly<Record<string, Cut>>): Delegations =>
  decodeDelegations(
    membersOf(
      {
        keys: {},
        roles: Object.entries(roles).map(([name, { paths, prefixes, terminating = true }]) => ({
          name,
          keyids: [],
          threshold: 1,
          terminating,
          ...(paths === undefined ? { path_hash_prefixes: prefixes ?? [] } : { paths }),
        })),
      },
      'delegations',
    ),
  );

const overlaps = (roles: Readonly<Record<string, Cut>>): readonly string[] =>
  overlapsOf(delegations(roles), 'dev' as RoleName).map(
    ({ first, second, patterns, terminating }) =>
      `${first} then ${second}: ${patterns?.join(' and ') ?? 'hashes'}${terminating ? ', ends' : ''}`,
  );

describe('roles that speak for the same paths', () => {
  it.each<[string, Readonly<Record<string, Cut>>, readonly string[]]>([
    ['folders of their own', { dev: { paths: ['dev/*'] }, ops: { paths: ['ops/*'] } }, []],
    [
      'one before and one after',
      {
        ops: { paths: ['*/a'], terminating: false },
        dev: { paths: ['dev/*'] },
        web: { paths: ['dev/?', 'dev/*'] },
      },
      ['ops then dev: dev/* and */a', 'dev then web: dev/* and dev/?, ends'],
    ],
    ['no such role', { ops: { paths: ['*'] } }, []],
    [
      'hashes beside paths',
      { dev: { paths: ['a'] }, ops: { prefixes: ['00'] } },
      ['dev then ops: hashes, ends'],
    ],
    [
      'prefixes of others',
      { ops: { prefixes: ['0'] }, dev: { prefixes: ['00'] } },
      ['ops then dev: hashes, ends'],
    ],
    ['prefixes apart', { ops: { prefixes: ['1'] }, dev: { prefixes: ['00', '01'] } }, []],
  ])('%s', (_name, roles, expected) => {
    expect(overlaps(roles)).toEqual(expected);
  });
});
