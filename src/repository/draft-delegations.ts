import type { JsonObject } from '../json.ts';
import { membersOf } from '../metadata/decode.ts';
import {
  decodeDelegations,
  decodeKeys,
  decodeRoleDefinition,
  noDelegations,
  type RoleDefinition,
} from '../metadata/delegation.ts';
import { ROOT, type RoleName, SNAPSHOT, TARGETS, TIMESTAMP } from '../metadata/names.ts';
import { delegationGraph } from './delegators.ts';
import { documentOf, type RepositoryTree } from './tree.ts';

export type Definitions = ReadonlyMap<RoleName, RoleDefinition>;

const decoded = new WeakMap<JsonObject, Definitions>();

/**
 * Delegations of a `signed` object that may be in the making. Remembered for each: an edit makes another object, and each of
 * thousands of roles asks the one document that names it. Throws {@link MetadataError} `MALFORMED`.
 */
export function definitionsIn(name: RoleName, signed: JsonObject): Definitions {
  const known = decoded.get(signed);
  if (known !== undefined) return known;
  const definitions = decode(name, signed);
  decoded.set(signed, definitions);
  return definitions;
}

function decode(name: RoleName, signed: JsonObject): Definitions {
  const members = membersOf(signed, name);
  if (name === ROOT) {
    const roles = members.object('roles');
    decodeKeys(members.object('keys'));
    return new Map(
      [ROOT, TARGETS, SNAPSHOT, TIMESTAMP].map(role => [
        role,
        decodeRoleDefinition(role, roles.object(role)),
      ]),
    );
  }
  const delegations = members.optionalObject('delegations');
  return delegations === undefined ? noDelegations.roles : decodeDelegations(delegations).roles;
}

/** Gives a role's own definition, as the document has it that delegates the role after these edits. */
export type FindDefinition = (role: RoleName) => RoleDefinition | undefined;

/** Looks first among what is edited, then where the tree has the role from, unless an edit took it away there. */
export function definitionsAfter(
  tree: RepositoryTree,
  edited: ReadonlyMap<RoleName, JsonObject>,
): FindDefinition {
  const found = new Map<RoleName, RoleDefinition>();
  for (const [name, signed] of edited) {
    for (const [role, definition] of definitionsIn(name, signed))
      if (!found.has(role)) found.set(role, definition);
  }
  const { roles } = delegationGraph(tree);
  return role => {
    const own = found.get(role);
    if (own !== undefined) return own;
    const known = roles.get(role);
    return known === undefined || edited.has(known.delegator) ? undefined : known.definition;
  };
}

/** What `name` delegates before any edit. */
export const definitionsBefore = (tree: RepositoryTree, name: RoleName): Definitions =>
  documentOf(tree, name)?.signed.delegations.roles ?? noDelegations.roles;
