import { DAY_MS, HOUR_MS, SECOND_MS } from '../clock.ts';

const UNITS: ReadonlyMap<string, number> = new Map([
  ['s', SECOND_MS],
  ['m', 60 * SECOND_MS],
  ['h', HOUR_MS],
  ['d', DAY_MS],
]);

/** `90s`, `30m`, `72h`, `7d` in milliseconds; `undefined` for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const size = UNITS.get(unit);
  return count === undefined || size === undefined ? undefined : Number(count) * size;
}

/** How long ago, in the largest unit that says something: `3 days`, `5 hours`, `1 minute`. */
export function ageWords(ms: number): string {
  for (const [unit, size] of [
    ['day', DAY_MS],
    ['hour', HOUR_MS],
    ['minute', 60 * SECOND_MS],
  ] as const) {
    const count = Math.floor(ms / size);
    if (count > 0) return `${count} ${unit}${count === 1 ? '' : 's'}`;
  }
  return 'less than a minute';
}
