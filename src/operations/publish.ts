import type { Reason } from '../event/reason.ts';
import { isOnFirstParent } from '../git/history.ts';
import type { CommitSha } from '../git/oid.ts';
import { sitePage } from '../render/site/page.ts';
import { publishedMetadata } from '../repository/layout.ts';
import { OperationError } from './error.ts';
import type { HashArtifacts } from './gather.ts';
import { followMain } from './main-departures.ts';
import { openBuilding } from './publish/building.ts';
import { hashOntoStage, stageFiles, stageKept } from './publish/fill.ts';
import { findPrevious } from './publish/find-previous.ts';
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
import { install, openOut, sweep } from './publish/out-folder.ts';
import { type ClientState, type PreviousSite, readClientState } from './publish/previous.ts';
import { type KnownFiles, sharedDocuments } from './publish/share.ts';
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
  const stage = new Stage(building.path, out, held);
  const hashArtifacts: HashArtifacts = (objects, tree) => hashOntoStage(objects, stage, held, tree);
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
  const site = await findPrevious(workspace, request, out, verified.tree, known);
  const isOut = request.previous === undefined;
  const before = site === undefined ? undefined : await readClientState(site, first);

  await stageFiles(workspace, stage, verified.tree, known);
  const page = sitePage(await readSiteView(workspace, verified.tree, commit));
  stage.put('index.html', Buffer.from(page));

  const reasons = [...verified.reasons];
  if (site !== undefined) reasons.push(...(await stageKept(stage, site, verified, request.keep ?? KEEP)));
  if (site !== undefined && before !== undefined)
    reasons.push(...(await gate({ stage, site, before, verified, isOut, repair: request.repair === true })));
  if (!reasons.some(({ severity }) => severity === 'refuse'))
    reasons.push(...(await walkThrough(stage, first, { now: workspace.clock.now(), known }, before)));
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

/** The metadata files of the new site. */
function knownFiles({ tree, history }: Verified): KnownFiles {
  const documents = sharedDocuments(tree, history);
  const known = new Map<string, Uint8Array>();
  for (const { path, oid } of publishedMetadata(tree)) {
    const document = documents.get(oid);
    if (document !== undefined) known.set(path, document.bytes);
  }
  return known;
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
