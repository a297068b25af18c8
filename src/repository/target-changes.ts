import { jsonEqual } from '../json.ts';
import type { TargetFile } from '../metadata/document.ts';

type Files = ReadonlyMap<string, TargetFile>;

const changes = new WeakMap<Files, WeakMap<Files, ReadonlySet<string>>>();

/**
 * Target paths whose entry in `after` is not, to the letter, what `before` says, in the order of `after`. Remembered for
 * each pair, as more than one asks and there may be 100,000 entries.
 */
export function changedTargets(before: Files, after: Files): ReadonlySet<string> {
  const known = changes.get(before)?.get(after);
  if (known !== undefined) return known;
  const paths = new Set<string>();
  for (const [path, file] of after) {
    const old = before.get(path);
    if (old === undefined || !jsonEqual(old, file)) paths.add(path);
  }
  const row = changes.get(before) ?? new WeakMap<Files, ReadonlySet<string>>();
  changes.set(before, row.set(after, paths));
  return paths;
}
