import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ForgeError } from './error.ts';

/** Writes a file whole or not at all. Throws {@link ForgeError} `ACCESS`. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  await inFolder('write', file, async () => {
    try {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(temporary, text, { flag: 'wx' });
      await rename(temporary, file);
    } finally {
      await rm(temporary, { force: true });
    }
  });
}

/** Wraps an error of the file system; rethrows any other. */
export async function inFolder<T>(verb: string, place: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (!(cause instanceof Error) || !('syscall' in cause) || !('code' in cause)) throw cause;
    throw new ForgeError('ACCESS', `can not ${verb} ${place} (${String(cause.code)})`, { cause });
  }
}
