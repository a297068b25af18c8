import type { JsonObject } from '../json.ts';
import { isJsonObject, member, withMembers } from '../json.ts';
import { membersOf } from '../metadata/decode.ts';
import { decodeDelegations, type RoleDefinition, speaksFor } from '../metadata/delegation.ts';
import { type RoleName, TARGETS } from '../metadata/names.ts';
import { matchesPattern } from '../metadata/pattern.ts';
import type { DelegationGraph } from '../repository/delegators.ts';
import { folderOf, folderPaths } from '../repository/role-paths.ts';
import type { Edit } from './delegate-request.ts';
import { OperationError } from './error.ts';

/**
 * What a new role speaks for where nobody says: the folder of its name, as tuf-on-ci lays it out; below another role, the
 * folder of its name in the folder of that role. Throws {@link OperationError} `MISSING_ANSWER` where that has none.
 */
export function defaultPaths(
  { role }: { readonly role: RoleName },
  graph: DelegationGraph,
  delegator: RoleName,
): readonly string[] {
  if (delegator === TARGETS) return folderPaths(role);
  const above = folderOf(graph.roles.get(delegator)?.definition.paths ?? []);
  if (above === undefined || above.levels < 2) {
    throw new OperationError(
      'MISSING_ANSWER',
      `${delegator} has no folder to give ${role} a part of: say which paths (--paths 'a/*,b/*')`,
    );
  }
  return folderPaths(`${above.folder}/${role}`, above.levels - 1);
}

/** Refuses what the rules on patterns do not look at, as it is lawful and never meant. */
export function requirePaths(
  { request: { role }, graph }: Edit,
  paths: readonly string[],
  delegator: RoleName,
): void {
  const refuse = (what: string): OperationError => new OperationError('REFUSED', what);
  if (paths.length === 0) throw refuse(`${role} would speak for no path: name at least one pattern`);
  if (new Set(paths).size !== paths.length) throw refuse('a path pattern is named twice');
  if ((graph.roles.get(role)?.definition.pathHashPrefixes.length ?? 0) > 0)
    throw refuse(`${role} goes by hashes of paths, and can not have patterns too`);
  const above = graph.roles.get(delegator)?.definition;
  if (delegator === TARGETS || above === undefined || above.pathHashPrefixes.length > 0) return;
  const dead = paths.find(path => !above.paths.some(pattern => isWithin(path, pattern)));
  if (dead !== undefined) {
    throw refuse(
      `${delegator} does not speak for all of ${JSON.stringify(dead)}, and can not hand it on: it has ${above.paths.join(', ')}`,
    );
  }
}

/** Does `outer` match whatever `inner` matches, as far as their spelling tells? No row of question marks stands for a star. */
const isWithin = (inner: string, outer: string): boolean =>
  matchesPattern(outer, inner.replaceAll('*', '\0'.repeat(outer.split('?').length)));

/**
 * Lets entries of artifacts follow their paths between a role and its delegator, to the letter: a role that gets a folder gets
 * what lies there, and what it no longer speaks for goes back. What belongs to a third one is left for the rules.
 */
export function moveArtifacts({ request: { role }, draft }: Edit, delegator: RoleName): void {
  const delegations = membersOf(draft.signed(delegator), delegator).object('delegations');
  const roles = [...decodeDelegations(delegations).roles.values()];
  const own = roles.find(({ name }) => name === role);
  if (own === undefined) return;
  const others = roles.filter(({ name }) => name !== role);
  const [down, above] = split(targetsIn(draft.signed(delegator)), path => speaksFor(own, path));
  const [up, kept] = split(
    targetsIn(draft.signed(role)),
    path => !speaksFor(own, path) && !others.some((other: RoleDefinition) => speaksFor(other, path)),
  );
  if (down.length === 0 && up.length === 0) return;
  draft.edit(delegator, signed => withTargets(signed, [...above, ...up]));
  draft.edit(role, signed => withTargets(signed, [...kept, ...down]));
}

type Entry = readonly [string, JsonObject[string]];

function targetsIn(signed: JsonObject): readonly Entry[] {
  const targets = member(signed, 'targets');
  return isJsonObject(targets) ? Object.entries(targets) : [];
}

function split(
  entries: readonly Entry[],
  isWanted: (path: string) => boolean,
): readonly [readonly Entry[], readonly Entry[]] {
  const wanted = entries.filter(([path]) => isWanted(path));
  const taken = new Set(wanted);
  return [wanted, entries.filter(entry => !taken.has(entry))];
}

const withTargets = (signed: JsonObject, entries: readonly Entry[]): JsonObject =>
  withMembers(signed, new Map([['targets', Object.fromEntries(entries)]]));
