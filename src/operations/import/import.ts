import { firstMirror, type RepositorySource, type SingleSource } from '../../client/fetcher.ts';
import type { EventReport } from '../../event/report.ts';
import { listed } from '../../event/words.ts';
import { createCommit, type FileChange } from '../../git/commit.ts';
import type { BranchName } from '../../git/names.ts';
import type { CommitSha } from '../../git/oid.ts';
import { ROOT, type RoleName } from '../../metadata/names.ts';
import { historyFile, roleFile } from '../../repository/tree.ts';
import { pushEvent } from '../commit.ts';
import { OperationError } from '../error.ts';
import { loadRemoteEvent } from '../event.ts';
import { existingMain, GIT_ATTRIBUTES, pushFirstCommit } from '../init.ts';
import { followMain } from '../main-departures.ts';
import type { PinStore } from '../pin/pin.ts';
import { verifyFromPin } from '../pin/trust.ts';
import type { Prompter } from '../prompter.ts';
import { TreeReader } from '../read-tree.ts';
import { sentence, verifyMain } from '../verify-main.ts';
import { authorOf, findMain, type Main, type Workspace } from '../workspace.ts';
import { type Adoption, keepsOnlineKey, planRoles } from './adoption.ts';
import { storeArtifacts } from './artifacts.ts';
import { draftEvent, isEventOpen, type Plan, pushDraft } from './event.ts';
import { type Published, readPublished } from './read-published.ts';
import { withOlderNames } from './source.ts';
import { requireFirstRoot, trustSource } from './trust-source.ts';

export interface ImportRequest {
  readonly source: RepositorySource;
  /** Where trust starts; where it is not given, the site's first root is shown and asked about. */
  readonly trustedRoot: Uint8Array | undefined;
  /** Begin with the trusted root though the site has older ones. */
  readonly fromTrustedRoot: boolean;
  /** Take over what is past its date, and may be older than what clients have. */
  readonly allowExpired: boolean;
  readonly event: BranchName;
  /** Asked once the repository verified, before artifacts are fetched. */
  readonly adoption: (published: Published) => Promise<Adoption>;
  /** Do everything but push. */
  readonly dryRun: boolean;
  readonly prompter: Prompter;
  readonly pins: PinStore;
}

export interface ImportOutcome {
  readonly published: Published;
  /** The state of main that holds what was published, byte for byte. */
  readonly main: CommitSha;
  /** `same`: main held it already, from an earlier run. `newer`: it held what was published before. */
  readonly became: 'new' | 'same' | 'newer';
  /** The event that makes it one of ours; `undefined` where nothing lacks. */
  readonly report: EventReport | undefined;
}

/**
 * Makes a published TUF repository one that lives in git: main gets what was published, byte for byte, verified before as a client
 * does and by the rules, and an event makes of it what the rules ask of ours, for the published root's quorum to sign. Everything
 * is refused that can be before anything is pushed; an interrupted run leaves objects behind that nothing points at, and can
 * be run again. Throws {@link ClientError}, {@link OperationError}; git's errors.
 */
export async function importRepository(workspace: Workspace, request: ImportRequest): Promise<ImportOutcome> {
  const { prompter, event } = request;
  const main = await existingMain(workspace);
  const source = withOlderNames(firstMirror(request.source));
  const trusted = await trustSource(source, request.trustedRoot, prompter);
  if (!request.fromTrustedRoot) await requireFirstRoot(source, trusted);
  prompter.progress('following the published repository as a client does');
  const published = await readPublished(source, trusted, workspace.clock.now());
  const isStarted = await requireRoom(workspace, main, published);
  tellExpired(published, request);
  const isOpen = await isEventOpen(workspace, event, isStarted);
  const plan = isOpen ? undefined : await planFor(published, request);
  const imported = await commitPublished(workspace, main, source, published, prompter);
  await requireSound(workspace, imported, isStarted, prompter);
  const drafted = plan === undefined ? undefined : await draftEvent(workspace, request, imported, plan);
  const became = await comparedWith(workspace, isStarted ? main : undefined, imported);
  const standing = became === 'same' && main !== undefined ? main.commit : imported;
  if (request.dryRun) return { published, main: standing, became, report: drafted?.report };
  if (became !== 'same') await pushMain(workspace, main, imported);
  const trust = { pins: request.pins, trustedRoot: trusted };
  await verifyFromPin(workspace, await findMain(workspace), trust, prompter);
  if (drafted !== undefined) await pushDraft(workspace, event, drafted, standing);
  const report =
    drafted === undefined && !isOpen ? undefined : (await loadRemoteEvent(workspace, event)).report;
  return { published, main: standing, became, report };
}

async function planFor(published: Published, { adoption: ask, prompter }: ImportRequest): Promise<Plan> {
  const adoption = await ask(published);
  const planned = planRoles(published, adoption);
  if (keepsOnlineKey(published, planned)) {
    prompter.progress(
      'snapshot and timestamp go on with a key that they had: stop what signs them now, or clients will have seen newer versions',
    );
  }
  return { adoption, planned };
}

async function comparedWith(
  { objects }: Workspace,
  main: Main | undefined,
  imported: CommitSha,
): Promise<ImportOutcome['became']> {
  if (main === undefined) return 'new';
  const [before, after] = await Promise.all([objects.readCommit(main.commit), objects.readCommit(imported)]);
  return before.tree === after.tree ? 'same' : 'newer';
}

/**
 * Does main hold what was imported before? Refuses a repository that is something else; nothing has been fetched but metadata by
 * then.
 */
async function requireRoom(
  { objects }: Workspace,
  main: Main | undefined,
  { root }: Published,
): Promise<boolean> {
  if (main === undefined) return false;
  const tree = await new TreeReader(objects).read(main.commit);
  const there = tree.metadata.get(roleFile(ROOT));
  if (there !== undefined && Buffer.compare(await objects.readBlob(there.oid), root.bytes) === 0) return true;
  if (tree.metadata.size + tree.artifacts.size === 0) return false;
  throw new OperationError(
    'ALREADY_THERE',
    `${main.branch} holds metadata/ or targets/ already, and not what is published there: import into an empty repository`,
  );
}

function tellExpired({ expired }: Published, { allowExpired, prompter }: ImportRequest): void {
  if (expired.length === 0) return;
  const what = listed(expired.map(({ role, expires }) => `${role} on ${expires}`));
  const isHeldBack = expired.some(({ role }) => isTopLevel(role));
  if (isHeldBack && !allowExpired) {
    throw new OperationError(
      'REFUSED',
      `the published repository has expired (${what}): somebody may be holding back what is newer. Make sure with its maintainers that this is its last state, and give --allow-expired; the import signs it anew`,
    );
  }
  prompter.progress(`expired: ${what}; the import signs it anew`);
}

const isTopLevel = (role: RoleName): boolean => ['root', 'targets', 'snapshot', 'timestamp'].includes(role);

/** The commit of what was published; no ref points at it. */
async function commitPublished(
  workspace: Workspace,
  main: Main | undefined,
  source: SingleSource,
  published: Published,
  prompter: Prompter,
): Promise<CommitSha> {
  const { repository, objects, clock } = workspace;
  const { root, roots, documents, artifacts } = published;
  const artifactSource = {
    targets: source.targets,
    consistentSnapshot: root.signed.consistentSnapshot === true,
    maxBytes: Number.MAX_SAFE_INTEGER, // streamed, and no longer than its role signs
  };
  const blobs = await storeArtifacts(repository, artifactSource, artifacts, prompter);
  const changes = new Map<string, FileChange>([[`metadata/${roleFile(ROOT)}`, root.bytes]]);
  for (const [version, bytes] of roots) changes.set(`metadata/${historyFile(version)}`, bytes);
  for (const [role, { bytes }] of documents) changes.set(`metadata/${roleFile(role)}`, bytes);
  for (const [path, oid] of blobs) changes.set(`targets/${path}`, oid);
  const top = main === undefined ? [] : await objects.readTree((await objects.readCommit(main.commit)).tree);
  // A checkout that turns line ends would change what is signed and hashed.
  if (!top.some(({ name }) => name === '.gitattributes'))
    changes.set('.gitattributes', Buffer.from(GIT_ATTRIBUTES));
  return createCommit(objects, {
    parents: main === undefined ? [] : [main.commit],
    changes,
    message: [
      'Import of a published repository',
      `Root version ${root.signed.version}, every file as it was published.`,
    ],
    author: await authorOf(workspace),
    time: clock.now(),
  });
}

/** By the rules that events stand on; and where main was imported before, that what is published now goes on from there. */
async function requireSound(
  workspace: Workspace,
  commit: CommitSha,
  isStarted: boolean,
  prompter: Prompter,
): Promise<void> {
  const { problems, warnings, gathered } = await verifyMain(workspace, commit);
  const { departures } =
    problems.length === 0 && isStarted ? await followMain(workspace, commit, gathered) : { departures: [] };
  const faults = [...problems, ...departures.map(sentence)];
  if (faults.length > 0) {
    throw new OperationError(
      'REFUSED',
      `no repository here can hold what is published: ${listed(faults)}. Mend it where it is published now, then import it`,
    );
  }
  for (const warning of warnings) prompter.progress(`as published: ${warning}`);
}

async function pushMain(workspace: Workspace, main: Main | undefined, commit: CommitSha): Promise<void> {
  if (main === undefined) {
    if ((await pushFirstCommit(workspace, commit)) === commit) return;
    throw new OperationError('RACE_LOST', 'somebody else has pushed a main meanwhile: run the command again');
  }
  const { status } = await pushEvent(workspace, { branch: main.branch, head: main.commit, commit });
  if (status === 'rejected')
    throw new OperationError('RACE_LOST', `${main.branch} changed meanwhile: run the command again`);
}
