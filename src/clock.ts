import { InvariantError } from './errors.ts';

/** Milliseconds since the Unix epoch, UTC. Time enters the core as an argument of this type. */
export type Instant = number & { readonly __brand: 'Instant' };

export interface Clock {
  now(): Instant;
}

/** The machine's clock: the only place where `Date.now()` is called. */
export const systemClock: Clock = { now: () => Date.now() as Instant };

/** A clock that stands still, for `--now` and for tests. */
export const fixedClock = (instant: Instant): Clock => ({ now: () => instant });

export const SECOND_MS = 1_000;
export const HOUR_MS: number = 3_600 * SECOND_MS;
export const DAY_MS: number = 24 * HOUR_MS;

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ]([01]\d|2[0-3]):(\d{2}):(\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

// The years that formatInstant can write in four digits.
const FIRST = Date.parse('0000-01-01T00:00:00Z');
const LAST = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Reads an RFC 3339 date-time with any fraction and offset. `undefined` where it is none, no day of the calendar
 * (February 30th), a leap second, or, in UTC, outside the years 0000 to 9999.
 */
export function parseInstant(text: string): Instant | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const millis = Date.parse(text.replace(' ', 'T').toUpperCase());
  // Not NaN either.
  if (!(millis >= FIRST && millis <= LAST)) return undefined;
  // The engine reads February 30th as March 1st: the day has to come back as it was written.
  const day = `${match[1]}-${match[2]}-${match[3]}`;
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day) ? (millis as Instant) : undefined;
}

/**
 * `YYYY-MM-DDTHH:MM:SSZ`, the one form that every TUF client reads. Fractions of a second are dropped. Throws
 * {@link InvariantError} outside the years 0000 to 9999, which this form can't name.
 */
export function formatInstant(instant: Instant): string {
  if (!(instant >= FIRST && instant <= LAST))
    throw new InvariantError(`${instant} is no instant of a calendar`);
  return `${new Date(instant).toISOString().slice(0, 19)}Z`;
}

/** Is `text` exactly what {@link formatInstant} writes? Source: TUF specification 1.0.34, section 4.2.1. */
export function isStrictInstant(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(text)) return false;
  const instant = parseInstant(text);
  return instant !== undefined && formatInstant(instant) === text;
}
