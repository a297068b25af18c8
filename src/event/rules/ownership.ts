import { ROOT, type RoleName, TARGETS, targetPathProblem } from '../../metadata/names.ts';
import { artifactRoles } from '../../repository/delegators.ts';
import { targetsOf } from '../../repository/tree.ts';
import type { Context } from '../context.ts';
import { type Finding, refuse } from '../reason.ts';
import { listed, quoted } from '../words.ts';
import { always, type Rule } from './rule.ts';

/** Each artifact has one role that may sign it, and a path that is the same path for everyone. */
export const ownership: Rule = {
  id: 'ownership',
  source: 'TUF 1.0.34 section 4.5, PATHPATTERN; shared design, rule table',
  modes: always,
  *check(context) {
    for (const [role, others] of context.graph.contested) {
      yield refuse(
        `${quoted(role)} is delegated more than once (also by ${listed(others.map(quoted))})`,
        role,
      );
    }
    const paths = pathsToCheck(context);
    for (const path of paths.files) {
      const problem = targetPathProblem(path);
      if (problem !== undefined) yield refuse(`artifact ${quoted(path)}: the path ${problem}`);
    }
    for (const [role, signed] of paths.signed) {
      for (const path of signed) yield* checkPath(context, role, path);
    }
    if (paths.files.size > 0) yield* collisions(context);
  },
};

function* checkPath(context: Context, role: RoleName, path: string): Iterable<Finding> {
  const problem = targetPathProblem(path);
  if (problem !== undefined) {
    yield refuse(`target path ${quoted(path)} ${problem}`, role);
    return;
  }
  const owners = context.ownership().ownersOf(path);
  if (owners.length > 1) yield refuse(`${quoted(path)} is claimed by ${listed(owners.map(quoted))}`, role);
  else if (owners[0] !== role)
    yield refuse(`signs ${quoted(path)}, which belongs to ${quoted(owners[0] ?? TARGETS)}`, role);
}

/** All paths where delegations moved or no event is judged; else those that are new. */
function pathsToCheck(context: Context): {
  readonly files: ReadonlySet<string>;
  readonly signed: ReadonlyMap<RoleName, readonly string[]>;
} {
  const roles = artifactRoles(context.tree);
  const delegationsMoved = [...context.changed].some(
    ([role, { signed }]) =>
      role !== ROOT && signed.delegations.roles.size > 0 && context.changes.get(role) !== 'signatures',
  );
  const everything = context.mode !== 'event' || delegationsMoved;
  const signed = new Map<RoleName, readonly string[]>();
  for (const role of roles) {
    const targets = targetsOf(context.tree, role)?.signed.targets;
    if (targets === undefined) continue;
    const known = everything ? undefined : targetsOf(context.knownGood, role)?.signed.targets;
    signed.set(role, known === targets ? [] : [...targets.keys()].filter(path => known?.has(path) !== true));
  }
  const files = everything
    ? new Set(context.tree.artifacts.keys())
    : new Set(context.diff.artifacts.filter(({ after }) => after !== undefined).map(({ path }) => path));
  return { files, signed };
}

/** Two paths that are one file on a file system that folds case. */
function* collisions(context: Context): Iterable<Finding> {
  const seen = new Map<string, string>();
  for (const path of context.tree.artifacts.keys()) {
    const folded = path.toLowerCase();
    const other = seen.get(folded);
    if (other !== undefined)
      yield refuse(`artifacts ${quoted(other)} and ${quoted(path)} differ in case only`);
    seen.set(folded, path);
  }
}
