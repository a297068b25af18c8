import { type ArtifactSource, artifactPieces } from '../../client/download.ts';
import { collect } from '../../client/fetcher.ts';
import type { TargetInfo } from '../../client/search.ts';
import { writeBlob } from '../../git/blobs.ts';
import type { ObjectId } from '../../git/oid.ts';
import { ObjectWriter } from '../../git/pack.ts';
import type { GitRepository } from '../../git/repository.ts';
import type { Prompter } from '../prompter.ts';

/** Bytes that an artifact may have to be held in memory, and how many of these are fetched at once. */
const SMALL = 4 * 1024 * 1024;
const TOGETHER = 8;
/** Bytes held before they are written. */
const LARGE = 32 * 1024 * 1024;
/** How often a long download is told of. */
const STEPS = 10;

/**
 * Fetches every artifact, checks length and hash as a client does, and keeps it as a blob of the clone: gives the blobs by target
 * path. Nothing points at them before a commit does. Throws {@link ClientError} at the first that is missing or something else.
 */
export async function storeArtifacts(
  repository: GitRepository,
  source: ArtifactSource,
  artifacts: readonly TargetInfo[],
  prompter: Pick<Prompter, 'progress'>,
): Promise<ReadonlyMap<string, ObjectId>> {
  const blobs = new Map<string, ObjectId>();
  const progress = progressOf(artifacts, prompter);
  const small = artifacts.filter(({ file }) => file.length <= SMALL);
  const writer = new ObjectWriter(repository);
  let held = 0;
  for (let i = 0; i < small.length; i += TOGETHER) {
    const batch = small.slice(i, i + TOGETHER);
    const contents = await Promise.all(batch.map(info => collect(artifactPieces(source, info))));
    for (const [at, info] of batch.entries()) {
      blobs.set(info.path, writer.add('blob', contents[at] ?? new Uint8Array()));
      held += info.file.length;
      progress(info);
    }
    if (held < LARGE) continue;
    await writer.write();
    held = 0;
  }
  await writer.write();
  for (const info of artifacts) {
    if (info.file.length <= SMALL) continue;
    blobs.set(info.path, await writeBlob(repository, artifactPieces(source, info)));
    progress(info);
  }
  return blobs;
}

function progressOf(
  artifacts: readonly TargetInfo[],
  prompter: Pick<Prompter, 'progress'>,
): (info: TargetInfo) => void {
  const total = artifacts.reduce((sum, { file }) => sum + file.length, 0);
  let [count, bytes, told] = [0, 0, 0];
  return ({ file }) => {
    count++;
    bytes += file.length;
    const step = Math.floor((STEPS * bytes) / Math.max(total, 1));
    if (step === told && count < artifacts.length) return;
    told = step;
    prompter.progress(
      `fetched and checked ${count} of ${artifacts.length} artifacts (${megabytes(bytes)} of ${megabytes(total)} MB)`,
    );
  };
}

const megabytes = (bytes: number): string => (bytes / 1_000_000).toFixed(1);
