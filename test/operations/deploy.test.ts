import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { siteOf } from '../../src/client/fetcher.ts';
import { memoryStore } from '../../src/client/store.ts';
import { Updater } from '../../src/client/updater.ts';
import { DAY_MS } from '../../src/clock.ts';
import { TIMESTAMP } from '../../src/metadata/names.ts';
import { type RunProgram } from '../../src/operations/deploy/program.ts';
import { type DeployOutcome, type DeployRequest, deploySite } from '../../src/operations/deploy.ts';
import { publishSite } from '../../src/operations/publish.ts';
import { SITE_LAYOUT } from '../../src/operations/verify.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import { FakeAws } from '../support/bucket-program.ts';
import { onlineSigned, replaceOnlineKey } from '../support/online-documents.ts';
import { NOW, type TestWorld, worldTest as test } from '../support/world.ts';

const folder = (world: TestWorld): string => join(world.folder, 'site');

async function build(world: TestWorld): Promise<void> {
  await world.in(world.automation, async workspace => {
    const { commit } = await fetchMain(workspace);
    expect((await publishSite(workspace, { commit, out: folder(world) })).published).toBe(true);
  });
}

const request = (world: TestWorld): DeployRequest => ({
  folder: folder(world),
  to: { kind: 's3', bucket: 'bucket', prefix: 'a/' },
  remove: false,
  dryRun: false,
  now: world.clock.now(),
  progress: () => undefined,
});

const deploy = (world: TestWorld, aws: FakeAws, how: Partial<DeployRequest> = {}): Promise<DeployOutcome> =>
  deploySite({ ...request(world), ...how }, aws.run);

/** Somebody else's program puts a file there. */
const put = (aws: FakeAws, name: string, content: string): void =>
  void aws.objects.set(`a/${name}`, { bytes: Buffer.from(content), cacheControl: '', contentType: '' });

async function release(world: TestWorld, content: string): Promise<void> {
  world.push({ 'targets/tools/greet.sh': content });
  await world.updateTargets();
  for (const name of ['bob', 'carol'] as const) await world.sign(name);
  world.merge();
  world.clock.time = (world.clock.time + DAY_MS) as typeof NOW;
  await world.onlineSign();
  await build(world);
}

/** A site that was deployed, and one with another online key that is still to be. */
async function deployedThenRekeyed(world: TestWorld): Promise<FakeAws> {
  await build(world);
  const aws = new FakeAws();
  await deploy(world, aws);
  await replaceOnlineKey(world, 'file:second.pem');
  await world.onlineSign();
  await build(world);
  return aws;
}

/** What a new client gets from the bucket. */
async function download(world: TestWorld, aws: FakeAws): Promise<string> {
  const fetch = async (path: string): Promise<Uint8Array | undefined> =>
    aws.objects.get(`a/${decodeURIComponent(path)}`)?.bytes;
  const trustedRoot = await readFile(join(folder(world), '1.root.json'));
  const updater = new Updater({
    source: siteOf({ fetch }, SITE_LAYOUT),
    trustedRoot,
    store: memoryStore(),
    now: world.clock.now(),
  });
  const into = await mkdtemp(join(world.folder, 'download-'));
  return readFile(await updater.download('tools/greet.sh', into), 'utf8');
}

describe('a deployment', () => {
  test('sends all in order, the timestamp last, and nothing twice', async ({ world }) => {
    await build(world);
    const aws = new FakeAws();
    expect(await deploy(world, aws)).toMatchObject({ kept: 0, removed: [] });
    expect(aws.written).toHaveLength(7);
    expect(aws.written.map(key => key.replace(/[0-9a-f]{64}/, 'HASH'))).toEqual([
      'a/targets/tools/HASH.greet.sh',
      'a/1.targets.json',
      'a/1.tools.json',
      'a/1.snapshot.json',
      'a/index.html',
      'a/1.root.json',
      'a/timestamp.json',
    ]);
    expect(aws.objects.get('a/timestamp.json')).toMatchObject({
      cacheControl: 'public, max-age=60',
      contentType: 'application/json',
    });
    expect(aws.objects.get('a/1.tools.json')?.cacheControl).toContain('immutable');
    expect(await deploy(world, aws)).toMatchObject({ sent: [], kept: 7 });
    expect(aws.written).toHaveLength(7);
    expect(await download(world, aws)).toBe('echo hello\n');
  });

  test('broken off before any file leaves the old site whole, and goes on', async ({ world }) => {
    await build(world);
    const aws = new FakeAws();
    await deploy(world, aws);
    await release(world, 'echo two\n');
    const { sent } = await deploy(world, aws, { dryRun: true });
    expect(sent.length).toBeGreaterThan(4);
    for (const stop of sent) {
      aws.fail = key => key === `a/${stop}`;
      await expect(deploy(world, aws)).rejects.toMatchObject({ code: 'PROGRAM_FAILED' });
      expect([stop, await download(world, aws)]).toEqual([stop, 'echo hello\n']);
    }
    aws.fail = () => false;
    expect((await deploy(world, aws)).sent).toEqual(['timestamp.json']);
    expect(await download(world, aws)).toBe('echo two\n');
  });

  test('does not believe a program that lost a file, or stored another', async ({ world }) => {
    await build(world);
    for (const store of [() => undefined, () => Buffer.from('half')]) {
      const aws = new FakeAws();
      aws.store = (key, bytes) => (key.endsWith('1.tools.json') ? store() : bytes);
      await expect(deploy(world, aws)).rejects.toMatchObject({
        code: 'PROGRAM_FAILED',
        message: '1.tools.json is not there as it was sent: run this again',
      });
      expect(aws.objects.has('a/timestamp.json')).toBe(false);
    }
  });

  test('never takes the timestamp back', async ({ world }) => {
    await build(world);
    const aws = new FakeAws();
    const old = join(world.folder, 'old');
    await cp(folder(world), old, { recursive: true });
    await release(world, 'echo two\n');
    await deploy(world, aws);
    await expect(deploy(world, aws, { folder: old })).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('timestamp version 2, this folder 1') as unknown,
    });
  });

  const occupied: readonly (readonly [string, RegExp, boolean, (aws: FakeAws) => void])[] = [
    [
      'another first root',
      /^1\.root\.json stands there with other bytes/,
      false,
      aws => put(aws, '1.root.json', '{}'),
    ],
    [
      'a role of this version with other bytes',
      /^1\.tools\.json stands there with other bytes, which caches/,
      true,
      aws => put(aws, '1.tools.json', '{}'),
    ],
    [
      'a timestamp that is none',
      /^the timestamp\.json there is none/,
      true,
      aws => put(aws, 'timestamp.json', '<html>'),
    ],
    [
      'a timestamp that is too large for any',
      /^the timestamp\.json there is none/,
      true,
      aws => put(aws, 'timestamp.json', ' '.repeat(20_000)),
    ],
  ];
  for (const [name, words, mendable, arrange] of occupied) {
    test(`refuses a place that has ${name}, ${mendable ? 'but to repair that' : 'to repair, too'}`, async ({
      world,
    }) => {
      await build(world);
      const aws = new FakeAws();
      await deploy(world, aws);
      await release(world, 'echo two\n');
      arrange(aws);
      const before = [...aws.objects];
      for (const dryRun of [true, false])
        await expect(deploy(world, aws, { dryRun })).rejects.toMatchObject({
          code: 'REFUSED',
          message: expect.stringMatching(words) as unknown,
        });
      expect([...aws.objects]).toEqual(before);
      const repaired = deploy(world, aws, { repair: true });
      if (!mendable) {
        await expect(repaired).rejects.toMatchObject({ code: 'REFUSED' });
        expect([...aws.objects]).toEqual(before);
        return;
      }
      await repaired;
      expect(await download(world, aws)).toBe('echo two\n');
    });
  }

  test("refuses another repository's site, and somebody's page", async ({ world }) => {
    await build(world);
    const aws = new FakeAws();
    const key = 'a/index.html';
    put(aws, 'index.html', 'mine');
    await expect(deploy(world, aws)).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('index.html of something else') as unknown,
    });
    expect([aws.objects.get(key)?.bytes.toString(), aws.written]).toEqual(['mine', []]);
    // With a versioned file of ours there it is the page of a run that broke off.
    put(aws, '1.snapshot.json', await readFile(join(folder(world), '1.snapshot.json'), 'utf8'));
    await deploy(world, aws);
    const timestamp = join(folder(world), 'timestamp.json');
    const document = JSON.parse(await readFile(timestamp, 'utf8')) as { signed: { version: number } };
    // Of versions that we have not reached, by another key: no name of a file is the same.
    aws.objects.clear();
    document.signed.version = 900;
    put(aws, 'timestamp.json', JSON.stringify(document));
    put(aws, '900.root.json', '{}');
    for (const repair of [false, true])
      await expect(deploy(world, aws, { repair })).rejects.toMatchObject({
        code: 'REFUSED',
        message: expect.stringContaining('signed by no key') as unknown,
      });
  });

  test('puts nothing over a newer state of the repository, whatever has come of its timestamp', async ({
    world,
  }) => {
    await build(world);
    const old = join(world.folder, 'old');
    await cp(folder(world), old, { recursive: true });
    const aws = new FakeAws();
    await deploy(world, aws);
    await replaceOnlineKey(world, 'file:second.pem');
    await world.onlineSign();
    await build(world);
    await deploy(world, aws);
    const before = [...aws.objects.keys()].sort();
    for (const timestamp of [undefined, '<html>', 'as it is']) {
      if (timestamp === undefined) aws.objects.delete('a/timestamp.json');
      else if (timestamp === 'as it is') await deploy(world, aws, { repair: true });
      else put(aws, 'timestamp.json', timestamp);
      for (const repair of [false, true])
        await expect(deploy(world, aws, { folder: old, repair, remove: true })).rejects.toMatchObject({
          code: 'REFUSED',
          message: expect.stringContaining('2.root.json stands there: a newer state') as unknown,
        });
    }
    expect([...aws.objects.keys()].sort()).toEqual(before);
    put(aws, '3.root.json', '{}');
    await expect(deploy(world, aws, { repair: true })).rejects.toMatchObject({
      message: expect.stringContaining('3.root.json stands there and does not follow') as unknown,
    });
  });

  test('takes no root away, however old or new', async ({ world }) => {
    await build(world);
    const aws = new FakeAws();
    put(aws, '77.root.json', '{}');
    put(aws, '0.root.json', '{}');
    put(aws, '77.x.root.json', '{}');
    expect((await deploy(world, aws, { remove: true })).removed).toEqual(['77.x.root.json']);
  });

  test('leaves the last version of a stolen online key behind, as clients do', async ({ world }) => {
    await build(world);
    const aws = new FakeAws();
    await deploy(world, aws);
    const stolen = await onlineSigned(world, TIMESTAMP, signed => ({ ...signed, version: 9_000_000 }));
    put(aws, 'timestamp.json', Buffer.from(stolen).toString());
    await expect(deploy(world, aws)).rejects.toMatchObject({
      message: expect.stringContaining('timestamp version 9000000, this folder 1') as unknown,
    });
    await replaceOnlineKey(world, 'file:second.pem');
    await world.onlineSign();
    await build(world);
    await deploy(world, aws);
    expect(await download(world, aws)).toBe('echo hello\n');
  });

  test('does not change the timestamp of a version, but to repair', async ({ world }) => {
    await build(world);
    const aws = new FakeAws();
    await deploy(world, aws);
    put(aws, 'timestamp.json', `${aws.objects.get('a/timestamp.json')?.bytes.toString()} `);
    await expect(deploy(world, aws)).rejects.toMatchObject({
      message: expect.stringContaining('another timestamp of version 1') as unknown,
    });
    expect((await deploy(world, aws, { repair: true })).sent).toEqual(['timestamp.json']);
  });

  test('looks again before the timestamp moves: another run may have ended meanwhile', async ({ world }) => {
    await build(world);
    const old = join(world.folder, 'old');
    await cp(folder(world), old, { recursive: true });
    await release(world, 'echo two\n');
    const [aws, newer] = [new FakeAws(), new FakeAws()];
    await deploy(world, newer);
    aws.store = (key, bytes) => {
      // While the older run sends its snapshot, the newer one ends.
      if (key.endsWith('snapshot.json'))
        for (const [name, object] of newer.objects) aws.objects.set(name, object);
      return bytes;
    };
    await expect(deploy(world, aws, { folder: old })).rejects.toMatchObject({
      message: expect.stringContaining('timestamp version 2, this folder 1') as unknown,
    });
    expect(await download(world, aws)).toBe('echo two\n');
  });

  test('does not take a listing that it does not understand for an empty place', async ({ world }) => {
    await build(world);
    const aws = new FakeAws();
    put(aws, '1.root.json', 'theirs');
    const odd: RunProgram = async (program, args, options) => {
      const output = await aws.run(program, args, options);
      return args[1] === 'list-objects-v2'
        ? Buffer.from(
            JSON.stringify((JSON.parse(output.toString()) as unknown[][]).map(row => row.slice(0, 2))),
          )
        : output;
    };
    await expect(deploySite(request(world), odd)).rejects.toMatchObject({
      code: 'PROGRAM_FAILED',
      message: expect.stringContaining('in an unknown form') as unknown,
    });
    expect(aws.written).toEqual([]);
  });

  test('follows a site whose automation has another key since', async ({ world }) => {
    const aws = await deployedThenRekeyed(world);
    // Trusting the newest root alone, as a variable may say that was set since.
    const trustedRoot = await readFile(join(folder(world), '2.root.json'));
    expect((await deploy(world, aws, { trustedRoot })).sent).toContain('timestamp.json');
    expect(await download(world, aws)).toBe('echo hello\n');
  });

  test('takes no root that leads nowhere for one that this repository had', async ({ world }) => {
    const aws = await deployedThenRekeyed(world);
    const trustedRoot = await readFile(join(folder(world), '2.root.json'));
    await writeFile(join(folder(world), '1.root.json'), '{}');
    aws.objects.delete('a/1.root.json');
    await expect(deploy(world, aws, { trustedRoot })).rejects.toMatchObject({
      message: expect.stringContaining('signed by no key') as unknown,
    });
  });

  test('reads again what a bucket does not tell of its files', async ({ world }) => {
    await build(world);
    const aws = new FakeAws();
    await deploy(world, aws);
    const silent: RunProgram = async (program, args, options) => {
      const output = await aws.run(program, args, options);
      return args[1] === 'list-objects-v2'
        ? Buffer.from(output.toString().replaceAll(/[0-9a-f]{32}/g, md5 => md5.split('').reverse().join('')))
        : output;
    };
    const reads = (): readonly string[] =>
      aws.calls.flatMap(call => (call.at(-1) === '-' ? (call.at(-2)?.split('/').at(-1) ?? []) : []));
    // It can't be shown that it all arrived, which the run ends with; but that it may go there was seen.
    await expect(deploySite(request(world), silent)).rejects.toMatchObject({
      code: 'PROGRAM_FAILED',
    });
    expect(reads()).toEqual(
      expect.arrayContaining(['1.root.json', '1.targets.json', '1.tools.json', '1.snapshot.json']),
    );
    const listings = aws.calls.filter(call => call.includes('list-objects-v2')).length;
    put(aws, '1.targets.json', '{}');
    await expect(deploySite(request(world), silent)).rejects.toMatchObject({
      code: 'REFUSED',
    });
    // Not one for each file: a large bucket takes long to list.
    expect(aws.calls.filter(call => call.includes('list-objects-v2')).length - listings).toBe(2);
  });

  test('takes older files away only when asked, after the timestamp, and nothing of others', async ({
    world,
  }) => {
    await build(world);
    const aws = new FakeAws();
    const stray = { bytes: Buffer.from('x'), cacheControl: '', contentType: '' };
    for (const key of ['a/9.tools.json', 'a/targets/gone', 'a/precious.txt', 'other/1.root.json'])
      aws.objects.set(key, stray);
    expect((await deploy(world, aws)).removed).toEqual([]);
    expect((await deploy(world, aws, { remove: true, dryRun: true })).removed).toEqual([
      '9.tools.json',
      'targets/gone',
    ]);
    expect(aws.objects.has('a/9.tools.json')).toBe(true);
    expect((await deploy(world, aws, { remove: true })).removed).toEqual(['9.tools.json', 'targets/gone']);
    expect([...aws.objects.keys()].filter(key => !key.includes('HASH'))).toEqual(
      expect.arrayContaining(['a/precious.txt', 'other/1.root.json']),
    );
    expect(aws.objects.has('a/9.tools.json')).toBe(false);
    const calls = aws.calls.map(call => call.join(' '));
    const moved = calls.findIndex(
      call => call.endsWith('s3://bucket/a/') && aws.written.includes('a/timestamp.json'),
    );
    expect(calls.findIndex(call => call.includes('delete-objects'))).toBeGreaterThan(moved);
  });

  test('sends nothing that a client would refuse, and nothing that is no site', async ({ world }) => {
    await build(world);
    const aws = new FakeAws();
    await writeFile(join(folder(world), '1.tools.json'), '{}');
    await expect(deploy(world, aws)).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('build it anew') as unknown,
    });
    await expect(deploy(world, aws, { folder: join(world.folder, 'none') })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(deploy(world, aws, { folder: world.automation.folder })).rejects.toMatchObject({
      code: 'ALREADY_THERE',
    });
    world.clock.time = (NOW + 9 * DAY_MS) as typeof NOW;
    await expect(deploy(world, aws)).rejects.toMatchObject({ code: 'REFUSED' });
    expect(aws.calls).toEqual([]);
  });
});
