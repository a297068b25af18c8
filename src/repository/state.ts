import { isJsonArray, isJsonObject, type JsonObject, member, parseJson } from '../json.ts';
import { type KeyOwner, parseKeyOwner, parseRoleName, type RoleName } from '../metadata/names.ts';
import { serializeJson } from '../metadata/serialize.ts';
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
  if (other !== undefined) throw bad(`holds ${JSON.stringify(other)}, which is not known here`);
  const entries = member(json, 'invites') ?? {};
  if (!isJsonObject(entries)) throw bad('invites has to be an object');
  const invites = new Map<KeyOwner, ReadonlySet<RoleName>>();
  for (const [owner, roles] of Object.entries(entries)) {
    if (!isJsonArray(roles) || !roles.every(role => typeof role === 'string')) {
      throw bad(`invites of ${JSON.stringify(owner)} have to be a list of role names`);
    }
    if (roles.length > 0) invites.set(parseKeyOwner(owner), new Set(roles.map(parseRoleName)));
  }
  return invites;
}

/** The file's bytes; `undefined` where nobody is invited, which is the file's absence. */
export function serializeState(invites: Invites): Uint8Array | undefined {
  const open: JsonObject = Object.fromEntries(
    [...invites].filter(([, roles]) => roles.size > 0).map(([owner, roles]) => [owner, [...roles]]),
  );
  return Object.keys(open).length === 0 ? undefined : serializeJson({ invites: open }, 2);
}

/** Has anybody been invited to `role` who has not answered? */
export const invitedTo = (invites: Invites, role: RoleName): readonly KeyOwner[] =>
  [...invites].filter(([, roles]) => roles.has(role)).map(([owner]) => owner);

/** `invites` with those of `owner` replaced; an empty set removes the owner. */
export function withInvites(invites: Invites, owner: KeyOwner, roles: ReadonlySet<RoleName>): Invites {
  const changed = new Map(invites);
  if (roles.size === 0) changed.delete(owner);
  else changed.set(owner, roles);
  return changed;
}
