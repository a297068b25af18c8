import { binName } from '../../metadata/bins.ts';
import type { RoleDefinition } from '../../metadata/delegation.ts';
import {
  foldCase,
  ROOT,
  type RoleName,
  roleNameProblem,
  spellingProblem,
  TARGETS,
  targetPathDoubts,
} from '../../metadata/names.ts';
import type { Delegated } from '../../repository/delegators.ts';
import type { Context } from '../context.ts';
import { type Finding, refuse, warn } from '../reason.ts';
import { listed, quoted } from '../words.ts';

/** Part of rule `ownership`: delegations by names, patterns and prefixes that every client reads as we do. */
export function* checkDelegations(context: Context): Iterable<Finding> {
  const delegators = new Set<RoleName>();
  for (const delegated of context.graph.roles.values()) {
    const { role, delegator, definition } = delegated;
    if (delegator === ROOT || (context.mode === 'event' && !context.changed.has(delegator))) continue;
    delegators.add(delegator);
    if (isFurtherBin(delegated)) continue;
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
  if (context.mode === 'event' && delegators.size > 0) yield* checkCase(context);
  for (const role of context.graph.overgrown) {
    yield refuse('delegates by succinct_roles to more bins than can be followed, all together', role);
  }
}

/** The bins of succinct_roles are of one rule: what is true of the first one's name and share is true of all. */
const isFurtherBin = ({ role, delegations: { succinct } }: Delegated): boolean =>
  succinct !== undefined && role !== binName(succinct, 0);

/** Patterns of two roles that are one where case is folded: there a file of one role would be the other's. */
function* checkCase(context: Context): Iterable<Finding> {
  const seen = new Map<string, readonly [RoleName, string]>();
  for (const { role, delegator, definition } of context.graph.roles.values()) {
    if (delegator === ROOT) continue;
    for (const pattern of definition.paths) {
      const folded = foldCase(pattern);
      const [other, known] = seen.get(folded) ?? [role, pattern];
      seen.set(folded, [role, pattern]);
      if (other === role || known === pattern) continue;
      if (isOnMain(context, role, pattern) && isOnMain(context, other, known)) continue;
      yield refuse(
        `path patterns ${quoted(known)} of ${quoted(other)} and ${quoted(pattern)} differ in case only`,
        role,
      );
    }
  }
}

const isOnMain = ({ knownGraph }: Context, role: RoleName, pattern: string): boolean =>
  knownGraph.roles.get(role)?.definition.paths.includes(pattern) === true;

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
    const path = pattern.replaceAll(/[*?]/g, '_');
    const problem = spellingProblem(path);
    if (problem !== undefined) yield refuse(`path pattern ${quoted(pattern)} ${problem}`, role);
    // What stands on main already has been signed and published; main's own judgement leaves it at that.
    if (problem !== undefined || context.mode !== 'event') continue;
    if (isAmbiguousPattern(pattern)) {
      yield refuse(
        `path pattern ${quoted(pattern)} means other paths to some clients: use only * and ? beside plain names`,
        role,
      );
    }
    for (const doubt of targetPathDoubts(path)) yield warn(`path pattern ${quoted(pattern)} ${doubt}`, role);
  }
}

/**
 * What minimatch (tuf-js), fnmatch (python-tuf) or Go's path.Match read as more than itself. A role could speak for paths
 * that we hold to be another's. Source: minimatch's README (braces, extglobs, globstar, negation, comments), fnmatch(3).
 */
const AMBIGUOUS = /[[\]{}]|\*\*|[!@+*?]\(|^[!#]/;

export const isAmbiguousPattern = (pattern: string): boolean => AMBIGUOUS.test(pattern);
