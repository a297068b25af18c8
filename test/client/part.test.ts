import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Client } from '../../src/client/client.ts';
import { type Fetcher, siteOf } from '../../src/client/fetcher.ts';
import { partIn } from '../../src/client/part.ts';
import { memoryStore } from '../../src/client/store.ts';
import { fixedClock } from '../../src/clock.ts';
import { type TestFolder, testFolder } from '../support/git-repo.ts';
import { RepositorySimulator, simNow } from '../support/repository-simulator.ts';
import { outcome } from './client.ts';

let folder: TestFolder;
beforeEach(async () => {
  folder = await testFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

/** The id of a process that has ended. */
async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await new Promise(resolve => child.on('close', resolve));
  return child.pid ?? 0;
}

const UUID = '00000000-0000-4000-8000-000000000000';
const MONTH = 30 * 86_400;

describe('what killed downloads left', () => {
  it('is gone with the next download there; what others write, and what is not ours, stays', async () => {
    const [, pid = '', started = '', place = ''] =
      /\.tuf-(\d+)-(\d*)-([0-9a-f]{16})-/.exec(await partIn(folder.path)) ?? [];
    const dead = await endedProcess();
    const elsewhere = '0123456789abcdef';
    const name = (of: number | string, start: string, at: string): string =>
      `.tuf-${of}-${start}-${at}-${UUID}.part`;
    const gone = [
      name(dead, started, place),
      name(pid, `${started}9`, place), // the number of another process, since
      name(dead, '1', elsewhere), // of another machine, long ago
    ];
    const kept = [
      name(pid, started, place),
      name(process.ppid, '', place), // alive, and nobody knows since when
      name(dead, '2', elsewhere),
      `.${UUID}.part`,
      `.tuf-${dead}.part`,
      `.tuf-0-${started}-${place}-${UUID}.part`,
      `x.tuf-${dead}-${started}-${place}-${UUID}.part`,
    ];
    // Another folder: each is swept once by a process.
    const there = join(folder.path, 'there');
    mkdirSync(there);
    for (const file of [...gone, ...kept]) writeFileSync(join(there, file), 'half');
    utimesSync(join(there, gone[2] ?? ''), Date.now() / 1_000 - MONTH - 60, Date.now() / 1_000 - MONTH - 60);
    const [link, directory] = [name(dead, '3', place), name(dead, '4', place)];
    symlinkSync('nowhere', join(there, link));
    mkdirSync(join(there, directory));
    await partIn(there);
    expect(readdirSync(there).sort()).toEqual([...kept, link, directory].sort());
  });

  it('a folder that is not there is none of its business', async () => {
    expect(await partIn(join(folder.path, 'none'))).toContain(join(folder.path, 'none', '.tuf-'));
  });
});

describe('a signal that is aborted', () => {
  const simulator = new RepositorySimulator();
  simulator.addTarget('targets', 'dir/file', 'hello');
  simulator.bump('targets');

  /** The first byte of the artifact comes, and no other. `begun` is called then. */
  const stalling = (begun: () => void): Fetcher => ({
    fetch: (path, maxBytes) => simulator.fetcher.fetch(path, maxBytes),
    stream: async path => {
      if (!path.startsWith('targets/')) return undefined;
      async function* slowly(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('h');
        begun();
        await new Promise(() => undefined);
      }
      return await Promise.resolve(slowly());
    },
  });
  const clientWith = (fetcher: Fetcher, signal: AbortSignal): Client =>
    new Client({
      source: siteOf(fetcher),
      trustedRoot: simulator.trustedRoot,
      store: memoryStore(),
      clock: fixedClock(simNow),
      signal,
    });

  it('ends a download that waits for a piece, and nothing of it is left', async () => {
    const controller = new AbortController();
    const client = clientWith(
      stalling(() => controller.abort()),
      controller.signal,
    );
    expect(await outcome(client.download('dir/file', folder.path))).toBe('ABORTED');
    expect(readdirSync(join(folder.path, 'dir'))).toEqual([]);
  });

  it('before the download: nothing is written, and no mirror is asked in its place', async () => {
    const client = clientWith(simulator.fetcher, AbortSignal.abort());
    expect(await outcome(client.download('dir/file', folder.path))).toBe('ABORTED');
    expect(readdirSync(join(folder.path, 'dir'))).toEqual([]);
  });

  it('that is not: all of it comes', async () => {
    const client = clientWith(simulator.fetcher, new AbortController().signal);
    const { file } = await client.download('dir/file', folder.path);
    expect(readFileSync(file, 'utf8')).toBe('hello');
    expect(readdirSync(join(folder.path, 'dir'))).toEqual(['file']);
  });
});
