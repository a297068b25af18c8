import type { Instant } from '../../clock.ts';
import { type DrillStanding, drillStanding } from '../../event/drill/standing.ts';
import type { RepositoryTree } from '../../repository/tree.ts';
import { TreeReader } from '../read-tree.ts';
import type { Workspace } from '../workspace.ts';
import { allDrills, readIdentity } from './read.ts';

/** What the drills on main say, and which of its files say nothing, and why. */
export interface ReadStanding {
  readonly standing: DrillStanding;
  readonly unreadable: ReadonlyMap<string, string>;
}

/** Reads the drills of `main`, and what they say `now`. Throws {@link GitError}. */
export async function readStanding(
  workspace: Workspace,
  main: RepositoryTree,
  now: Instant = workspace.clock.now(),
): Promise<ReadStanding> {
  const reader = new TreeReader(workspace.objects);
  const files = await allDrills(reader, main);
  const readable = [...files.values()].flatMap(parsed => (parsed.ok ? [parsed.value] : []));
  const unreadable = [...files].flatMap(([path, parsed]): readonly (readonly [string, string])[] =>
    parsed.ok ? [] : [[path, parsed.error.message]],
  );
  const identity = readable.length === 0 ? undefined : await readIdentity(reader, main);
  return {
    standing: drillStanding(main, identity, readable, now),
    unreadable: new Map(unreadable),
  };
}
