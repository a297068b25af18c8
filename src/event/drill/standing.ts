import { formatInstant, type Instant } from '../../clock.ts';
import type { KeyOwner, RoleName } from '../../metadata/names.ts';
import type { DrillFile } from '../../repository/drill-file.ts';
import type { RepositoryTree } from '../../repository/tree.ts';
import { outcomeOf } from './drill-of.ts';
import { type Keyholder, keyholdersOf } from './keyholders.ts';
import { marginsOf, type RoleMargin } from './margin.ts';

/** What the drills on main say of one key. */
export interface KeyStanding {
  readonly owner: KeyOwner;
  readonly fingerprint: string;
  readonly roles: readonly RoleName[];
  /** By the last drill that asked it: `unasked` where none has, as of a key that has joined since. */
  readonly state: 'proved' | 'silent' | 'unasked';
  /** The deadline of the last drill that it was proved in. */
  readonly provedBy: string | undefined;
  /** When the first drill was opened that it did not answer, since it last answered one. */
  readonly silentSince: string | undefined;
}

/** How sure it is, by the drills on main, that each role's quorum is still there. */
export interface DrillStanding {
  /** How many drills main has, and the last one's name and deadline. */
  readonly drills: number;
  readonly last: { readonly name: string; readonly deadline: string } | undefined;
  readonly keys: readonly KeyStanding[];
  readonly margins: readonly RoleMargin[];
}

/**
 * Of the keys that people hold in `main` now. Each signature is verified anew: a record that somebody pushed to main proves
 * nothing by being there. Drills of another repository than `identity` are left out.
 */
export function drillStanding(
  main: RepositoryTree,
  identity: string | undefined,
  files: Iterable<DrillFile>,
  now: Instant,
): DrillStanding {
  const drills = [...files]
    .filter(({ drill }) => drill.repository === identity && drill.openedAt <= now)
    .sort((a, b) => a.drill.openedAt - b.drill.openedAt || (a.drill.name < b.drill.name ? -1 : 1));
  const holders = keyholdersOf(main);
  const byKey = new Map<string, { asked: DrillFile; silentSince?: string; provedBy?: string }>();
  for (const file of drills) {
    const { proved, missing } = outcomeOf(file, holders);
    for (const { fingerprint } of proved)
      byKey.set(fingerprint, { asked: file, provedBy: file.drill.deadline });
    // Nobody is silent before the time is over.
    for (const { fingerprint } of now < file.drill.deadlineAt ? [] : missing) {
      const before = byKey.get(fingerprint);
      byKey.set(fingerprint, {
        ...before,
        asked: file,
        silentSince: before?.silentSince ?? file.drill.opened,
      });
    }
  }
  const keys = holders.map((holder: Keyholder): KeyStanding => {
    const { owner, fingerprint, roles } = holder;
    const { silentSince, provedBy, asked } = byKey.get(fingerprint) ?? {};
    const state = asked === undefined ? 'unasked' : silentSince === undefined ? 'proved' : 'silent';
    return { owner, fingerprint, roles, state, provedBy, silentSince };
  });
  const last = drills.at(-1)?.drill;
  const proved = keys.filter(({ state }) => state === 'proved').map(({ fingerprint }) => fingerprint);
  return {
    drills: drills.length,
    last: last === undefined ? undefined : { name: last.name, deadline: formatInstant(last.deadlineAt) },
    keys,
    margins: marginsOf(main, new Set(proved)),
  };
}
