import { randomUUID } from 'node:crypto';
import { constants, copyFile, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { contentCheck, type Expected } from './digest.ts';
import { systemErrorCode, unlessRefused } from './error.ts';
import { makeFolder } from './folder.ts';
import { storageError } from './store.ts';

/** Artifacts that were verified once, by their digest. Nobody vouches for them: what is read is verified again. */
export interface ArtifactCache {
  /** `undefined`: not there. Throws {@link ClientError} `STORAGE`. */
  read(digest: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Keeps a copy of a file. Throws `STORAGE`. */
  add(digest: string, file: string): Promise<void>;
}

/** A cache in `folder`, a file each, named by its digest. */
export function artifactFolder(folder: string): ArtifactCache {
  const place = (digest: string): string => path.join(folder, digest.slice(0, 2), digest);
  return {
    read: async digest => await readFile(place(digest)),
    async add(digest, file) {
      const temporary = `${place(digest)}.${randomUUID()}.tmp`;
      try {
        await makeFolder(path.dirname(temporary));
        // A clone where the file system can: it costs no space, and changes to one are none of the other.
        await copyFile(file, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
        await rename(temporary, place(digest));
      } catch (cause) {
        await rm(temporary, { force: true }).catch(() => undefined); // The first failure is the one to tell.
        throw storageError('write', place(digest), cause);
      }
    },
  };
}

/** Is the file there, and just what is expected? */
export async function isContent(file: string, expected: Expected, name: string): Promise<boolean> {
  const pieces = await readFile(file, expected.length);
  if (pieces === undefined) return false;
  const check = contentCheck(expected, name);
  for await (const piece of pieces) check.update(piece);
  return unlessRefused(() => (check.finish(), true)) === true;
}

/** A file in pieces; `undefined` where there is none, or another than a file of `length` bytes. */
async function readFile(file: string, length?: number): Promise<AsyncIterable<Uint8Array> | undefined> {
  try {
    // Non-blocking: opening a named pipe would wait for a writer for ever.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (stats.isFile() && (length === undefined || stats.size === length)) {
      return handle.createReadStream({ highWaterMark: 1 << 18 });
    }
    await handle.close();
    return undefined;
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT' || systemErrorCode(cause) === 'ENOTDIR') return undefined;
    throw storageError('read', file, cause);
  }
}
