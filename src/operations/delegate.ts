import { isOnlineRole, type KeyOwner, type RoleName, TARGETS } from '../metadata/names.ts';
import { delegationGraph } from '../repository/delegators.ts';
import { type Overlap, overlapsOf } from '../repository/overlaps.ts';
import { invitedTo } from '../repository/state.ts';
import { documentOf, rootOf } from '../repository/tree.ts';
import { editOnlineRoles } from './delegate-online.ts';
import { removeRole } from './delegate-removal.ts';
import { type DelegateRequest, type Edit, openEdit } from './delegate-request.ts';
import { editRole } from './delegate-role.ts';
import { OperationError } from './error.ts';
import { type EventGround, openGround, type ProposedEdit, proposeEdit, pushProposed } from './propose.ts';
import type { Workspace } from './workspace.ts';

export { type DelegateRequest, defaultRolePeriods, type OnlineKey } from './delegate-request.ts';

/** A change of roles that is made, judged, and nowhere yet. */
export interface Proposal extends ProposedEdit {
  readonly role: RoleName;
  readonly created: boolean;
  /** Roles that go: the one named, and those below it. */
  readonly removed: readonly RoleName[];
  /** Target paths whose files go with them. */
  readonly removedArtifacts: readonly string[];
  /** Who is asked to sign the role and has not answered, also from before. */
  readonly invited: readonly KeyOwner[];
  /** Where the paths of the role meet those of others, if the request says anything of paths. */
  readonly overlaps: readonly Overlap[];
}

/**
 * Creates, changes or removes a role in an event, and pushes that. Nothing is written before all of it was made and judged. Throws
 * as {@link proposeDelegation} and {@link pushProposed} do.
 */
export async function delegate(workspace: Workspace, request: DelegateRequest): Promise<Proposal> {
  const proposal = await proposeDelegation(workspace, await openGround(workspace, request.event), request);
  await pushProposed(workspace, proposal);
  return proposal;
}

/**
 * What becomes of the event by a request. Nothing is written. Throws {@link OperationError} `REFUSED` where the result could not be
 * signed or would be rejected, `NOT_FOUND`, `MISSING_ANSWER`; the errors of git and of the card.
 */
export async function proposeDelegation(
  workspace: Workspace,
  ground: EventGround,
  request: DelegateRequest,
): Promise<Proposal> {
  const { role } = request;
  const edit = openEdit(workspace, ground, request);
  requireStarted(edit);
  const { removed, removedArtifacts } = await applyRequest(edit);
  const changes = new Map(edit.draft.files(workspace.clock.now()));
  for (const path of removedArtifacts) changes.set(`targets/${path}`, undefined);
  if (changes.size === 0)
    throw new OperationError('REFUSED', `${role} is like that already: nothing to change`);
  const proposed = await proposeEdit(workspace, ground, changes, [`'${role}' role/delegation change`]);
  return {
    ...proposed,
    role,
    created: !edit.graph.roles.has(role),
    removed,
    removedArtifacts,
    invited: invitedTo(edit.draft.invites, role),
    overlaps: overlaps(proposed, request),
  };
}

interface Removal {
  readonly removed: readonly RoleName[];
  readonly removedArtifacts: readonly string[];
}

const nothing: Removal = { removed: [], removedArtifacts: [] };

async function applyRequest(edit: Edit): Promise<Removal> {
  if (edit.request.remove === true) return removeRole(edit);
  if (isOnlineRole(edit.request.role)) editOnlineRoles(edit);
  else await editRole(edit);
  return nothing;
}

function overlaps(
  { before, after }: ProposedEdit,
  { role, paths, before: next }: DelegateRequest,
): readonly Overlap[] {
  const isNew = !delegationGraph(before).roles.has(role);
  const delegated = delegationGraph(after).roles.get(role);
  if (delegated === undefined || (!isNew && paths === undefined && next === undefined)) return [];
  return overlapsOf(delegated.delegations, role);
}

function requireStarted({ tree }: Edit): void {
  if (rootOf(tree) !== undefined && documentOf(tree, TARGETS) !== undefined) return;
  throw new OperationError('NOT_FOUND', 'this repository has no root and targets yet: run tuf-signer init');
}
