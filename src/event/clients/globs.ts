import { type Delegations, listedRoles } from '../../metadata/delegation.ts';
import type { RoleName } from '../../metadata/names.ts';
import { matchesAcross, matchesPattern } from '../../metadata/pattern.ts';
import { quoted } from '../words.ts';
import { type Hit, hit } from './hit.ts';

/** Comparisons for one document: a second. Real delegations begin with a folder each and need a few for every pattern. */
const MAX_STEPS = 1_000_000;

/**
 * The roles whose patterns also take another role's paths where `*` and `?` stand for `/` too. Told by one path for each pattern,
 * with a letter in each wildcard's place: what only other paths would show is not found.
 */
export function* crossings(delegations: Delegations): Iterable<Hit> {
  const roles = listedRoles(delegations);
  const byFolder = new Map<string, [RoleName, string][]>();
  for (const { name, paths } of roles.values()) {
    for (const pattern of paths) {
      const wildcard = pattern.search(/[*?]/);
      if (wildcard < 0) continue;
      const folder = pattern.slice(0, pattern.lastIndexOf('/', wildcard) + 1);
      const known = byFolder.get(folder);
      if (known === undefined) byFolder.set(folder, [[name, pattern]]);
      else known.push([name, pattern]);
    }
  }
  const told = new Set<string>();
  let steps = 0;
  for (const { name, paths } of roles.values()) {
    for (const path of paths) {
      const sample = path.replaceAll(/[*?]/g, 'x');
      for (const [other, pattern] of candidates(byFolder, sample)) {
        if (++steps > MAX_STEPS) {
          yield hit('', 'too many patterns to compare');
          return;
        }
        if (other === name) continue; // mostly
        const key = `${other} ${name}`;
        if (told.has(key)) continue;
        if (!matchesAcross(pattern, sample) || matchesPattern(pattern, sample)) continue;
        told.add(key);
        yield hit(key, `${other} (${quoted(pattern)}) what is of ${name}`);
      }
    }
  }
}

/** The patterns that begin with a folder of `path`. */
function* candidates(
  byFolder: ReadonlyMap<string, readonly [RoleName, string][]>,
  path: string,
): Iterable<readonly [RoleName, string]> {
  for (let end = 0; ; end = path.indexOf('/', end) + 1) {
    yield* byFolder.get(path.slice(0, end)) ?? [];
    if (path.indexOf('/', end) < 0) return;
  }
}
