import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { serveFolder } from '../../signer-cli/demo/static-server.ts';
import { directoryFetcher } from '../../src/client/directory.ts';
import { ClientError } from '../../src/client/error.ts';
import type { Fetcher } from '../../src/client/fetcher.ts';
import { siteOf } from '../../src/client/fetcher.ts';
import { httpFetcher } from '../../src/client/http.ts';
import { memoryStore } from '../../src/client/store.ts';
import { Updater } from '../../src/client/updater.ts';
import { DAY_MS } from '../../src/clock.ts';
import { type PublishOutcome, type PublishRequest, publishSite } from '../../src/operations/publish.ts';
import { SITE_LAYOUT } from '../../src/operations/verify.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import { replaceOnlineKey } from '../support/online-documents.ts';
import { NOW, type TestWorld, worldTest as test } from '../support/world.ts';

const site = (world: TestWorld): string => join(world.folder, 'site');
const old = (world: TestWorld): string => join(world.folder, 'old');

const publish = (world: TestWorld, how: Partial<PublishRequest> = {}): Promise<PublishOutcome> =>
  world.in(world.automation, async workspace => {
    const { commit } = await fetchMain(workspace);
    return publishSite(workspace, { commit, out: site(world), ...how });
  });

const warnings = ({ reasons }: PublishOutcome): string[] =>
  reasons.filter(({ severity }) => severity === 'warn').map(({ rule, message }) => `${rule}: ${message}`);

const refusals = ({ reasons }: PublishOutcome): string[] =>
  reasons.filter(({ severity }) => severity === 'refuse').map(({ rule, message }) => `${rule}: ${message}`);

/** Every file with its bytes. */
async function contents(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  const read = await Promise.all(
    files.sort().map(async file => [file, await readFile(file, 'latin1')] as const),
  );
  return new Map(read.map(([file, bytes]) => [file.slice(folder.length + 1), bytes]));
}

/** A release of the artifact of `tools`, signed and merged. */
async function release(world: TestWorld, content: string): Promise<void> {
  world.push({ 'targets/tools/greet.sh': content });
  await world.updateTargets();
  for (const name of ['bob', 'carol'] as const) await world.sign(name);
  world.merge();
  world.clock.time = (world.clock.time + DAY_MS) as typeof NOW;
  expect((await world.onlineSign()).refusals).toEqual([]);
}

/** The site as it was published, which a row then breaks. */
async function publishedTwice(world: TestWorld): Promise<void> {
  await publish(world);
  await cp(site(world), old(world), { recursive: true });
  await release(world, 'echo two\n');
}

/** Somebody pushes main back by so many of its own states. */
function backOnMain(world: TestWorld, states: number): void {
  const back = world.remote.git('rev-list', '--first-parent', '-n1', `--skip=${states}`, 'main');
  world.remote.git('update-ref', 'refs/heads/main', back);
}

const change = async (file: string, edit: (text: string) => string): Promise<void> =>
  writeFile(file, edit(await readFile(file, 'utf8')));

describe('the gate', () => {
  const rows: readonly (readonly [string, RegExp, (world: TestWorld, folder: string) => Promise<unknown>])[] =
    [
      [
        'a role that clients have newer',
        /^version: tools goes back from version 2, which clients have, to 1$/,
        async (world, folder) => {
          await publish(world, { out: folder });
          backOnMain(world, 2);
        },
      ],
      [
        'a timestamp that clients have newer',
        /^clients: a client that follows the site as it is now would refuse this: timestamp went back from version 3 to 2/,
        async (world, folder) => {
          world.clock.time = (world.clock.time + 5 * DAY_MS) as typeof NOW;
          await world.onlineSign();
          await publish(world, { out: folder });
          backOnMain(world, 1);
        },
      ],
      [
        'another timestamp under the version that clients have',
        /^version: clients have another timestamp of version 2/,
        async (world, folder) => {
          await publish(world, { out: folder });
          backOnMain(world, 1);
          world.clock.time = (world.clock.time + DAY_MS) as typeof NOW;
          await world.onlineSign();
        },
      ],
      [
        'a role that was published otherwise',
        /^version: published with other bytes, which caches may keep for a year: 1\.targets\.json$/,
        (_world, folder) => change(join(folder, '1.targets.json'), text => `${text} `),
      ],
      [
        'an artifact that was published otherwise',
        /^version: published with other bytes.*targets\/tools\/[0-9a-f]{64}\.greet\.sh$/,
        async (world, folder) => {
          await publish(world);
          for (const file of await readdir(join(site(world), 'targets/tools'))) {
            await mkdir(join(folder, 'targets/tools'), { recursive: true });
            await writeFile(join(folder, 'targets/tools', file), 'evil');
          }
        },
      ],
      [
        'a root with other bytes',
        /^history: 1\.root\.json has other bytes/,
        (_world, folder) => change(join(folder, '1.root.json'), text => `${text} `),
      ],
      [
        'a site that was deployed by half',
        /^clients: clients are stuck on the site.*no \S*2\.snapshot\.json; see what is lost by --repair/,
        async (world, folder) => {
          await publish(world);
          await cp(join(site(world), 'timestamp.json'), join(folder, 'timestamp.json'));
        },
      ],
      [
        'a site that has no timestamp',
        /^clients: clients are stuck/,
        (_world, folder) => rm(join(folder, 'timestamp.json')),
      ],
      [
        'a site of HTML',
        /^clients: clients are stuck/,
        (_world, folder) => writeFile(join(folder, 'timestamp.json'), '<html>'),
      ],
    ];
  for (const [name, words, arrange] of rows) {
    test(`refuses ${name}`, async ({ world }) => {
      await publishedTwice(world);
      await arrange(world, old(world));
      await rm(site(world), { recursive: true, force: true });
      const outcome = await publish(world, {
        previous: { files: directoryFetcher(old(world)), name: 'old' },
      });
      expect(refusals(outcome)).toContainEqual(expect.stringMatching(words));
      expect(outcome.published).toBe(false);
      expect(
        (await readdir(world.folder)).filter(entry => entry.startsWith('.site') || entry === 'site'),
      ).toEqual([]);
    });
  }

  test('refuses where a root that clients have is gone', async ({ world }) => {
    await publish(world);
    await replaceOnlineKey(world, 'file:second.pem');
    await world.onlineSign();
    const trustedRoot = Buffer.from(world.remote.git('show', 'main:metadata/root.json'));
    await publish(world);
    world.remote.commit({ 'metadata/root_history/1.root.json': null }, { branch: 'main' });
    const outcome = await publish(world, { trustedRoot });
    expect(refusals(outcome)).toEqual(['history: 1.root.json, which clients may ask for, would be gone']);
  });

  test('repairs what is broken, and says what is lost; never what clients refuse', async ({ world }) => {
    await publishedTwice(world);
    await publish(world);
    await rm(join(site(world), '2.snapshot.json'));
    await change(join(site(world), '1.targets.json'), text => `${text} `);
    expect((await publish(world)).published).toBe(false);
    const { published, reasons } = await publish(world, { repair: true });
    expect(published).toBe(true);
    const said = reasons.map(({ message }) => message);
    expect(said).toContainEqual(expect.stringContaining('only root 1, timestamp 2 could be compared'));
    expect(said).toContainEqual(
      expect.stringContaining('other bytes, which caches may keep for a year: 1.targets.json'),
    );
    expect(await publish(world)).toMatchObject({ published: true, written: 0 });

    backOnMain(world, 2);
    await rm(join(site(world), '2.tools.json'));
    expect(refusals(await publish(world, { repair: true }))).toEqual([
      expect.stringContaining('timestamp went back from version 2 to 1'),
    ]);
  });

  test('takes what an upload that broke off has left for a broken site, and for no place that is free', async ({
    world,
  }) => {
    await publishedTwice(world);
    await rm(join(site(world), 'timestamp.json'));
    expect(refusals(await publish(world))).toContainEqual(
      expect.stringMatching(/^clients: clients are stuck on the site.*see what is lost by --repair$/),
    );
    await expect(publish(world, { previous: 'none' })).rejects.toMatchObject({ code: 'ALREADY_THERE' });
    const { published, reasons } = await publish(world, { repair: true });
    expect(published).toBe(true);
    expect(reasons.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('only root 1 could be compared'),
    );
    expect([...(await contents(site(world))).keys()]).toContain('1.snapshot.json');
  });

  const unreachable: readonly (readonly [string, Fetcher])[] = [
    ['an address where nobody listens', httpFetcher('http://127.0.0.1:1/')],
    [
      'a server that fails',
      { fetch: () => Promise.reject(new ClientError('TRANSPORT', 'answered 503: try again later')) },
    ],
  ];
  for (const [name, files] of unreachable) {
    test(`takes ${name} for no answer, with --repair too`, async ({ world }) => {
      for (const repair of [false, true])
        await expect(publish(world, { repair, previous: { files, name: 'there' } })).rejects.toMatchObject({
          code: 'REFUSED',
          message: expect.stringContaining('nothing is published unseen') as unknown,
        });
    });
  }

  test('does not fetch artifacts where only the metadata of an address is asked for', async ({ world }) => {
    await publish(world);
    const asked: string[] = [];
    const folder = directoryFetcher(site(world));
    const files: Fetcher = {
      fetch: (path, maxBytes) => {
        asked.push(path);
        return folder.fetch(path, maxBytes);
      },
    };
    for (const metadataOnly of [true, false]) {
      const out = join(world.folder, `out-${metadataOnly}`);
      const previous = { files, name: 'there', metadataOnly };
      expect((await publish(world, { out, previous })).published).toBe(true);
      expect(asked.some(path => path.startsWith('targets/'))).toBe(!metadataOnly);
    }
  });

  test('wants to know what clients have, once anything was signed online', async ({ world }) => {
    world.clock.time = (NOW + 5 * DAY_MS) as typeof NOW;
    await world.onlineSign();
    await expect(publish(world)).rejects.toMatchObject({ code: 'MISSING_ANSWER' });
    const gone = { files: directoryFetcher(world.folder), name: 'there' };
    await expect(publish(world, { previous: gone })).rejects.toMatchObject({ code: 'REFUSED' });
    expect((await publish(world, { previous: 'none' })).published).toBe(true);
    await expect(publish(world, { previous: 'none' })).rejects.toMatchObject({ code: 'ALREADY_THERE' });
  });

  test('lets a new key of the automation start again, as clients do', async ({ world }) => {
    await publish(world);
    await replaceOnlineKey(world, 'file:second.pem');
    await world.onlineSign();
    expect((await publish(world)).published).toBe(true);
  });
});

describe('a build', () => {
  test('is the same bytes for the same commit and the same site', async ({ world }) => {
    await publishedTwice(world);
    const from = { files: directoryFetcher(old(world)), name: 'old' };
    const [one, two] = ['one', 'two'].map(name => join(world.folder, name));
    for (const out of [one, two]) {
      expect(await publish(world, { out: out ?? '', previous: from })).toMatchObject({ published: true });
      world.clock.time = (world.clock.time + 3_600_000) as typeof NOW;
    }
    expect(await contents(one ?? '')).toEqual(await contents(two ?? ''));
    // In place, and over the address, it is the same again.
    expect(await publish(world)).toMatchObject({ published: true });
    expect(await contents(site(world))).toEqual(await contents(one ?? ''));
    const third = join(world.folder, 'third');
    await using server = await serveFolder(old(world));
    await publish(world, { out: third, previous: { files: httpFetcher(server.url), name: server.url } });
    expect(await contents(third)).toEqual(await contents(one ?? ''));
  });

  test('that changes nothing writes nothing', async ({ world }) => {
    await publishedTwice(world);
    await publish(world);
    const before = await contents(site(world));
    expect(await publish(world)).toMatchObject({ published: true, written: 0, files: before.size });
    expect(await contents(site(world))).toEqual(before);
  });

  test('keeps what clients who are on their way will ask for, for two snapshots', async ({ world }) => {
    await publishedTwice(world);
    const before = await contents(old(world));
    const immutable = [...before.keys()].filter(name => /^\d|^targets/.test(name));
    expect(immutable).toHaveLength(5);
    await publish(world);
    expect([...(await contents(site(world))).keys()]).toEqual(expect.arrayContaining(immutable));
    await release(world, 'echo three\n');
    await publish(world);
    expect([...(await contents(site(world))).keys()]).toEqual(expect.arrayContaining(immutable));
    await release(world, 'echo four\n');
    await publish(world);
    const names = [...(await contents(site(world))).keys()];
    expect(names).not.toContain('1.snapshot.json');
    expect(names).not.toContain('1.tools.json');
    expect(names).toEqual(
      expect.arrayContaining(['1.root.json', '1.targets.json', '2.snapshot.json', '2.tools.json']),
    );
    expect(await publish(world, { keep: 0 })).toMatchObject({ published: true });
    expect([...(await contents(site(world))).keys()]).not.toContain('3.snapshot.json');
  });

  test('keeps nothing that is not signed', async ({ world }) => {
    await publishedTwice(world);
    await change(join(old(world), '1.tools.json'), text => text.replace('greet.sh', 'gr33t.sh'));
    await cp(join(old(world), '1.snapshot.json'), join(old(world), '0.snapshot.json'));
    const outcome = await publish(world, {
      repair: true,
      previous: { files: directoryFetcher(old(world)), name: 'old' },
      out: join(world.folder, 'new'),
    });
    expect(outcome.published).toBe(true);
    const names = [...(await contents(join(world.folder, 'new'))).keys()];
    expect(names).not.toContain('1.tools.json');
    expect(names).not.toContain('1.snapshot.json');
    expect(warnings(outcome)).toContainEqual(
      expect.stringMatching(/^clients: snapshot 1 of old can not be kept, as not all of it is there/),
    );
  });

  test('fetches each file of an earlier snapshot once, whatever is wrong with it', async ({ world }) => {
    await publishedTwice(world);
    await rm(join(old(world), '1.tools.json'));
    const asked: string[] = [];
    const folder = directoryFetcher(old(world));
    const files: Fetcher = {
      fetch: (path, maxBytes) => {
        asked.push(path);
        return folder.fetch(path, maxBytes);
      },
    };
    const how = { repair: true, previous: { files, name: 'old' }, out: join(world.folder, 'new') };
    expect((await publish(world, how)).published).toBe(true);
    for (const path of ['1.tools.json', '1.snapshot.json'])
      expect([path, asked.filter(name => name === path).length <= 3]).toEqual([path, true]);
  });

  test('says which artifacts of an earlier snapshot it could not keep', async ({ world }) => {
    await publishedTwice(world);
    await rm(join(site(world), 'targets'), { recursive: true });
    const outcome = await publish(world);
    expect(outcome.published).toBe(true);
    expect(warnings(outcome)).toContainEqual(
      expect.stringMatching(/site does not have.*what an earlier snapshot lists: .*\.greet\.sh.*not kept$/),
    );
    expect(warnings(await publish(world))).toContainEqual(expect.stringContaining('not kept'));
  });

  test('serves a client that read the timestamp before and asks for the rest after', async ({ world }) => {
    await publishedTwice(world);
    const files = directoryFetcher(site(world));
    let swapped = false;
    const slow: Fetcher = {
      fetch: async (path, maxBytes) => {
        const bytes = await files.fetch(path, maxBytes);
        if (path === 'timestamp.json' && !swapped) {
          swapped = true;
          expect((await publish(world)).published).toBe(true);
        }
        return bytes;
      },
    };
    const trustedRoot = await readFile(join(site(world), '1.root.json'));
    const source = siteOf(slow, SITE_LAYOUT);
    const client = new Updater({ source, trustedRoot, store: memoryStore(), now: NOW });
    const file = await client.download('tools/greet.sh', join(world.folder, 'download'));
    expect([swapped, await readFile(file, 'utf8')]).toEqual([true, 'echo hello\n']);
  });
});
