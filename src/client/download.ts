import { type FileHandle, open, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { CodedError } from '../errors.ts';
import { contentCheck, namingDigest } from './digest.ts';
import { ClientError } from './error.ts';
import { checkedFrom, type Fetcher, notThere, streamFrom } from './fetcher.ts';
import { makeFolder } from './folder.ts';
import { firstSound } from './mirrors.ts';
import { partIn } from './part.ts';
import { artifactPath } from './paths.ts';
import type { TargetInfo } from './search.ts';
import { storageError } from './store.ts';
import { untilAborted } from './until-aborted.ts';

/** How artifacts are fetched: where from, by which names, and how large one may be. */
export interface ArtifactSource {
  readonly targets: Fetcher;
  readonly consistentSnapshot: boolean;
  readonly maxBytes: number;
}

/**
 * TUF 5.7: the artifact in pieces. Throws at the end (`LENGTH_MISMATCH`, `HASH_MISMATCH`) unless it is what `info` says,
 * so nothing may be made of a piece before the last one has come.
 */
export async function* artifactPieces(source: ArtifactSource, info: TargetInfo): AsyncGenerator<Uint8Array> {
  const { length, hashes } = info.file;
  if (length > source.maxBytes) {
    throw new ClientError(
      'TOO_LARGE',
      `${info.path} has ${length} bytes, more than the ${source.maxBytes} allowed`,
    );
  }
  const check = contentCheck(info.file, info.path);
  const name = artifactPath(
    info.path,
    source.consistentSnapshot ? namingDigest(hashes, info.path) : undefined,
  );
  const pieces = await streamFrom(source.targets, name, length);
  if (pieces === undefined) throw notThere(source.targets, name);
  for await (const piece of pieces) {
    check.update(piece);
    yield piece;
  }
  checkedFrom(source.targets, name, () => check.finish());
}

/** Bytes written of how many. */
export type Progress = (received: number, length: number) => void;

export interface WriteOptions {
  readonly progress?: Progress | undefined;
  /** Ends it when aborted, and removes what was written. */
  readonly signal?: AbortSignal | undefined;
}

/** Where an artifact lies below `folder`. */
export const artifactFile = (folder: string, info: TargetInfo): string =>
  path.join(folder, ...info.path.split('/'));

/**
 * Writes an artifact below `folder` under its target path: to a temporary name first, which becomes the real one only
 * when all of it was checked. Each of `sources` is tried until one proves sound, from its first byte. Gives the file's
 * path. Throws {@link ClientError} `STORAGE`, `ABORTED` and what the sources throw.
 */
export async function writeArtifact(
  sources: readonly (() => AsyncIterable<Uint8Array>)[],
  folder: string,
  info: TargetInfo,
  { progress, signal }: WriteOptions = {},
): Promise<string> {
  const file = artifactFile(folder, info);
  let temporary: string | undefined;
  let handle: FileHandle | undefined;
  try {
    await makeFolder(path.dirname(file));
    await requireBelow(folder, path.dirname(file));
    temporary = await partIn(path.dirname(file));
    const opened = await open(temporary, 'wx');
    handle = opened;
    await firstSound(sources, async pieces => {
      await opened.truncate(0);
      let received = 0;
      for await (const piece of untilAborted(pieces(), signal)) {
        // At its place: what another source has written before may be longer.
        await writeAll(opened, piece, received);
        received += piece.length;
        progress?.(received, info.file.length);
      }
    });
    await opened.close();
    handle = undefined;
    await rename(temporary, file);
    return file;
  } catch (cause) {
    await handle?.close();
    if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => undefined); // The first failure is the one to tell.
    throw cause instanceof CodedError ? cause : storageError('write', file, cause, 'name another folder');
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

/** A symlink in `folder` must not take an artifact elsewhere. */
async function requireBelow(folder: string, inside: string): Promise<void> {
  const relative = path.relative(await realpath(folder), await realpath(inside));
  if (relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative)) {
    throw new ClientError('UNSAFE_PATH', `${inside} leads out of ${folder}`);
  }
}
