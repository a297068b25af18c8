import { DAY_MS, type Instant } from '../clock.ts';
import { isOnlineRole, type RoleName } from '../metadata/names.ts';
import { effectivePeriods } from '../metadata/periods.ts';
import { type Delegated, delegationGraph } from '../repository/delegators.ts';
import { documentOf, type RepositoryTree } from '../repository/tree.ts';
import { type Deadline, deadlineOf } from './deadlines.ts';
import { keyName } from './words.ts';

/** A role in a ceremony, as it is then. */
export interface CeremonyRole {
  readonly role: RoleName;
  /** How many of the ceremony's signers have to sign it. */
  readonly threshold: number;
  /** When the window opens in which it can be signed anew, and when what is there ends. */
  readonly opensAt: Instant;
  readonly expiresAt: Instant;
}

/** Roles that the same people sign at one time. */
export interface Ceremony {
  /** Names of who can sign, as `keyName` gives them, sorted. */
  readonly signers: readonly string[];
  readonly roles: readonly CeremonyRole[];
  /** The first window's opening, and the first end: by then all has to be signed and merged. */
  readonly opensAt: Instant;
  readonly expiresAt: Instant;
  /** `open`: the window has opened. `overdue`: and clients refuse what is there. */
  readonly state: 'planned' | 'open' | 'overdue';
  /** The open event that renews it, where there is one. */
  readonly event: string | undefined;
  /** Does the date rest on an earlier ceremony that is still to come? Then it moves with that. */
  readonly isForecast: boolean;
  /** Which of the ceremonies that begin with its first role this is, from 1: a name that stays while dates move. */
  readonly ordinal: number;
}

/** A role that no ceremony can be computed for: its metadata says no period. */
export type Unplanned = readonly [RoleName, Deadline];

export interface Calendar {
  readonly ceremonies: readonly Ceremony[];
  /** Are there more of them than {@link MAX_CEREMONIES} before the horizon? */
  readonly isCut: boolean;
  /** What automation signs by itself. */
  readonly automatic: ReadonlyMap<RoleName, Deadline>;
  readonly unplanned: ReadonlyMap<RoleName, Deadline>;
}

/** An open event that renews a role. */
export interface OpenRenewal {
  readonly event: string;
  /** When the role ends once that is merged. */
  readonly expiresAt: Instant;
}

export const MAX_CEREMONIES = 2_000;

/** Who signs a role, and how many of them have to. */
export interface RoleSigners {
  readonly signers: readonly string[];
  readonly threshold: number;
  /** Does automation hold each of its keys? */
  readonly isAutomatic: boolean;
}

export function signersOf({ definition, delegations }: Delegated): RoleSigners {
  const keys = definition.keyids.flatMap(keyid => delegations.keys.get(keyid) ?? []);
  return {
    signers: [...new Set(keys.map(keyName))].sort(),
    threshold: definition.threshold,
    isAutomatic: keys.length > 0 && keys.every(({ onlineUri }) => onlineUri !== undefined),
  };
}

/**
 * When people have to sign, up to `until`, by the dates and periods on `main`. As the automation does it: roles of the same
 * signers whose windows open within a day are renewed together, on the day; what they get then counts from that day, and
 * so on. Pure: same tree and instants, same calendar.
 */
export function calendarOf(
  main: RepositoryTree,
  renewals: ReadonlyMap<RoleName, OpenRenewal>,
  now: Instant,
  until: Instant,
): Calendar {
  const groups = new Map<string, { readonly signers: readonly string[]; readonly roles: Cycle[] }>();
  const automatic = new Map<RoleName, Deadline>();
  const unplanned = new Map<RoleName, Deadline>();
  for (const [role, delegated] of delegationGraph(main).roles) {
    const found = signersOf(delegated);
    const deadline = deadlineOf(main, role, now);
    if (deadline === undefined) continue;
    if (isOnlineRole(role) || found.isAutomatic) {
      automatic.set(role, deadline);
      continue;
    }
    const cycle = cycleOf(main, role, found.threshold, renewals.get(role));
    if (cycle === undefined) {
      unplanned.set(role, deadline);
      continue;
    }
    const name = JSON.stringify(found.signers);
    const group = groups.get(name) ?? { signers: found.signers, roles: [] };
    groups.set(name, group);
    group.roles.push(cycle);
  }
  const all = [...groups.values()].flatMap(({ signers, roles }) => [
    ...ceremoniesOf(signers, roles, now, until),
  ]);
  all.sort((a, b) => a.opensAt - b.opensAt || a.expiresAt - b.expiresAt);
  return {
    ceremonies: all.slice(0, MAX_CEREMONIES),
    isCut: all.length > MAX_CEREMONIES,
    automatic,
    unplanned,
  };
}

/** A role on its way from one renewal to the next. */
interface Cycle {
  readonly role: RoleName;
  readonly threshold: number;
  readonly expiryMs: number;
  readonly signingMs: number;
  readonly expiresAt: Instant;
  readonly renewal: OpenRenewal | undefined;
  /** How many ceremonies it has been in. */
  readonly rounds: number;
}

function cycleOf(
  main: RepositoryTree,
  role: RoleName,
  threshold: number,
  renewal: OpenRenewal | undefined,
): Cycle | undefined {
  const signed = documentOf(main, role)?.signed;
  const periods = signed === undefined ? undefined : effectivePeriods(signed.periods);
  if (signed === undefined || periods === undefined) return undefined;
  const { expiryDays, signingDays } = periods;
  const { expiresAt } = signed;
  return {
    role,
    threshold,
    expiryMs: expiryDays * DAY_MS,
    signingMs: signingDays * DAY_MS,
    expiresAt,
    renewal,
    rounds: 0,
  };
}

const opening = ({ expiresAt, signingMs }: Cycle): number => expiresAt - signingMs;

function* ceremoniesOf(
  signers: readonly string[],
  roles: readonly Cycle[],
  now: Instant,
  until: Instant,
): Iterable<Ceremony> {
  let cycles = roles;
  const ordinals = new Map<RoleName, number>();
  for (let count = 0; count <= MAX_CEREMONIES; count++) {
    const begins = (cycle: Cycle): number => Math.max(opening(cycle), now);
    const first = cycles.reduce<Cycle | undefined>(
      (least, cycle) => (least === undefined || opening(cycle) < opening(least) ? cycle : least),
      undefined,
    );
    if (first === undefined || opening(first) > until) return;
    // One event is one ceremony; what no event renews yet begins with the others that are due by then.
    const together = cycles.filter(
      cycle => cycle.renewal?.event === first.renewal?.event && begins(cycle) <= begins(first) + DAY_MS,
    );
    const begun = together.reduce<number>((latest, cycle) => Math.max(latest, begins(cycle)), now);
    yield ceremonyOf(signers, together, now, ordinals);
    const renewed = (cycle: Cycle): Cycle => ({
      ...cycle,
      expiresAt: cycle.renewal?.expiresAt ?? ((begun + cycle.expiryMs) as Instant),
      renewal: undefined,
      rounds: cycle.rounds + 1,
    });
    // A period that renews nothing would go on for ever on one day: rule `periods` refuses it, and an old main may have it.
    cycles = cycles.flatMap(cycle => {
      if (!together.includes(cycle)) return [cycle];
      const next = renewed(cycle);
      return opening(next) > begun ? [next] : [];
    });
  }
}

function ceremonyOf(
  signers: readonly string[],
  together: readonly Cycle[],
  now: Instant,
  ordinals: Map<RoleName, number>,
): Ceremony {
  const roles = together.map(
    (cycle): CeremonyRole => ({
      role: cycle.role,
      threshold: cycle.threshold,
      opensAt: opening(cycle) as Instant,
      expiresAt: cycle.expiresAt,
    }),
  );
  const opensAt = Math.min(...roles.map(role => role.opensAt)) as Instant;
  const expiresAt = Math.min(...roles.map(role => role.expiresAt)) as Instant;
  const name = together[0]?.role ?? ('' as RoleName);
  const ordinal = (ordinals.get(name) ?? 0) + 1;
  ordinals.set(name, ordinal);
  return {
    signers,
    roles,
    opensAt,
    expiresAt,
    state: expiresAt <= now ? 'overdue' : opensAt <= now ? 'open' : 'planned',
    event: together[0]?.renewal?.event,
    isForecast: together.some(({ rounds }) => rounds > 0),
    ordinal,
  };
}
