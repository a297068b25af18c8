import { expect, it } from 'vitest';
import { memoryStore } from '../../src/client/store.ts';
import { verifyRepository } from '../../src/client/verify-repository.ts';
import { RepositorySimulator, sha256, simNow, simPast } from '../support/repository-simulator.ts';
import { testKey } from '../support/test-keys.ts';
import { clientOf, outcome } from './client.ts';

function repository(): RepositorySimulator {
  const simulator = new RepositorySimulator();
  simulator.delegate('targets', 'A');
  simulator.delegate('A', 'B', { paths: ['A/b*'] });
  simulator.delegate('B', 'A'); // A cycle.
  simulator.addTarget('targets', 'top', 'top');
  simulator.addTarget('A', 'A/a', 'a');
  simulator.addTarget('B', 'A/b', 'b');
  simulator.bump('targets', 'A', 'B');
  simulator.bumpRoot();
  return simulator;
}

const verify = (simulator: RepositorySimulator, everyTarget = true): ReturnType<typeof verifyRepository> =>
  verifyRepository(simulator.fetcher, simulator.trustedRoot, simNow, { everyTarget });

it('tells what a client sees', async () => {
  expect(await verify(repository())).toEqual({
    root: 2,
    timestamp: 2,
    snapshot: 2,
    targets: 2,
    roles: new Map([
      ['A', 2],
      ['B', 2],
    ]),
    expired: [],
    targetCount: 3,
    unreachable: [],
  });
});

it('names paths that no client finds', async () => {
  const simulator = repository();
  simulator.addTarget('A', 'elsewhere/x', 'x');
  simulator.bump('A');
  expect((await verify(simulator)).unreachable).toEqual(['elsewhere/x']);
});

it('an expired delegated role hides its targets and stops nothing else', async () => {
  const simulator = repository();
  simulator.role('B').expires = simPast;
  simulator.bump('B');
  const seen = await verify(simulator);
  expect(seen.expired).toEqual(['B']);
  expect(seen.targetCount).toBe(2);
});

it.each([
  [
    'a role signed by a stranger',
    'QUORUM',
    (s: RepositorySimulator) => {
      s.signers.set('B', [testKey(9)]);
      s.bump('B');
    },
  ],
  ['a missing role', 'NOT_FOUND', (s: RepositorySimulator) => s.files.delete('metadata/2.B.json')],
  [
    'a missing artifact',
    'NOT_FOUND',
    (s: RepositorySimulator) => s.files.delete(`targets/A/${sha256(Buffer.from('b'))}.b`),
  ],
  [
    'a swapped artifact',
    'HASH_MISMATCH',
    (s: RepositorySimulator) => s.files.set(`targets/A/${sha256(Buffer.from('b'))}.b`, Buffer.from('c')),
  ],
])('%s: %s', async (_, expected, change) => {
  const simulator = repository();
  change(simulator);
  expect(await outcome(verify(simulator))).toBe(expected);
});

it('without targets no artifact is fetched', async () => {
  const simulator = repository();
  expect((await verify(simulator, false)).targetCount).toBe(3);
  expect(simulator.requests.filter(name => name.startsWith('targets/'))).toEqual([]);
});

it('from what a client had before, a rollback is seen', async () => {
  const store = memoryStore();
  const simulator = repository();
  for (let i = 0; i < 3; i++) simulator.bump();
  await clientOf(simulator, { store }).refresh();
  const older = repository();
  expect(await outcome(verify(older))).toBe('accepted');
  expect(await outcome(verifyRepository(older.fetcher, older.trustedRoot, simNow, { store }))).toBe(
    'ROLLBACK',
  );
});
