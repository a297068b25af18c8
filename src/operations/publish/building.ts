import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { systemErrorCode } from '../../client/error.ts';
import { isGone, ownMark, type ProcessMark } from '../../client/process.ts';
import { OperationError } from '../error.ts';
import { realPath } from './out-folder.ts';

/** Milliseconds. */
const FOREIGN_MS = 3_600_000;

/**
 * A folder beside `out` to build in, which goes away with the process that made it; while it is there nobody else builds `out`. What
 * a killed process left is removed by the next. Throws {@link OperationError} `RACE_LOST` where another build of the same
 * folder is under way.
 */
export async function openBuilding(out: string): Promise<AsyncDisposable & { readonly path: string }> {
  const target = (await realPath(resolve(out))) ?? resolve(out);
  const parent = dirname(target);
  const stem = `.${basename(target)}.building-`;
  const mark = await ownMark();
  const place = createHash('sha256').update(mark.place).digest('hex').slice(0, 16);
  const path = join(parent, stem + nameOf({ ...mark, place }));
  await mkdir(parent, { recursive: true });
  await mkdir(path);
  const dispose = (): Promise<void> => rm(path, { recursive: true, force: true });
  try {
    for (const name of await readdir(parent)) {
      if (!name.startsWith(stem) || name === basename(path)) continue;
      const other = join(parent, name);
      const lives = await isAlive(name.slice(stem.length), place);
      // Who can't be asked is believed for an hour, by the clock of the file system.
      if (lives ?? (await olderBy(other, path)) < FOREIGN_MS) throw underWay(target, other);
      await rm(other, { recursive: true, force: true });
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return { path, [Symbol.asyncDispose]: dispose };
}

/** `PID-START-PLACE-ID`: a number alone is given to another process in time, to one in each container, and a process may build twice. */
const nameOf = ({ pid, started, place }: ProcessMark): string =>
  `${pid}-${started}-${place}-${randomBytes(4).toString('hex')}`;

/** `undefined`: of another machine, container or boot, or of nobody that is known. */
async function isAlive(name: string, place: string): Promise<boolean | undefined> {
  const [pid = '', started = '', there = ''] = name.split('-');
  const gone = await isGone({ pid: /^\d+$/.test(pid) ? Number(pid) : 0, started, place: there }, place);
  return gone === undefined ? undefined : !gone;
}

/** By how many milliseconds a folder is older than another; one that is gone is as old as can be. */
async function olderBy(folder: string, other: string): Promise<number> {
  try {
    return (await stat(other)).mtimeMs - (await stat(folder)).mtimeMs;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return Number.POSITIVE_INFINITY;
    throw error;
  }
}

const underWay = (out: string, folder: string): OperationError =>
  new OperationError(
    'RACE_LOST',
    `another process is building ${out}: try again when it has ended, or remove ${folder} where none is`,
  );
