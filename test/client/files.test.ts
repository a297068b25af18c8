import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { directoryFetcher } from '../../src/client/directory.ts';
import { siteOf } from '../../src/client/fetcher.ts';
import { fileStore, memoryStore } from '../../src/client/store.ts';
import { Updater } from '../../src/client/updater.ts';
import { RepositorySimulator, sha256, simNow } from '../support/repository-simulator.ts';
import { clientOf, outcome } from './client.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tuf-signer-client-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (...names: string[]): string => path.join(folder, ...names);

function writeSite(simulator: RepositorySimulator): string {
  for (const [name, bytes] of simulator.files) {
    mkdirSync(path.dirname(at('site', name)), { recursive: true });
    writeFileSync(at('site', name), bytes);
  }
  return at('site');
}

describe('a folder', () => {
  beforeEach(() => {
    mkdirSync(at('site', 'sub'), { recursive: true });
    writeFileSync(at('site', 'file'), 'hello');
    writeFileSync(at('site', 'sub', 'a b'), 'space');
    writeFileSync(at('secret'), 'secret');
    symlinkSync('../secret', at('site', 'out'));
    symlinkSync('..', at('site', 'up'));
    symlinkSync('file', at('site', 'in'));
    symlinkSync('loop', at('site', 'loop'));
    execFileSync('mkfifo', [at('site', 'pipe')]);
  });

  it.each([
    ['file', 'hello'],
    ['sub/a%20b', 'space'],
    ['in', 'hello'],
    ['none', 'absent'],
    ['file/below', 'absent'],
    ['sub', 'absent'],
    ['x'.repeat(400), 'absent'],
    ['out', 'UNSAFE_PATH'],
    ['up/secret', 'UNSAFE_PATH'],
    ['../secret', 'UNSAFE_PATH'],
    ['sub/%2e%2e/file', 'UNSAFE_PATH'],
    ['sub%2fa b', 'UNSAFE_PATH'],
    ['a%00b', 'UNSAFE_PATH'],
    ['pipe', 'UNSAFE_PATH'],
    ['loop', 'TRANSPORT'],
  ])('%s: %s', async (name, expected) => {
    const read = async (): Promise<string> =>
      (await directoryFetcher(at('site')).fetch(name, 100))?.toString() ?? 'absent';
    expect(/^[A-Z_]+$/.test(expected) ? await outcome(read()) : await read()).toBe(expected);
  });

  it('a file may not be larger than asked for', async () => {
    expect(await outcome(directoryFetcher(at('site')).fetch('file', 4))).toBe('TOO_LARGE');
  });

  it('that does not exist is a failure, not an empty repository', async () => {
    expect(await outcome(directoryFetcher(at('nowhere')).fetch('file', 4))).toBe('TRANSPORT');
  });
});

it('a folder that is not there is told by its name', async () => {
  await expect(directoryFetcher(at('nowhere')).fetch('file', 9)).rejects.toMatchObject({
    code: 'TRANSPORT',
    message: `the folder ${at('nowhere')} can not be read (ENOENT)`,
  });
});

describe('the cache in files', () => {
  it('is laid out as python-tuf does and leaves nothing else behind', async () => {
    const simulator = new RepositorySimulator();
    simulator.delegate('targets', 'a/b', { paths: ['*'] });
    simulator.delegate('targets', 'Timestamp', { paths: ['*'] });
    simulator.bump('targets');
    simulator.bumpRoot();
    const store = fileStore(at('cache'));
    await clientOf(simulator, { store }).getTargetInfo('file');
    expect(readdirSync(at('cache')).sort()).toEqual([
      '%54imestamp.json',
      'a%2Fb.json',
      'root.json',
      'root_history',
      'snapshot.json',
      'targets.json',
      'timestamp.json',
    ]);
    expect(readdirSync(at('cache', 'root_history')).sort()).toEqual(['1.root.json', '2.root.json']);
    simulator.requests.length = 0;
    await clientOf(simulator, { store }).getTargetInfo('file');
    expect(simulator.requests).toEqual(['metadata/3.root.json', 'metadata/timestamp.json']);
  });

  it.each(['../x.json', 'a/b.json', 'x', '/x.json', 'root_history/../x.json'])(
    '%s is no name in it',
    async name => {
      expect(await outcome(fileStore(folder).write(name, Buffer.from('x')))).toBe('UNSAFE_PATH');
      expect(await outcome(fileStore(folder).read(name, 9))).toBe('UNSAFE_PATH');
    },
  );

  it('a file too large is as good as none', async () => {
    writeFileSync(at('timestamp.json'), 'x'.repeat(10));
    expect(await fileStore(folder).read('timestamp.json', 9)).toBeUndefined();
  });

  it('a place that can not be written is told', async () => {
    writeFileSync(at('cache'), 'a file');
    const simulator = new RepositorySimulator();
    expect(await outcome(clientOf(simulator, { store: fileStore(at('cache')) }).refresh())).toBe('STORAGE');
  });
});

describe('downloads', () => {
  const repository = (): RepositorySimulator => {
    const simulator = new RepositorySimulator();
    simulator.addTarget('targets', 'dir/file.txt', 'hello');
    simulator.bump('targets');
    return simulator;
  };
  const artifact = `targets/dir/${sha256(Buffer.from('hello'))}.file.txt`;

  it('from a folder: the artifact lies under its own name', async () => {
    const simulator = repository();
    const updater = new Updater({
      source: siteOf(directoryFetcher(writeSite(simulator))),
      trustedRoot: simulator.trustedRoot,
      store: memoryStore(),
      now: simNow,
    });
    const file = await updater.download('dir/file.txt', at('out'));
    expect(file).toBe(at('out', 'dir', 'file.txt'));
    expect(readFileSync(file, 'utf8')).toBe('hello');
    expect(readdirSync(at('out', 'dir'))).toEqual(['file.txt']);
  });

  it.each([
    ['other content', 'HASH_MISMATCH', 'jello'],
    ['shorter', 'LENGTH_MISMATCH', 'hell'],
    ['longer', 'TOO_LARGE', 'hello!'],
  ])('%s: %s, and what was there stays', async (_, expected, content) => {
    const simulator = repository();
    simulator.files.set(artifact, Buffer.from(content));
    mkdirSync(at('dir'));
    writeFileSync(at('dir', 'file.txt'), 'before');
    expect(await outcome(clientOf(simulator).download('dir/file.txt', folder))).toBe(expected);
    expect(readFileSync(at('dir', 'file.txt'), 'utf8')).toBe('before');
    expect(readdirSync(at('dir'))).toEqual(['file.txt']);
  });

  it('refuses what is missing, unknown, unsafe or too large', async () => {
    const simulator = repository();
    const download = (name: string): Promise<string> => clientOf(simulator).download(name, folder);
    expect(await outcome(download('none'))).toBe('TARGET_UNKNOWN');
    expect(
      await outcome(clientOf(simulator, { limits: { artifactBytes: 4 } }).download('dir/file.txt', folder)),
    ).toBe('TOO_LARGE');
    for (const name of ['../x', '/x', 'a/../b', 'a\\b', 'a//b', '', 'a\0b', '\ud800']) {
      expect(await outcome(download(name)), name).toBe('UNSAFE_PATH');
    }
    simulator.files.delete(artifact);
    expect(await outcome(download('dir/file.txt'))).toBe('NOT_FOUND');
  });

  it('a symlink in the folder takes nothing elsewhere', async () => {
    mkdirSync(at('in'));
    mkdirSync(at('elsewhere'));
    symlinkSync('../elsewhere', at('in', 'dir'));
    expect(await outcome(clientOf(repository()).download('dir/file.txt', at('in')))).toBe('UNSAFE_PATH');
    expect(readdirSync(at('elsewhere'))).toEqual([]);
  });

  it('a folder under the name of the artifact is told', async () => {
    mkdirSync(at('dir', 'file.txt'), { recursive: true });
    expect(await outcome(clientOf(repository()).download('dir/file.txt', folder))).toBe('STORAGE');
    expect(readdirSync(at('dir'))).toEqual(['file.txt']);
  });
});
