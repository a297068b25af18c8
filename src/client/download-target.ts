import { type ArtifactCache, isContent } from './artifact-cache.ts';
import { contentCheck, namingDigest } from './digest.ts';
import { artifactFile, type WriteOptions, writeArtifact } from './download.ts';
import { ClientError } from './error.ts';
import type { TargetInfo } from './search.ts';

export interface Downloaded {
  /** The file's path. */
  readonly file: string;
  readonly info: TargetInfo;
  /** It lay in place already, was in the cache, or came from the repository. */
  readonly from: 'place' | 'cache' | 'repository';
}

export interface DownloadOptions extends WriteOptions {
  /** The artifact from each mirror; none where no network may be used. */
  readonly sources: readonly (() => AsyncIterable<Uint8Array>)[];
  readonly cache: ArtifactCache | undefined;
  /** Told where the artifact is written and verified, but the cache could not keep it. */
  readonly notKept: (reason: ClientError) => void;
}

/** Brings one artifact below `folder`, from the nearest place that has just what `info` says. Throws {@link ClientError}. */
export async function downloadTarget(
  info: TargetInfo,
  folder: string,
  { sources, cache, notKept, ...how }: DownloadOptions,
): Promise<Downloaded> {
  const place = artifactFile(folder, info);
  if (await isContent(place, info.file, info.path)) return { file: place, info, from: 'place' };
  const digest = namingDigest(info.file.hashes, info.path);
  const cached = await cache?.read(digest);
  let from: Downloaded['from'] = 'repository';
  const fromCache = cached === undefined ? [] : [() => ((from = 'cache'), checked(cached, info))];
  const fromRepository = sources.map(source => () => ((from = 'repository'), source()));
  if (fromCache.length + fromRepository.length === 0) throw notCached(info);
  const file = await writeArtifact([...fromCache, ...fromRepository], folder, info, how);
  // Assigned while the sources are asked, which the compiler does not see.
  const origin = from as Downloaded['from'];
  if (origin === 'repository') await keep(cache, digest, file, notKept);
  return { file, info, from: origin };
}

async function* checked(pieces: AsyncIterable<Uint8Array>, info: TargetInfo): AsyncGenerator<Uint8Array> {
  const check = contentCheck(info.file, info.path);
  for await (const piece of pieces) {
    check.update(piece);
    yield piece;
  }
  check.finish();
}

async function keep(
  cache: ArtifactCache | undefined,
  digest: string,
  file: string,
  notKept: (reason: ClientError) => void,
): Promise<void> {
  try {
    await cache?.add(digest, file);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    notKept(error);
  }
}

const notCached = (info: TargetInfo): ClientError =>
  new ClientError(
    'NOT_CACHED',
    `${JSON.stringify(info.path)} is not in the cache: download it with the network`,
  );
