import { isJsonObject, member } from '../../json.ts';
import type { RoleDefinition } from '../../metadata/delegation.ts';
import { ROOT, type RoleName, roleNameProblem, TARGETS, targetPathProblem } from '../../metadata/names.ts';
import { documentOf } from '../../repository/tree.ts';
import type { Context } from '../context.ts';
import { type Finding, refuse } from '../reason.ts';
import { listed, quoted } from '../words.ts';

/** Part of rule `ownership`: delegations by names, patterns and prefixes that every client reads as we do. */
export function* checkDelegations(context: Context): Iterable<Finding> {
  const delegators = new Set<RoleName>();
  for (const { role, delegator, definition } of context.graph.roles.values()) {
    if (delegator === ROOT || (context.mode === 'event' && !context.changed.has(delegator))) continue;
    delegators.add(delegator);
    const problem = roleNameProblem(role);
    if (problem !== undefined)
      yield refuse(`${delegator} delegates to ${quoted(role)}: the name ${problem}`, role);
    yield* checkPatterns(context, role, definition);
    for (const prefix of definition.pathHashPrefixes) {
      if (/^[0-9a-f]{1,64}$/.test(prefix)) continue;
      yield refuse(`path hash prefix ${quoted(prefix)} is not 1 to 64 lower-case hex digits`, role);
    }
    if (context.mode === 'event') yield* checkShape(context, role, delegator, definition);
  }
  for (const role of context.changed.keys()) yield* checkSuccinct(context, role);
}

/** The policy's say. What main has stays as it is: clients find artifacts by it. */
function* checkShape(
  { policy, knownGraph }: Context,
  role: RoleName,
  delegator: RoleName,
  { paths, pathHashPrefixes }: RoleDefinition,
): Iterable<Finding> {
  if (policy.delegations === 'any') return;
  const known = knownGraph.roles.get(role);
  const before = known?.delegator === delegator ? known.definition : undefined;
  const added = [
    ...paths.filter(path => before?.paths.includes(path) !== true),
    ...pathHashPrefixes.filter(prefix => before?.pathHashPrefixes.includes(prefix) !== true),
  ];
  if (before !== undefined && added.length === 0) return;
  const foreign = added.filter(path => !path.startsWith(`${role}/`));
  if (policy.delegations === 'none') {
    yield refuse(
      `${delegator} hands paths on to ${quoted(role)}, and the policy allows no delegations`,
      role,
    );
  } else if (delegator !== TARGETS) {
    yield refuse(
      `${delegator} hands paths on to ${quoted(role)}, and the policy lets targets alone do that`,
      role,
    );
  } else if (foreign.length > 0) {
    const what = listed(foreign.map(quoted), 4);
    yield refuse(`is given ${what}, and the policy gives a role the folder of its name alone`, role);
  }
}

function* checkPatterns(context: Context, role: RoleName, { paths }: RoleDefinition): Iterable<Finding> {
  const known = new Set(context.knownGraph.roles.get(role)?.definition.paths);
  for (const pattern of paths) {
    if (context.mode === 'event' && known.has(pattern)) continue;
    // An underscore in a wildcard's place: what the pattern matches has to be a path at all.
    const problem = targetPathProblem(pattern.replaceAll(/[*?]/g, '_'));
    if (problem !== undefined) yield refuse(`path pattern ${quoted(pattern)} ${problem}`, role);
    // What stands on main already has been signed and published; main's own judgement leaves it at that.
    else if (context.mode === 'event' && isAmbiguousPattern(pattern)) {
      yield refuse(
        `path pattern ${quoted(pattern)} means other paths to some clients: use only * and ? beside plain names`,
        role,
      );
    }
  }
}

/**
 * What minimatch (tuf-js), fnmatch (python-tuf) or Go's path.Match read as more than itself. A role could speak for paths
 * that we hold to be another's. Source: minimatch's README (braces, extglobs, globstar, negation, comments), fnmatch(3).
 */
const AMBIGUOUS = /[[\]{}]|\*\*|[!@+*?]\(|^[!#]/;

export const isAmbiguousPattern = (pattern: string): boolean => AMBIGUOUS.test(pattern);

/** TAP 15: some clients would follow it, and we do not. */
function* checkSuccinct(context: Context, role: RoleName): Iterable<Finding> {
  const delegations = member(documentOf(context.tree, role)?.signed.raw ?? {}, 'delegations');
  if (isJsonObject(delegations) && Object.hasOwn(delegations, 'succinct_roles')) {
    yield refuse('delegates by succinct_roles, which is not supported here: name each role', role);
  }
}
