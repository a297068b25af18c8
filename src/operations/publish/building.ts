import { createHash, randomBytes, randomInt } from 'node:crypto';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemErrorCode } from '../../client/error.ts';
import { isGone, ownMark, type ProcessMark } from '../../client/process.ts';
import { systemClock } from '../../clock.ts';
import { OperationError } from '../error.ts';
import { realPath } from './out-folder.ts';

/** Milliseconds for which a build is believed that can't be asked whether it lives, and between its signs of life. */
const FOREIGN_MS = 3_600_000;
const SIGN_OF_LIFE_MS = 300_000;
/** Of builds that begin together each sees the others, and all would give up. */
const TRIES = 3;
const MAX_PAUSE_MS = 200;

/** What stands beside `out` and is called otherwise is nobody's business here. */
const OWN_NAME = /^(\d+)-(\d*)-([0-9a-f]{16})-[0-9a-f]{8}$/;

export interface Building extends AsyncDisposable {
  readonly path: string;
}

/**
 * A folder beside `out` to build in, which goes away with the process that made it; while it is there nobody else builds `out`. What
 * a killed process left is removed by the next. Throws {@link OperationError} `RACE_LOST` where another build of the same
 * folder is under way.
 */
export async function openBuilding(out: string): Promise<Building> {
  const target = (await realPath(resolve(out))) ?? resolve(out);
  await mkdir(dirname(target), { recursive: true });
  for (let left = TRIES - 1; ; left--) {
    try {
      return await openBeside(target);
    } catch (error) {
      if (left === 0 || !(error instanceof OperationError)) throw error;
      await sleep(randomInt(MAX_PAUSE_MS));
    }
  }
}

async function openBeside(target: string): Promise<Building> {
  const parent = dirname(target);
  const stem = `.${basename(target)}.building-`;
  const mark = await ownMark();
  const place = createHash('sha256').update(mark.place).digest('hex').slice(0, 16);
  const own = join(parent, stem + nameOf({ ...mark, place }));
  // What is in it was not judged yet: a web server that serves what lies beside `out` has no business there.
  await mkdir(own, { mode: 0o700 });
  const path = join(own, 'site');
  await mkdir(path);
  const now = (): Date => new Date(systemClock.now());
  const life = setInterval(() => void utimes(own, now(), now()).catch(() => undefined), SIGN_OF_LIFE_MS);
  life.unref();
  const dispose = async (): Promise<void> => {
    clearInterval(life);
    await rm(own, { recursive: true, force: true });
  };
  try {
    for (const name of await readdir(parent)) {
      if (!name.startsWith(stem) || name === basename(own)) continue;
      const [, pid, started = '', there = ''] = OWN_NAME.exec(name.slice(stem.length)) ?? [];
      if (pid === undefined) continue;
      const other = join(parent, name);
      const gone = await isGone({ pid: Number(pid), started, place: there }, place);
      if (!(gone ?? (await olderBy(other, own)) >= FOREIGN_MS)) throw underWay(target, other);
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
