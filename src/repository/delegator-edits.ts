import { isJsonArray, isJsonObject, type JsonObject, type JsonValue, member, withMembers } from '../json.ts';
import { computeKeyid } from '../metadata/key.ts';
import type { Keyid, RoleName } from '../metadata/names.ts';
import { RepositoryError } from './error.ts';

/** A key as it goes into a document: keytype, scheme, keyval and whose it is. */
export type KeyObject = JsonObject;

/** The members of a role object that people choose. */
export interface RoleTerms {
  readonly threshold?: number;
  readonly keyids?: readonly Keyid[];
}

/**
 * Edits of what a document delegates: `keys` and `roles` of root, or the same in `delegations` of a targets document.
 * All take and give the `signed` object; unknown members stay.
 */
export function withKey(signed: JsonObject, role: RoleName, key: KeyObject): JsonObject {
  const keyid = computeKeyid(key);
  const holder = holderOf(signed);
  const keys = withMembers(objectMember(holder, 'keys'), new Map([[keyid, key]]));
  const keyids = keyidsOf(roleObject(holder, role));
  const added = keyids.includes(keyid) ? keyids : [...keyids, keyid];
  return withHolder(
    signed,
    withRole(withMembers(holder, new Map([['keys', keys]])), role, { keyids: added }),
  );
}

/** Takes the keys out of the role, and out of the document where no other role uses them. */
export function withoutKeys(signed: JsonObject, role: RoleName, gone: ReadonlySet<Keyid>): JsonObject {
  const holder = holderOf(signed);
  const keyids = keyidsOf(roleObject(holder, role)).filter(keyid => !gone.has(keyid));
  return withHolder(signed, withoutUnusedKeys(withRole(holder, role, { keyids })));
}

export function withThreshold(signed: JsonObject, role: RoleName, threshold: number): JsonObject {
  return withHolder(signed, withRole(holderOf(signed), role, { threshold }));
}

/** Appends a delegated role to a targets document. Throws {@link RepositoryError} `BAD_EDIT` where it is there. */
export function withDelegation(
  signed: JsonObject,
  role: RoleName,
  terms: { readonly threshold: number; readonly paths: readonly string[]; readonly terminating: boolean },
): JsonObject {
  const delegations = member(signed, 'delegations') ?? { keys: {}, roles: [] };
  if (!isJsonObject(delegations)) throw broken('delegations');
  if (member(delegations, 'succinct_roles') !== undefined) {
    throw new RepositoryError(
      'BAD_EDIT',
      `${role} can not stand beside the bins of succinct_roles: delegate to it from another role`,
    );
  }
  const roles = member(delegations, 'roles') ?? [];
  if (!isJsonArray(roles)) throw broken('delegations.roles');
  if (roles.some(item => isJsonObject(item) && member(item, 'name') === role)) {
    throw new RepositoryError('BAD_EDIT', `${role} is delegated already`);
  }
  const added: JsonObject = { keyids: [], name: role, ...terms };
  const changed = withMembers(delegations, new Map([['roles', [...roles, added]]]));
  return withMembers(signed, new Map([['delegations', changed]]));
}

/** Where `keys` and `roles` stand: root itself, or `delegations`. */
function holderOf(signed: JsonObject): JsonObject {
  return member(signed, '_type') === 'root' ? signed : objectMember(signed, 'delegations');
}

const withHolder = (signed: JsonObject, holder: JsonObject): JsonObject =>
  member(signed, '_type') === 'root' ? holder : withMembers(signed, new Map([['delegations', holder]]));

function roleObject(holder: JsonObject, role: RoleName): JsonObject {
  const roles = member(holder, 'roles');
  const found = isJsonArray(roles)
    ? roles.find(item => isJsonObject(item) && member(item, 'name') === role)
    : isJsonObject(roles)
      ? member(roles, role)
      : undefined;
  if (!isJsonObject(found)) throw new RepositoryError('BAD_EDIT', `there is no role ${role} to change`);
  return found;
}

function withRole(holder: JsonObject, role: RoleName, terms: RoleTerms): JsonObject {
  const changed = withMembers(
    roleObject(holder, role),
    new Map<string, JsonValue | undefined>(Object.entries(terms) as [string, JsonValue][]),
  );
  const roles = member(holder, 'roles');
  const next: JsonValue = isJsonArray(roles)
    ? roles.map(item => (isJsonObject(item) && member(item, 'name') === role ? changed : item))
    : withMembers(objectMember(holder, 'roles'), new Map([[role, changed]]));
  return withMembers(holder, new Map([['roles', next]]));
}

function withoutUnusedKeys(holder: JsonObject): JsonObject {
  const roles = member(holder, 'roles') ?? [];
  const all: readonly JsonValue[] = isJsonArray(roles) ? roles : Object.values(roles);
  const used = new Set(all.filter(item => isJsonObject(item)).flatMap(keyidsOf));
  const keys = objectMember(holder, 'keys');
  const unused = Object.keys(keys).filter(keyid => !used.has(keyid as Keyid));
  return withMembers(
    holder,
    new Map([['keys', withMembers(keys, new Map(unused.map(keyid => [keyid, undefined])))]]),
  );
}

function keyidsOf(role: JsonObject): readonly Keyid[] {
  const keyids = member(role, 'keyids');
  if (!isJsonArray(keyids)) throw broken('keyids');
  return keyids as readonly Keyid[];
}

function objectMember(object: JsonObject, name: string): JsonObject {
  const value = member(object, name);
  if (!isJsonObject(value)) throw broken(name);
  return value;
}

const broken = (name: string): RepositoryError =>
  new RepositoryError('BAD_EDIT', `${name} is not what the format says: mend the document first`);
