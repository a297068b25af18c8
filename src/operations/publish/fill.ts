import { ClientError } from '../../client/error.ts';
import { streamFrom } from '../../client/fetcher.ts';
import { type Reason, type RuleId, warn } from '../../event/reason.ts';
import { listed, quoted } from '../../event/words.ts';
import type { BlobSink, ObjectReader } from '../../git/objects.ts';
import { allDigests } from '../../repository/digests.ts';
import { type PublishedArtifact, publishedArtifacts, publishedMetadata } from '../../repository/layout.ts';
import type { BlobDigest, BlobDigests, RepositoryTree } from '../../repository/tree.ts';
import { OperationError } from '../error.ts';
import type { VerifyOutcome } from '../verify.ts';
import type { Workspace } from '../workspace.ts';
import type { HeldFiles } from './held.ts';
import { keptFiles } from './kept.ts';
import type { PreviousSite } from './previous.ts';
import type { KnownFiles } from './share.ts';
import { isSame, type Stage, summing, type Writing } from './stage.ts';

/**
 * What the judge has to know of the artifacts of `tree`. Nobody has said yet that they may be published: but what is, to the byte, what
 * the metadata lists is on the stage when it is hashed, and goes with that where the judge refuses. Throws {@link GitError}.
 */
export async function hashOntoStage(
  objects: ObjectReader,
  stage: Stage,
  held: HeldFiles,
  tree: RepositoryTree,
): Promise<BlobDigests> {
  const digests = held.takeArtifacts(tree);
  using arriving = new Arriving(stage, (path, wanted, size) => stage.openIfPossible(path, wanted, size));
  arriving.each = ({ oid }, digest) => digests.set(oid, digest);
  await objects.pour(
    lackingArtifacts(tree, path => stage.has(path) || held.has(path)),
    arriving,
  );
  const others = await objects.hashBlobs([...allDigests(tree)].filter(oid => !digests.has(oid)));
  return { get: oid => digests.get(oid) ?? others.get(oid) };
}

/** Puts on the stage what a tree publishes, and is not there yet. */
export async function stageFiles(
  { objects }: Workspace,
  stage: Stage,
  tree: RepositoryTree,
  known: KnownFiles,
): Promise<void> {
  for (const { path, oid } of publishedMetadata(tree))
    stage.put(path, known.get(path) ?? (await objects.readBlob(oid)));
  using arriving = new Arriving(stage, (path, wanted, size) => stage.open(path, wanted, size));
  arriving.each = ({ paths, signed }, digest) => {
    if (!isSame(digest, signed)) throw notAsSigned(paths[0] ?? '');
  };
  await objects.pour(
    lackingArtifacts(tree, (path, signed) => stage.has(path) || stage.keep(path, signed)),
    arriving,
  );
}

function* lackingArtifacts(
  tree: RepositoryTree,
  isThere: (path: string, signed: BlobDigest) => boolean,
): Iterable<PublishedArtifact> {
  for (const artifact of publishedArtifacts(tree)) {
    const paths = artifact.paths.filter(path => !isThere(path, artifact.signed));
    if (paths.length > 0) yield { ...artifact, paths };
  }
}

/** Takes artifacts as they come, each to those of its paths that are still to be filled. */
class Arriving implements BlobSink<PublishedArtifact>, Disposable {
  readonly #stage: Stage;
  readonly #open: Stage['openIfPossible'];
  /** Hears what came. */
  each: (artifact: PublishedArtifact, digest: BlobDigest) => void = () => undefined;
  #artifact: PublishedArtifact | undefined;
  #writing: Writing | undefined;
  #paths: readonly string[] = [];

  constructor(stage: Stage, open: Stage['openIfPossible']) {
    this.#stage = stage;
    this.#open = open;
  }

  begin(artifact: PublishedArtifact, size: number): void {
    const { paths, signed } = artifact;
    this.#artifact = artifact;
    // One that came before may have had the same.
    this.#paths = paths.filter(path => !this.#stage.has(path));
    const [first] = this.#paths;
    this.#writing = first === undefined ? summing(size) : this.#open(first, signed, size);
  }

  data(bytes: Uint8Array): void {
    this.#writing?.write(bytes);
  }

  end(): void {
    const digest = this.#writing?.close();
    this.#writing = undefined;
    const [first, ...more] = this.#paths;
    if (first !== undefined) this.#stage.copy(first, more);
    if (digest !== undefined && this.#artifact !== undefined) this.each(this.#artifact, digest);
  }

  [Symbol.dispose](): void {
    this.#writing?.abort();
  }
}

const notAsSigned = (path: string): OperationError =>
  new OperationError(
    'REFUSED',
    `the content of ${path} is not what the signed metadata says: nothing was published`,
  );

/** Names in one sentence. */
const NAMED = 4;
const CLIENTS: RuleId = 'clients';

/** Puts on the stage what stays of earlier snapshots. Warns of what clients who are on their way will miss. */
export async function stageKept(
  stage: Stage,
  site: PreviousSite,
  { tree, history }: Pick<VerifyOutcome, 'tree' | 'history'>,
  count: number,
): Promise<readonly Reason[]> {
  const roots = [...history.values()].flatMap(parsed => (parsed.ok ? [parsed.value] : []));
  const kept = await keptFiles(site, tree, roots, count);
  for (const [path, bytes] of kept.metadata) if (!stage.has(path)) stage.put(path, bytes);
  const lost: string[] = [];
  for (const [path, wanted] of kept.artifacts) {
    if (stage.has(path) || stage.keep(path, wanted)) continue;
    if (!(await stageArtifact(stage, site, path, wanted))) lost.push(path);
  }
  const reasons: Reason[] = [];
  const say = (message: string): void => void reasons.push({ rule: CLIENTS, ...warn(message) });
  if (kept.damaged.length > 0)
    say(
      `${listed(kept.damaged.map(version => `snapshot ${version}`))} of ${site.name} can not be kept, as not all of it is there as it was signed: clients that are about to fetch it have to begin again`,
    );
  if (lost.length > 0)
    say(
      `${site.name} does not have, or not as signed, what an earlier snapshot lists: ${listed(lost.map(quoted), NAMED)}; it is not kept`,
    );
  return reasons;
}

/** `false`: the site does not have the artifact, or not so. */
async function stageArtifact(
  stage: Stage,
  site: PreviousSite,
  path: string,
  wanted: BlobDigest,
): Promise<boolean> {
  const url = path.split('/').map(encodeURIComponent).join('/');
  const taken = stage.open(path, wanted);
  try {
    const pieces = await streamFrom(site.files, url, wanted.length);
    for await (const piece of pieces ?? []) taken.write(piece);
    return isSame(taken.close(), wanted);
  } catch (error) {
    taken.abort();
    if (!(error instanceof ClientError) || error.code === 'TRANSPORT') throw error;
    return false;
  }
}
