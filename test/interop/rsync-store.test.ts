import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunProgram, runProgram } from '../../src/operations/deploy/program.ts';
import { rsyncStore } from '../../src/operations/deploy/rsync.ts';
import { lackingIn, type Store } from '../../src/operations/deploy/store.ts';

/** As from a timer or a container, where nobody has said which language is spoken. */
const inNoLanguage: RunProgram = (program, args, options) =>
  runProgram('env', ['-u', 'LANG', '-u', 'LC_CTYPE', 'LC_ALL=C', program, ...args], options);

describe('rsync, asked what is there', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'tuf-signer-rsync-'))));
  afterEach(async () => rm(folder, { recursive: true, force: true }));

  const put = async (path: string, content: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  };
  const store = (run = inNoLanguage): Store => rsyncStore(run, join(folder, 'site'), join(folder, 'www/'));

  // Each is a target path that the rules take. What rsync writes otherwise in its answer must not pass for being there.
  const names = [
    'targets/größe.txt',
    'targets/日本/x',
    'targets/a b',
    'targets/#303',
    'targets/*',
    'targets/:x',
  ];

  it('names every file that lacks, whatever it is called', async () => {
    for (const name of names) await put(`site/${name}`, name);
    const there = store();
    expect(await lackingIn(there, names)).toEqual(names);
    await there.send({ name: 'artifacts', files: names }, names);
    for (const name of names) expect(await readFile(join(folder, 'www', name), 'utf8')).toBe(name);
    expect(await lackingIn(there, names)).toEqual([]);
  });

  it('finds every file that is stale, and takes that away alone', async () => {
    for (const name of names) await put(`site/${name}`, name);
    const there = store();
    await there.send({ name: 'artifacts', files: names }, names);
    for (const name of names) {
      const others = new Set(names.filter(other => other !== name));
      await rm(join(folder, 'site', name));
      expect(await there.stale(others)).toEqual([name]);
      await there.remove([name]);
      expect(await there.stale(others)).toEqual([]);
      expect(
        await lackingIn(
          there,
          [...others].filter(other => other > name),
        ),
      ).toEqual([]);
      await put(`site/${name}`, name);
      await there.send({ name: 'artifacts', files: [name] }, [name]);
    }
  });

  /** A disk of 1 MB for one program. Whoever may mount nothing, as some containers, has none. */
  const smallDisk = ['-m', 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"'];
  const mayMount = spawnSync('unshare', [...smallDisk, tmpdir(), 'true']).status === 0;
  it.runIf(mayMount || process.env['CI'] !== undefined)('says that a disk is full', async () => {
    await put('site/targets/large', 'x'.repeat(3 << 20));
    await mkdir(join(folder, 'www'));
    const full: RunProgram = (program, args, options) =>
      runProgram('unshare', [...smallDisk, join(folder, 'www'), program, ...args], options);
    const file = 'targets/large';
    await expect(store(full).send({ name: 'artifacts', files: [file] }, [file])).rejects.toMatchObject({
      code: 'PROGRAM_FAILED',
      message: expect.stringContaining('No space left on device (28)') as unknown,
    });
  });

  it('does not take a name that it does not know for none', async () => {
    await put('site/timestamp.json', '{}');
    const lies: RunProgram = async () => Buffer.from(':timestamp\\#056json\n');
    await expect(store(lies).compare(['timestamp.json'])).rejects.toMatchObject({ code: 'PROGRAM_FAILED' });
  });
});

describe('the timestamp that rsync finds', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'tuf-signer-rsync-'))));
  afterEach(async () => rm(folder, { recursive: true, force: true }));
  const store = (run = inNoLanguage): Store => rsyncStore(run, folder, join(folder, 'www/'));

  it('is none where there is no folder, or none in it', async () => {
    expect([...(await store().top())]).toEqual([]);
    await mkdir(join(folder, 'www/targets'), { recursive: true });
    expect([...(await store().top())]).toEqual([]);
  });

  it('is read through a link, and not beyond what it may have', async () => {
    await mkdir(join(folder, 'www'));
    await writeFile(join(folder, 'real'), 'n'.repeat(12_345));
    await symlink('../real', join(folder, 'www/timestamp.json'));
    await symlink('../nothing', join(folder, 'www/1.root.json'));
    expect([...(await store().top())]).toEqual([['timestamp.json', 12_345]]);
    expect((await store().read('timestamp.json', 12_345))?.length).toBe(12_345);
    expect(await store().read('timestamp.json', 12_344)).toBeUndefined();
  });

  it('is another one where it is a link to other bytes, and none that lacks', async () => {
    await mkdir(join(folder, 'www'));
    await writeFile(join(folder, 'real'), 'theirs');
    for (const file of ['timestamp.json', '1.root.json', '2.root.json'])
      await writeFile(join(folder, file), 'ours');
    for (const file of ['timestamp.json', '1.root.json']) await symlink('../real', join(folder, 'www', file));
    expect(await store().compare(['1.root.json', '2.root.json', 'timestamp.json'])).toEqual({
      absent: ['2.root.json'],
      other: ['1.root.json', 'timestamp.json'],
    });
  });

  it('is not none because it can not be read: an older site would go over a newer one', async () => {
    await mkdir(join(folder, 'www'));
    await writeFile(join(folder, 'www/timestamp.json'), 'new');
    await chmod(join(folder, 'www/timestamp.json'), 0o000);
    // What rsync says where permission is denied, also to those whom nothing is denied.
    const denied: RunProgram = async (program, args, options) => {
      if (args.some(arg => arg.endsWith('www/timestamp.json')) && options?.answers?.includes(23) === true)
        return Buffer.alloc(0);
      if (args.some(arg => arg.endsWith('www/timestamp.json')))
        return inNoLanguage('sh', ['-c', 'echo "Permission denied (13)" >&2; exit 23']);
      return inNoLanguage(program, args, options);
    };
    await expect(store(denied).read('timestamp.json', 100)).rejects.toMatchObject({ code: 'PROGRAM_FAILED' });
  });
});
