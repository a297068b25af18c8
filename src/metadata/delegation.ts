import { createHash } from 'node:crypto';
import { BinMap, type BinSet, binName, binOf, binPrefixes, MAX_BIT_LENGTH } from './bins.ts';
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
  /** In the order of the document, which is the order of search. Bins of `succinct_roles` are roles like any other. */
  readonly roles: ReadonlyMap<RoleName, RoleDefinition>;
  /** What `succinct_roles` says; absent where the roles are listed one by one. */
  readonly succinct?: BinSet;
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
  const succinct = delegations.optionalObject('succinct_roles');
  if (succinct === undefined) {
    return { roles: decodeListedRoles(delegations), keys: decodeKeys(delegations.object('keys')) };
  }
  // Some clients would follow the one, some the other.
  if (Object.hasOwn(delegations.raw, 'roles'))
    throw malformed(delegations.place, 'either roles or succinct_roles');
  return { ...decodeSuccinctRoles(succinct), keys: decodeKeys(delegations.object('keys')) };
}

function decodeListedRoles(delegations: Members): ReadonlyMap<RoleName, RoleDefinition> {
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
  return roles;
}

/**
 * Each bin as the delegation by path_hash_prefixes that it stands for. All of them end the search: the first text of TAP 15
 * says otherwise, but python-tuf, go-tuf and tuf-js are of one mind, and fewer roles may answer so.
 */
function decodeSuccinctRoles(succinct: Members): Required<Pick<Delegations, 'roles' | 'succinct'>> {
  const bitLength = succinct.integer('bit_length', 1);
  if (bitLength > MAX_BIT_LENGTH)
    throw malformed(
      `${succinct.place}.bit_length`,
      `at most ${MAX_BIT_LENGTH}, as a snapshot lists every bin`,
    );
  const bins: BinSet = { namePrefix: succinct.text('name_prefix'), bitLength };
  // What else stands there, `paths` for one, means nothing to any client.
  const { keyids, threshold, periods } = decodeRoleDefinition('', succinct);
  const roles = new BinMap<RoleDefinition>(bins, (name, index) => ({
    name,
    keyids,
    threshold,
    periods,
    paths: [],
    pathHashPrefixes: binPrefixes(bins, index),
    terminating: true,
  }));
  return { roles, succinct: bins };
}

/** The roles that are named one by one: none where `succinct_roles` stands. */
export const listedRoles = ({ roles, succinct }: Delegations): ReadonlyMap<RoleName, RoleDefinition> =>
  succinct === undefined ? roles : new Map();

/**
 * One role for each set of signers that is written down: of the bins of `succinct_roles`, which share one, the first. Who
 * asks about keys and thresholds need not ask thousands of times.
 */
export function writtenRoles({ roles, succinct }: Delegations): readonly RoleDefinition[] {
  if (succinct === undefined) return [...roles.values()];
  const first = roles.get(binName(succinct, 0));
  return first === undefined ? [] : [first];
}

/** The roles that may speak for `path`, in the order of search. */
export function rolesSpeakingFor({ roles, succinct }: Delegations, path: string): readonly RoleDefinition[] {
  if (succinct !== undefined) {
    const bin = roles.get(binName(succinct, binOf(succinct, path)));
    return bin === undefined ? [] : [bin];
  }
  let digest: string | undefined;
  const digestOf = (): string => (digest ??= digestOfPath(path));
  const speaking: RoleDefinition[] = [];
  for (const role of candidatesFor(roles, path)) if (speaks(role, path, digestOf)) speaking.push(role);
  return speaking;
}

type Roles = Delegations['roles'];

/** Roles by the first folder of their patterns, so that a search does not try each pattern of hundreds for each path. */
interface RoleIndex {
  readonly byFolder: ReadonlyMap<string, readonly RoleDefinition[]>;
  /** Those whose paths may begin with anything. */
  readonly anywhere: readonly RoleDefinition[];
  /** In the order of search. */
  readonly rank: ReadonlyMap<RoleDefinition, number>;
}

const indices = new WeakMap<Roles, RoleIndex>();
/** Roles that are sooner tried than indexed. */
const FEW = 8;

/** All roles that could speak for `path`, and maybe more, in the order of search. */
function candidatesFor(roles: Roles, path: string): Iterable<RoleDefinition> {
  if (roles.size <= FEW) return roles.values();
  const index = indices.get(roles) ?? indexOf(roles);
  indices.set(roles, index);
  const { byFolder, anywhere, rank } = index;
  const own = byFolder.get(firstSegment(path)) ?? [];
  if (anywhere.length === 0 || own.length === 0) return own.length === 0 ? anywhere : own;
  return [...own, ...anywhere].sort((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0));
}

function indexOf(roles: Roles): RoleIndex {
  const byFolder = new Map<string, RoleDefinition[]>();
  const anywhere: RoleDefinition[] = [];
  const rank = new Map<RoleDefinition, number>();
  for (const role of roles.values()) {
    rank.set(role, rank.size);
    const folders = new Set(role.paths.map(firstSegment));
    if (role.pathHashPrefixes.length > 0 || [...folders].some(folder => /[*?]/.test(folder))) {
      anywhere.push(role);
      continue;
    }
    for (const folder of folders) {
      const list = byFolder.get(folder);
      if (list === undefined) byFolder.set(folder, [role]);
      else list.push(role);
    }
  }
  return { byFolder, anywhere, rank };
}

function firstSegment(text: string): string {
  const slash = text.indexOf('/');
  return slash < 0 ? text : text.slice(0, slash);
}

/** May `role` speak for `path`? Source: TUF specification section 4.5, "paths" and "path_hash_prefixes". */
export const speaksFor = (role: RoleDefinition, path: string): boolean =>
  speaks(role, path, () => digestOfPath(path));

function speaks({ paths, pathHashPrefixes }: RoleDefinition, path: string, digestOf: () => string): boolean {
  if (paths.some(pattern => matchesPattern(pattern, path))) return true;
  return pathHashPrefixes.some(prefix => prefix !== '' && digestOf().startsWith(prefix));
}

const digestOfPath = (path: string): string => createHash('sha256').update(path, 'utf8').digest('hex');
