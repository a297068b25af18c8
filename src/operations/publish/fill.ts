import { ClientError } from '../../client/error.ts';
import { streamFrom } from '../../client/fetcher.ts';
import { type Reason, type RuleId, warn } from '../../event/reason.ts';
import { listed, quoted } from '../../event/words.ts';
import { type PublishedArtifact, publishedArtifacts, publishedMetadata } from '../../repository/layout.ts';
import type { BlobDigest, RepositoryTree } from '../../repository/tree.ts';
import { OperationError } from '../error.ts';
import type { VerifyOutcome } from '../verify.ts';
import type { Workspace } from '../workspace.ts';
import { keptFiles } from './kept.ts';
import type { PreviousSite } from './previous.ts';
import type { KnownFiles } from './share.ts';
import type { Stage } from './stage.ts';

/** Puts on the stage what a tree publishes. */
export async function stageFiles(
  { objects }: Workspace,
  stage: Stage,
  tree: RepositoryTree,
  known: KnownFiles,
): Promise<void> {
  for (const { path, oid } of publishedMetadata(tree))
    stage.put(path, known.get(path) ?? (await objects.readBlob(oid)));
  using receiver = stage.receiver();
  await objects.pour(lackingArtifacts(stage, tree), receiver);
}

/** What `out` has is taken from there on the way. */
function* lackingArtifacts(stage: Stage, tree: RepositoryTree): Iterable<PublishedArtifact> {
  for (const artifact of publishedArtifacts(tree)) {
    const paths = artifact.paths.filter(path => !stage.has(path) && !stage.keep(path, artifact.signed));
    if (paths.length > 0) yield { ...artifact, paths };
  }
}

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
    taken.close();
    return true;
  } catch (error) {
    taken.abort();
    if (error instanceof ClientError && error.code === 'TRANSPORT') throw error;
    if (!(error instanceof ClientError || error instanceof OperationError)) throw error;
    return false;
  }
}
