import { createCommit } from '../git/commit.ts';
import { fetchBranches } from '../git/fetch.ts';
import type { BranchName } from '../git/names.ts';
import { parseBranchName } from '../git/names.ts';
import type { CommitSha } from '../git/oid.ts';
import { gitText, runGit } from '../git/process.ts';
import { pushCommit, remoteBranchCommit } from '../git/push.ts';
import { type KeyOwner, ROOT, SNAPSHOT, TARGETS, TIMESTAMP } from '../metadata/names.ts';
import { withKey, withThreshold } from '../repository/delegator-edits.ts';
import {
  newRoot,
  newTargets,
  onlineKey,
  type PublicKeyParts,
  personKey,
  type RolePeriods,
} from '../repository/documents.ts';
import { Draft } from '../repository/draft.ts';
import { emptyTree } from '../repository/tree.ts';
import type { CardAttestation, PublicKeyInfo } from '../signers/signer.ts';
import { attestKey } from './attestations.ts';
import { commitAndPush } from './commit.ts';
import { OperationError } from './error.ts';
import type { PinStore } from './pin/pin.ts';
import { proposePin } from './pin/trust.ts';
import { TreeReader } from './read-tree.ts';
import {
  authorOf,
  fetchMain,
  type Main,
  pushRemote,
  requirePullRemote,
  requireUser,
  type Workspace,
} from './workspace.ts';

/** The people of one role. */
export interface SignersRequest {
  readonly signers: readonly KeyOwner[];
  readonly threshold: number;
  readonly periods: RolePeriods;
}

export interface InitRequest {
  readonly event: BranchName;
  readonly root: SignersRequest;
  readonly targets: SignersRequest;
  readonly online: {
    readonly key: PublicKeyParts;
    readonly uri: string;
    readonly snapshot: RolePeriods;
    readonly timestamp: RolePeriods;
  };
  /** The maintainer's own key; not asked for where they sign neither role. */
  readonly ownKey: () => Promise<PublicKeyInfo>;
  /** What the card says of that key. */
  readonly ownAttestation?: (() => Promise<CardAttestation | undefined>) | undefined;
  /** Where the maintainer's trust in what they make is kept. */
  readonly pins: PinStore;
}

/** The branch that a new repository gets. */
const FIRST_BRANCH = 'main';

// A checkout that turns line ends would change what is signed and hashed.
export const GIT_ATTRIBUTES = 'metadata/** -text\ntargets/** -text\n';

/**
 * Starts a repository: an event that holds the first root and targets with the maintainer's own key and invitations for
 * everybody else. Nothing is written before the request made sense and the maintainer's key was read. Throws {@link OperationError} `REFUSED`,
 * `ALREADY_THERE`, `RACE_LOST`; the errors of git and of the card.
 */
export async function initRepository(workspace: Workspace, request: InitRequest): Promise<void> {
  const user = requireUser(workspace);
  for (const role of [request.root, request.targets]) requireReachable(role);
  const main = (await existingMain(workspace))?.commit;
  if (main !== undefined) await requireNoMetadata(workspace, main);
  const draft = new Draft(emptyTree, emptyTree);
  const now = workspace.clock.now();
  const { online } = request;
  draft.create(
    ROOT,
    newRoot(now, { root: request.root.periods, snapshot: online.snapshot, timestamp: online.timestamp }),
  );
  draft.create(TARGETS, newTargets(now, request.targets.periods));
  for (const role of [SNAPSHOT, TIMESTAMP]) {
    draft.edit(ROOT, signed => withKey(signed, role, onlineKey(online.key, online.uri)));
  }
  const everyone = new Set([...request.root.signers, ...request.targets.signers]);
  const own = everyone.has(user) ? personKey(await request.ownKey(), user) : undefined;
  if (own !== undefined) await attestKey(draft, own, request.ownAttestation, now);
  for (const [role, { signers, threshold }] of [
    [ROOT, request.root],
    [TARGETS, request.targets],
  ] as const) {
    draft.edit(ROOT, signed => withThreshold(signed, role, threshold));
    if (own !== undefined && signers.includes(user)) draft.edit(ROOT, signed => withKey(signed, role, own));
  }
  for (const owner of everyone) {
    if (owner === user) continue;
    const roles = [ROOT, TARGETS].filter(role =>
      (role === ROOT ? request.root : request.targets).signers.includes(owner),
    );
    draft.invite(owner, new Set(roles));
  }
  const changes = draft.files(now);
  const result = await commitAndPush(workspace, {
    branch: request.event,
    head: undefined,
    parents: [main ?? (await firstCommit(workspace))],
    changes,
    message: ['Initial root and targets'],
  });
  if (result.status === 'rejected') {
    throw new OperationError('ALREADY_THERE', `${request.event} is there already: choose another name`);
  }
  await proposePin(workspace, await new TreeReader(workspace.objects).read(result.commit), request.pins);
}

function requireReachable({ signers, threshold }: SignersRequest): void {
  if (new Set(signers).size !== signers.length)
    throw new OperationError('REFUSED', 'a signer is named twice');
  if (signers.length === 0) throw new OperationError('REFUSED', 'a role needs at least one signer');
  if (threshold < 1 || threshold > signers.length) {
    throw new OperationError(
      'REFUSED',
      `a threshold of ${threshold} can not be met by ${signers.length} signers: it has to be 1 to ${signers.length}`,
    );
  }
}

/** Does this commit of main hold a repository already? */
export const isStarted = async ({ objects }: Workspace, main: CommitSha): Promise<boolean> =>
  (await new TreeReader(objects).read(main)).metadata.size > 0;

async function requireNoMetadata(workspace: Workspace, main: CommitSha): Promise<void> {
  if (!(await isStarted(workspace, main))) return;
  throw new OperationError(
    'ALREADY_THERE',
    'this repository has metadata/ already: use delegate to change it',
  );
}

/** Main's tip; `undefined` in an empty repository. */
export async function existingMain(workspace: Workspace): Promise<Main | undefined> {
  const remote = await requirePullRemote(workspace);
  const heads = await gitText(workspace.repository, ['ls-remote', '--heads', '--', remote], {
    remote: true,
    mayPrompt: true,
    failure: 'REMOTE_FAILED',
  });
  return heads === '' ? undefined : fetchMain(workspace);
}

/** Gives an empty repository its first commit, for events to start from. */
async function firstCommit(workspace: Workspace): Promise<CommitSha> {
  const { objects, clock } = workspace;
  const commit = await createCommit(objects, {
    parents: [],
    changes: new Map([['.gitattributes', Buffer.from(GIT_ATTRIBUTES)]]),
    message: ['Start of the repository'],
    author: await authorOf(workspace),
    time: clock.now(),
  });
  return pushFirstCommit(workspace, commit);
}

/** Makes `commit` the first of an empty repository's main. Gives what main is then: somebody may have been faster. */
export async function pushFirstCommit(workspace: Workspace, commit: CommitSha): Promise<CommitSha> {
  const remote = await requirePullRemote(workspace);
  const { repository } = workspace;
  const branch = parseBranchName(FIRST_BRANCH);
  await pushCommit(
    repository,
    { remote: await pushRemote(workspace), branch, commit, expected: undefined },
    { mayPrompt: true },
  );
  const there = await remoteBranchCommit(repository, remote, branch, { mayPrompt: true });
  if (there === undefined)
    throw new OperationError('NOT_FOUND', `${remote} did not keep the branch ${FIRST_BRANCH}`);
  await fetchBranches(repository, remote, [branch], { mayPrompt: true });
  await runGit(repository, ['remote', 'set-head', '--', remote, FIRST_BRANCH]);
  return there;
}
