import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { siteOf } from '../../src/client/fetcher.ts';
import { memoryStore } from '../../src/client/store.ts';
import { Updater } from '../../src/client/updater.ts';
import type { Instant } from '../../src/clock.ts';
import { type TestFolder, testFolder } from '../support/git-repo.ts';
import { RepositorySimulator, sha256, simLater, simNow, simPast } from '../support/repository-simulator.ts';
import { testKey } from '../support/test-keys.ts';
import { clientOf, outcome } from './client.ts';

// The steps of TUF 1.0.34, section 5, that no refusal shows: what is taken, kept and asked for. The last test holds that
// each step has a case somewhere.

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

const kept = async (store: ReturnType<typeof memoryStore>, name: string): Promise<string> =>
  Buffer.from((await store.read(name, 1_000_000)) ?? '').toString();
const served = (simulator: RepositorySimulator, name: string): string =>
  Buffer.from(simulator.files.get(`metadata/${name}`) ?? '').toString();

function repository(consistentSnapshot = true): RepositorySimulator {
  const simulator = new RepositorySimulator({ consistentSnapshot });
  simulator.delegate('targets', 'tools');
  simulator.addTarget('tools', 'tools/greet.sh', 'hello');
  simulator.bump('targets', 'tools');
  return simulator;
}

it('5.1: the start time is fixed: what expires while a run goes on does not end it', async () => {
  const simulator = repository();
  simulator.role('tools').expires = '2030-06-01T00:00:01Z';
  simulator.bump('tools');
  const clock = { now: simNow };
  const updater = new Updater({
    source: siteOf({
      fetch: (path, maxBytes) => {
        clock.now = Date.parse('2030-06-02T00:00:00Z') as typeof simNow;
        return simulator.fetcher.fetch(path, maxBytes);
      },
    }),
    trustedRoot: simulator.trustedRoot,
    store: memoryStore(),
    now: clock.now,
  });
  expect(await outcome(updater.getTargetInfo('tools/greet.sh'))).toBe('accepted');
});

describe('5.3: the root', () => {
  it('5.3.1: an expired root that came with the client may lead to one that is not', async () => {
    const simulator = new RepositorySimulator();
    simulator.root.expires = simPast;
    simulator.publishRoot();
    expect(await outcome(clientOf(simulator).refresh())).toBe('EXPIRED');
    simulator.bumpRoot(root => (root.expires = '2031-06-01T00:00:00Z'));
    expect(await outcome(clientOf(simulator).refresh())).toBe('accepted');
  });

  it('5.3.1: a root that was kept and expired since then may lead to one that has not', async () => {
    const simulator = repository();
    simulator.bumpRoot(root => (root.expires = '2030-06-08T00:00:00Z'));
    const store = memoryStore();
    const later = (): Updater =>
      clientOf(simulator, { store, now: Date.parse('2030-06-19T00:00:00Z') as Instant });
    await clientOf(simulator, { store }).refresh();
    expect(await outcome(later().refresh())).toBe('EXPIRED');
    simulator.bumpRoot(root => (root.expires = simLater));
    simulator.requests.length = 0;
    expect((await later().refresh()).root.signed.version).toBe(3);
    expect(simulator.requests[0]).toBe('metadata/3.root.json');
    expect(await kept(store, 'root.json')).toBe(served(simulator, '3.root.json'));
  });

  it('5.3.2, 5.3.7, 5.3.9: N is the newest root each time, until there is none', async () => {
    const simulator = repository();
    simulator.bumpRoot(() => simulator.rotate('root', testKey(5), testKey(6)));
    simulator.bumpRoot(() => simulator.rotate('root', testKey(7), testKey(8)));
    const { root } = await clientOf(simulator).refresh();
    expect(root.signed.version).toBe(3);
    expect(simulator.requests.slice(0, 4)).toEqual([
      'metadata/2.root.json',
      'metadata/3.root.json',
      'metadata/4.root.json',
      'metadata/timestamp.json',
    ]);
  });

  it('5.3.8: each root is kept as it was served, before the next is asked for', async () => {
    const simulator = repository();
    simulator.bumpRoot();
    simulator.bumpRoot();
    simulator.files.set('metadata/3.root.json', Buffer.from('<html></html>'));
    const store = memoryStore();
    expect(await outcome(clientOf(simulator, { store }).refresh())).toBe('MALFORMED');
    expect(await kept(store, 'root.json')).toBe(served(simulator, '2.root.json'));
    expect(await kept(store, 'root_history/2.root.json')).toBe(served(simulator, '2.root.json'));
  });

  it('5.3.12: the newest root says whether names carry versions and digests', async () => {
    const simulator = repository(false);
    simulator.bumpRoot(root => (root.consistent_snapshot = true));
    simulator.addTarget('tools', 'tools/greet.sh', 'hello');
    simulator.publish();
    const client = clientOf(simulator);
    await client.checkArtifact(await client.requireTarget('tools/greet.sh'));
    expect(simulator.requests.slice(3)).toEqual([
      'metadata/2.snapshot.json',
      'metadata/2.targets.json',
      'metadata/2.tools.json',
      `targets/tools/${sha256(Buffer.from('hello'))}.greet.sh`,
    ]);
  });
});

it.each([
  ['5.4.5', 'timestamp', 'timestamp.json'],
  ['5.5.7', 'snapshot', '2.snapshot.json'],
  ['5.6.6', 'targets', '2.targets.json'],
  ['5.6.6', 'tools', '2.tools.json'],
])('%s: %s is kept as it was served', async (_, role, name) => {
  const simulator = repository();
  const store = memoryStore();
  await clientOf(simulator, { store }).getTargetInfo('tools/greet.sh');
  expect(await kept(store, `${role}.json`)).toBe(served(simulator, name));
});

describe('5.6.7: the search', () => {
  it.each([
    ['5.6.7.1: a role that was visited is not visited again', ['A', 'B', 'A'], false, 'A B'],
    ['5.6.7.2: its children are, in the order of their delegations', ['A', 'B', 'C'], false, 'A B C'],
    ['5.6.7.2.1: behind a terminating one nobody is', ['A', 'B', 'C'], true, 'A'],
  ] as const)('%s', async (_, roles: readonly string[], terminating, visited) => {
    const simulator = new RepositorySimulator();
    for (const [index, role] of roles.entries()) {
      if (index === roles.indexOf(role)) simulator.delegate('targets', role, { paths: ['*'], terminating });
      else simulator.delegate('B', role, { paths: ['*'] });
    }
    simulator.bump('targets', 'B');
    const client = clientOf(simulator);
    await client.refresh();
    simulator.requests.length = 0;
    expect(await client.getTargetInfo('file')).toBeUndefined();
    expect(simulator.requests.map(name => name.replace(/^metadata\/\d+\.(.*)\.json$/, '$1')).join(' ')).toBe(
      visited,
    );
  });

  it('5.6.7.2.2: without one the search goes on at the next', async () => {
    const simulator = new RepositorySimulator();
    for (const role of ['A', 'B']) simulator.delegate('targets', role, { paths: ['*'] });
    simulator.addTarget('B', 'file', 'of B');
    simulator.bump('targets', 'B');
    expect((await clientOf(simulator).requireTarget('file')).role).toBe('B');
  });
});

describe('5.7: the artifact', () => {
  it('5.7.1, 5.7.2: is fetched up to its signed length, and is none of another hash', async () => {
    const simulator = repository();
    const name = simulator.artifactFile('tools/greet.sh', Buffer.from('hello'));
    const download = (): Promise<string> =>
      clientOf(simulator).download('tools/greet.sh', join(folder.path, 'out'));
    const asked: number[] = [];
    const client = new Updater({
      source: siteOf({
        fetch: (path, maxBytes) => {
          if (path === name) asked.push(maxBytes);
          return simulator.fetcher.fetch(path, maxBytes);
        },
      }),
      trustedRoot: simulator.trustedRoot,
      store: memoryStore(),
      now: simNow,
    });
    await client.checkArtifact(await client.requireTarget('tools/greet.sh'));
    expect(asked).toEqual([5]);
    simulator.files.set(name, Buffer.from('jello'));
    expect(await outcome(download())).toBe('HASH_MISMATCH');
    simulator.files.set(name, Buffer.from('hello!'));
    expect(await outcome(download())).toBe('TOO_LARGE');
  });

  it.each([
    [true, `targets/tools/${sha256(Buffer.from('hello'))}.greet.sh`],
    [false, 'targets/tools/greet.sh'],
  ])('5.7.3: with consistent snapshots (%s) it is asked for as %s', async (consistent, name) => {
    const simulator = repository(consistent);
    const client = clientOf(simulator);
    await client.checkArtifact(await client.requireTarget('tools/greet.sh'));
    expect(simulator.requests.at(-1)).toBe(name);
  });
});

it('every step has a case', () => {
  const steps = [
    '5.1',
    '5.2',
    ...numbered('5.3', 12),
    ...numbered('5.4', 5),
    ...numbered('5.4.3', 2),
    ...numbered('5.5', 7),
    ...numbered('5.6', 7),
    ...numbered('5.6.7', 2),
    ...numbered('5.6.7.2', 2),
    ...numbered('5.7', 3),
  ];
  const texts = readdirSync(import.meta.dirname)
    .filter(name => name.endsWith('.test.ts'))
    .map(name => readFileSync(join(import.meta.dirname, name), 'utf8'));
  // In the name of a test or of a row.
  const names = texts.flatMap(text =>
    [...text.matchAll(/['`]([^'`\n]*\b5\.\d[^'`\n]*)['`]/g)].map(([, name = '']) => name),
  );
  const cases = new Set(
    names
      .filter(name => /\s|: /.test(name) || /^5(\.\d+)+$/.test(name))
      .flatMap(name => name.match(/\b5(?:\.\d+)+/g) ?? []),
  );
  expect(
    steps.filter(step => ![...cases].some(named => named === step || named.startsWith(`${step}.`))),
  ).toEqual([]);
});

function numbered(section: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${section}.${i + 1}`);
}
