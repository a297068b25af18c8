import { isJsonObject, type JsonObject, type JsonValue, member, withMembers } from '../../json.ts';
import { binName } from '../../metadata/bins.ts';
import { computeKeyid } from '../../metadata/key.ts';
import { isOnlineRole, ROOT, type RoleName, TIMESTAMP } from '../../metadata/names.ts';
import {
  EXPIRY_PERIOD_MEMBER,
  effectivePeriods,
  type Periods,
  SIGNING_PERIOD_MEMBER,
} from '../../metadata/periods.ts';
import { artifactEdits } from '../../repository/artifact-edits.ts';
import { withBinKeys } from '../../repository/bin-edits.ts';
import { withKey, withoutKeys, withThreshold } from '../../repository/delegator-edits.ts';
import { delegationGraph } from '../../repository/delegators.ts';
import { type RolePeriods, SPEC_VERSION } from '../../repository/documents.ts';
import { Draft } from '../../repository/draft.ts';
import type { BlobDigests, RepositoryTree } from '../../repository/tree.ts';
import type { Adoption, PlannedRole } from './adoption.ts';

/** Days, where the published metadata says nothing and nobody else does. */
const periodsOf = (role: RoleName): RolePeriods =>
  role === TIMESTAMP ? { expiryDays: 7, signingDays: 4 } : { expiryDays: 365, signingDays: 60 };

/**
 * What makes `imported` a repository of ours: every key says whose it is, snapshot and timestamp share one, each role has its
 * periods, snapshots are consistent. Only documents in which something lacks are signed anew; a draft without files: nothing does.
 */
export function adopt(
  imported: RepositoryTree,
  digests: BlobDigests,
  planned: readonly PlannedRole[],
  { periods }: Pick<Adoption, 'periods'>,
): Draft {
  const draft = new Draft(imported, imported);
  draft.edit(ROOT, signed => withMembers(signed, new Map([['consistent_snapshot', true]])));
  for (const { role, delegator, keys, threshold } of planned) {
    const delegated = delegationGraph(imported).roles.get(role);
    const bins = delegated?.delegations.succinct;
    if (bins !== undefined) {
      // All bins share what is written once.
      if (role === binName(bins, 0)) draft.edit(delegator, signed => withBinKeys(signed, keys));
      continue;
    }
    const ids = new Set(keys.map(computeKeyid));
    const gone = new Set((delegated?.definition.keyids ?? []).filter(keyid => !ids.has(keyid)));
    draft.edit(delegator, signed =>
      withThreshold(
        keys.reduce((edited, key) => withKey(edited, role, key), withoutKeys(signed, role, gone)),
        role,
        threshold,
      ),
    );
  }
  for (const { role } of planned) {
    const given = periods.get(role);
    if (isOnlineRole(role)) draft.edit(ROOT, signed => withRolePeriods(signed, role, given));
    else draft.edit(role, signed => withPeriods(signed, given ?? periodsOf(role), given !== undefined));
  }
  for (const [role, targets] of artifactEdits(imported, digests)) {
    draft.edit(role, signed => withMembers(signed, new Map([['targets', targets]])));
  }
  for (const { role } of planned) if (!isOnlineRole(role)) draft.edit(role, withKnownSpec);
  for (const [owner, roles] of invitedBy(planned)) draft.invite(owner, roles);
  return draft;
}

/** A version of the specification that the rules take stays. */
function withKnownSpec(signed: JsonObject): JsonObject {
  const found = member(signed, 'spec_version');
  if (typeof found === 'string' && /^1\.0(\.\d{1,4})?$/.test(found)) return signed;
  return withMembers(signed, new Map([['spec_version', SPEC_VERSION]]));
}

function invitedBy(
  planned: readonly PlannedRole[],
): ReadonlyMap<PlannedRole['invites'][number], Set<RoleName>> {
  const roles = new Map<PlannedRole['invites'][number], Set<RoleName>>();
  for (const { role, invites } of planned) {
    for (const owner of invites) roles.set(owner, (roles.get(owner) ?? new Set()).add(role));
  }
  return roles;
}

/** What is there stays, unless `replace`. */
function withPeriods(
  signed: JsonObject,
  { expiryDays, signingDays }: RolePeriods,
  replace: boolean,
): JsonObject {
  if (!replace && effectivePeriods(foundIn(signed)) !== undefined) return signed;
  return withMembers(
    signed,
    new Map([
      [EXPIRY_PERIOD_MEMBER, expiryDays],
      [SIGNING_PERIOD_MEMBER, signingDays],
    ]),
  );
}

/** Those of snapshot and timestamp stand in root, and both are required there. */
function withRolePeriods(root: JsonObject, role: RoleName, given: RolePeriods | undefined): JsonObject {
  const roles = objectIn(root, 'roles');
  const definition = objectIn(roles, role);
  const { expiryDays, signingDays } = foundIn(definition);
  const complete = expiryDays !== undefined && signingDays !== undefined;
  const edited = withPeriods(definition, given ?? periodsOf(role), given !== undefined || !complete);
  return withMembers(root, new Map([['roles', withMembers(roles, new Map([[role, edited]]))]]));
}

function foundIn(object: JsonObject): Periods {
  const days = (name: string): number | undefined => {
    const found: JsonValue | undefined = member(object, name);
    return typeof found === 'number' ? found : undefined;
  };
  return { expiryDays: days(EXPIRY_PERIOD_MEMBER), signingDays: days(SIGNING_PERIOD_MEMBER) };
}

function objectIn(object: JsonObject, name: string): JsonObject {
  const value = member(object, name);
  return isJsonObject(value) ? value : {};
}
