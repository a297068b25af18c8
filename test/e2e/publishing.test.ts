import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { serveFolder } from '../../signer-cli/demo/static-server.ts';
import { DAY_MS } from '../../src/clock.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import { type BuiltCli, builtCli, type Ran } from '../support/cli.ts';
import { commandsOf, readBlocks, runScript } from '../support/examples.ts';
import { NOW, type TestWorld, worldTest as test } from '../support/world.ts';

let cli: BuiltCli;
let blocks: ReadonlyMap<string, string>;

beforeAll(async () => {
  cli = await builtCli();
  blocks = await readBlocks('docs/publishing.md');
});
afterAll(() => cli[Symbol.asyncDispose]());

/** Runs a block of the guide in the automation's clone, as it is written, on the day on which the world is. */
async function perform(
  world: TestWorld,
  name: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const day = new Date(world.clock.time).toISOString().replace(/\.\d+/, '');
  const wrapping = { after: `--now ${day}` };
  const place = { cwd: world.automation.folder, env };
  return runScript(cli, join(world.folder, 'bin'), commandsOf(blocks.get(name)), wrapping, place);
}

const hasRsync = (process.env['PATH'] ?? '').split(delimiter).some(place => existsSync(join(place, 'rsync')));

describe('the guide to publishing', () => {
  test('works as it is written', async ({ world }) => {
    expect([...blocks.keys()]).toEqual(['first', 'next', 'deploy', 'test']);
    await world.in(world.automation, fetchMain);
    expect(await perform(world, 'first')).toMatchObject({
      exit: 0,
      stderr: expect.stringContaining('Built 7 files') as unknown,
    });
    world.clock.time = (NOW + 5 * DAY_MS) as typeof NOW;
    await world.onlineSign();
    await world.in(world.automation, fetchMain);
    const next = await perform(world, 'next');
    expect([next.exit, next.stderr]).toEqual([
      0,
      expect.stringContaining('7 files in site-of-today') as unknown,
    ]);
    const site = join(world.automation.folder, 'site');
    if (hasRsync) {
      const deployed = await perform(world, 'deploy');
      expect([deployed.exit, deployed.stderr]).toEqual([
        0,
        expect.stringMatching(
          /Would send 7 files; 0 were there already\.[^]*Sent 7 files[^]*Sent 0 files; 7 were there/,
        ),
      ]);
      const args = ['deploy', site, '--to', join(world.folder, 'elsewhere'), '--url', 'http://127.0.0.1:1/'];
      const unseen = await cli.run(args);
      expect([unseen.exit, unseen.stderr]).toEqual([
        69,
        expect.stringMatching(/outage: the site is out of reach: [^]*Sent 7 files/),
      ]);
    } else if (process.env['CI'] !== undefined) throw new Error('no rsync on the PATH');
    await writeFile(join(world.automation.folder, '1.root.json'), await readFile(join(site, '1.root.json')));
    await using server = await serveFolder(site);
    const tested = await perform(world, 'test', { URL: server.url });
    expect([tested.exit, tested.stderr]).toEqual([
      0,
      expect.stringContaining('In order. A client gets root 1, timestamp 2, snapshot 1') as unknown,
    ]);
    expect(JSON.parse(tested.stdout)).toMatchObject({ ok: true, problems: [], versions: { tools: 1 } });
  });

  const rows: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ['no root', [], 1, /required option '--trusted-root <file>'/],
    ['a root that is not there', ['--trusted-root', 'none.json'], 64, /can not be read/],
    ['days that are none', ['--trusted-root', 'ROOT', '--valid-days', 'x'], 64, /no number of days/],
    [
      'an artifact that nobody signed',
      ['--trusted-root', 'ROOT', '--artifact', 'tools/none'],
      2,
      /no target "tools\/none"/,
    ],
    [
      'more days than timestamp lasts',
      ['--trusted-root', 'ROOT', '--valid-days', '8'],
      2,
      /timestamp version 1 expires at/,
    ],
    [
      'more days than root lasts',
      ['--trusted-root', 'ROOT', '--offline-valid-days', '400'],
      2,
      /root version 1 expires at/,
    ],
    [
      'artifacts elsewhere',
      ['--trusted-root', 'ROOT', '--artifact', 'tools/greet.sh', '--targets-url', 'http://127.0.0.1:1/'],
      69,
      /^outage: the site is out of reach: http:\/\/127\.0\.0\.1:1\/.*\nNot known: try again/m,
    ],
    [
      'artifacts elsewhere, and more days than timestamp lasts',
      [
        '--trusted-root',
        'ROOT',
        '--artifact',
        'tools/greet.sh',
        '--targets-url',
        'http://127.0.0.1:1/',
        '--valid-days',
        '8',
      ],
      2,
      /timestamp version 1 expires at[^]*outage: /,
    ],
    [
      'a main that is further',
      ['--trusted-root', 'ROOT', '--source', '--repo', 'CLONE'],
      2,
      /timestamp is version 1 on the site and 2 on main/,
    ],
  ];
  test('test-repository says what is not in order, each with its exit code', async ({ world }) => {
    await world.in(world.automation, fetchMain);
    await perform(world, 'first');
    const site = join(world.automation.folder, 'site');
    await using server = await serveFolder(site);
    const now = ['--now', '2030-06-01T00:00:00Z'];
    world.clock.time = (NOW + 5 * DAY_MS) as typeof NOW;
    await world.onlineSign();
    await world.in(world.automation, fetchMain);
    for (const [name, args, exit, words] of rows) {
      const given = args.map(arg =>
        arg === 'ROOT' ? join(site, '1.root.json') : arg === 'CLONE' ? world.automation.folder : arg,
      );
      const ran = await cli.run(['test-repository', server.url, ...given, ...now]);
      expect([name, ran.exit === 1 ? 64 : ran.exit, ran.stderr]).toEqual([
        name,
        exit === 1 ? 64 : exit,
        expect.stringMatching(words) as unknown,
      ]);
    }
    const bad = await cli.run(['test-repository', 'ftp://x/', '--trusted-root', join(site, '1.root.json')]);
    expect([bad.exit, bad.stderr]).toEqual([64, expect.stringContaining('http or https address') as unknown]);
    // Nobody there at all: an outage, and no word on what is published.
    const root = ['--trusted-root', join(site, '1.root.json')];
    const down = await cli.run(['test-repository', 'http://127.0.0.1:1/', ...root, ...now, '--json']);
    expect(down.exit).toBe(69);
    expect(JSON.parse(down.stdout)).toMatchObject({
      ok: false,
      problems: [],
      outage: expect.stringContaining('ECONNREFUSED') as unknown,
    });
  });

  test('build and deploy say what they want to know', async ({ world }) => {
    await world.in(world.automation, fetchMain);
    const at = [
      '--repo',
      world.automation.folder,
      '--out',
      join(world.folder, 'site'),
      '--now',
      '2030-06-01T00:00:00Z',
    ];
    const runs: readonly (readonly [readonly string[], number, string])[] = [
      [['build', ...at, '--previous', 'nowhere'], 64, 'neither an http or https address nor a folder'],
      [['build', ...at, '--previous', world.folder, '--first-publish'], 64, 'give one'],
      [['build', ...at, '--keep', '17'], 64, 'no number from 0 to 16'],
      [['build', ...at, '--previous', 'http://127.0.0.1:1/'], 2, 'nothing is published unseen'],
      [['deploy', world.folder, '--to', '-e x'], 64, 'is no destination'],
      [['deploy', join(world.folder, 'none'), '--to', 's3://bucket'], 66, 'holds no site'],
      [['deploy', world.automation.folder, '--to', 's3://bucket'], 73, 'is no site of ours'],
    ];
    for (const [args, exit, words] of runs) {
      const ran = await cli.run(args);
      expect([args[0], ran.exit, ran.stderr]).toEqual([
        args[0],
        exit,
        expect.stringContaining(words) as unknown,
      ]);
    }
  });
});
