import { createHash, randomUUID } from 'node:crypto';
import { lstat, opendir, rm } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '../clock.ts';
import { systemErrorCode } from './error.ts';
import { isGone, ownMark } from './process.ts';

// A download lies under a hidden name until it is whole. The name says which process writes it, so that what a killed one has left
// is known from what another one is writing at this moment.

const PART =
  /^\.tuf-(?<pid>[1-9]\d{0,9})-(?<started>\d{0,20})-(?<place>[0-9a-f]{16})-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.part$/;

/** Longer than any server may be silent. What a process elsewhere has not touched for so long, nobody writes. */
const FOREIGN_MS = 30 * 86_400_000;

/** Folders that this process has swept: each once, as one may hold very many files. */
const swept = new Set<string>();

/** A name in `folder` that no other download has, once what killed downloads have left there is gone. */
export async function partIn(folder: string): Promise<string> {
  const mine = await ownMark();
  const place = createHash('sha256').update(mine.place).digest('hex').slice(0, 16);
  if (!swept.has(folder)) await sweep(folder, place);
  swept.add(folder);
  return path.join(folder, `.tuf-${mine.pid}-${mine.started}-${place}-${randomUUID()}.part`);
}

/** A folder that can't be read, or not changed, keeps what it has: this is no part of a download's success. */
async function sweep(folder: string, place: string): Promise<void> {
  try {
    for await (const { name } of await opendir(folder)) {
      const groups = PART.exec(name)?.groups;
      if (groups === undefined) continue;
      const { pid, started = '', place: there = '' } = groups;
      const file = path.join(folder, name);
      const stats = await lstat(file);
      if (!stats.isFile()) continue;
      const gone = await isGone({ pid: Number(pid), started, place: there }, place);
      // By the clock of this machine, which may be wrong: hence the month.
      if (gone ?? systemClock.now() - stats.mtimeMs > FOREIGN_MS) await rm(file, { force: true });
    }
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  }
}
