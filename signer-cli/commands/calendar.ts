import { rename, rm, writeFile } from 'node:fs/promises';
import { formatInstant, type Instant, parseInstant } from '../../src/clock.ts';
import type { Ceremony } from '../../src/event/calendar.ts';
import type { Deadline } from '../../src/event/deadlines.ts';
import type { KeyOwner } from '../../src/metadata/names.ts';
import { type RepositoryCalendar, readCalendar } from '../../src/operations/calendar.ts';
import { renderCalendar } from '../../src/render/calendar.ts';
import { renderIcs } from '../../src/render/ics.ts';
import { drillJson, renderJson, standingJson } from '../../src/render/json.ts';
import { EXIT } from '../exit-codes.ts';
import { givenOwner } from '../given.ts';
import { clockOf, type GlobalFlags, type RunContext, workspaceOf } from '../run-context.ts';
import { UsageError } from '../usage-error.ts';

interface CalendarFlags extends GlobalFlags {
  readonly months?: string;
  readonly until?: string;
  readonly count?: string;
  readonly for?: string;
  readonly ics?: string;
  readonly json?: boolean;
}

/** Computes when the next ceremonies are due, and shows, prints or writes them. */
export async function run(
  _args: readonly string[],
  flags: CalendarFlags,
  { output }: RunContext,
): Promise<number> {
  const until = horizonOf(flags, clockOf(flags).now());
  const count = flags.count === undefined ? undefined : wholeNumber(flags.count, '--count', 2_000);
  const owner = flags.for === undefined ? undefined : givenOwner(flags.for);
  await using workspace = await workspaceOf(flags);
  const calendar = narrowed(await readCalendar(workspace, until), owner, count);
  if (flags.ics !== undefined) await writeIcs(flags.ics, calendar, owner);
  if (flags.json === true) output.result(renderJson(asJson(calendar)));
  else {
    output.result(renderCalendar(calendar, { colour: output.colour.out, width: output.width }));
    if (flags.ics !== undefined)
      output.say(`Wrote ${flags.ics}: import it into your calendar, and again whenever dates have moved.`);
  }
  return EXIT.accepted;
}

const MAX_MONTHS = 240;

function horizonOf({ until, months }: CalendarFlags, now: Instant): Instant {
  if (until !== undefined && months !== undefined) throw new UsageError('give --until or --months, not both');
  if (until === undefined)
    return inMonths(now, months === undefined ? 12 : wholeNumber(months, '--months', MAX_MONTHS));
  const found = parseInstant(/^\d{4}-\d{2}-\d{2}$/.test(until) ? `${until}T23:59:59Z` : until);
  if (found === undefined)
    throw new UsageError(
      `--until ${JSON.stringify(until)} is no date as in 2027-12-31 or 2027-12-31T12:00:00Z`,
    );
  if (found < now) throw new UsageError(`--until ${JSON.stringify(until)} is in the past`);
  if (found > inMonths(now, MAX_MONTHS))
    throw new UsageError(`--until ${JSON.stringify(until)} is more than ${MAX_MONTHS / 12} years away`);
  return found;
}

/** The same day of a later month, or its last one where that is shorter. */
function inMonths(now: Instant, months: number): Instant {
  const date = new Date(now);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, last));
  return date.getTime() as Instant;
}

function wholeNumber(text: string, flag: string, most: number): number {
  const number = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= most) return number;
  throw new UsageError(`${flag} ${JSON.stringify(text)} is no whole number from 1 to ${most}`);
}

function narrowed(
  calendar: RepositoryCalendar,
  owner: KeyOwner | undefined,
  count: number | undefined,
): RepositoryCalendar {
  const ceremonies = calendar.ceremonies
    .filter(({ signers }) => owner === undefined || signers.includes(owner))
    .slice(0, count);
  const drills = calendar.drills.filter(
    ({ drill }) => owner === undefined || drill.keys.some(key => key.owner === owner),
  );
  return { ...calendar, ceremonies, drills };
}

/** Whole or not at all: a calendar program may look at any time. */
async function writeIcs(
  file: string,
  calendar: RepositoryCalendar,
  owner: KeyOwner | undefined,
): Promise<void> {
  const drills = calendar.drills.flatMap(({ branch, drill }) => {
    const [openedAt, deadlineAt] = [parseInstant(drill.opened), parseInstant(drill.deadline)];
    return openedAt === undefined || deadlineAt === undefined
      ? []
      : [{ branch, drill, openedAt, deadlineAt }];
  });
  const text = renderIcs({
    identity: calendar.identity ?? '',
    title: owner === undefined ? 'TUF ceremonies' : `TUF ceremonies of ${owner}`,
    ceremonies: calendar.ceremonies,
    drills,
    now: calendar.now,
  });
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

const asJson = (calendar: RepositoryCalendar): object => ({
  main: calendar.main,
  until: formatInstant(calendar.until),
  ceremonies: calendar.ceremonies.map(ceremonyJson),
  cut: calendar.isCut,
  automatic: byRole(calendar.automatic),
  unplanned: byRole(calendar.unplanned),
  drills: calendar.drills.map(({ branch, drill }) => ({ event: branch, ...drillJson(drill) })),
  standing: standingJson(calendar.standing),
});

const ceremonyJson = (ceremony: Ceremony): object => ({
  state: ceremony.state,
  opens: formatInstant(ceremony.opensAt),
  expires: formatInstant(ceremony.expiresAt),
  signers: ceremony.signers,
  roles: ceremony.roles.map(({ role, threshold, opensAt, expiresAt }) => ({
    role,
    threshold,
    opens: formatInstant(opensAt),
    expires: formatInstant(expiresAt),
  })),
  event: ceremony.event ?? null,
  forecast: ceremony.isForecast,
});

const byRole = (roles: ReadonlyMap<string, Deadline>): object =>
  Object.fromEntries(
    [...roles].map(([role, { version, expires, daysLeft, signingFrom }]) => [
      role,
      { version, expires, daysLeft, signingFrom: signingFrom ?? null },
    ]),
  );
