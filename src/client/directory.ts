import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import path from 'node:path';
import { ClientError, systemErrorCode } from './error.ts';
import { collect, decodeSegments, type Fetcher, tooLarge, unsafePath } from './fetcher.ts';

// No file can have such a name, or there is a file where a folder would have to be.
const NOT_THERE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG']);

/** Reads regular files below `folder`, a published site on this machine. A symlink that leads out of it is refused. */
export function directoryFetcher(folder: string): Fetcher {
  const placeOf = (file: string): string => path.join(folder, file);
  const stream = async (file: string, maxBytes: number): Promise<AsyncIterable<Uint8Array> | undefined> => {
    const names = decodeSegments(file);
    // What the system would take for a separator or an end.
    if (names.some(name => /[/\\\0]/.test(name))) throw unsafePath(file);
    try {
      const place = await locate(folder, names);
      return place === undefined ? undefined : await openFile(place, placeOf(file), maxBytes);
    } catch (error) {
      throw readError(placeOf(file), error);
    }
  };
  return {
    stream,
    fetch: async (file, maxBytes) => collect(await stream(file, maxBytes)),
    place: placeOf,
  };
}

/** The real path of a file; `undefined` where there is none. Throws {@link ClientError} and what the system throws. */
async function locate(folder: string, names: readonly string[]): Promise<string | undefined> {
  const root = await rootOf(folder);
  let place: string;
  try {
    place = await realpath(path.join(root, ...names));
  } catch (error) {
    if (NOT_THERE.has(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
  if (!place.startsWith(root.endsWith(path.sep) ? root : root + path.sep)) {
    throw new ClientError('UNSAFE_PATH', `${names.join('/')} leads out of ${root}: symlinks may not do that`);
  }
  return place;
}

async function rootOf(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (error) {
    throw readError(`the folder ${folder}`, error);
  }
}

async function openFile(
  place: string,
  file: string,
  maxBytes: number,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  // Non-blocking: opening a named pipe would wait for a writer for ever.
  const handle = await open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const stats = await statOrClose(handle);
  if (stats.isFile() && stats.size <= maxBytes) return pieces(handle, file, maxBytes);
  await handle.close();
  if (stats.isFile()) throw tooLarge(file, maxBytes);
  // A folder of that name: a web server would not have the file either.
  if (stats.isDirectory()) return undefined;
  throw new ClientError('UNSAFE_PATH', `${file} is no regular file`);
}

async function statOrClose(handle: FileHandle): Promise<Stats> {
  try {
    return await handle.stat();
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function* pieces(handle: FileHandle, file: string, maxBytes: number): AsyncGenerator<Uint8Array> {
  let received = 0;
  try {
    for await (const piece of handle.createReadStream({ highWaterMark: 1 << 18 })) {
      const bytes: Uint8Array = piece as Buffer;
      received += bytes.length;
      if (received > maxBytes) throw tooLarge(file, maxBytes);
      yield bytes;
    }
  } catch (error) {
    throw readError(file, error);
  } finally {
    await handle.close();
  }
}

function readError(file: string, error: unknown): unknown {
  const code = systemErrorCode(error);
  return code === undefined
    ? error
    : new ClientError('TRANSPORT', `${file} can not be read (${code})`, { cause: error });
}
