import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { directoryFetcher } from '../../src/client/directory.ts';
import { siteOf } from '../../src/client/fetcher.ts';
import { memoryStore } from '../../src/client/store.ts';
import { Updater } from '../../src/client/updater.ts';
import { parseRoleName, ROOT, type RoleName, TARGETS, TIMESTAMP } from '../../src/metadata/names.ts';
import { publishSite } from '../../src/operations/publish.ts';
import { SITE_LAYOUT } from '../../src/operations/verify.ts';
import { fetchMain, findMain } from '../../src/operations/workspace.ts';
import { type Name, owners, type TestWorld, TOOLS, worldTest as test, UPDATE } from '../support/world.ts';

const [DOCS, LINUX] = ['docs', 'linux'].map(parseRoleName) as [RoleName, RoleName];

/** A client that started with the first root and keeps what it has seen, from one published state to the next. */
class Follower {
  readonly #world: TestWorld;
  readonly #store = memoryStore();

  constructor(world: TestWorld) {
    this.#world = world;
  }

  /** Publishes main, and gives what the artifact holds; `undefined` where the repository has none of that name. */
  async read(path: string): Promise<string | undefined> {
    const out = join(await mkdtemp(join(this.#world.folder, 'published-')), 'site');
    const { published } = await this.#world.in(this.#world.automation, async workspace => {
      await fetchMain(workspace);
      return publishSite(workspace, { commit: (await findMain(workspace)).commit, out, previous: 'none' });
    });
    expect(published).toBe(true);
    const updater = new Updater({
      source: siteOf(directoryFetcher(out), SITE_LAYOUT),
      trustedRoot: await readFile(join(out, '1.root.json')),
      store: this.#store,
      now: this.#world.clock.now(),
    });
    if ((await updater.getTargetInfo(path)) === undefined) return undefined;
    return readFile(await updater.download(path, join(out, '../downloads')), 'utf8');
  }
}

/** Signs by turns, sees the event accepted, merges it, and lets automation sign. */
async function conclude(world: TestWorld, ...names: readonly Name[]): Promise<void> {
  for (const name of names) await world.sign(name);
  const { report } = await world.judge();
  expect([report.verdict, report.reasons.filter(({ severity }) => severity !== 'warn')]).toEqual([
    'accepted',
    [],
  ]);
  world.merge();
  expect((await world.onlineSign()).signed).toEqual(['snapshot', 'timestamp']);
}

interface Meta {
  readonly signed: { readonly version: number; readonly meta: Record<string, { readonly version: number }> };
}

const listed = (world: TestWorld, file: string): number | undefined =>
  (world.json('metadata/snapshot.json') as Meta).signed.meta[file]?.version;

const versionOf = (world: TestWorld, role: string, branch: string = UPDATE): number =>
  (world.json(`metadata/${role}.json`, branch) as Meta).signed.version;

describe('the life of a role, which a client follows from the first root', () => {
  test('removed, its snapshot entry stays; made again, it goes on from there', async ({ world }) => {
    const client = new Follower(world);
    expect(await client.read('tools/greet.sh')).toBe('echo hello\n');

    const gone = await world.delegate('alice', { remove: true });
    expect(gone).toMatchObject({ removed: ['tools'], removedArtifacts: ['tools/greet.sh'], voided: [] });
    expect([...gone.report.roles].map(([role, { state }]) => [role, state])).toEqual([
      ['targets', 'collecting'],
      ['tools', 'removed'],
    ]);
    expect(world.remote.git('ls-tree', '-r', '--name-only', UPDATE)).not.toContain('tools');
    await conclude(world, 'alice', 'bob');
    expect(listed(world, 'tools.json')).toBe(1);
    expect(await client.read('tools/greet.sh')).toBeUndefined();

    await world.delegate('alice', { signers: owners('carol') });
    expect(versionOf(world, 'tools')).toBe(2);
    world.push({ 'targets/tools/greet.sh': 'echo again\n' });
    await world.updateTargets();
    await conclude(world, 'carol', 'bob');
    expect(listed(world, 'tools.json')).toBe(2);
    expect(await client.read('tools/greet.sh')).toBe('echo again\n');
  });

  test('a role below a role, with a part of its folder; both go at once', async ({ world }) => {
    const client = new Follower(world);
    await world.delegate('alice', { role: LINUX, delegator: TOOLS, signers: owners('mallory') });
    world.push({ 'targets/tools/linux/run.sh': 'echo linux\n' });
    await world.updateTargets();
    await conclude(world, 'mallory', 'bob', 'carol');
    expect(await client.read('tools/linux/run.sh')).toBe('echo linux\n');
    expect(await client.read('tools/greet.sh')).toBe('echo hello\n');

    await expect(world.delegate('alice', { remove: true })).rejects.toThrow(
      'tools says who signs linux: give --recursive to remove it too',
    );
    const { removed, removedArtifacts } = await world.delegate('alice', { remove: true, recursive: true });
    expect(removed).toEqual(['tools', 'linux']);
    expect(removedArtifacts).toEqual(['tools/greet.sh', 'tools/linux/run.sh']);
    await conclude(world, 'alice', 'bob');
    expect(await client.read('tools/linux/run.sh')).toBeUndefined();
    expect([listed(world, 'tools.json'), listed(world, 'linux.json')]).toEqual([2, 1]);
  });

  test('the key of snapshot and timestamp is replaced, and periods of one of them', async ({ world }) => {
    const client = new Follower(world);
    expect(await client.read('tools/greet.sh')).toBe('echo hello\n');
    const uri = 'file:new.pem';
    const { report } = await world.delegate('alice', {
      role: TIMESTAMP,
      online: { key: await world.onlineKey(uri), uri },
      periods: { expiryDays: 14, signingDays: 6 },
    });
    expect([...report.roles.keys()]).toEqual(['root']);
    expect(report.roles.get(ROOT)?.quorums.map(({ of, threshold }) => [of, threshold])).toEqual([
      ['old', 2],
      ['new', 2],
    ]);
    await conclude(world, 'alice', 'carol');
    expect(world.json('metadata/timestamp.json')).toMatchObject({
      signed: { version: 2, expires: '2030-06-15T00:00:00Z' },
    });
    expect(world.json('metadata/snapshot.json')).toMatchObject({ signed: { version: 2 } });
    expect(await client.read('tools/greet.sh')).toBe('echo hello\n');
    const { roles, keys } = (
      world.json('metadata/root.json') as {
        signed: {
          roles: Record<string, { keyids: string[]; threshold: number }>;
          keys: Record<string, Record<string, unknown>>;
        };
      }
    ).signed;
    expect(roles['snapshot']?.keyids).toEqual(roles['timestamp']?.keyids);
    expect(Object.values(keys).flatMap(key => key['x-tuf-on-ci-online-uri'] ?? [])).toEqual([uri]);
  });

  test('a role that gets a folder of targets gets what is signed there, to the letter', async ({ world }) => {
    const client = new Follower(world);
    world.push({ 'targets/docs/a.txt': 'a\n', 'targets/b.txt': 'b\n' });
    await world.updateTargets();
    await conclude(world, 'alice', 'bob');
    await world.delegate('alice', { role: DOCS, signers: owners('alice') });
    const entries = (role: string): string[] =>
      Object.keys(
        (world.json(`metadata/${role}.json`, UPDATE) as { signed: { targets: object } }).signed.targets,
      );
    expect([entries('targets'), entries('docs')]).toEqual([['b.txt'], ['docs/a.txt']]);
    await conclude(world, 'alice', 'bob');
    expect(await client.read('docs/a.txt')).toBe('a\n');
    // And back: what it no longer speaks for is its delegator's.
    await world.delegate('alice', { role: DOCS, paths: ['docs/*/*'] });
    expect([entries('targets'), entries('docs')]).toEqual([['b.txt', 'docs/a.txt'], []]);
    await conclude(world, 'alice', 'bob');
    expect(await client.read('docs/a.txt')).toBe('a\n');
  });

  test('people come, others go, an invitation that is stale is withdrawn', async ({ world }) => {
    const client = new Follower(world);
    const first = await world.delegate('alice', { addSigners: owners('mallory', 'alice') });
    expect(first.invited).toEqual(owners('mallory'));
    const second = await world.delegate('alice', { removeSigners: owners('mallory') });
    expect([second.invited, second.report.invites.size]).toEqual([[], 0]);
    await world.delegate('alice', { removeSigners: owners('bob') });
    await conclude(world, 'carol', 'alice', 'bob');
    expect(await client.read('tools/greet.sh')).toBe('echo hello\n');
    expect((await world.delegate('alice', { role: TARGETS, addSigners: owners('mallory') })).invited).toEqual(
      owners('mallory'),
    );
  });

  test('the order of search, where it ends, and paths that meet', async ({ world }) => {
    const request = { role: DOCS, signers: owners('alice'), before: TOOLS, terminating: false };
    // An artifact is there already that both would speak for.
    await expect(world.delegate('alice', { ...request, paths: ['docs/*', 'tools/*'] })).rejects.toThrow(
      '"tools/greet.sh" is claimed by "docs" and "tools" [ownership]',
    );
    const { overlaps } = await world.delegate('alice', { ...request, paths: ['docs/*', 'tools/?/*'] });
    expect(overlaps).toEqual([
      { first: 'docs', second: 'tools', patterns: ['tools/?/*', 'tools/*/*'], terminating: false },
    ]);
    expect(order(world)).toEqual(['docs', 'tools']);
    await world.delegate('alice', { before: DOCS });
    expect(order(world)).toEqual(['tools', 'docs']);
    await world.delegate('alice', { role: DOCS, terminating: true });
    await conclude(world, 'alice', 'bob');
  });
});

const order = (world: TestWorld): readonly string[] =>
  (
    world.json('metadata/targets.json', UPDATE) as {
      signed: { delegations: { roles: readonly { readonly name: string }[] } };
    }
  ).signed.delegations.roles.map(({ name }) => name);
