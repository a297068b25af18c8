import { isJsonObject, member } from '../../json.ts';
import type { RoleDefinition } from '../../metadata/delegation.ts';
import { ROOT, type RoleName, roleNameProblem, targetPathProblem } from '../../metadata/names.ts';
import { documentOf } from '../../repository/tree.ts';
import type { Context } from '../context.ts';
import { type Finding, refuse } from '../reason.ts';
import { quoted } from '../words.ts';

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
  }
  for (const role of context.changed.keys()) yield* checkSuccinct(context, role);
}

function* checkPatterns(context: Context, role: RoleName, { paths }: RoleDefinition): Iterable<Finding> {
  const known = new Set(context.knownGraph.roles.get(role)?.definition.paths);
  for (const pattern of paths) {
    if (context.mode === 'event' && known.has(pattern)) continue;
    // An underscore in a wildcard's place: what the pattern matches has to be a path at all.
    const problem = targetPathProblem(pattern.replaceAll(/[*?]/g, '_'));
    if (problem !== undefined) yield refuse(`path pattern ${quoted(pattern)} ${problem}`, role);
    // What stands on main already has been signed and published; main's own judgement leaves it at that.
    else if (context.mode === 'event' && AMBIGUOUS.test(pattern)) {
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

/** TAP 15: some clients would follow it, and we do not. */
function* checkSuccinct(context: Context, role: RoleName): Iterable<Finding> {
  const delegations = member(documentOf(context.tree, role)?.signed.raw ?? {}, 'delegations');
  if (isJsonObject(delegations) && Object.hasOwn(delegations, 'succinct_roles')) {
    yield refuse('delegates by succinct_roles, which is not supported here: name each role', role);
  }
}
