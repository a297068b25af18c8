import { createHash } from 'node:crypto';
import type { Identity } from '../git/commit-object.ts';
import { type BranchName, branchNameProblem, parseSigningEvent } from '../git/names.ts';
import type { CommitSha } from '../git/oid.ts';
import { listRemoteBranches } from '../git/refs.ts';
import type { RoleName } from '../metadata/names.ts';
import { Draft } from '../repository/draft.ts';
import { documentOf, type RepositoryTree } from '../repository/tree.ts';
import { commitAndPush, type EventCommit, keepCommit } from './commit.ts';
import type { RenewalEvent } from './renewal-events.ts';
import { type Main, requirePullRemote, type Workspace } from './workspace.ts';

export interface BegunRenewal {
  readonly branch: BranchName;
  /** Who has signed the events in whose place this one stands, by branch. */
  readonly voided: ReadonlyMap<BranchName, readonly string[]>;
}

/**
 * Begins an event that gives `roles` a new version and expiry, one commit a role, on top of main; pushed whole.
 * `undefined`: somebody was faster.
 */
export async function beginRenewal(
  workspace: Workspace,
  main: Main,
  tree: RepositoryTree,
  roles: readonly RoleName[],
  events: readonly RenewalEvent[],
  author: Identity | undefined,
): Promise<BegunRenewal | undefined> {
  const { branch, head, voided } = await freeBranch(workspace, tree, roles, events);
  // Main first: its files are what changes. The event that is taken up again becomes history without being forced away.
  let parents: readonly CommitSha[] = head === undefined ? [main.commit] : [main.commit, head];
  const commits = roles.map((role): Omit<EventCommit, 'parents'> => {
    const draft = new Draft(tree, tree);
    draft.renew(role);
    return {
      branch,
      head,
      changes: draft.files(workspace.clock.now()),
      message: [`Periodic version bump: ${role} v${nextVersion(tree, role)}`],
      ...(author === undefined ? {} : { author }),
    };
  });
  for (const [index, commit] of commits.entries()) {
    if (index < commits.length - 1) parents = [await keepCommit(workspace, { ...commit, parents })];
    else if ((await commitAndPush(workspace, { ...commit, parents })).status === 'rejected') return undefined;
  }
  return { branch, voided };
}

const nextVersion = (tree: RepositoryTree, role: RoleName): number =>
  (documentOf(tree, role)?.signed.version ?? 0) + 1;

export interface FreeBranch extends BegunRenewal {
  /** What the branch is now, where it is one of ours to take up again. */
  readonly head: CommitSha | undefined;
}

/** `sign/ROLE-vN`, or with `-2`, `-3`, … where that is taken by what is not ours, or carries signatures. */
export async function freeBranch(
  workspace: Workspace,
  tree: RepositoryTree,
  roles: readonly RoleName[],
  events: readonly RenewalEvent[],
): Promise<FreeBranch> {
  const remote = await requirePullRemote(workspace);
  const { branches } = await listRemoteBranches(workspace.repository, remote, 'sign/');
  const taken = new Set(branches.map(({ name }) => name));
  const [first = '' as RoleName] = roles;
  const name = `sign/${branchPart(first)}-v${nextVersion(tree, first)}`;
  const voided = new Map<BranchName, readonly string[]>();
  for (let count = 1; ; count++) {
    const branch = parseSigningEvent(count === 1 ? name : `${name}-${count}`);
    if (!taken.has(branch)) return { branch, head: undefined, voided };
    const event = events.find(one => one.branch === branch);
    if (event?.renewal !== true) continue;
    if (event.signers.length === 0) return { branch, head: event.head, voided };
    voided.set(branch, event.signers);
  }
}

/** A role may have a name that no branch can have. */
const branchPart = (role: RoleName): string =>
  branchNameProblem(`sign/${role}-v1-2`) === undefined && !role.includes('/')
    ? role
    : `role-${createHash('sha256').update(role).digest('hex').slice(0, 8)}`;

/**
 * Puts an event of ours on top of what main is by now, its own files as they are: what is signed stays the same, and so
 * every signature. Gives whether nobody was faster.
 */
export async function rebaseRenewal(
  workspace: Workspace,
  main: Main,
  event: RenewalEvent,
  author: Identity | undefined,
): Promise<boolean> {
  const changes = new Map<string, Uint8Array>();
  for (const path of event.files) {
    const entry = event.tree.metadata.get(path);
    if (entry !== undefined) changes.set(`metadata/${path}`, await workspace.objects.readBlob(entry.oid));
  }
  const { status } = await commitAndPush(workspace, {
    branch: event.branch,
    head: event.head,
    parents: [main.commit, event.head],
    changes,
    message: [`Merge ${main.branch} into ${event.branch}`],
    ...(author === undefined ? {} : { author }),
  });
  return status === 'pushed';
}
