import { randomUUID } from 'node:crypto';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CodedError } from '../errors.ts';
import { ClientError, systemErrorCode } from './error.ts';
import { makeFolder } from './folder.ts';
import { underLock } from './lock.ts';

/**
 * What a client keeps between two refreshes: `root.json`, `timestamp.json`, `snapshot.json`, `ROLE.json` and
 * `root_history/N.root.json`, and `client/…` of its own. Nobody vouches for it: what is read is verified like what is
 * downloaded.
 */
export interface MetadataStore {
  /** `undefined`: not there, or beyond `maxBytes`. Throws {@link ClientError} `STORAGE`. */
  read(name: string, maxBytes: number): Promise<Uint8Array | undefined>;
  /** Whole or not at all. Throws `STORAGE`. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** No error where it is not there. Throws `STORAGE`. */
  remove(name: string): Promise<void>;
  /**
   * Does `work` while no other client of this store does its own. To be left out where a store has one client only.
   * Throws `STORAGE` where the others take too long.
   */
  exclusive?<T>(work: () => Promise<T>): Promise<T>;
}

/** See {@link MetadataStore.exclusive}. */
export const exclusively = <T>(store: MetadataStore, work: () => Promise<T>): Promise<T> =>
  store.exclusive === undefined ? work() : store.exclusive(work);

/** A store that ends with the process; `entries` by name are what it starts with. */
export function memoryStore(entries?: Iterable<readonly [string, Uint8Array]>): MetadataStore {
  const files = new Map(entries);
  return {
    read: (name, maxBytes) => {
      const bytes = files.get(name);
      return Promise.resolve(bytes !== undefined && bytes.length <= maxBytes ? bytes : undefined);
    },
    write: (name, bytes) => Promise.resolve(void files.set(name, bytes)),
    remove: name => Promise.resolve(void files.delete(name)),
  };
}

/**
 * A store in `folder`, laid out as python-tuf's. The folder appears with the first write. Several processes may share it:
 * a file is there whole or not at all, and whoever writes holds `.lock`.
 */
export function fileStore(folder: string): MetadataStore {
  const file = (name: string): string => path.join(folder, requireName(name));
  return {
    async read(name, maxBytes) {
      try {
        return await readWhole(file(name), maxBytes);
      } catch (cause) {
        if (systemErrorCode(cause) === 'ENOENT') return undefined;
        throw storageError('read', file(name), cause);
      }
    },
    async write(name, bytes) {
      const temporary = `${file(name)}.${randomUUID()}.tmp`;
      try {
        await makeFolder(path.dirname(temporary));
        await writeFile(temporary, bytes, { flag: 'wx' });
        await rename(temporary, file(name));
      } catch (cause) {
        await rm(temporary, { force: true }).catch(() => undefined); // The first failure is the one to tell.
        throw storageError('write', file(name), cause);
      }
    },
    async remove(name) {
      try {
        await rm(file(name), { force: true });
      } catch (cause) {
        throw storageError('remove', file(name), cause);
      }
    },
    async exclusive(work) {
      const lock = path.join(folder, LOCK);
      try {
        await makeFolder(folder);
        const outcome = await underLock(lock, work);
        if (outcome !== undefined) return outcome.value;
      } catch (cause) {
        throw cause instanceof CodedError ? cause : storageError('lock', folder, cause);
      }
      throw new ClientError(
        'STORAGE',
        `${lock} is held by another process for too long: remove it if no client is running`,
      );
    },
  };
}

const LOCK = '.lock';

/** One open file from first to last, whatever takes its name meanwhile. `undefined`: too large. */
async function readWhole(file: string, maxBytes: number): Promise<Uint8Array | undefined> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    return size > maxBytes ? undefined : await handle.readFile();
  } finally {
    await handle.close();
  }
}

const READ_ONLY: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'you may not write there'],
  ['EPERM', 'you may not write there'],
  ['EROFS', 'the file system is read-only'],
]);

/** Wraps an error of the file system, with what can be done where writing is not allowed; rethrows any other. */
export function storageError(
  verb: 'read' | 'write' | 'remove' | 'lock',
  file: string,
  cause: unknown,
  remedy = 'what is cached can still be used offline',
): ClientError {
  const code = systemErrorCode(cause);
  if (code === undefined) throw cause;
  const why = verb === 'read' ? undefined : READ_ONLY.get(code);
  const hint = why === undefined ? '' : `: ${why}; ${remedy}`;
  return new ClientError('STORAGE', `can not ${verb} ${file} (${code})${hint}`, { cause });
}

/** Names are made by paths.ts; whatever they are made of, they stay in the folder. */
function requireName(name: string): string {
  if (!/^((root_history|client)\/)?[^/\\\0]+\.json$/.test(name)) {
    throw new ClientError('UNSAFE_PATH', `${JSON.stringify(name)} is no name for a cached file`);
  }
  return name;
}
