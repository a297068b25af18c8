import { DAY_MS, formatInstant, HOUR_MS, type Instant } from '../clock.ts';
import { isOnlineRole, type RoleName } from '../metadata/names.ts';
import { effectivePeriods, type Periods } from '../metadata/periods.ts';
import { documentOf, type RepositoryTree, rootOf } from '../repository/tree.ts';
import { plural } from './words.ts';

/** How long main's version of a role lasts: that is how long there is to sign the next one. */
export interface Deadline {
  readonly version: number;
  /** As written in the document. */
  readonly expires: string;
  /** Whole days until then, rounded down; negative once it is past. */
  readonly daysLeft: number;
  /** `in 3 days`, `in 5 hours`, `2 days ago`. */
  readonly left: string;
  /** When the last days began, or will, in which the next version is to be signed; `undefined` where no period says. */
  readonly signingFrom: string | undefined;
  /** Has that time come? */
  readonly isSigning: boolean;
  /** Is the end so near that people have to drop other things? Never for what the automation signs. */
  readonly isUrgent: boolean;
}

/** People read their mail within a week. */
const URGENT_DAYS = 7;

/** `undefined` where main has no readable document of the role. */
export function deadlineOf(main: RepositoryTree, role: RoleName, now: Instant): Deadline | undefined {
  const signed = documentOf(main, role)?.signed;
  if (signed === undefined) return undefined;
  const { expiresAt, expires, version } = signed;
  const periods = isOnlineRole(role)
    ? rootOf(main)?.signed.delegations.roles.get(role)?.periods
    : signed.periods;
  const from = signingStart(expiresAt, periods);
  return {
    version,
    expires,
    daysLeft: Math.floor((expiresAt - now) / DAY_MS),
    left: distance(expiresAt - now),
    signingFrom: from === undefined ? undefined : formatInstant(from),
    isSigning: from !== undefined && from <= now,
    isUrgent: !isOnlineRole(role) && expiresAt - now <= URGENT_DAYS * DAY_MS,
  };
}

function signingStart(expiresAt: Instant, periods: Periods | undefined): Instant | undefined {
  const days = periods === undefined ? undefined : effectivePeriods(periods)?.signingDays;
  if (days === undefined) return undefined;
  const from = expiresAt - days * DAY_MS;
  return from < 0 ? undefined : (from as Instant); // before 1970: no date that anybody plans by
}

/** Of what is left no more is said than there is. */
export function distance(ms: number): string {
  const span = Math.abs(ms);
  const text =
    span < 2 * DAY_MS ? plural(Math.floor(span / HOUR_MS), 'hour') : plural(Math.floor(span / DAY_MS), 'day');
  return ms < 0 ? `${text} ago` : `in ${text}`;
}
