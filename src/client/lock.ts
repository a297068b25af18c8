import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemErrorCode } from './error.ts';
import { isGone, ownMark, type ProcessMark } from './process.ts';

/** What one process says of itself in a lock file. */
interface Holder extends ProcessMark {
  readonly id: string;
}

/** `undefined`: held for too long by a process that may be alive. */
export type LockOutcome<T> = { readonly value: T } | undefined;

const PATIENCE_MS = 30_000;
/** A holder elsewhere can't be asked whether it lives. What is done under a lock takes milliseconds. */
const FOREIGN_MS = 60_000;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Does `work` while no other process that uses the same lock file does its own. The lock of a process that was killed is
 * broken, by one of those that wait: each lock has a name of its own under which to become the one that breaks it, so
 * that nobody breaks the lock that came after. Throws what the file system throws; it needs hard links.
 */
export async function underLock<T>(
  file: string,
  work: () => Promise<T>,
  patience: number = PATIENCE_MS,
): Promise<LockOutcome<T>> {
  const mine: Holder = { id: randomUUID(), ...(await ownMark()) };
  const claim = `${file}.${mine.id}`;
  try {
    // Written before it is linked: a lock file is never half a lock file.
    await writeFile(claim, `${mine.id}\n${mine.pid}\n${mine.started}\n${mine.place}\n`, { flag: 'wx' });
    for (let waited = 0; !(await linked(claim, file)); ) {
      const holder = await readHolder(file);
      if (holder === undefined) continue; // let go of in the meantime
      if (await isDead(holder, file, claim, mine.place)) {
        await breakLock(file, holder, claim, patience);
        continue;
      }
      if (waited >= patience) return undefined;
      const pause = 5 + Math.floor(Math.random() * 20);
      waited += pause;
      await sleep(pause);
    }
    try {
      return { value: await work() };
    } finally {
      await rm(file, { force: true });
    }
  } finally {
    await rm(claim, { force: true });
  }
}

async function breakLock(file: string, dead: Holder, claim: string, patience: number): Promise<void> {
  await underLock(
    `${file}.${dead.id}`,
    async () => {
      // Still that one? Only whoever holds this second lock may remove it, so it stays that one.
      if ((await readHolder(file))?.id !== dead.id) return;
      await sweep(path.dirname(file), claim);
      await rm(file, { force: true });
    },
    patience,
  );
}

/** What killed processes left half-written. */
async function sweep(folder: string, claim: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!/\.[0-9a-f-]{36}(\.tmp)?$/.test(name)) continue;
    if ((await olderBy(path.join(folder, name), claim)) > FOREIGN_MS) {
      await rm(path.join(folder, name), { force: true });
    }
  }
}

async function linked(claim: string, file: string): Promise<boolean> {
  try {
    await link(claim, file);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function readHolder(file: string): Promise<Holder | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const [id = '', pid = '', started = '', ...place] = text.trimEnd().split('\n');
  // Not by us: then it is nobody's, and dies of age.
  if (!ID.test(id)) return { id: 'unknown', pid: 0, started: '', place: '' };
  return { id, pid: Number(pid), started, place: place.join('\n') };
}

async function isDead(holder: Holder, file: string, claim: string, place: string): Promise<boolean> {
  return (await isGone(holder, place)) ?? (await olderBy(file, claim)) > FOREIGN_MS;
}

/** By how many milliseconds `file` is older than `claim`, by the clock of their file system. */
async function olderBy(file: string, claim: string): Promise<number> {
  try {
    return (await stat(claim)).mtimeMs - (await stat(file)).mtimeMs;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}
