import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { downloadWithTufJs } from '../../signer-cli/demo/peer-client.ts';
import { serveFolder } from '../../signer-cli/demo/static-server.ts';
import { siteOf } from '../../src/client/fetcher.ts';
import { httpFetcher } from '../../src/client/http.ts';
import { memoryStore } from '../../src/client/store.ts';
import { Updater } from '../../src/client/updater.ts';
import { DAY_MS } from '../../src/clock.ts';
import { resolveCommit } from '../../src/git/refs.ts';
import { type PublishOutcome, publishSite } from '../../src/operations/publish.ts';
import { SITE_LAYOUT } from '../../src/operations/verify.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import { NOW, type TestWorld, worldTest as test, UPDATE } from '../support/world.ts';

const publish = (
  world: TestWorld,
  options: { readonly rev?: string; readonly out?: string; readonly trustedRoot?: Uint8Array } = {},
): Promise<PublishOutcome> =>
  world.in(world.automation, async workspace => {
    await fetchMain(workspace);
    const commit = await resolveCommit(workspace.repository, options.rev ?? 'origin/main');
    const { out = join(world.folder, 'site'), trustedRoot } = options;
    return publishSite(workspace, { commit, out, trustedRoot });
  });

const listing = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true })).sort();

const site = (world: TestWorld): string => join(world.folder, 'site');

describe('publishing', () => {
  test('writes the site, which our client and tuf-js download from', async ({ world }) => {
    const { published, files } = await publish(world);
    expect([published, files]).toEqual([true, 7]);
    const names = await listing(site(world));
    expect(names).toContain('1.root.json');
    expect(names.some(name => /^targets\/tools\/[0-9a-f]{64}\.greet\.sh$/.test(name))).toBe(true);
    await using server = await serveFolder(site(world));
    const trustedRoot = await readFile(join(site(world), '1.root.json'));
    const updater = new Updater({
      source: siteOf(httpFetcher(server.url), SITE_LAYOUT),
      trustedRoot,
      store: memoryStore(),
      now: NOW,
    });
    const ours = await updater.download('tools/greet.sh', join(world.folder, 'ours'));
    expect(await readFile(ours, 'utf8')).toBe('echo hello\n');
    const theirs = await downloadWithTufJs(
      server.url,
      trustedRoot,
      'tools/greet.sh',
      join(world.folder, 'theirs'),
    );
    expect(await readFile(theirs, 'utf8')).toBe('echo hello\n');
  });

  test('replaces an earlier site whole', async ({ world }) => {
    await publish(world);
    world.clock.time = (NOW + 5 * DAY_MS) as typeof NOW;
    await world.onlineSign();
    await writeFile(join(site(world), '9.tools.json'), 'stale');
    expect((await publish(world)).published).toBe(true);
    expect(await listing(site(world))).not.toContain('9.tools.json');
    expect((await readdir(world.folder)).filter(name => name.startsWith('.site'))).toEqual([]);
  });

  test('takes an earlier commit of main', async ({ world }) => {
    world.remote.commit({ 'README.md': 'hello' }, { branch: 'main' });
    expect((await publish(world, { rev: 'origin/main~1' })).published).toBe(true);
  });

  test('takes a folder within folders that are not there yet', async ({ world }) => {
    expect((await publish(world, { out: join(world.folder, 'a/b/site') })).published).toBe(true);
  });
});

describe('publishing refuses', () => {
  test('an event, and what came in by the second parent of a merge', async ({ world }) => {
    world.push({ 'targets/one.txt': 'one' });
    await expect(publish(world, { rev: `origin/${UPDATE}` })).rejects.toMatchObject({
      code: 'NOT_FROM_MAIN',
    });
    world.merge();
    await expect(publish(world, { rev: 'origin/main^2' })).rejects.toMatchObject({ code: 'NOT_FROM_MAIN' });
  });

  const foreign: readonly (readonly [string, (out: string) => Promise<unknown>])[] = [
    ['a folder of something else', out => mkdir(out).then(() => writeFile(join(out, 'thesis.txt'), 'x'))],
    ['a file', out => writeFile(out, 'x')],
    [
      'a web root that has more than a site of ours in it',
      async out => {
        await mkdir(out);
        for (const name of ['timestamp.json', '1.root.json', '.git']) await writeFile(join(out, name), 'x');
      },
    ],
    [
      'a link to such a folder',
      async out => {
        await mkdir(`${out}-real`);
        await writeFile(join(`${out}-real`, 'thesis.txt'), 'x');
        await symlink(`${out}-real`, out);
      },
    ],
  ];
  for (const [name, arrange] of foreign) {
    test(`${name} as its place`, async ({ world }) => {
      await arrange(site(world));
      await expect(publish(world)).rejects.toMatchObject({ code: 'ALREADY_THERE' });
      const left = await readdir(world.folder, { recursive: true });
      expect(left.some(path => path.startsWith('.site'))).toBe(false);
    });
  }

  const broken: readonly (readonly [string, string, (world: TestWorld) => unknown])[] = [
    [
      'a swapped artifact',
      'artifacts',
      world => world.remote.commit({ 'targets/tools/greet.sh': 'evil' }, { branch: 'main' }),
    ],
    [
      'metadata that is not signed online yet',
      'online',
      async world => {
        world.push({ 'targets/tools/greet.sh': 'new' });
        await world.updateTargets();
        await world.sign('bob');
        await world.sign('carol');
        world.merge();
      },
    ],
    ['an expired timestamp', 'expiry', world => void (world.clock.time = (NOW + 8 * DAY_MS) as typeof NOW)],
    [
      'a root history that lacks one',
      'history',
      world => world.remote.commit({ 'metadata/root_history/1.root.json': null }, { branch: 'main' }),
    ],
  ];
  for (const [name, rule, arrange] of broken) {
    test(`${name}; the site stays what it was`, async ({ world }) => {
      await publish(world);
      const before = await listing(site(world));
      await arrange(world);
      const { published, reasons } = await publish(world);
      expect(published).toBe(false);
      expect(reasons.filter(({ severity }) => severity === 'refuse').map(reason => reason.rule)).toContain(
        rule,
      );
      expect(await listing(site(world))).toEqual(before);
    });
  }

  test('another trusted root', async ({ world }) => {
    const root = JSON.parse(world.remote.git('show', 'main:metadata/root.json')) as {
      signed: { version: number };
    };
    root.signed.version = 7;
    const { published, reasons } = await publish(world, { trustedRoot: Buffer.from(JSON.stringify(root)) });
    expect(published).toBe(false);
    expect(reasons.map(({ rule }) => rule)).toContain('clients');
  });
});
