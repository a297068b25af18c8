import { createHash } from 'node:crypto';
import type { Members } from './decode.ts';
import { malformed, membersOf, printable } from './decode.ts';
import { decodeKey, type Key } from './key.ts';
import { isTopLevelRole, type Keyid, type RoleName } from './names.ts';
import { matchesPattern } from './pattern.ts';
import { decodePeriods, type Periods } from './periods.ts';

/** Who signs a role, as its delegator says: a role object of root (TUF 4.3) or of `delegations.roles` (TUF 4.5). */
export interface RoleDefinition {
  readonly name: RoleName;
  readonly keyids: readonly Keyid[];
  /** At least 1. */
  readonly threshold: number;
  /** Only on root's snapshot and timestamp; other roles carry theirs in their own document. */
  readonly periods: Periods;
  /** Empty for the roles of root. */
  readonly paths: readonly string[];
  /** Hex prefixes of SHA-256(target path). */
  readonly pathHashPrefixes: readonly string[];
  readonly terminating: boolean;
}

/** What a document hands on to other roles. Root's keys and roles are one of these too. */
export interface Delegations {
  readonly keys: ReadonlyMap<Keyid, Key>;
  /** In the order of the document, which is the order of search. */
  readonly roles: ReadonlyMap<RoleName, RoleDefinition>;
}

export const noDelegations: Delegations = { keys: new Map(), roles: new Map() };

export function decodeKeys(keys: Members): ReadonlyMap<Keyid, Key> {
  return new Map(
    Object.entries(keys.raw).map(([keyid, raw]) => [
      keyid as Keyid,
      decodeKey(keyid, raw, `${keys.place}.${printable(keyid)}`),
    ]),
  );
}

/** Decodes what root's roles and delegated roles have in common. Throws {@link MetadataError} `MALFORMED`. */
export function decodeRoleDefinition(name: string, role: Members): RoleDefinition {
  const keyids = role.texts('keyids');
  if (new Set(keyids).size !== keyids.length) throw malformed(`${role.place}.keyids`, 'free of duplicates');
  return {
    name: name as RoleName,
    keyids: keyids as readonly Keyid[],
    threshold: role.integer('threshold', 1),
    periods: decodePeriods(role),
    paths: Object.hasOwn(role.raw, 'paths') ? role.texts('paths') : [],
    pathHashPrefixes: Object.hasOwn(role.raw, 'path_hash_prefixes') ? role.texts('path_hash_prefixes') : [],
    terminating: role.optionalBoolean('terminating') ?? false,
  };
}

/** Decodes `delegations` of a targets document. Throws {@link MetadataError} `MALFORMED`. */
export function decodeDelegations(delegations: Members): Delegations {
  const roles = new Map<RoleName, RoleDefinition>();
  for (const [index, value] of delegations.list('roles').entries()) {
    const role = membersOf(value, `${delegations.place}.roles[${index}]`);
    const name = role.text('name') as RoleName;
    // A delegated root.json would lie where the real one lies.
    if (isTopLevelRole(name)) throw malformed(`${role.place}.name`, 'no name of a top-level role');
    if (roles.has(name)) throw malformed(`${role.place}.name`, 'a name that no other delegation has');
    const byPath = Object.hasOwn(role.raw, 'paths');
    if (byPath === Object.hasOwn(role.raw, 'path_hash_prefixes')) {
      throw malformed(role.place, 'a delegation by either paths or path_hash_prefixes');
    }
    if (role.optionalBoolean('terminating') === undefined)
      throw malformed(`${role.place}.terminating`, 'true or false');
    roles.set(name, decodeRoleDefinition(name, role));
  }
  return { keys: decodeKeys(delegations.object('keys')), roles };
}

/** May `role` speak for `path`? Source: TUF specification section 4.5, "paths" and "path_hash_prefixes". */
export function speaksFor(role: RoleDefinition, path: string): boolean {
  if (role.paths.some(pattern => matchesPattern(pattern, path))) return true;
  if (role.pathHashPrefixes.length === 0) return false;
  const digest = createHash('sha256').update(path, 'utf8').digest('hex');
  return role.pathHashPrefixes.some(prefix => prefix !== '' && digest.startsWith(prefix));
}
