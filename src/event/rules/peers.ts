import type { Key } from '../../metadata/key.ts';
import { type KeyOwner, ROOT, type RoleName, TARGETS } from '../../metadata/names.ts';
import { distinctKeys } from '../../metadata/quorum.ts';
import type { Delegated } from '../../repository/delegators.ts';
import type { Context } from '../context.ts';
import { isDrill } from '../drill/drill-of.ts';
import { type Finding, warn } from '../reason.ts';
import { listed, plural } from '../words.ts';
import type { Rule } from './rule.ts';

/** That a sentence names: a set of bins may be thousands. */
const MAX_ROLES = 4;

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
        yield warn(
          `is delegated by ${delegator}: tuf-on-ci-sign asks nobody to sign it, and tuf-on-ci's snapshot leaves it out`,
          role,
        );
      const own = definition.paths.filter(path => !path.startsWith(`${role}/`));
      if (own.length > 0) {
        yield warn(
          `has ${plural(own.length, 'path pattern')} outside ${role}/, which tuf-on-ci does not update`,
          role,
        );
      }
    }
    yield* checkRemoved(context);
    yield* checkSeveralKeys(context);
    const nested = diff.artifacts.filter(
      ({ path, before }) =>
        path.includes('/') &&
        before === undefined &&
        !graph.roles.has(path.slice(0, path.indexOf('/')) as never),
    );
    if (nested.length > 0) {
      yield warn(
        `${plural(nested.length, 'artifact')} in a folder of targets/ that is no role: tuf-on-ci takes them out again with its next change of targets`,
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

/** Its publishing copies every file that snapshot names, and snapshot names for ever. */
function* checkRemoved({ changes }: Context): Iterable<Finding> {
  const removed = [...changes].filter(([, change]) => change === 'removed').map(([role]) => role);
  if (removed.length > 0)
    yield warn(
      `without ${listed(removed, MAX_ROLES)} tuf-on-ci can not publish any more: snapshot names a removed role for ever`,
    );
}

/** Its signer's tool goes through all of a person's keys in a role, and back to the first where one is not at hand. */
function* checkSeveralKeys({ graph, changed, knownGraph }: Context): Iterable<Finding> {
  const oldRoot = knownGraph.roles.get(ROOT);
  const several = new Map<KeyOwner, Set<RoleName>>();
  for (const role of changed.keys()) {
    const places = [graph.roles.get(role), role === ROOT ? oldRoot : undefined];
    const keys = new Map(places.flatMap(place => (place === undefined ? [] : [...keysOf(place)])));
    const met = new Set<KeyOwner>();
    for (const { owner } of keys.values()) {
      if (owner === undefined) continue;
      if (met.has(owner)) several.set(owner, (several.get(owner) ?? new Set()).add(role));
      met.add(owner);
    }
  }
  for (const [owner, roles] of several) {
    const what = listed([...roles], MAX_ROLES);
    yield warn(
      `${owner} is to sign ${what} with several keys: tuf-on-ci-sign does so with all of them at once, or not at all`,
    );
  }
}

const keysOf = ({ delegations, definition }: Delegated): ReadonlyMap<string, Key> =>
  distinctKeys(delegations, definition);
