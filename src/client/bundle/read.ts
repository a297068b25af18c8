import { type FileHandle, open } from 'node:fs/promises';
import { ClientError, systemErrorCode } from '../error.ts';
import { collect, type Fetcher, type RepositorySource, tooLarge } from '../fetcher.ts';
import { storageError } from '../store.ts';
import { bundleName, MARKER, MARKER_NAME, METADATA, TARGETS } from './format.ts';
import { bad, type Entry, end, padding, readEntry } from './tar.ts';

/** More would only fill memory: snapshots of that many roles are beyond what clients take. */
const MAX_ENTRIES = 200_000;

/**
 * A repository in one file that {@link writeBundle} wrote. Nothing is unpacked: what is asked for is read from its place,
 * and proves itself as on a web server. The whole file is walked through at once. Throws {@link ClientError} `BAD_BUNDLE`
 * or `STORAGE`.
 */
export async function bundleSource(file: string): Promise<RepositorySource> {
  const entries = await withFile(file, handle => readIndex(handle, file));
  const fetcher = (folder: string): Fetcher => {
    const place = (path: string): string => `${folder}/${path} in the bundle ${file}`;
    const stream = async (path: string, maxBytes: number): Promise<AsyncIterable<Uint8Array> | undefined> => {
      const name = bundleName(folder, path);
      const entry = name === undefined ? undefined : entries.get(name);
      if (entry === undefined) return undefined;
      if (entry.size > maxBytes) throw tooLarge(place(path), maxBytes);
      return contentOf(file, entry);
    };
    return { stream, fetch: async (path, maxBytes) => collect(await stream(path, maxBytes)), place };
  };
  return { metadata: [fetcher(METADATA)], targets: [fetcher(TARGETS)] };
}

async function readIndex(handle: FileHandle, file: string): Promise<ReadonlyMap<string, Entry>> {
  try {
    return await indexOf(handle);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    throw new ClientError(error.code, `${file}: ${error.message}`, { cause: error.cause });
  }
}

async function indexOf(handle: FileHandle): Promise<ReadonlyMap<string, Entry>> {
  const { size } = await handle.stat();
  const readAt = async (offset: number, length: number): Promise<Uint8Array> => {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };
  const entries = new Map<string, Entry>();
  let offset = 0;
  for (;;) {
    const entry = await readEntry(readAt, offset);
    if (entry === undefined) break;
    const filled = padding(entry.size).length;
    offset = entry.offset + entry.size + filled;
    if (offset > size) throw bad('it ends too early');
    if ((await readAt(offset - filled, filled)).some(byte => byte !== 0))
      throw bad('there is something between its files');
    requirePlace(entry, entries);
    entries.set(entry.name, entry);
  }
  if (size !== offset + end.length || (await readAt(offset, end.length)).some(byte => byte !== 0)) {
    throw bad('there is something after its end');
  }
  const marker = entries.get(MARKER_NAME);
  if (marker === undefined || Buffer.compare(await readAt(marker.offset, MARKER.length), MARKER) !== 0) {
    throw bad('it does not say that it is one, of version 1');
  }
  return entries;
}

function requirePlace({ name, size }: Entry, entries: ReadonlyMap<string, Entry>): void {
  if (entries.size >= MAX_ENTRIES) throw bad(`it has more than ${MAX_ENTRIES} files`);
  if (entries.has(name)) throw bad(`${JSON.stringify(name)} is in it twice`);
  const isMarker = name === MARKER_NAME && size === MARKER.length;
  if (isMarker !== (entries.size === 0)) throw bad('it does not say that it is one, of version 1');
  if (!isMarker && !name.startsWith(`${METADATA}/`) && !name.startsWith(`${TARGETS}/`)) {
    throw bad(`${JSON.stringify(name)} is neither metadata nor a target`);
  }
}

async function* contentOf(file: string, { offset, size }: Entry): AsyncGenerator<Uint8Array> {
  if (size === 0) return;
  const handle = await opened(file);
  try {
    const stream = handle.createReadStream({ start: offset, end: offset + size - 1, highWaterMark: 1 << 18 });
    for await (const piece of stream) yield piece as Buffer;
  } catch (cause) {
    throw storageError('read', file, cause);
  } finally {
    await handle.close();
  }
}

async function withFile<T>(file: string, read: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await opened(file);
  try {
    return await read(handle);
  } catch (cause) {
    throw systemErrorCode(cause) === undefined ? cause : storageError('read', file, cause);
  } finally {
    await handle.close();
  }
}

async function opened(file: string): Promise<FileHandle> {
  try {
    return await open(file);
  } catch (cause) {
    throw storageError('read', file, cause);
  }
}
