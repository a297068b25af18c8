import { describe, expect, it } from 'vitest';
import { type MetadataStore, memoryStore } from '../../src/client/store.ts';
import type { Instant } from '../../src/clock.ts';
import { RepositorySimulator, signDocument, simLater, simPast } from '../support/repository-simulator.ts';
import { testKey } from '../support/test-keys.ts';
import { clientOf, outcome } from './client.ts';

const limit = Number.MAX_SAFE_INTEGER;

/** One row: what the repository does after a client has seen it once, and what that client makes of it. */
type Row = readonly [name: string, expected: string, change: (simulator: RepositorySimulator) => void];

const stranger = testKey(99);

const root: readonly Row[] = [
  ['5.3.3: no newer root', 'accepted', () => {}],
  [
    '5.3.3: three newer roots',
    'accepted',
    s => {
      for (let i = 0; i < 3; i++) s.bumpRoot();
    },
  ],
  [
    '5.3.3: a root beyond the size limit',
    'TOO_LARGE',
    s => s.files.set('metadata/2.root.json', Buffer.alloc(512_001, ' ')),
  ],
  ['5.3.4: no JSON', 'MALFORMED', s => s.files.set('metadata/2.root.json', Buffer.from('<html></html>'))],
  [
    '5.3.4: another type of metadata',
    'MALFORMED',
    s => s.files.set('metadata/2.root.json', s.files.get('metadata/timestamp.json') ?? Buffer.alloc(0)),
  ],
  [
    "5.3.4: another type, under root's signatures and with all that a root has",
    'MALFORMED',
    s => {
      const signed = { ...s.root, version: 2, _type: 'targets', targets: {} };
      s.files.set('metadata/2.root.json', s.sign('root', signed));
    },
  ],
  [
    '5.3.4: too few keys of version N',
    'QUORUM',
    s => {
      const old = s.signers.get('root') ?? [];
      s.rotate('root', testKey(5), testKey(6));
      s.root.version = 2;
      s.publishRoot([...old.slice(1), testKey(5), testKey(6)]);
    },
  ],
  [
    '5.3.4: too few keys of version N+1',
    'QUORUM',
    s => {
      const old = s.signers.get('root') ?? [];
      s.rotate('root', testKey(5), testKey(6));
      s.root.version = 2;
      s.publishRoot([...old, testKey(5)]);
    },
  ],
  [
    '5.3.4: a quorum of both',
    'accepted',
    s => void s.bumpRoot(() => s.rotate('root', testKey(5), testKey(6))),
  ],
  [
    '5.3.4: one key under two keyids counts once',
    'QUORUM',
    s => {
      const twin = testKey(2, { owner: '@twin' });
      s.bumpRoot(() => s.rotate('root', testKey(1, { kind: 'ed25519' }), testKey(2), twin));
      s.root.version = 3;
      s.publishRoot([testKey(2), twin]);
    },
  ],
  [
    '5.3.5: version N again under the name of N+1',
    'ROLLBACK',
    s => s.files.set('metadata/2.root.json', s.trustedRoot),
  ],
  [
    '5.3.5: version N+2 under the name of N+1',
    'VERSION_MISMATCH',
    s => {
      s.root.version = 2;
      s.files.set('metadata/2.root.json', s.bumpRoot());
    },
  ],
  [
    '5.3.6: an intermediate root is expired',
    'accepted',
    s => {
      s.bumpRoot(r => (r.expires = simPast));
      s.bumpRoot(r => (r.expires = simLater));
    },
  ],
  ['5.3.10: the final root is expired', 'EXPIRED', s => void s.bumpRoot(r => (r.expires = simPast))],
  [
    '5.3.10: the final root expires at the very start of the update',
    'EXPIRED',
    s => void s.bumpRoot(r => (r.expires = '2030-06-01T00:00:00Z')),
  ],
  [
    '4.3: another major version of the specification',
    'MALFORMED',
    s => void s.bumpRoot(r => (r.spec_version = '2.0.0')),
  ],
];

const timestamp: readonly Row[] = [
  ['5.4.1: none', 'NOT_FOUND', s => s.files.delete('metadata/timestamp.json')],
  [
    '5.4.1: beyond the size limit',
    'TOO_LARGE',
    s => s.files.set('metadata/timestamp.json', Buffer.alloc(16_385, ' ')),
  ],
  [
    '5.4.2: another key',
    'QUORUM',
    s => {
      s.signers.set('timestamp', [stranger]);
      s.bump();
    },
  ],
  [
    '5.4.2: an empty signature',
    'QUORUM',
    s => {
      s.signers.set('timestamp', []);
      s.bump();
    },
  ],
  [
    "5.4.2: another type, under timestamp's signature and with all that a timestamp has",
    'MALFORMED',
    s => {
      const signed = { ...s.timestamp, version: s.timestamp.version + 1, _type: 'snapshot' };
      s.files.set('metadata/timestamp.json', s.sign('timestamp', signed));
    },
  ],
  [
    '5.4.3.1: an older version',
    'ROLLBACK',
    s => {
      s.timestamp.version = 4;
      s.publishTimestamp();
    },
  ],
  [
    '5.4.3.1: the same version is discarded, even with another content',
    'accepted',
    s => {
      s.timestamp.meta['snapshot.json'] = { version: 77 };
      s.publishTimestamp();
    },
  ],
  [
    '5.4.3.2: an older snapshot',
    'ROLLBACK',
    s => {
      s.snapshot.version -= 2;
      s.bump();
    },
  ],
  [
    '5.4.3.2: an older snapshot, with its length and hashes',
    'ROLLBACK',
    s => {
      s.withHashes = true;
      s.snapshot.version -= 2;
      s.bump();
    },
  ],
  [
    '5.4.4: expired',
    'EXPIRED',
    s => {
      s.timestamp.expires = simPast;
      s.bump();
    },
  ],
  [
    '5.4: does not name a snapshot',
    'MALFORMED',
    s => {
      s.timestamp.version++;
      s.timestamp.meta = {};
      s.publishTimestamp();
    },
  ],
];

const snapshot: readonly Row[] = [
  [
    '5.5.1: none',
    'NOT_FOUND',
    s => {
      s.bump();
      s.files.delete(`metadata/${s.snapshot.version}.snapshot.json`);
    },
  ],
  [
    '5.5.1: beyond the signed length',
    'TOO_LARGE',
    s => {
      s.withHashes = true;
      s.bump();
      const name = `metadata/${s.snapshot.version}.snapshot.json`;
      s.files.set(name, Buffer.concat([s.files.get(name) ?? Buffer.alloc(0), Buffer.from('\n')]));
    },
  ],
  [
    '5.5.2: shorter than the signed length',
    'LENGTH_MISMATCH',
    s => {
      s.withHashes = true;
      s.bump();
      const name = `metadata/${s.snapshot.version}.snapshot.json`;
      s.files.set(name, (s.files.get(name) ?? Buffer.alloc(0)).subarray(1));
    },
  ],
  [
    '5.5.2, 5.6.2: right lengths and hashes',
    'accepted',
    s => {
      s.withHashes = true;
      s.bump('targets', 'role1');
    },
  ],
  [
    '5.5.2: another hash',
    'HASH_MISMATCH',
    s => {
      s.bump();
      s.timestamp.version++;
      s.timestamp.meta['snapshot.json'] = {
        version: s.snapshot.version,
        hashes: { sha256: '00'.repeat(32) },
      };
      s.publishTimestamp();
    },
  ],
  [
    '5.5.2: only a hash that nobody knows',
    'HASH_MISMATCH',
    s => {
      s.bump();
      s.timestamp.version++;
      s.timestamp.meta['snapshot.json'] = { version: s.snapshot.version, hashes: { md5: '00' } };
      s.publishTimestamp();
    },
  ],
  [
    '5.5.3: another key',
    'QUORUM',
    s => {
      s.signers.set('snapshot', [stranger]);
      s.bump();
    },
  ],
  [
    "5.5.3: another type, under snapshot's signature and with all that a snapshot has",
    'MALFORMED',
    s => {
      s.bump();
      const served = s.sign('snapshot', { ...s.snapshot, _type: 'targets', targets: {} });
      s.files.set(`metadata/${s.snapshot.version}.snapshot.json`, served);
    },
  ],
  [
    '5.5.4: not the version that timestamp names',
    'VERSION_MISMATCH',
    s => {
      s.bump();
      const served = s.sign('snapshot', { ...s.snapshot, version: s.snapshot.version + 1 });
      s.files.set(`metadata/${s.snapshot.version}.snapshot.json`, served);
    },
  ],
  [
    '5.5.5: an older version of targets',
    'ROLLBACK',
    s => {
      s.targets.version--;
      s.bump();
    },
  ],
  [
    '5.5.5: an older version of a delegated role',
    'ROLLBACK',
    s => {
      s.role('role1').version--;
      s.bump();
    },
  ],
  [
    '5.5.5: a name is gone',
    'ROLLBACK',
    s => {
      delete s.snapshot.meta['role1.json'];
      s.delegated.delete('role1');
      s.bump();
    },
  ],
  [
    '5.5.6: expired',
    'EXPIRED',
    s => {
      s.snapshot.expires = simPast;
      s.bump();
    },
  ],
];

const targets: readonly Row[] = [
  [
    '5.6.1: none',
    'NOT_FOUND',
    s => {
      s.bump('targets');
      s.files.delete(`metadata/${s.targets.version}.targets.json`);
    },
  ],
  [
    '5.6.2: another hash',
    'HASH_MISMATCH',
    s => {
      s.withHashes = true;
      s.bump('targets');
      const name = `metadata/${s.targets.version}.targets.json`;
      const text = Buffer.from(s.files.get(name) ?? Buffer.alloc(0)).toString();
      s.files.set(name, Buffer.from(text.replace('\n', '\t')));
    },
  ],
  [
    '5.6.3: another key',
    'QUORUM',
    s => {
      s.signers.set('targets', [stranger]);
      s.bump('targets');
    },
  ],
  [
    "5.6.3: another type, under targets' signature",
    'MALFORMED',
    s => {
      s.bump('targets');
      const served = s.sign('targets', { ...s.targets, meta: s.snapshot.meta, _type: 'snapshot' });
      s.files.set(`metadata/${s.targets.version}.targets.json`, served);
    },
  ],
  [
    '5.6.4: not the version that snapshot names',
    'VERSION_MISMATCH',
    s => {
      s.bump('targets');
      const served = s.sign('targets', { ...s.targets, version: 99 });
      s.files.set(`metadata/${s.targets.version}.targets.json`, served);
    },
  ],
  [
    '5.6.5: expired',
    'EXPIRED',
    s => {
      s.targets.expires = simPast;
      s.bump('targets');
    },
  ],
  [
    '5.6: not in snapshot',
    'ROLE_UNKNOWN',
    s => {
      // For a client that has seen nothing: for another this is a rollback.
      s.bump();
      s.timestamp.version++;
      s.snapshot.version++;
      const { 'targets.json': _, ...meta } = s.snapshot.meta;
      s.files.set(
        `metadata/${s.snapshot.version}.snapshot.json`,
        s.sign('snapshot', { ...s.snapshot, meta }),
      );
      s.timestamp.meta['snapshot.json'] = { version: s.snapshot.version };
      s.publishTimestamp();
    },
  ],
];

/** A repository in which every version is 5, root's aside. */
function grownRepository(consistentSnapshot: boolean): RepositorySimulator {
  const simulator = new RepositorySimulator({ consistentSnapshot });
  simulator.delegate('targets', 'role1');
  simulator.addTarget('role1', 'role1/file.txt', 'hello');
  for (let i = 0; i < 4; i++) simulator.bump('targets', 'role1');
  return simulator;
}

describe.each([
  ['root', root],
  ['timestamp', timestamp],
  ['snapshot', snapshot],
  ['targets', targets],
])('a client that has been here before: %s', (_, rows) => {
  it.each(rows)('%s: %s', async (name, expected, change) => {
    const simulator = grownRepository(true);
    const store = memoryStore();
    await clientOf(simulator, { store }).refresh();
    change(simulator);
    const seen = name.startsWith('5.6: not') ? memoryStore() : store;
    expect(await outcome(clientOf(simulator, { store: seen }).refresh())).toBe(expected);
  });
});

describe('what a refused update leaves behind', () => {
  const kept = async (store: MetadataStore, name: string): Promise<string | undefined> =>
    (await store.read(name, limit))?.toString();

  it.each([...timestamp, ...snapshot, ...targets].filter(([, expected]) => expected !== 'accepted'))(
    '%s: the next good state is accepted',
    async (_, _expected, change) => {
      const simulator = grownRepository(true);
      const store = memoryStore();
      await clientOf(simulator, { store }).refresh();
      const before = await kept(store, 'snapshot.json');
      change(simulator);
      await outcome(clientOf(simulator, { store }).refresh());
      expect(await kept(store, 'snapshot.json')).toBeDefined();
      expect(before).toBeDefined();

      const repaired = grownRepository(true);
      for (let i = 0; i < 4; i++) repaired.bump('targets', 'role1');
      expect(await outcome(clientOf(repaired, { store }).refresh())).toBe('accepted');
    },
  );

  const versionOf = (bytes: string | undefined): number =>
    (JSON.parse(bytes ?? '') as { signed: { version: number } }).signed.version;
  // A client that has seen nothing is another story.
  const isRefusedHere = ([name, expected]: Row): boolean =>
    expected !== 'accepted' && !name.startsWith('5.6: not');

  describe.each([
    ['timestamp', { timestamp: false, snapshot: false, targets: false }, timestamp],
    ['snapshot', { timestamp: true, snapshot: false, targets: false }, snapshot],
    ['targets', { timestamp: true, snapshot: true, targets: false }, targets],
  ] as const)('%s', (refused, isNew, rows) => {
    it.each(rows.filter(isRefusedHere))(
      '%s: what came before it is kept, with the last good state of the rest',
      async (_, _expected, change) => {
        const simulator = grownRepository(true);
        const store = memoryStore();
        await clientOf(simulator, { store }).refresh();
        change(simulator);
        simulator.requests.length = 0;
        await outcome(clientOf(simulator, { store }).refresh());
        for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
          const version = isNew[role] ? simulator[role].version : 5;
          expect([role, versionOf(await kept(store, `${role}.json`))]).toEqual([role, version]);
        }
        expect(simulator.requests.at(-1)).toMatch(new RegExp(`^metadata/(\\d+\\.)?${refused}\\.json$`));
      },
    );
  });

  it.each(root.filter(([, expected]) => expected !== 'accepted' && expected !== 'EXPIRED'))(
    'root, %s: the newest good root is kept, and nothing else is asked for',
    async (_, _expected, change) => {
      const simulator = grownRepository(true);
      const store = memoryStore();
      await clientOf(simulator, { store }).refresh();
      change(simulator);
      simulator.requests.length = 0;
      await outcome(clientOf(simulator, { store }).refresh());
      expect(versionOf(await kept(store, 'root.json'))).toBe(simulator.requests.length);
      expect(simulator.requests).toEqual(simulator.requests.map((_, i) => `metadata/${i + 2}.root.json`));
      expect(versionOf(await kept(store, 'timestamp.json'))).toBe(5);
    },
  );

  it('an expired final root is kept (5.3.8), and nothing after it', async () => {
    const simulator = grownRepository(true);
    const store = memoryStore();
    const expired = simulator.bumpRoot(r => (r.expires = simPast));
    expect(await outcome(clientOf(simulator, { store }).refresh())).toBe('EXPIRED');
    expect(await store.read('root.json', limit)).toEqual(expired);
    expect(await store.read('timestamp.json', limit)).toBeUndefined();
  });
});

describe('5.3.11: recovery from a fast-forward attack', () => {
  const attacked = async (): Promise<{ simulator: RepositorySimulator; store: MetadataStore }> => {
    const simulator = grownRepository(true);
    const store = memoryStore();
    simulator.timestamp.version = 9_000;
    simulator.snapshot.version = 9_000;
    simulator.targets.version = 9_000;
    simulator.publish();
    await clientOf(simulator, { store }).refresh();
    simulator.timestamp.version = simulator.snapshot.version = simulator.targets.version = 6;
    return { simulator, store };
  };

  it('without new keys the old versions are a rollback', async () => {
    const { simulator, store } = await attacked();
    simulator.bumpRoot();
    simulator.publish();
    expect(await outcome(clientOf(simulator, { store }).refresh())).toBe('ROLLBACK');
  });

  it.each(['timestamp', 'snapshot'] as const)('with a new key for %s they are accepted', async role => {
    const { simulator, store } = await attacked();
    simulator.bumpRoot(() => simulator.rotate(role, testKey(7)));
    simulator.publish();
    expect(await outcome(clientOf(simulator, { store }).refresh())).toBe('accepted');
  });

  it.each([
    ['with new keys for snapshot', [testKey(9)], 'accepted'],
    // What is kept would still verify by the other key.
    ['with one of two keys taken away', [testKey(8)], 'accepted'],
    ['with the same keys', [testKey(7), testKey(8)], 'ROLLBACK'],
  ] as const)('%s a delegated role may be gone', async (_, keys, expected) => {
    const simulator = grownRepository(true);
    simulator.bumpRoot(() => simulator.rotate('snapshot', testKey(7), testKey(8)));
    simulator.bump();
    const store = memoryStore();
    await clientOf(simulator, { store }).getTargetInfo('role1/file.txt');
    simulator.targets.delegations.roles = [];
    simulator.delegated.delete('role1');
    delete simulator.snapshot.meta['role1.json'];
    simulator.bumpRoot(() => simulator.rotate('snapshot', ...keys));
    simulator.bump('targets');
    const client = clientOf(simulator, { store });
    expect(await outcome(client.refresh())).toBe(expected);
    if (expected === 'accepted') expect(await client.getTargetInfo('role1/file.txt')).toBeUndefined();
  });

  it('a key more is no rotation', async () => {
    const { simulator, store } = await attacked();
    simulator.bumpRoot(() =>
      simulator.rotate('timestamp', ...(simulator.signers.get('timestamp') ?? []), testKey(7)),
    );
    simulator.publish();
    expect(await outcome(clientOf(simulator, { store }).refresh())).toBe('ROLLBACK');
  });

  it('a rotation in a root that the client shipped with counts too', async () => {
    const { simulator, store } = await attacked();
    simulator.rotate('timestamp', ...(simulator.signers.get('timestamp') ?? []), testKey(7));
    simulator.bumpRoot();
    simulator.rotate('timestamp', testKey(4, { kind: 'ed25519' }));
    const trustedRoot = simulator.bumpRoot(() => simulator.rotate('snapshot', testKey(8)));
    simulator.publish();
    expect(await outcome(clientOf(simulator, { store, trustedRoot }).refresh())).toBe('accepted');
  });
});

describe('5.2: the trusted root', () => {
  it('has to be signed by itself', async () => {
    const simulator = new RepositorySimulator();
    const trustedRoot = signDocument(simulator.root, [stranger]);
    expect(await outcome(clientOf(simulator, { trustedRoot }).refresh())).toBe('QUORUM');
  });

  it('may be expired while a newer one is not', async () => {
    const simulator = new RepositorySimulator();
    simulator.root.expires = simPast;
    simulator.publishRoot();
    simulator.bumpRoot(r => (r.expires = simLater));
    expect(await outcome(clientOf(simulator).refresh())).toBe('accepted');
  });

  it('is not replaced by what the cache holds', async () => {
    const [mine, theirs] = [new RepositorySimulator(), new RepositorySimulator()];
    theirs.rotate('root', testKey(50), testKey(51));
    theirs.root.version = 2;
    const forged = theirs.publishRoot([testKey(50), testKey(51)]);
    const store = memoryStore([
      ['root_history/2.root.json', forged],
      ['root.json', forged],
    ]);
    const { root: trusted } = await clientOf(mine, { store }).refresh();
    expect(trusted.signed.version).toBe(1);
  });

  it('is walked on from the cache without asking for what is known', async () => {
    const simulator = new RepositorySimulator();
    for (let i = 0; i < 5; i++) simulator.bumpRoot();
    const store = memoryStore();
    await clientOf(simulator, { store }).refresh();
    simulator.requests.length = 0;
    await clientOf(simulator, { store }).refresh();
    expect(simulator.requests).toEqual(['metadata/7.root.json', 'metadata/timestamp.json']);
  });

  it('is followed for a bounded number of versions', async () => {
    const simulator = new RepositorySimulator();
    for (let i = 0; i < 5; i++) simulator.bumpRoot();
    const trusted = await clientOf(simulator, { limits: { rootRotations: 3 } }).refresh();
    expect(trusted.root.signed.version).toBe(4);
  });
});

describe('the cache', () => {
  it.each(['timestamp.json', 'snapshot.json', 'targets.json'])('%s: garbage is fetched anew', async name => {
    const simulator = grownRepository(true);
    const store = memoryStore();
    await clientOf(simulator, { store }).refresh();
    await store.write(name, Buffer.from('{"signatures":[]'));
    expect(await outcome(clientOf(simulator, { store }).refresh())).toBe('accepted');
    expect((await store.read(name, limit))?.toString()).toContain('signed');
  });

  it('an expired timestamp still protects from rollback', async () => {
    const simulator = grownRepository(true);
    const store = memoryStore();
    simulator.timestamp.expires = '2030-06-01T00:00:01Z';
    simulator.bump();
    await clientOf(simulator, { store }).refresh();
    simulator.timestamp.expires = simLater;
    simulator.timestamp.version -= 3;
    simulator.publishTimestamp();
    const now = Date.parse('2030-06-02T00:00:00Z') as Instant;
    expect(await outcome(clientOf(simulator, { store, now }).refresh())).toBe('ROLLBACK');
  });

  it('a snapshot alone protects from rollback too', async () => {
    const simulator = grownRepository(true);
    const store = memoryStore();
    await clientOf(simulator, { store }).refresh();
    await store.remove('timestamp.json');
    simulator.snapshot.version -= 2;
    simulator.bump();
    expect(await outcome(clientOf(simulator, { store }).refresh())).toBe('ROLLBACK');
  });

  it('a timestamp alone protects from rollback too', async () => {
    const simulator = grownRepository(true);
    const store = memoryStore();
    await clientOf(simulator, { store }).refresh();
    await store.remove('snapshot.json');
    simulator.snapshot.version -= 2;
    simulator.bump();
    expect(await outcome(clientOf(simulator, { store }).refresh())).toBe('ROLLBACK');
  });

  it('5.4.4: the same timestamp, expired in the meantime, is a freeze attack', async () => {
    const simulator = grownRepository(true);
    const store = memoryStore();
    simulator.timestamp.expires = '2030-06-01T00:00:01Z';
    simulator.bump();
    await clientOf(simulator, { store }).refresh();
    const now = Date.parse('2030-06-02T00:00:00Z') as Instant;
    expect(await outcome(clientOf(simulator, { store, now }).refresh())).toBe('EXPIRED');
  });
});

it.each([true, false])('consistent snapshots %s: the names asked for', async consistent => {
  const simulator = grownRepository(consistent);
  expect((await clientOf(simulator).getTargetInfo('role1/file.txt'))?.role).toBe('role1');
  const v = consistent ? '5.' : '';
  expect(simulator.requests).toEqual([
    'metadata/2.root.json',
    'metadata/timestamp.json',
    `metadata/${v}snapshot.json`,
    `metadata/${v}targets.json`,
    `metadata/${v}role1.json`,
  ]);
});
