import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { CodedError } from '../../errors.ts';
import { storageError } from '../store.ts';
import { untilAborted } from '../until-aborted.ts';
import { MARKER, MARKER_NAME } from './format.ts';
import { bad, encodeHeader, end, padding } from './tar.ts';

/** One file of a bundle. */
export interface BundleFile {
  /** As {@link bundleName} gives it. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly content: () => AsyncIterable<Uint8Array>;
}

/**
 * Writes a bundle of `files`, in their order: the same files make the same bytes. It becomes `out` when it is whole, else
 * nothing does. Throws {@link ClientError} `BAD_BUNDLE`, `STORAGE`, `ABORTED`, and what the contents throw.
 */
export async function writeBundle(
  out: string,
  files: AsyncIterable<BundleFile>,
  signal?: AbortSignal,
): Promise<void> {
  const temporary = `${out}.${randomUUID()}.tmp`;
  let handle: FileHandle | undefined;
  try {
    handle = await open(temporary, 'wx');
    await handle.writeFile(encodeHeader(MARKER_NAME, MARKER.length));
    await handle.writeFile(MARKER);
    await handle.writeFile(padding(MARKER.length));
    for await (const file of files) await writeFile(handle, file, signal);
    await handle.writeFile(end);
    await handle.close();
    handle = undefined;
    await rename(temporary, out);
  } catch (cause) {
    await handle?.close();
    await rm(temporary, { force: true }).catch(() => undefined); // The first failure is the one to tell.
    throw cause instanceof CodedError ? cause : storageError('write', out, cause, 'name another file');
  }
}

async function writeFile(
  handle: FileHandle,
  { name, size, content }: BundleFile,
  signal: AbortSignal | undefined,
): Promise<void> {
  await handle.writeFile(encodeHeader(name, size));
  let written = 0;
  for await (const piece of untilAborted(content(), signal)) {
    written += piece.length;
    await handle.writeFile(piece);
  }
  if (written !== size) throw bad(`${JSON.stringify(name)} has ${written} bytes, not ${size}`);
  await handle.writeFile(padding(size));
}
