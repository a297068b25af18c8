const FIELDS = [
  { low: 0, high: 59, names: [] },
  { low: 0, high: 23, names: [] },
  { low: 1, high: 31, names: [] },
  {
    low: 1,
    high: 12,
    names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
  },
  { low: 0, high: 6, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] },
] as const;

/** Does a POSIX cron line fire in the minute of `instant`, UTC? Throws where it is none that GitHub takes. */
export function fires(cron: string, instant: number): boolean {
  const parts = cron.trim().split(/\s+/);
  if (parts.length !== 5) throw new RangeError(`"${cron}" has not five fields`);
  const date = new Date(instant);
  const now = [
    date.getUTCMinutes(),
    date.getUTCHours(),
    date.getUTCDate(),
    date.getUTCMonth() + 1,
    date.getUTCDay(),
  ];
  const [minute, hour, day, month, weekday] = parts.map((part, at) => hits(part, at, now[at] ?? 0));
  // Both days given: either will do. Source: crontab(5).
  const both = parts[2] !== '*' && parts[4] !== '*';
  return (
    minute === true &&
    hour === true &&
    month === true &&
    (both ? day === true || weekday === true : day === true && weekday === true)
  );
}

function hits(part: string, at: number, value: number): boolean {
  const field = FIELDS[at];
  if (field === undefined) return false;
  const read = (text: string): number => {
    const named = field.names.findIndex(name => name === text.toUpperCase());
    const number = named < 0 ? Number(text) : named + field.low;
    if (!Number.isInteger(number) || number < field.low || number > field.high || text === '')
      throw new RangeError(`"${part}" is no field of a cron line`);
    return number;
  };
  return part.split(',').some(item => {
    const [range = '', step = '1'] = item.split('/');
    const [from = '', to] = range.split('-');
    const low = range === '*' ? field.low : read(from);
    const high = range === '*' || (to === undefined && item.includes('/')) ? field.high : read(to ?? from);
    return value >= low && value <= high && (value - low) % Number(step) === 0;
  });
}
