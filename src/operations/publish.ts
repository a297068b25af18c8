import { directoryFetcher } from '../client/directory.ts';
import { ClientError } from '../client/error.ts';
import { streamFrom } from '../client/fetcher.ts';
import type { Reason } from '../event/reason.ts';
import { isOnFirstParent, listStates } from '../git/history.ts';
import type { CommitSha } from '../git/oid.ts';
import { TIMESTAMP } from '../metadata/names.ts';
import { sitePage } from '../render/site/page.ts';
import { type PublishedArtifact, publishedArtifacts, publishedMetadata } from '../repository/layout.ts';
import { type BlobDigest, documentOf, type RepositoryTree, roleFile } from '../repository/tree.ts';
import { OperationError } from './error.ts';
import type { HashArtifacts } from './gather.ts';
import { followMain } from './main-departures.ts';
import { openBuilding } from './publish/building.ts';
import {
  changedFiles,
  changeReason,
  departures,
  isCompared,
  rootDepartures,
  troubleReason,
  walkThrough,
} from './publish/gate.ts';
import { HeldFiles } from './publish/held.ts';
import { keptFiles } from './publish/kept.ts';
import { install, type OutFolder, openOut, sweep } from './publish/out-folder.ts';
import { type ClientState, isAbsent, type PreviousSite, readClientState } from './publish/previous.ts';
import { sharedDocuments, sharing } from './publish/share.ts';
import { Stage } from './publish/stage.ts';
import { readSiteView } from './site-view.ts';
import { oldestRoot, type VerifyOutcome, type VerifyRequest, verifyCommit } from './verify.ts';
import { findMain, type Workspace } from './workspace.ts';

export interface PublishRequest {
  readonly commit: CommitSha;
  /** The folder that becomes the site. */
  readonly out: string;
  readonly trustedRoot?: Uint8Array | undefined;
  /** What clients have now: a site; `none`, on somebody's word; by default the site that `out` is. */
  readonly previous?: PreviousSite | 'none' | undefined;
  /** Goes on where the previous site is broken, and says what is lost. What clients would refuse stays refused. */
  readonly repair?: boolean;
  /** Snapshots before the new one whose files stay, for clients that are on their way. Default: 2. */
  readonly keep?: number;
}

export interface PublishOutcome {
  /** Files of the site. */
  readonly files: number;
  /** Those that had to be written. */
  readonly written: number;
  readonly reasons: readonly Reason[];
  /** Was the site written? */
  readonly published: boolean;
}

const KEEP = 2;

/**
 * Builds the site of a commit: verified before, also against what main was; built beside `out`; walked through by our client from
 * the first root and from where clients are now; then put in place, timestamp last. Where anything is refused `out` stays what it
 * was. The same commit and the same previous site give the same bytes. Throws {@link OperationError} `ALREADY_THERE` where `out` is
 * a folder of something else, `MISSING_ANSWER` where nobody says what clients have now, `REFUSED` where that can't be read,
 * `RACE_LOST` where another build is under way.
 */
export async function publishSite(workspace: Workspace, request: PublishRequest): Promise<PublishOutcome> {
  // First of all: what was read before somebody else's build had ended would be an old site.
  await using building = await openBuilding(request.out);
  const out = await openOut(request.out);
  const { commit, trustedRoot } = request;
  await requireOnMain(workspace, commit);
  const held = new HeldFiles(out, workspace.repository.objectFormat);
  const hashArtifacts: HashArtifacts = (objects, tree) => held.digests(objects, tree);
  const verified = await verifiedCommit(workspace, {
    commit,
    trustedRoot,
    withoutClient: true,
    hashArtifacts,
  });
  if (verified.verdict !== 'accepted') return refused(verified.reasons);
  const state = { tree: verified.tree, facts: { history: verified.history } };
  const { departures: departed } = await followMain(workspace, commit, state, trustedRoot);
  if (departed.length > 0) return refused([...verified.reasons, ...departed]);
  const first = trustedRoot ?? (await oldestRoot(workspace, verified.tree));
  const known = knownFiles(verified);
  const site = await previousSite(workspace, request, out, verified, known);
  const isOut = request.previous === undefined;
  const before = site === undefined ? undefined : await readClientState(site, first);

  const stage = new Stage(building.path, out, held, known);
  await stageFiles(workspace, stage, verified.tree, known);
  const page = sitePage(await readSiteView(workspace, verified.tree, commit));
  stage.put('index.html', Buffer.from(page));
  if (site !== undefined) await stageKept(stage, site, verified, request.keep ?? KEEP);

  const reasons = [...verified.reasons];
  if (site !== undefined && before !== undefined)
    reasons.push(...(await gate({ stage, site, before, verified, isOut, repair: request.repair === true })));
  if (!reasons.some(({ severity }) => severity === 'refuse'))
    reasons.push(...(await walkThrough(stage, first, workspace.clock.now(), before)));
  if (reasons.some(({ severity }) => severity === 'refuse')) return refused(reasons);
  await install(building.path, stage.built, out);
  sweep(out, file => stage.has(file));
  return { files: stage.size, written: stage.builtCount, reasons, published: true };
}

/** What is left of a verified commit: all digests and differences of the judgement would be held as long as it is. */
type Verified = Pick<VerifyOutcome, 'verdict' | 'reasons' | 'tree' | 'history'>;

async function verifiedCommit(workspace: Workspace, request: VerifyRequest): Promise<Verified> {
  const { verdict, reasons, tree, history } = await verifyCommit(workspace, request);
  return { verdict, reasons, tree, history };
}

const refused = (reasons: readonly Reason[]): PublishOutcome => ({
  files: 0,
  written: 0,
  reasons,
  published: false,
});

/** Only what main itself is or was is published, never an event. */
async function requireOnMain(workspace: Workspace, commit: CommitSha): Promise<void> {
  const main = await findMain(workspace);
  if (await isOnFirstParent(workspace.repository, commit, main.commit)) return;
  throw new OperationError(
    'NOT_FROM_MAIN',
    `${commit.slice(0, 12)} is no state of ${main.branch}: merge it first`,
  );
}

/** What clients have now. `undefined`: nothing was ever published, on somebody's word or because nothing can have been. */
async function previousSite(
  workspace: Workspace,
  { commit, previous, out: name }: PublishRequest,
  out: OutFolder,
  { tree }: Verified,
  known: KnownFiles,
): Promise<PreviousSite | undefined> {
  const hasSite = out.files.has('timestamp.json');
  if (previous === 'none') {
    if (!hasSite) return undefined;
    throw new OperationError('ALREADY_THERE', `${name} holds a site: this is not the first one`);
  }
  if (previous === undefined) {
    if (hasSite) return { files: sharing(directoryFetcher(out.path), known), name };
    if (await isFirst(workspace, commit, tree)) return undefined;
    throw new OperationError(
      'MISSING_ANSWER',
      `there is no site at ${name} to compare with: say by --previous URL or FOLDER what clients have now, or by --first-publish that they have nothing`,
    );
  }
  if (!(await isAbsent(previous, 1))) return { ...previous, files: sharing(previous.files, known) };
  if (await isFirst(workspace, commit, tree)) return undefined;
  throw new OperationError(
    'REFUSED',
    `there is no site at ${previous.name}: correct the address, or say by --first-publish that clients have nothing`,
  );
}

/** Before the first timestamp that main ever held, nothing can have been published. An imported one goes on from another's. */
async function isFirst(
  { repository }: Workspace,
  commit: CommitSha,
  tree: VerifyOutcome['tree'],
): Promise<boolean> {
  const states = await listStates(repository, commit, `metadata/${roleFile(TIMESTAMP)}`);
  return (
    new Set(states.map(({ oid }) => oid)).size === 1 && documentOf(tree, TIMESTAMP)?.signed.version === 1
  );
}

/** The bytes of metadata files of the new site, by their place there. */
type KnownFiles = ReadonlyMap<string, Uint8Array>;

function knownFiles({ tree, history }: Verified): KnownFiles {
  const documents = sharedDocuments(tree, history);
  const known = new Map<string, Uint8Array>();
  for (const { path, oid } of publishedMetadata(tree)) {
    const document = documents.get(oid);
    if (document !== undefined) known.set(path, document.bytes);
  }
  return known;
}

async function stageFiles(
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
    const paths = artifact.paths.filter(path => !stage.keep(path, artifact.signed) && !stage.has(path));
    if (paths.length > 0) yield { ...artifact, paths };
  }
}

async function stageKept(
  stage: Stage,
  site: PreviousSite,
  { tree, history }: Verified,
  count: number,
): Promise<void> {
  const roots = [...history.values()].flatMap(parsed => (parsed.ok ? [parsed.value] : []));
  const kept = await keptFiles(site, tree, roots, count);
  for (const [path, bytes] of kept.metadata) if (!stage.has(path)) stage.put(path, bytes);
  for (const [path, wanted] of kept.artifacts) {
    if (stage.has(path) || stage.keep(path, wanted)) continue;
    await stageArtifact(stage, site, path, wanted);
  }
}

/** An artifact that the site does not have, or not so, was not to be had before. */
async function stageArtifact(
  stage: Stage,
  site: PreviousSite,
  path: string,
  wanted: BlobDigest,
): Promise<void> {
  const url = path.split('/').map(encodeURIComponent).join('/');
  const taken = stage.open(path, wanted);
  try {
    const pieces = await streamFrom(site.files, url, wanted.length);
    for await (const piece of pieces ?? []) taken.write(piece);
    taken.close();
  } catch (error) {
    taken.abort();
    if (error instanceof ClientError && error.code === 'TRANSPORT') throw error;
    if (!(error instanceof ClientError || error instanceof OperationError)) throw error;
  }
}

interface Gate {
  readonly stage: Stage;
  readonly site: PreviousSite;
  readonly before: ClientState;
  readonly verified: Verified;
  /** Is the previous site what `out` is? Then the stage has compared it. */
  readonly isOut: boolean;
  readonly repair: boolean;
}

/** Does what clients have now lead to what was built? */
async function gate({ stage, site, before, verified, isOut, repair }: Gate): Promise<readonly Reason[]> {
  const changed = isOut
    ? [...stage.changed].filter(isCompared)
    : await changedFiles(stage, site, verified.tree);
  return [
    ...(await troubleReason(site, before, repair)),
    ...departures(verified.tree, before),
    ...(await rootDepartures(stage, site, before)),
    ...changeReason(changed, repair),
  ];
}
