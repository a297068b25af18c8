import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/client/store.ts';
import { verifyRepository } from '../../src/client/verify-repository.ts';
import { RepositorySimulator, type SimDelegation, simNow, simPast } from '../support/repository-simulator.ts';
import { testKey } from '../support/test-keys.ts';
import { clientOf, outcome } from './client.ts';

type Edge = readonly [from: string, to: string, delegation?: Partial<SimDelegation>];

const all = { paths: ['*', '*/*'] };
const end = { ...all, terminating: true };

/** Roles that a search for `path` asks for, in order. */
async function visited(simulator: RepositorySimulator, path: string, delegations = 32): Promise<string[]> {
  const client = clientOf(simulator, { limits: { delegations } });
  await client.refresh();
  simulator.requests.length = 0;
  await client.getTargetInfo(path);
  return simulator.requests.map(name => name.replace(/^metadata\/\d+\.(.*)\.json$/, '$1'));
}

function graph(edges: readonly Edge[]): RepositorySimulator {
  const simulator = new RepositorySimulator();
  for (const [from, to, delegation] of edges) simulator.delegate(from, to, delegation ?? all);
  simulator.bump('targets');
  return simulator;
}

describe('5.6.7: the search', () => {
  const rows: readonly (readonly [name: string, edges: readonly Edge[], visited: string])[] = [
    [
      'is pre-order and depth-first',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C'],
        ['B', 'D'],
      ],
      'A C B D',
    ],
    [
      'skips what it has visited',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'B'],
        ['B', 'C'],
      ],
      'A B C',
    ],
    [
      'survives a cycle',
      [
        ['targets', 'A'],
        ['A', 'B'],
        ['B', 'A'],
      ],
      'A B',
    ],
    [
      'ends at a terminating delegation',
      [
        ['targets', 'A', end],
        ['targets', 'B'],
      ],
      'A',
    ],
    [
      'ends for the elders too',
      [
        ['targets', 'A'],
        ['A', 'C', end],
        ['A', 'D'],
        ['targets', 'B'],
      ],
      'A C',
    ],
    [
      'looks below a terminating delegation',
      [
        ['targets', 'A', end],
        ['A', 'C'],
        ['targets', 'B'],
      ],
      'A C',
    ],
    [
      'a terminating delegation for other paths ends nothing',
      [
        ['targets', 'A', { paths: ['x/*'], terminating: true }],
        ['targets', 'B'],
      ],
      'B',
    ],
    [
      'asks only who may speak for the path',
      [
        ['targets', 'A', { paths: ['a/*'] }],
        ['targets', 'B'],
      ],
      'B',
    ],
    [
      'asks nobody below a role that may not speak for the path',
      [
        ['targets', 'A', { paths: ['a/*'] }],
        ['A', 'C'],
        ['targets', 'B'],
      ],
      'B',
    ],
    [
      'comes to a role by the second way where the first is not for the path',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C', { paths: ['x/*'] }],
        ['B', 'C'],
      ],
      'A B C',
    ],
  ];
  it.each(rows)('%s', async (_, edges, expected) => {
    expect((await visited(graph(edges), 'file')).join(' ')).toBe(expected);
  });

  it('takes the first role that lists the path', async () => {
    const simulator = graph([
      ['targets', 'A'],
      ['targets', 'B'],
    ]);
    simulator.addTarget('A', 'file', 'of A');
    simulator.addTarget('B', 'file', 'of B');
    simulator.bump('A', 'B');
    expect((await clientOf(simulator).getTargetInfo('file'))?.role).toBe('A');
  });

  it('does not take a path from a role that may not speak for it', async () => {
    const simulator = graph([['targets', 'A', { paths: ['a/*'] }]]);
    simulator.addTarget('A', 'file', 'not mine');
    simulator.bump('A');
    expect(await clientOf(simulator).getTargetInfo('file')).toBeUndefined();
  });

  it('follows hash prefixes', async () => {
    const digest = createHash('sha256').update('a/file').digest('hex');
    const simulator = graph([['targets', 'bin', { path_hash_prefixes: [digest.slice(0, 2)] }]]);
    expect(await visited(simulator, 'a/file')).toEqual(['bin']);
    expect(await visited(simulator, 'another')).toEqual([]);
  });

  it('stops after so many delegations', async () => {
    const edges = Array.from({ length: 10 }, (_, i): Edge => ['targets', `r${i}`]);
    expect(await visited(graph(edges), 'file', 3)).toEqual(['r0', 'r1', 'r2']);
  });
});

describe('a delegated role that can not be had', () => {
  const rows: readonly (readonly [string, string, (simulator: RepositorySimulator) => void])[] = [
    ['missing', 'NOT_FOUND', s => s.files.delete('metadata/2.A.json')],
    [
      'expired',
      'EXPIRED',
      s => {
        s.role('A').expires = simPast;
        s.bump('A');
      },
    ],
    [
      'signed by another',
      'QUORUM',
      s => {
        s.signers.set('A', [testKey(77)]);
        s.bump('A');
      },
    ],
    [
      'not in the snapshot',
      'ROLE_UNKNOWN',
      s => {
        s.delegate('targets', 'X', all);
        const roles = s.targets.delegations.roles;
        roles.unshift(...roles.splice(-1));
        delete s.snapshot.meta['X.json'];
        s.delegated.delete('X');
        s.bump('targets');
      },
    ],
    [
      'named like a top-level role',
      'MALFORMED',
      s => {
        s.delegate('targets', 'timestamp', all);
        s.bump('targets');
      },
    ],
  ];
  it.each(rows)('%s: %s, nothing of it is kept, and B is not asked instead', async (_, expected, change) => {
    const simulator = graph([['targets', 'A']]);
    simulator.bump('A');
    simulator.delegate('targets', 'B', all);
    simulator.addTarget('B', 'file', 'of B');
    simulator.bump('targets', 'B');
    change(simulator);
    const store = memoryStore();
    expect(await outcome(clientOf(simulator, { store }).getTargetInfo('file'))).toBe(expected);
    for (const role of ['A', 'B', 'X'])
      expect(await store.read(`${role}.json`, Number.MAX_SAFE_INTEGER)).toBeUndefined();
    expect(simulator.requests.filter(name => /\.[BX]\.json$/.test(name))).toEqual([]);
  });

  it('a role has to satisfy each delegator that leads to it', async () => {
    const simulator = graph([
      ['targets', 'A', { paths: ['a/*'] }],
      ['targets', 'B', { paths: ['b/*'] }],
    ]);
    simulator.delegate('A', 'C', { paths: ['a/*'] }, testKey(20));
    simulator.delegate('B', 'C', { paths: ['b/*'] }, testKey(21));
    simulator.addTarget('C', 'a/file', 'x');
    simulator.addTarget('C', 'b/file', 'x');
    simulator.bump('A', 'B', 'C');
    const client = clientOf(simulator);
    expect(await outcome(client.getTargetInfo('a/file'))).toBe('accepted');
    expect(await outcome(client.getTargetInfo('b/file'))).toBe('QUORUM');
  });
});

it.each(['?', '#', '/etc/passwd', '../up', '%2e%2e', '..', 'a\\b', 'ü', 'con', 'Timestamp', ''])(
  'a role called %j is one file name',
  async name => {
    const simulator = graph([['targets', name]]);
    simulator.addTarget(name, 'file', 'hello');
    simulator.bump(name);
    expect((await clientOf(simulator).getTargetInfo('file'))?.role).toBe(name);
  },
);

describe('TAP 15: bins by succinct_roles', () => {
  const bins = (bitLength = 6): RepositorySimulator => {
    const simulator = graph([
      ['targets', 'A'],
      ['targets', 'B'],
    ]);
    simulator.delegateBins('A', 'bin', bitLength);
    return simulator;
  };
  const binOfPath = (path: string, bitLength: number): string => {
    const index = createHash('sha256').update(path).digest().readUInt32BE() >>> (32 - bitLength);
    return `bin-${index.toString(16).padStart(Math.ceil(bitLength / 4), '0')}`;
  };

  it.each([1, 3, 4, 6, 9])(
    'of %i bits: the one bin of a path is asked, and nobody after it',
    async bitLength => {
      const simulator = bins(bitLength);
      simulator.bump('A', 'B');
      for (const path of ['file', 'other/file', 'ä'])
        expect(await visited(simulator, path)).toEqual(['A', binOfPath(path, bitLength)]);
    },
  );

  it('a target is taken from its bin, and from no other', async () => {
    const simulator = bins();
    const own = binOfPath('file', 6);
    simulator.addTarget(own, 'file', 'hello');
    for (const name of simulator.delegated.keys())
      if (name !== own && name.startsWith('bin-')) simulator.addTarget(name, 'file', 'stolen');
    simulator.bump('A', ...simulator.delegated.keys());
    expect((await clientOf(simulator).getTargetInfo('file'))?.role).toBe(own);
  });

  it('every bin is verified by who verifies all', async () => {
    const simulator = bins();
    simulator.addTarget(binOfPath('file', 6), 'file', 'hello');
    simulator.bump('A', binOfPath('file', 6));
    const seen = await verifyRepository(simulator.fetcher, simulator.trustedRoot, simNow, {
      everyTarget: true,
    });
    expect(seen.roles.size).toBe(2 + 64);
    expect(seen.unreachable).toEqual([]);
    simulator.signers.set('bin-3f', [testKey(77)]);
    simulator.bump('bin-3f');
    expect(await outcome(verifyRepository(simulator.fetcher, simulator.trustedRoot, simNow))).toBe('QUORUM');
  });
});
