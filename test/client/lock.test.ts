import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { underLock } from '../../src/client/lock.ts';
import { type TestFolder, testFolder } from '../support/git-repo.ts';

let folder: TestFolder;
let lock: string;
beforeEach(async () => {
  folder = await testFolder();
  lock = join(folder.path, '.lock');
});
afterEach(() => folder[Symbol.asyncDispose]());

/** What a process leaves that is killed while it holds the lock: as `underLock` writes it, of another holder. */
async function leftBehind(change: (lines: string[]) => void): Promise<void> {
  let text = '';
  await underLock(lock, async () => {
    text = readFileSync(lock, 'utf8');
    await Promise.resolve();
  });
  const lines = text.split('\n');
  lines[0] = '00000000-0000-4000-8000-000000000000';
  change(lines);
  writeFileSync(lock, lines.join('\n'));
}

/** The id of a process that has ended. */
async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await new Promise(resolve => child.on('close', resolve));
  return child.pid ?? 0;
}

const PATIENCE = 200;
const take = async (): Promise<boolean> =>
  (await underLock(lock, () => Promise.resolve(true), PATIENCE))?.value ?? false;

describe('a lock', () => {
  it('lets one in at a time, and leaves nothing behind', async () => {
    let [inside, most] = [0, 0];
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await sleep(2);
      inside--;
    };
    const all = await Promise.all(Array.from({ length: 20 }, () => underLock(lock, work)));
    expect(all.every(outcome => outcome !== undefined)).toBe(true);
    expect(most).toBe(1);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('is let go of when the work fails', async () => {
    await expect(underLock(lock, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(await take()).toBe(true);
  });

  it('is waited for in vain where its holder lives', async () => {
    await underLock(lock, async () => {
      expect(await take()).toBe(false);
    });
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('of a process that has ended is broken, by one of many', async () => {
    const pid = await endedProcess();
    await leftBehind(lines => (lines[1] = String(pid)));
    let [inside, most] = [0, 0];
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await sleep(2);
      inside--;
    };
    await Promise.all(Array.from({ length: 20 }, () => underLock(lock, work)));
    expect(most).toBe(1);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('of a process that has ended is broken although its number was given to another', async () => {
    await leftBehind(lines => {
      lines[1] = String(process.pid);
      lines[2] = '1';
    });
    expect(await take()).toBe(process.platform === 'linux');
  });

  const foreign: readonly (readonly [string, string])[] = [
    ['of another machine', `00000000-0000-4000-8000-000000000000\n1\n1\nnot ${hostname()}\n`],
    ['that nobody can read', 'garbage'],
    ['that is empty', ''],
  ];
  it.each(foreign)('%s is broken by age alone', async (_, text) => {
    writeFileSync(lock, text);
    expect(await take()).toBe(false);
    const old = Date.now() / 1_000 - 120;
    utimesSync(lock, old, old);
    expect(await take()).toBe(true);
  });

  it('is broken together with what its holder left half-written', async () => {
    const old = Date.now() / 1_000 - 120;
    const half = [
      'timestamp.json.6f1c7a1e-0000-4000-8000-000000000000.tmp',
      '.lock.6f1c7a1e-0000-4000-8000-000000000001',
    ];
    for (const name of [...half, 'timestamp.json']) {
      writeFileSync(join(folder.path, name), '');
      utimesSync(join(folder.path, name), old, old);
    }
    const pid = await endedProcess();
    await leftBehind(lines => (lines[1] = String(pid)));
    expect(await take()).toBe(true);
    expect(readdirSync(folder.path)).toEqual(['timestamp.json']);
  });

  it('needs a folder', async () => {
    await expect(
      underLock(join(folder.path, 'none', '.lock'), () => Promise.resolve()),
    ).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
