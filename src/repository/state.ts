import { isJsonArray, isJsonObject, type JsonObject, member, parseJson } from '../json.ts';
import { type KeyOwner, parseKeyOwner, parseRoleName, type RoleName } from '../metadata/names.ts';
import { escapeNonAscii, serializeJson } from '../metadata/serialize.ts';
import { RepositoryError } from './error.ts';

/** Who has been invited to sign which roles and has not answered yet. */
export type Invites = ReadonlyMap<KeyOwner, ReadonlySet<RoleName>>;

export const noInvites: Invites = new Map();

/**
 * Reads `metadata/.signing-event-state`. It holds `invites` and nothing else, as the peers' tools rewrite the file.
 * Throws {@link RepositoryError} `BAD_FILE`, {@link JsonError} or {@link MetadataError} `BAD_NAME`.
 */
export function parseState(bytes: Uint8Array): Invites {
  const json = parseJson(bytes);
  const bad = (what: string): RepositoryError =>
    new RepositoryError('BAD_FILE', `.signing-event-state: ${what}`);
  if (!isJsonObject(json)) throw bad('has to be an object');
  const other = Object.keys(json).find(name => name !== 'invites');
  if (other !== undefined) throw bad(`holds ${short(other)}, which is not known here`);
  const entries = member(json, 'invites') ?? {};
  if (!isJsonObject(entries)) throw bad('invites has to be an object');
  const invites = new Map<KeyOwner, ReadonlySet<RoleName>>();
  for (const [owner, roles] of Object.entries(entries)) {
    if (!isJsonArray(roles) || !roles.every(role => typeof role === 'string')) {
      throw bad(`invites of ${short(owner)} have to be a list of role names`);
    }
    const account = parseKeyOwner(owner);
    if (invites.has(account)) throw bad(`names ${account} twice, in upper and lower case`);
    invites.set(account, new Set(roles.map(parseRoleName)));
  }
  for (const [owner, roles] of invites) if (roles.size === 0) invites.delete(owner);
  return invites;
}

/** An untrusted name in quotes, in printable ASCII, cut to 80 characters. */
const short = (name: string): string => escapeNonAscii(JSON.stringify(name.slice(0, 80)));

/** The file's bytes; `undefined` where nobody is invited, which is the file's absence. */
export function serializeState(invites: Invites): Uint8Array | undefined {
  const open: JsonObject = Object.fromEntries(
    [...invites].filter(([, roles]) => roles.size > 0).map(([owner, roles]) => [owner, [...roles]]),
  );
  return Object.keys(open).length === 0 ? undefined : serializeJson({ invites: open }, 2);
}

const byRole = new WeakMap<Invites, ReadonlyMap<RoleName, readonly KeyOwner[]>>();

/** Who has been invited to `role` and has not answered. */
export function invitedTo(invites: Invites, role: RoleName): readonly KeyOwner[] {
  const known = byRole.get(invites) ?? ownersByRole(invites);
  byRole.set(invites, known);
  return known.get(role) ?? [];
}

function ownersByRole(invites: Invites): ReadonlyMap<RoleName, readonly KeyOwner[]> {
  const owners = new Map<RoleName, KeyOwner[]>();
  for (const [owner, roles] of invites) {
    for (const role of roles) {
      const list = owners.get(role);
      if (list === undefined) owners.set(role, [owner]);
      else list.push(owner);
    }
  }
  return owners;
}

/** `invites` with those of `owner` replaced; an empty set removes the owner. */
export function withInvites(invites: Invites, owner: KeyOwner, roles: ReadonlySet<RoleName>): Invites {
  const changed = new Map(invites);
  if (roles.size === 0) changed.delete(owner);
  else changed.set(owner, roles);
  return changed;
}
