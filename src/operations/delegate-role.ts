import { withMembers } from '../json.ts';
import { foldCase, isTopLevelRole, ROOT, type RoleName, SNAPSHOT, TARGETS } from '../metadata/names.ts';
import { EXPIRY_PERIOD_MEMBER, SIGNING_PERIOD_MEMBER } from '../metadata/periods.ts';
import { withDelegation, withRoleBefore, withTerms } from '../repository/delegator-edits.ts';
import { newTargets, type RolePeriods } from '../repository/documents.ts';
import { documentOf, metadataFile, roleFile } from '../repository/tree.ts';
import { editOnlineKey } from './delegate-online.ts';
import { defaultPaths, moveArtifacts, requirePaths } from './delegate-paths.ts';
import { defaultRolePeriods, type Edit } from './delegate-request.ts';
import { editSigners } from './delegate-signers.ts';
import { OperationError } from './error.ts';

/** Creates or changes root, targets or a delegated role. */
export async function editRole(edit: Edit): Promise<void> {
  const { request, draft, graph } = edit;
  const { role, periods, terminating, before, paths } = request;
  const known = graph.roles.get(role);
  const delegator = known === undefined ? create(edit) : requireSameDelegator(edit, known.delegator);
  if (known !== undefined) {
    if (periods !== undefined) draft.edit(role, signed => withMembers(signed, periodMembers(periods)));
    if (paths !== undefined || terminating !== undefined) {
      requireDelegated(role, '--paths and --terminating');
      if (paths !== undefined) requirePaths(edit, paths, delegator);
      const terms = {
        ...(paths === undefined ? {} : { paths }),
        ...(terminating === undefined ? {} : { terminating }),
      };
      draft.edit(delegator, signed => withTerms(signed, role, terms));
    }
  }
  if (before !== undefined) putBefore(edit, delegator, before);
  await editSigners(edit, delegator);
  editOnlineKey(edit, delegator);
  if (known === undefined || paths !== undefined) moveArtifacts(edit, delegator);
}

const periodMembers = ({ expiryDays, signingDays }: RolePeriods): ReadonlyMap<string, number> =>
  new Map([
    [EXPIRY_PERIOD_MEMBER, expiryDays],
    [SIGNING_PERIOD_MEMBER, signingDays],
  ]);

/** A new role with nobody in it yet; says who delegates to it. */
function create(edit: Edit): RoleName {
  const { request, draft, workspace } = edit;
  const { role, signers, addSigners, online, periods, delegator = TARGETS, terminating = true } = request;
  requireFreeName(edit);
  requireDelegator(edit, delegator);
  if (signers === undefined && addSigners === undefined && online === undefined) {
    throw new OperationError(
      'MISSING_ANSWER',
      `${role} is new: say who signs it (--signers @name,@other, or --online-key URI)`,
    );
  }
  const paths = request.paths ?? defaultPaths(request, edit.graph, delegator);
  requirePaths(edit, paths, delegator);
  draft.create(role, newTargets(workspace.clock.now(), periods ?? defaultRolePeriods));
  draft.edit(delegator, signed => withDelegation(signed, role, { threshold: 1, paths, terminating }));
  return delegator;
}

/** Two roles whose files are one where case is folded, here or on a mirror, are one role there. */
function requireFreeName({ request: { role }, tree, knownGood }: Edit): void {
  const folded = foldCase(roleFile(role));
  for (const path of tree.metadata.keys()) {
    if (foldCase(path) !== folded) continue;
    const why =
      path === roleFile(role)
        ? 'though nobody delegates to it: remove that file from the event first'
        : 'which differs in case only: choose another name';
    throw new OperationError('REFUSED', `there is metadata/${path} already, ${why}`);
  }
  const snapshot = documentOf(knownGood, SNAPSHOT)?.signed;
  for (const name of snapshot?.type === 'snapshot' ? snapshot.meta.keys() : []) {
    if (name === roleFile(role) || foldCase(name) !== folded || metadataFile(name).kind !== 'role') continue;
    throw new OperationError(
      'REFUSED',
      `${name} was published once and stays in the snapshot for ever; ${role} differs from it in case only: choose another name`,
    );
  }
}

function requireDelegator({ request: { role }, graph }: Edit, delegator: RoleName): void {
  if (delegator === role) throw new OperationError('REFUSED', `${role} can not delegate to itself`);
  if (delegator === ROOT)
    throw new OperationError(
      'REFUSED',
      'root delegates to the top-level roles alone: name targets, or a role below it',
    );
  const found = graph.roles.get(delegator);
  if (found === undefined) {
    throw new OperationError('NOT_FOUND', `there is no role ${delegator} to delegate to ${role}`);
  }
  const isOnline = found.definition.keyids.some(
    keyid => found.delegations.keys.get(keyid)?.onlineUri !== undefined,
  );
  if (isTopLevelRole(delegator) ? delegator !== TARGETS || isOnline : isOnline) {
    throw new OperationError(
      'REFUSED',
      `${delegator} is signed by an online key, which must not decide who signs ${role}`,
    );
  }
}

function requireSameDelegator({ request: { role, delegator }, graph }: Edit, known: RoleName): RoleName {
  if (delegator === undefined || delegator === known) return known;
  requireDelegated(role, '--delegator');
  // From the new delegator up: if the role is above it, each would be the other's.
  const above = new Set<RoleName>();
  for (let at: RoleName | undefined = delegator; at !== undefined && at !== ROOT && !above.has(at); ) {
    above.add(at);
    at = graph.roles.get(at)?.delegator;
  }
  if (above.has(role)) {
    throw new OperationError(
      'REFUSED',
      `${delegator} gets its own keys from ${role}: the two would delegate to each other`,
    );
  }
  throw new OperationError(
    'REFUSED',
    `${known} delegates to ${role}: to move it below ${delegator}, remove it in one event and make it again in another`,
  );
}

function requireDelegated(role: RoleName, what: string): void {
  if (!isTopLevelRole(role)) return;
  throw new OperationError('REFUSED', `${what} is for delegated roles: ${role} is one of root's own`);
}

function putBefore({ request: { role }, draft, graph }: Edit, delegator: RoleName, other: RoleName): void {
  requireDelegated(role, '--before');
  if (other === role) throw new OperationError('REFUSED', `${role} can not come before itself`);
  if (graph.roles.get(other)?.delegator !== delegator) {
    throw new OperationError(
      'NOT_FOUND',
      `${delegator} does not delegate to ${other}: there is no order between it and ${role}`,
    );
  }
  draft.edit(delegator, signed => withRoleBefore(signed, role, other));
}
