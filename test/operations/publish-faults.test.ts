import { spawn } from 'node:child_process';
import {
  cp,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { directoryFetcher } from '../../src/client/directory.ts';
import { verifyRepository } from '../../src/client/verify-repository.ts';
import { DAY_MS, formatInstant } from '../../src/clock.ts';
import { openBuilding } from '../../src/operations/publish/building.ts';
import { install, openOut } from '../../src/operations/publish/out-folder.ts';
import { publishSite } from '../../src/operations/publish.ts';
import { SITE_LAYOUT } from '../../src/operations/verify.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import { publishRank } from '../../src/repository/layout.ts';
import { type BuiltCli, builtCli, plainEnvironment, runProgram } from '../support/cli.ts';
import { type NOW, type TestWorld, worldTest as test } from '../support/world.ts';

const site = (world: TestWorld): string => join(world.folder, 'site');

const publish = (world: TestWorld, out = site(world)): ReturnType<typeof publishSite> =>
  world.in(world.automation, async workspace => {
    const { commit } = await fetchMain(workspace);
    return publishSite(workspace, { commit, out });
  });

/** A site, and a newer state of main. */
async function published(world: TestWorld): Promise<void> {
  await publish(world);
  world.push({ 'targets/tools/greet.sh': 'echo two\n' });
  await world.updateTargets();
  for (const name of ['bob', 'carol'] as const) await world.sign(name);
  world.merge();
  world.clock.time = (world.clock.time + DAY_MS) as typeof NOW;
  await world.onlineSign();
  await world.in(world.automation, fetchMain);
}

/** What a client gets, with every artifact. Throws where it would refuse. */
async function snapshotOf(world: TestWorld, folder = site(world)): Promise<number> {
  const trustedRoot = await readFile(join(folder, '1.root.json'));
  const options = { layout: SITE_LAYOUT, everyTarget: true };
  return (await verifyRepository(directoryFetcher(folder), trustedRoot, world.clock.now(), options)).snapshot;
}

const leftovers = async (world: TestWorld): Promise<readonly string[]> =>
  (await readdir(world.folder)).filter(name => name.startsWith('.site'));

describe('a site that is there', () => {
  test('is whole after each file of the new one, until the timestamp makes that the site', async ({
    world,
  }) => {
    await published(world);
    const made = join(world.folder, 'made');
    await cp(site(world), made, { recursive: true });
    await publish(world, made);
    const files = (await readdir(made, { recursive: true, withFileTypes: true }))
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name).slice(made.length + 1));
    const order = files.sort((a, b) => publishRank(a) - publishRank(b));
    expect(order.at(-1)).toBe('timestamp.json');
    for (const [at, stop] of order.entries()) {
      const [out, building] = [join(world.folder, `out-${at}`), join(world.folder, `building-${at}`)];
      await cp(site(world), out, { recursive: true });
      await cp(made, building, { recursive: true });
      const found = await openOut(out);
      await rm(join(out, stop), { force: true });
      await mkdir(join(out, stop), { recursive: true });
      await expect(install(building, files, found)).rejects.toMatchObject({ syscall: 'rename' });
      await rmdir(join(out, stop));
      // What was in the way is put back as it was.
      const before = join(site(world), stop);
      await cp(before, join(out, stop)).catch(() => undefined);
      expect([stop, await snapshotOf(world, out)]).toEqual([stop, 1]);
    }
  });

  test('is followed through a link that was named, and never through one inside', async ({ world }) => {
    await publish(world);
    await rename(site(world), join(world.folder, 'real'));
    await symlink(join(world.folder, 'real'), site(world));
    expect((await publish(world)).published).toBe(true);
    await rename(join(world.folder, 'real/targets'), join(world.folder, 'elsewhere'));
    await symlink(join(world.folder, 'elsewhere'), join(world.folder, 'real/targets'));
    await expect(publish(world)).rejects.toMatchObject({
      code: 'ALREADY_THERE',
      message: expect.stringContaining('"targets" is a link') as unknown,
    });
    expect(await readdir(join(world.folder, 'elsewhere/tools'))).toHaveLength(1);
  });

  const foreign: readonly (readonly [string, (out: string, world: TestWorld) => Promise<unknown>])[] = [
    ['a file of somebody', out => writeFile(join(out, 'notes.txt'), 'x')],
    ['a folder of somebody', out => mkdir(join(out, '.git'))],
    ['a link to a file', (out, world) => symlink(join(world.folder, 'x'), join(out, 'targets/tools/link'))],
  ];
  for (const [name, arrange] of foreign) {
    test(`is left alone with ${name} in it`, async ({ world }) => {
      await publish(world);
      await arrange(site(world), world);
      await expect(publish(world)).rejects.toMatchObject({ code: 'ALREADY_THERE' });
    });
  }

  test('is read anew: a file that somebody changed since is noticed, through another name of it too', async ({
    world,
  }) => {
    await publish(world);
    const [name = ''] = await readdir(join(site(world), 'targets/tools'));
    const file = join(site(world), 'targets/tools', name);
    await link(file, join(world.folder, 'another-name'));
    await writeFile(join(world.folder, 'another-name'), 'echo evil!\n');
    const { published: done, reasons } = await publish(world);
    expect(done).toBe(false);
    expect(reasons.map(({ message }) => message)).toContainEqual(expect.stringContaining(name));
  });

  test('is built by one at a time, and nobody reads what is there before that', async ({ world }) => {
    await published(world);
    const before = await snapshotOf(world);
    {
      await using building = await openBuilding(site(world));
      expect(await readdir(building.path)).toEqual([]);
      // Nobody else looks into what was not judged yet.
      expect((await stat(dirname(building.path))).mode & 0o077).toBe(0);
      await expect(publish(world)).rejects.toMatchObject({
        code: 'RACE_LOST',
        message: expect.stringContaining(dirname(building.path)) as string,
      });
    }
    expect([await snapshotOf(world), await leftovers(world)]).toEqual([before, []]);
    const both = await Promise.allSettled([publish(world), publish(world)]);
    for (const outcome of both)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'RACE_LOST' });
    expect(await leftovers(world)).toEqual([]);
  });

  /** As the process of that number, begun then, there, would have left it. `own` is what this process calls itself. */
  const left: readonly (readonly [string, boolean, (own: readonly string[], dead: number) => string])[] = [
    ['a process that has ended', true, ([, start, place], dead) => `${dead}-${start}-${place}-00000000`],
    [
      'one whose number another process has now',
      true,
      ([, , place]) => `${process.ppid}-1-${place}-00000000`,
    ],
    [
      'one of another machine or container',
      false,
      ([pid, start]) => `${pid}-${start}-0123456789abcdef-00000000`,
    ],
  ];
  for (const [name, taken, nameOf] of left) {
    test(`takes ${taken ? 'away' : 'for busy'} what ${name} has left beside it`, async ({ world }) => {
      await publish(world);
      const dead = Number((await runProgram(process.execPath, ['-e', 'console.log(process.pid)'])).stdout);
      const own = await ownName(world);
      const folder = join(world.folder, `.site.building-${nameOf(own, dead)}`);
      await mkdir(folder);
      if (taken) {
        expect((await publish(world)).published).toBe(true);
        expect(await leftovers(world)).toEqual([]);
        return;
      }
      await expect(publish(world)).rejects.toMatchObject({ code: 'RACE_LOST' });
      expect(await leftovers(world)).toHaveLength(1);
      const hoursAgo = new Date(Date.now() - 2 * 3_600_000);
      await utimes(folder, hoursAgo, hoursAgo);
      expect((await publish(world)).published).toBe(true);
      expect(await leftovers(world)).toEqual([]);
    });
  }
});

describe('a folder of sites', () => {
  test('keeps what is none of ours beside a site, however it is called and however old', async ({
    world,
  }) => {
    const own = [
      '.site.building-notes',
      '.site.building-1',
      '.site.building-2.building-1-1-0123456789abcdef-00000000',
    ];
    const old = new Date(Date.now() - 48 * 3_600_000);
    for (const name of own) {
      await mkdir(join(world.folder, name));
      await utimes(join(world.folder, name), old, old);
    }
    await writeFile(join(world.folder, '.site.building-plan.txt'), 'mine');
    expect((await publish(world)).published).toBe(true);
    expect([...(await leftovers(world))].sort()).toEqual([...own, '.site.building-plan.txt'].sort());
  });

  test('builds that begin at once end, or say that another one is under way', async ({ world }) => {
    await publish(world);
    const before = await snapshotOf(world);
    const all = await Promise.allSettled([publish(world), publish(world), publish(world)]);
    for (const outcome of all)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'RACE_LOST' });
    expect([await snapshotOf(world), await leftovers(world)]).toEqual([before, []]);
  });

  test("nothing is written or removed through a link that somebody puts in a folder's place meanwhile", async ({
    world,
  }) => {
    await published(world);
    const [victim, targets] = [join(world.folder, 'victim'), join(site(world), 'targets')];
    await mkdir(join(victim, 'etc'), { recursive: true });
    await writeFile(join(victim, 'etc/passwd'), 'precious');
    await mkdir(join(targets, 'etc'));
    await writeFile(join(targets, 'etc/passwd'), 'planted');
    const folder = directoryFetcher(site(world));
    let swapped = false;
    const files = {
      fetch: async (path: string, maxBytes: number) => {
        const bytes = await folder.fetch(path, maxBytes);
        if (path.startsWith('targets/') && !swapped) {
          swapped = true;
          await rename(targets, join(world.folder, 'moved'));
          await symlink(victim, targets);
        }
        return bytes;
      },
    };
    await expect(
      world.in(world.automation, async workspace => {
        const { commit } = await fetchMain(workspace);
        return publishSite(workspace, { commit, out: site(world), previous: { files, name: 'there' } });
      }),
    ).rejects.toMatchObject({ code: 'ALREADY_THERE' });
    expect([swapped, await readdir(victim), await readFile(join(victim, 'etc/passwd'), 'utf8')]).toEqual([
      true,
      ['etc'],
      'precious',
    ]);
  });
});

/** What this process calls itself: number, start, place. */
async function ownName(world: TestWorld): Promise<readonly string[]> {
  await using building = await openBuilding(join(world.folder, 'nothing'));
  return building.path.split('.building-')[1]?.split('-') ?? [];
}

describe('the built command', () => {
  let cli: BuiltCli;
  beforeAll(async () => {
    cli = await builtCli();
  });
  afterAll(() => cli[Symbol.asyncDispose]());

  const args = (world: TestWorld, out = site(world)): readonly string[] => [
    'build',
    '--repo',
    world.automation.folder,
    '--out',
    out,
    '--now',
    formatInstant(world.clock.now()),
  ];

  test('on a full disk says so, and leaves the site', async ({ world }) => {
    await published(world);
    const script = 'ulimit -f 0; exec "$@"';
    const ran = await runProgram('bash', ['-c', script, 'sh', process.execPath, cli.file, ...args(world)]);
    expect(ran.exit).toBe(74);
    expect(ran.stderr).toMatch(/EFBIG|ENOSPC/);
    expect(await snapshotOf(world)).toBe(1);
    expect(await leftovers(world)).toEqual([]);
    expect((await cli.run(args(world))).exit).toBe(0);
    expect(await snapshotOf(world)).toBe(2);
  });

  test('has no place to write, and says so', async ({ world }) => {
    await writeFile(join(world.folder, 'file'), '');
    const ran = await cli.run(args(world, join(world.folder, 'file/site')));
    expect([ran.exit, ran.stderr]).toEqual([
      expect.toSatisfy((code: number) => [73, 74].includes(code)),
      expect.stringMatching(/ENOTDIR|EEXIST|no site of ours/),
    ]);
  });

  for (const [signal, delays] of [
    ['SIGKILL', [120, 250, 400, 600]],
    ['SIGINT', [200, 450]],
  ] as const) {
    test(`ended by ${signal} leaves a site that is whole, and the next run goes on`, async ({ world }) => {
      await published(world);
      for (const delay of delays) {
        const child = spawn(process.execPath, [cli.file, ...args(world)], {
          env: plainEnvironment(),
          stdio: 'ignore',
        });
        const ended = new Promise(resolve => child.on('close', resolve));
        await sleep(delay);
        child.kill(signal);
        await ended;
        expect([1, 2]).toContain(await snapshotOf(world));
      }
      expect((await cli.run(args(world))).exit).toBe(0);
      expect([await snapshotOf(world), await leftovers(world)]).toEqual([2, []]);
    });
  }
});
