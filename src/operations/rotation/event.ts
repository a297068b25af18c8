import { isAncestor } from '../../git/history.ts';
import { type BranchName, parseSigningEvent, trackingRef } from '../../git/names.ts';
import type { CommitSha } from '../../git/oid.ts';
import { readRef } from '../../git/refs.ts';
import type { KeyOwner } from '../../metadata/names.ts';
import { withKey, withoutKeys } from '../../repository/delegator-edits.ts';
import { delegationGraph } from '../../repository/delegators.ts';
import { Draft, type FileEdits } from '../../repository/draft.ts';
import type { CardAttestation } from '../../signers/signer.ts';
import { attestJoiningKey } from '../attestations.ts';
import { keepCommit } from '../commit.ts';
import { OperationError } from '../error.ts';
import { type LoadedEvent, loadEvent } from '../event.ts';
import { type Ground, groundOf } from '../ground.ts';
import { requireOwnKey } from '../join.ts';
import { fetchMain, findMain, pushRemote, requirePullRemote, type Workspace } from '../workspace.ts';
import type { NewKey } from './new-key.ts';
import { rolesOf, type Seat } from './own-keys.ts';

/** Do this person's commits go elsewhere than where events come from? */
export const isFork = async (workspace: Workspace): Promise<boolean> =>
  (await pushRemote(workspace)) !== (await requirePullRemote(workspace));

/** Throws {@link OperationError} `REFUSED` where an event would have to be started on a fork; as {@link groundOf}. */
export async function rotationGround(workspace: Workspace, branch: BranchName): Promise<Ground> {
  const ground = await groundOf(workspace, branch, await findMain(workspace));
  if (ground.head === undefined && (await isFork(workspace)))
    throw new OperationError(
      'REFUSED',
      `there is no event ${branch} on ${await requirePullRemote(workspace)}, and you push elsewhere: have one started there, for your fork to add to`,
    );
  return ground;
}

export interface Rotation {
  readonly branch: BranchName;
  readonly user: KeyOwner;
  readonly ground: Ground;
  readonly gone: readonly Seat[];
  readonly fresh: NewKey;
}

/** The commit that does it, made here and pushed nowhere, and the event that it would be. */
export async function draftRotation(
  workspace: Workspace,
  { branch, user, ground, gone, fresh }: Rotation,
): Promise<{
  readonly commit: CommitSha;
  readonly changes: FileEdits;
  readonly event: LoadedEvent;
}> {
  const graph = delegationGraph(ground.tree);
  const draft = new Draft(ground.knownGood, ground.tree);
  for (const role of rolesOf(gone)) {
    requireOwnKey(fresh.fingerprint, user, role, graph);
    const here = gone.filter(seat => seat.role === role);
    const keyids = new Set(here.map(({ keyid }) => keyid));
    for (const delegator of new Set(here.map(seat => seat.delegator)))
      draft.edit(delegator, signed => withKey(withoutKeys(signed, role, keyids), role, fresh.object));
  }
  const now = workspace.clock.now();
  const read = (): Promise<CardAttestation | undefined> => fresh.readAttestation();
  await attestJoiningKey(workspace.objects, ground.knownGood, draft, fresh.object, read, now);
  const changes = draft.files(now);
  const commit = await keepCommit(workspace, {
    branch,
    head: ground.head,
    parents: [ground.parent],
    changes,
    message: [`${user} replaced key in ${rolesOf(gone).join(', ')}`],
  });
  return { commit, changes, event: await loadEvent(workspace, { head: commit, branch }) };
}

const MAX_NAMES = 100;

/** `sign/rotate-NAME`, or with `-2`, `-3`, … where that was merged and is still there. */
export async function freeBranch(workspace: Workspace, user: KeyOwner): Promise<BranchName> {
  const remote = await requirePullRemote(workspace);
  const main = await fetchMain(workspace);
  const name = `sign/rotate-${user.replace(/[^a-z0-9_-]/g, '').replace(/^-+/, '')}`;
  for (let count = 1; count < MAX_NAMES; count++) {
    const branch = parseSigningEvent(count === 1 ? name : `${name}-${count}`);
    const head = await readRef(workspace.repository, trackingRef(remote, branch));
    if (head === undefined || !(await isAncestor(workspace.repository, head, main.commit))) return branch;
  }
  throw new OperationError('ALREADY_THERE', `${name} is there already, ${MAX_NAMES} times: name an event`);
}
