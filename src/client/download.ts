import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { CodedError } from '../errors.ts';
import { contentCheck, namingDigest } from './digest.ts';
import { ClientError } from './error.ts';
import { type Fetcher, streamFrom } from './fetcher.ts';
import { artifactPath } from './paths.ts';
import type { TargetInfo } from './search.ts';
import { storageError } from './store.ts';

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
  if (pieces === undefined) throw new ClientError('NOT_FOUND', `the repository has no artifact ${name}`);
  for await (const piece of pieces) {
    check.update(piece);
    yield piece;
  }
  check.finish();
}

/**
 * Writes an artifact below `folder` under its target path: to a temporary name first, which becomes the real one only
 * when all of it was checked. Gives the file's path. Throws {@link ClientError} `STORAGE` and what `pieces` throws.
 */
export async function writeArtifact(
  pieces: AsyncIterable<Uint8Array>,
  folder: string,
  info: TargetInfo,
): Promise<string> {
  const file = path.join(folder, ...info.path.split('/'));
  const temporary = path.join(path.dirname(file), `.${randomUUID()}.part`);
  let handle: FileHandle | undefined;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await requireBelow(folder, path.dirname(file));
    handle = await open(temporary, 'wx');
    for await (const piece of pieces) await handle.writeFile(piece);
    await handle.close();
    handle = undefined;
    await rename(temporary, file);
    return file;
  } catch (cause) {
    await handle?.close();
    await rm(temporary, { force: true }).catch(() => undefined); // The first failure is the one to tell.
    throw cause instanceof CodedError ? cause : storageError('write', file, cause);
  }
}

/** A symlink in `folder` must not take an artifact elsewhere. */
async function requireBelow(folder: string, inside: string): Promise<void> {
  const relative = path.relative(await realpath(folder), await realpath(inside));
  if (relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative)) {
    throw new ClientError('UNSAFE_PATH', `${inside} leads out of ${folder}`);
  }
}
