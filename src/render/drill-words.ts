import { unreachable } from '../errors.ts';
import type { RoleMargin } from '../event/drill/margin.ts';
import type { DrillReport } from '../event/drill/report.ts';
import type { DrillStanding, KeyStanding } from '../event/drill/standing.ts';
import { listed, plural } from '../event/words.ts';
import type { KeyOwner } from '../metadata/names.ts';

// What every renderer says of drills. Nothing here is escaped yet.

/** `2 of 3 keys have proved that they work, 13 days are left`. */
export function drillMeaning({ keys, deadline, left, isOver }: DrillReport): string {
  const proved = keys.filter(key => key.proved).length;
  const tally = `${proved} of ${plural(keys.length, 'key')} proved`;
  return isOver
    ? `${tally} when the time was over at ${deadline}`
    : `${tally}, and it ends ${left} (${deadline})`;
}

/** `@bob: key 0123456789abcdef0123, which signs root and targets`. */
export const drillKeyWords = ({
  owner,
  fingerprint,
  roles,
}: Pick<KeyStanding, 'owner' | 'fingerprint' | 'roles'>): string =>
  `${owner}: key ${fingerprint.slice(0, 20)}, which signs ${listed(roles, 6)}`;

/** `root: 2 of 3 keys proved, 2 needed: no margin`; of a drill that still goes on nobody is short of anything yet. */
export const marginWords = ({ role, keys, proved, threshold, margin }: RoleMargin, isOver: boolean): string =>
  `${role}: ${proved} of ${plural(keys, 'key')} proved, ${threshold} needed: ${marginWord(margin, isOver)}`;

/** `margin 1`, `no margin`, `1 short of a quorum`. */
export function marginWord(margin: number, isOver: boolean): string {
  if (margin > 0) return `margin ${margin}`;
  if (margin === 0) return isOver ? 'no margin' : 'no margin yet';
  return isOver ? `${-margin} short of a quorum` : `${-margin} to go`;
}

/** `@carol: key …, which signs root: silent since 2030-06-01, last proved by 2030-01-15`. */
export function keyStandingWords(key: KeyStanding): string {
  const proved = key.provedBy?.slice(0, 10);
  switch (key.state) {
    case 'proved':
      return `${drillKeyWords(key)}: proved by ${proved ?? ''}`;
    case 'silent':
      return `${drillKeyWords(key)}: silent since ${key.silentSince?.slice(0, 10) ?? ''}${proved === undefined ? ', never proved in a drill' : `, last proved by ${proved}`}`;
    case 'unasked':
      return `${drillKeyWords(key)}: not asked by any drill yet`;
    default:
      return unreachable(key.state);
  }
}

/** What is to be said of a drill that is open: where its time is over, that it waits to be merged. */
export const openDrillWords = (branch: string, drill: DrillReport): string =>
  `${branch}: ${drillMeaning(drill)}${drill.isOver || drill.keys.every(({ proved }) => proved) ? '; it can be merged, as a record' : ''}`;

/** What those who are silent are to do, in words; nobody once the time is over. By owner. */
export function proofDeeds({ keys, deadline, isOver }: DrillReport): ReadonlyMap<KeyOwner, string> {
  const missing = isOver ? [] : keys.filter(({ proved }) => !proved);
  const owners = new Set(missing.map(({ owner }) => owner));
  return new Map(
    [...owners].map(owner => {
      const own = missing.filter(key => key.owner === owner).map(key => key.fingerprint.slice(0, 20));
      return [owner, `prove key ${listed(own)} by ${deadline}`];
    }),
  );
}

/** `What 2 drills on main say (the last: 2030-06-01, until 2030-06-15)`. */
export const standingTitle = ({ drills, last }: DrillStanding): string =>
  last === undefined
    ? 'No drill is on main'
    : `What ${plural(drills, 'drill')} on main ${drills === 1 ? 'says' : 'say'} (the last: ${last.name}, until ${last.deadline.slice(0, 10)})`;
