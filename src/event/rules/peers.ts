import { ROOT, TARGETS } from '../../metadata/names.ts';
import { isDrill } from '../drill/drill-of.ts';
import { warn } from '../reason.ts';
import { plural } from '../words.ts';
import type { Rule } from './rule.ts';

/** What tuf-on-ci's tools would trip over, for repositories whose signers mix both. */
export const peers: Rule = {
  id: 'peers',
  source: 'FIELD notes, "On-disk format"',
  modes: ['event'],
  *check({ graph, changed, diff }) {
    if (isDrill({ diff })) {
      yield warn(
        'tuf-on-ci sees no change in a drill: it calls the event complete from the start, and asks nobody',
      );
    }
    for (const { role, delegator, definition } of graph.roles.values()) {
      if (delegator === ROOT || !changed.has(delegator)) continue;
      if (delegator !== TARGETS)
        yield warn(`is delegated by ${delegator}: tuf-on-ci knows one level only`, role);
      if (definition.pathHashPrefixes.length > 0)
        yield warn('goes by path hashes, which tuf-on-ci does not write', role);
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
