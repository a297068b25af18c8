import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ArtifactCache, artifactFolder } from '../../src/client/artifact-cache.ts';
import { Client, type ClientOptions, type ClientPolicy } from '../../src/client/client.ts';
import { ClientError } from '../../src/client/error.ts';
import { type Fetcher, mirrorsOf, type RepositorySource, siteOf } from '../../src/client/fetcher.ts';
import { memoryStore } from '../../src/client/store.ts';
import { DAY_MS, fixedClock, HOUR_MS, type Instant } from '../../src/clock.ts';
import { type TestFolder, testFolder } from '../support/git-repo.ts';
import { RepositorySimulator, sha256, simNow, simPast } from '../support/repository-simulator.ts';
import { testKey } from '../support/test-keys.ts';
import { outcome } from './client.ts';

let folder: TestFolder;
beforeEach(async () => {
  folder = await testFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());
const at = (...names: readonly string[]): string => join(folder.path, ...names);

const after = (ms: number): Instant => (simNow + ms) as Instant;

/** A repository with two artifacts; its timestamp lasts a week. */
function repository(): RepositorySimulator {
  const simulator = new RepositorySimulator();
  simulator.timestamp.expires = '2030-06-08T00:00:00Z';
  simulator.addTarget('targets', 'plain.txt', 'plain');
  simulator.delegate('targets', 'tools');
  simulator.addTarget('tools', 'tools/greet.sh', 'hello');
  simulator.bump('targets', 'tools');
  return simulator;
}

/** What one person has: a cache that outlives the clients made from it. */
class Person {
  readonly store = memoryStore();
  readonly warnings: string[] = [];
  readonly simulator: RepositorySimulator;
  readonly artifacts: ArtifactCache;

  constructor(simulator: RepositorySimulator) {
    this.simulator = simulator;
    this.artifacts = artifactFolder(at('artifacts'));
  }

  client(policy: ClientPolicy, now: Instant = simNow, more: Partial<ClientOptions> = {}): Client {
    return new Client({
      source: siteOf(this.simulator.fetcher),
      trustedRoot: this.simulator.trustedRoot,
      store: this.store,
      artifacts: this.artifacts,
      policy,
      clock: fixedClock(now),
      warn: warning => this.warnings.push(warning.kind),
      ...more,
    });
  }

  /** Paths asked for since the last time. */
  asked(): readonly string[] {
    return this.simulator.requests.splice(0);
  }
}

const ONLINE: ClientPolicy = { kind: 'online' };
const OFFLINE: ClientPolicy = { kind: 'offline' };
const ANY_AGE: ClientPolicy = { kind: 'cached', maxAgeMs: Number.POSITIVE_INFINITY };
const THREE_DAYS: ClientPolicy = { kind: 'cached', maxAgeMs: 3 * DAY_MS };

describe('policies', () => {
  type Row = readonly [
    name: string,
    policy: ClientPolicy,
    later: number,
    expected: string,
    asks: boolean,
    change?: (person: Person) => void | Promise<void>,
  ];
  const rows: readonly Row[] = [
    ['online: asks each time', ONLINE, HOUR_MS, 'accepted', true],
    ['max age: young enough', THREE_DAYS, 3 * DAY_MS, 'accepted', false],
    ['max age: too old', THREE_DAYS, 3 * DAY_MS + 1_000, 'accepted', true],
    ['max age: the last look is in the future', THREE_DAYS, -HOUR_MS, 'accepted', true],
    [
      'max age: young, but past its date',
      { kind: 'cached', maxAgeMs: 30 * DAY_MS },
      8 * DAY_MS,
      'EXPIRED',
      true,
    ],
    [
      'max age: nobody remembers the last look',
      THREE_DAYS,
      HOUR_MS,
      'accepted',
      true,
      ({ store }) => store.remove('client/checked.json'),
    ],
    [
      'max age: what is remembered is of another timestamp',
      THREE_DAYS,
      HOUR_MS,
      'accepted',
      true,
      ({ store }) =>
        store.write(
          'client/checked.json',
          Buffer.from(`{"at":"2030-06-01T00:00:00Z","timestamp":"${'0'.repeat(64)}"}`),
        ),
    ],
    [
      'max age: what is remembered is garbage',
      THREE_DAYS,
      HOUR_MS,
      'accepted',
      true,
      ({ store }) => store.write('client/checked.json', Buffer.from('{')),
    ],
    ['any age: not past its date', ANY_AGE, 6 * DAY_MS, 'accepted', false],
    ['any age: past its date', ANY_AGE, 8 * DAY_MS, 'EXPIRED', true],
    [
      'any age: past its date, and the repository has newer',
      ANY_AGE,
      8 * DAY_MS,
      'accepted',
      true,
      ({ simulator }) => {
        simulator.timestamp.expires = '2030-06-20T00:00:00Z';
        simulator.bump();
      },
    ],
    [
      'any age: a file is missing',
      ANY_AGE,
      HOUR_MS,
      'accepted',
      true,
      ({ store }) => store.remove('targets.json'),
    ],
    [
      'any age: a file was tampered with',
      ANY_AGE,
      HOUR_MS,
      'accepted',
      true,
      async ({ store, simulator }) =>
        await store.write('snapshot.json', simulator.sign('targets', { ...simulator.snapshot })),
    ],
    ['offline: not past its date', OFFLINE, 6 * DAY_MS, 'accepted', false],
    ['offline: past its date', OFFLINE, 8 * DAY_MS, 'EXPIRED', false],
    [
      'offline: a file is missing',
      OFFLINE,
      HOUR_MS,
      'NOT_CACHED',
      false,
      ({ store }) => store.remove('timestamp.json'),
    ],
    [
      'offline: a file was tampered with',
      OFFLINE,
      HOUR_MS,
      'MALFORMED',
      false,
      ({ store }) => store.write('targets.json', Buffer.from('{}')),
    ],
    [
      'offline: a file of another version',
      OFFLINE,
      HOUR_MS,
      'VERSION_MISMATCH',
      false,
      async ({ store, simulator }) =>
        await store.write('targets.json', simulator.sign('targets', { ...simulator.targets, version: 1 })),
    ],
  ];
  const all = rows.map(([name, policy, later, expected, asks, change]) => ({
    name,
    policy,
    later,
    expected,
    asks,
    change,
  }));
  it.each(all)('$name', async ({ policy, later, expected, asks, change }) => {
    const person = new Person(repository());
    await person.client(ONLINE).refresh();
    await change?.(person);
    person.asked();
    expect(await outcome(person.client(policy, after(later)).refresh())).toBe(expected);
    expect(person.asked().length > 0).toBe(asks);
  });

  it('offline with an empty cache says what to do', async () => {
    const person = new Person(repository());
    await expect(person.client(OFFLINE).refresh()).rejects.toThrow('refresh with the network');
    expect(person.asked()).toEqual([]);
  });

  it('the first look with a cached policy asks, and says why', async () => {
    const person = new Person(repository());
    expect(await outcome(person.client(ANY_AGE).refresh())).toBe('accepted');
    expect(person.warnings).toEqual(['went-online']);
  });

  it('a look offline is no look at the repository', async () => {
    const person = new Person(repository());
    await person.client(ONLINE).refresh();
    await person.client(OFFLINE, after(2 * DAY_MS)).refresh();
    await person.client(THREE_DAYS, after(2 * DAY_MS)).refresh();
    person.asked();
    await person.client(THREE_DAYS, after(4 * DAY_MS)).refresh();
    expect(person.asked()).not.toEqual([]);
  });

  it('--allow-expired takes what is past its date and nothing else, and names each once', async () => {
    const person = new Person(repository());
    await person.client(ONLINE).download('tools/greet.sh', at('out'));
    const late = after(400 * DAY_MS);
    const client = person.client(OFFLINE, late, { allowExpired: true });
    await client.refresh();
    await client.download('tools/greet.sh', at('again'));
    expect(person.warnings).toEqual(Array.from({ length: 5 }, () => 'expired'));
    await person.store.write('timestamp.json', Buffer.from('{}'));
    expect(await outcome(person.client(OFFLINE, late, { allowExpired: true }).refresh())).toBe('MALFORMED');
  });

  it('an expired delegated role is as expired as any other', async () => {
    const person = new Person(repository());
    person.simulator.role('tools').expires = simPast;
    person.simulator.bump('tools');
    expect(await outcome(person.client(ONLINE).getTargetInfo('tools/greet.sh'))).toBe('EXPIRED');
  });

  it('a new target, and a role that is not cached, make a cached client ask', async () => {
    const person = new Person(repository());
    await person.client(ONLINE).refresh();
    person.simulator.addTarget('targets', 'new.txt', 'new');
    person.simulator.bump('targets');
    expect((await person.client(ANY_AGE).getTargetInfo('tools/greet.sh'))?.role).toBe('tools');
    expect((await person.client(ANY_AGE).getTargetInfo('new.txt'))?.role).toBe('targets');
    person.asked();
    expect((await person.client(ANY_AGE).getTargetInfo('plain.txt'))?.role).toBe('targets');
    expect(person.asked()).toEqual([]);
    expect(await person.client(ANY_AGE).getTargetInfo('none')).toBeUndefined();
    expect(person.asked()).not.toEqual([]);
  });

  it('a failed refresh is forgotten: the next call asks again', async () => {
    const person = new Person(repository());
    const timestamp = person.simulator.files.get('metadata/timestamp.json') ?? Buffer.alloc(0);
    person.simulator.files.delete('metadata/timestamp.json');
    const client = person.client(ONLINE);
    expect(await outcome(client.refresh())).toBe('NOT_FOUND');
    person.simulator.files.set('metadata/timestamp.json', timestamp);
    expect(await outcome(client.getTargetInfo('plain.txt'))).toBe('accepted');
  });

  it('one run sees one state; the next refresh sees the next', async () => {
    const person = new Person(repository());
    const client = person.client(ONLINE);
    expect((await client.refresh()).timestamp.signed.version).toBe(2);
    person.simulator.bump();
    await client.getTargetInfo('plain.txt');
    expect((await client.refresh()).timestamp.signed.version).toBe(3);
  });
});

describe('artifacts', () => {
  it('come from the place where they lie, from the cache, from the repository', async () => {
    const person = new Person(repository());
    const from = async (policy: ClientPolicy, out: string): Promise<string> =>
      (await person.client(policy).download('tools/greet.sh', at(out))).from;
    expect(await from(ONLINE, 'a')).toBe('repository');
    expect(await from(ONLINE, 'a')).toBe('place');
    expect(await from(ONLINE, 'b')).toBe('cache');
    expect(await from(OFFLINE, 'c')).toBe('cache');
    expect(readFileSync(at('c/tools/greet.sh'), 'utf8')).toBe('hello');
    expect(person.asked().filter(path => path.startsWith('targets/'))).toHaveLength(1);
  });

  it('are fetched anew where place or cache hold something else', async () => {
    const person = new Person(repository());
    const digest = sha256(Buffer.from('hello'));
    await person.client(ONLINE).download('tools/greet.sh', at('a'));
    writeFileSync(at('a/tools/greet.sh'), 'jello');
    expect((await person.client(ONLINE).download('tools/greet.sh', at('a'))).from).toBe('cache');
    writeFileSync(at('artifacts', digest.slice(0, 2), digest), 'jello, and longer');
    expect((await person.client(ONLINE).download('tools/greet.sh', at('b'))).from).toBe('repository');
    expect(readFileSync(at('b/tools/greet.sh'), 'utf8')).toBe('hello');
    expect(readFileSync(at('artifacts', digest.slice(0, 2), digest), 'utf8')).toBe('hello');
    writeFileSync(at('artifacts', digest.slice(0, 2), digest), 'jello');
    expect(await outcome(person.client(OFFLINE).download('tools/greet.sh', at('c')))).toBe('HASH_MISMATCH');
    expect(existsSync(at('c/tools/greet.sh'))).toBe(false);
  });

  it('offline and nowhere: NOT_CACHED', async () => {
    const person = new Person(repository());
    await person.client(ONLINE).getTargetInfo('tools/greet.sh');
    expect(await outcome(person.client(OFFLINE).download('tools/greet.sh', at('a')))).toBe('NOT_CACHED');
  });

  it('a cache that can not be written costs nothing but a warning', async () => {
    const person = new Person(repository());
    writeFileSync(at('artifacts'), 'a file');
    expect((await person.client(ONLINE).download('plain.txt', at('a'))).from).toBe('repository');
    expect(person.warnings).toEqual(['not-kept']);
  });

  it('a folder in their place is told', async () => {
    const person = new Person(repository());
    mkdirSync(at('a/plain.txt'), { recursive: true });
    expect(await outcome(person.client(ONLINE).download('plain.txt', at('a')))).toBe('STORAGE');
  });

  it('a cached client asks for newer metadata where an artifact is gone', async () => {
    const person = new Person(repository());
    await person.client(ONLINE).getTargetInfo('plain.txt');
    person.simulator.files.delete(person.simulator.artifactFile('plain.txt', Buffer.from('plain')));
    person.simulator.addTarget('targets', 'plain.txt', 'newer');
    person.simulator.bump('targets');
    await person.client(ANY_AGE).download('plain.txt', at('a'));
    expect(readFileSync(at('a/plain.txt'), 'utf8')).toBe('newer');
  });
});

it('tells how far a download is', async () => {
  const seen: string[] = [];
  const person = new Person(repository());
  await person
    .client(ONLINE)
    .download('plain.txt', at('out'), (received, length) => seen.push(`${received}/${length}`));
  expect(seen).toEqual(['5/5']);
});

describe('mirrors', () => {
  const broken = (code: 'TRANSPORT' | 'STORAGE'): RepositorySource =>
    siteOf({ fetch: () => Promise.reject(new ClientError(code, `${code} it is`)) });
  const serving = (simulator: RepositorySimulator): RepositorySource => siteOf(simulator.fetcher);
  /** A mirror that serves `simulator`, and in the place of some files something else. */
  const tampered = (
    simulator: RepositorySimulator,
    files: Readonly<Record<string, string>>,
  ): RepositorySource => {
    const fetch: Fetcher['fetch'] = async (path, maxBytes) => {
      const instead = files[path];
      return instead === undefined ? await simulator.fetcher.fetch(path, maxBytes) : Buffer.from(instead);
    };
    return siteOf({ fetch });
  };

  const stranger = (): RepositorySimulator => {
    const simulator = repository();
    simulator.signers.set('timestamp', [testKey(77)]);
    simulator.bump();
    return simulator;
  };
  const rows: readonly (readonly [name: string, first: (good: RepositorySimulator) => RepositorySource])[] = [
    ['does not answer', () => broken('TRANSPORT')],
    ['has nothing', () => siteOf({ fetch: () => Promise.resolve(undefined) })],
    ['serves pages', good => tampered(good, { 'metadata/timestamp.json': '<html></html>' })],
    ["serves somebody else's", () => serving(stranger())],
    ['has a snapshot that does not belong', good => tampered(good, { 'metadata/2.snapshot.json': '{}' })],
    ['lost a role', good => tampered(good, { 'metadata/2.tools.json': '' })],
    [
      'has another artifact',
      good => tampered(good, { [good.artifactFile('tools/greet.sh', Buffer.from('hello'))]: 'jello' }),
    ],
    [
      'has a longer artifact',
      good => tampered(good, { [good.artifactFile('tools/greet.sh', Buffer.from('hello'))]: 'hello, hello' }),
    ],
  ];
  it.each(rows)('the first %s: the second is asked', async (_, first) => {
    const good = repository();
    const person = new Person(good);
    const source = mirrorsOf([first(good), serving(good)]);
    await person.client(ONLINE, simNow, { source }).download('tools/greet.sh', at('out'));
    expect(readFileSync(at('out/tools/greet.sh'), 'utf8')).toBe('hello');
  });

  it('a stale mirror does not take back what a fresh one has said', async () => {
    const [fresh, stale] = [repository(), repository()];
    fresh.bump('targets', 'tools');
    const person = new Person(fresh);
    const source = mirrorsOf([serving(stale), serving(fresh)]);
    await person.client(ONLINE).refresh();
    const { timestamp } = await person.client(ONLINE, simNow, { source }).refresh();
    expect(timestamp.signed.version).toBe(3);
  });

  it('timestamp and snapshot come from one mirror: what fails half-way is begun anew at the next', async () => {
    const good = repository();
    const asked: string[] = [];
    const spy = (name: string, inner: Fetcher): RepositorySource =>
      siteOf({
        fetch: (path, maxBytes) => {
          asked.push(`${name} ${path.replace('metadata/', '')}`);
          return inner.fetch(path, maxBytes);
        },
      });
    const half = tampered(good, { 'metadata/2.targets.json': '{}' });
    const source = mirrorsOf([
      spy('a', {
        fetch: (path, max) =>
          half.metadata[0]?.fetch(path.replace('metadata/', ''), max) ?? Promise.reject(new Error()),
      }),
      spy('b', good.fetcher),
    ]);
    await new Person(good).client(ONLINE, simNow, { source }).refresh();
    expect(asked).toEqual([
      'a 2.root.json',
      'a timestamp.json',
      'a 2.snapshot.json',
      'a 2.targets.json',
      'b 2.root.json',
      'b timestamp.json',
      'b 2.targets.json',
    ]);
  });

  it('all fail: what was refused counts more than what was silent, and each is told', async () => {
    const person = new Person(repository());
    const source = mirrorsOf([broken('TRANSPORT'), serving(stranger())]);
    const refresh = person.client(ONLINE, simNow, { source }).refresh();
    await expect(refresh).rejects.toMatchObject({
      code: 'QUORUM',
      message: expect.stringMatching(
        /^none of 2 mirrors gave what verifies: TRANSPORT it is; .*do not trust it$/,
      ) as string,
    });
  });

  it("this machine's own fault ends it at once, and no address is a fault too", async () => {
    const good = repository();
    const person = new Person(good);
    const source = mirrorsOf([broken('STORAGE'), serving(good)]);
    expect(await outcome(person.client(ONLINE, simNow, { source }).refresh())).toBe('STORAGE');
    expect(good.requests).toEqual([]);
    expect(await outcome(person.client(ONLINE, simNow, { source: mirrorsOf([]) }).refresh())).toBe(
      'TRANSPORT',
    );
  });
});

describe('the list', () => {
  it('is what a client finds, by path, over all roles', async () => {
    const simulator = repository();
    simulator.addTarget('tools', 'elsewhere.txt', 'not mine to say');
    simulator.addTarget('tools', 'tools/a.sh', 'a');
    simulator.delegate('tools', 'deep', { paths: ['tools/deep.sh', 'tools/a.sh'] });
    simulator.addTarget('deep', 'tools/deep.sh', 'deep');
    simulator.addTarget('deep', 'tools/a.sh', 'of a less trusted role');
    simulator.bump('targets', 'tools', 'deep');
    const { targets, missing } = await new Person(simulator).client(ONLINE).list();
    expect(targets.map(({ path, role }) => `${role} ${path}`)).toEqual([
      'targets plain.txt',
      'tools tools/a.sh',
      'deep tools/deep.sh',
      'tools tools/greet.sh',
    ]);
    expect(missing.size).toBe(0);
  });

  it('asks where the cache lacks a role, and offline does without', async () => {
    const person = new Person(repository());
    await person.client(ONLINE).refresh();
    const offline = await person.client(OFFLINE).list();
    expect([offline.targets.length, [...offline.missing.keys()]]).toEqual([1, ['tools']]);
    expect((await person.client(ANY_AGE).list()).targets).toHaveLength(2);
    expect(person.warnings).toEqual(['went-online']);
  });

  it('says which roles can not be had, and takes none from behind them', async () => {
    const simulator = repository();
    simulator.delegate('targets', 'less', { paths: ['tools/*'] });
    simulator.addTarget('less', 'tools/greet.sh', 'of a less trusted role');
    simulator.bump('targets', 'tools', 'less');
    simulator.files.delete('metadata/3.tools.json');
    const { targets, missing } = await new Person(simulator).client(ONLINE).list();
    expect(targets.map(({ path }) => path)).toEqual(['plain.txt']);
    expect([...missing].map(([role, { code }]) => `${role} ${code}`)).toEqual(['tools NOT_FOUND']);
  });
});
