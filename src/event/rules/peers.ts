import { ROOT, type RoleName, TARGETS } from '../../metadata/names.ts';
import type { Context } from '../context.ts';
import { isDrill } from '../drill/drill-of.ts';
import { type Finding, warn } from '../reason.ts';
import { plural } from '../words.ts';
import type { Rule } from './rule.ts';

/** What tuf-on-ci's tools would trip over, for repositories whose signers mix both. */
export const peers: Rule = {
  id: 'peers',
  source: 'FIELD notes, "On-disk format"',
  modes: ['event'],
  *check(context) {
    const { graph, changed, diff } = context;
    if (isDrill(context)) {
      yield warn(
        'tuf-on-ci sees no change in a drill: it calls the event complete from the start, and asks nobody',
      );
    }
    yield* checkHashes(context);
    for (const { role, delegator, definition } of graph.roles.values()) {
      if (delegator === ROOT || !changed.has(delegator) || definition.pathHashPrefixes.length > 0) continue;
      if (delegator !== TARGETS)
        yield warn(`is delegated by ${delegator}: tuf-on-ci knows one level only`, role);
      const own = definition.paths.filter(path => !path.startsWith(`${role}/`));
      if (own.length > 0) {
        yield warn(
          `has ${plural(own.length, 'path pattern')} outside ${role}/, which tuf-on-ci does not update`,
          role,
        );
      }
    }
    const nested = diff.artifacts.filter(
      ({ path, before }) =>
        path.includes('/') &&
        before === undefined &&
        !graph.roles.has(path.slice(0, path.indexOf('/')) as never),
    );
    if (nested.length > 0) {
      yield warn(
        `${plural(nested.length, 'artifact')} in a folder of targets/ that is no role: tuf-on-ci does not see them`,
        TARGETS,
      );
    }
  },
};

/** One sentence a delegator: it may have thousands of bins. */
function* checkHashes({ graph, changed }: Context): Iterable<Finding> {
  const counts = new Map<RoleName, number>();
  for (const { delegator, definition } of graph.roles.values()) {
    if (!changed.has(delegator) || definition.pathHashPrefixes.length === 0) continue;
    counts.set(delegator, (counts.get(delegator) ?? 0) + 1);
  }
  for (const [delegator, count] of counts) {
    const form = changed.get(delegator)?.signed.delegations.succinct === undefined ? '' : ' (succinct_roles)';
    yield warn(
      `delegates to ${plural(count, 'role')} by path hashes${form}, which tuf-on-ci neither writes nor updates`,
      delegator,
    );
  }
}
