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

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * Reads an RFC 3339 date-time with any fraction and offset. `undefined` where it is none, or no day of the calendar
 * (February 30th).
 */
export function parseInstant(text: string): Instant | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const millis = Date.parse(text.replace(' ', 'T').toUpperCase());
  if (Number.isNaN(millis)) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const daysInMonth = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return day >= 1 && day <= daysInMonth ? (millis as Instant) : undefined;
}

/** `YYYY-MM-DDTHH:MM:SSZ`, the one form that every TUF client reads. Fractions of a second are dropped. */
export function formatInstant(instant: Instant): string {
  return `${new Date(instant).toISOString().slice(0, 19)}Z`;
}

/** Is `text` exactly what {@link formatInstant} writes? Source: TUF specification 1.0.34, section 4.2.1. */
export function isStrictInstant(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(text)) return false;
  const instant = parseInstant(text);
  return instant !== undefined && formatInstant(instant) === text;
}
