import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ClientError, systemErrorCode } from './error.ts';

/**
 * What a client keeps between two refreshes: `root.json`, `timestamp.json`, `snapshot.json`, `ROLE.json` and
 * `root_history/N.root.json`. Nobody vouches for it: what is read is verified like what is downloaded.
 */
export interface MetadataStore {
  /** `undefined`: not there, or beyond `maxBytes`. Throws {@link ClientError} `STORAGE`. */
  read(name: string, maxBytes: number): Promise<Uint8Array | undefined>;
  /** Whole or not at all. Throws `STORAGE`. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** No error where it is not there. Throws `STORAGE`. */
  remove(name: string): Promise<void>;
}

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

/** A store in `folder`, laid out as python-tuf's. The folder appears with the first write. */
export function fileStore(folder: string): MetadataStore {
  const file = (name: string): string => path.join(folder, requireName(name));
  return {
    async read(name, maxBytes) {
      try {
        const { size } = await stat(file(name));
        return size > maxBytes ? undefined : await readFile(file(name));
      } catch (cause) {
        if (systemErrorCode(cause) === 'ENOENT') return undefined;
        throw storageError('read', file(name), cause);
      }
    },
    async write(name, bytes) {
      const temporary = `${file(name)}.${randomUUID()}.tmp`;
      try {
        await mkdir(path.dirname(temporary), { recursive: true });
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
  };
}

/** Wraps an error of the file system; rethrows any other. */
export function storageError(verb: string, file: string, cause: unknown): ClientError {
  const code = systemErrorCode(cause);
  if (code === undefined) throw cause;
  return new ClientError('STORAGE', `can not ${verb} ${file} (${code})`, { cause });
}

/** Names are made by paths.ts; whatever they are made of, they stay in the folder. */
function requireName(name: string): string {
  if (!/^(root_history\/)?[^/\\\0]+\.json$/.test(name)) {
    throw new ClientError('UNSAFE_PATH', `${JSON.stringify(name)} is no name for a cached file`);
  }
  return name;
}
