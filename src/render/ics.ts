import { createHash } from 'node:crypto';
import { DAY_MS, formatInstant, type Instant } from '../clock.ts';
import type { Ceremony } from '../event/calendar.ts';
import type { DrillReport } from '../event/drill/report.ts';
import { listed } from '../event/words.ts';
import { ceremonyWords } from './calendar-words.ts';
import { drillMeaning } from './drill-words.ts';
import { visible } from './visible.ts';

/** What goes into an iCalendar file. Dates are parsed already; names are untrusted. */
export interface IcsCalendar {
  /** Of the repository: the same in each of its clones, so that entries are. */
  readonly identity: string;
  /** What a calendar program calls it. */
  readonly title: string;
  readonly ceremonies: readonly Ceremony[];
  readonly drills: readonly {
    readonly branch: string;
    readonly drill: DrillReport;
    readonly openedAt: Instant;
    readonly deadlineAt: Instant;
  }[];
  readonly now: Instant;
}

/**
 * An iCalendar file (RFC 5545): one entry a ceremony and open drill, over the time in which it can be signed, that leaves
 * people free; all in UTC, so that no time zone has to be told. Its name (UID) says what it is and not when: a file that is
 * imported again moves entries instead of doubling them. CRLF, lines of 75 octets, UTF-8.
 */
export function renderIcs(calendar: IcsCalendar): string {
  const entries = [
    ...calendar.ceremonies.map(ceremony => ceremonyEntry(calendar, ceremony)),
    ...calendar.drills.map(drill => drillEntry(calendar, drill)),
  ];
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//tuf-signer//calendar 1//EN',
    'CALSCALE:GREGORIAN',
    `X-WR-CALNAME:${icsText(calendar.title)}`,
    ...entries.flatMap(entry => eventLines(entry, calendar.now)),
    'END:VCALENDAR',
  ];
  return lines.map(line => `${fold(line)}\r\n`).join('');
}

interface Entry {
  readonly uid: string;
  readonly start: Instant;
  readonly end: Instant;
  readonly summary: string;
  readonly description: string;
  /** Does the date rest on something that is still to come? */
  readonly isTentative: boolean;
}

function ceremonyEntry({ identity }: IcsCalendar, ceremony: Ceremony): Entry {
  const { roles, opensAt, expiresAt, event, ordinal, isForecast } = ceremony;
  const names = roles.map(({ role }) => role);
  const how =
    event === undefined
      ? 'The automation opens an event for it, or tuf-signer renew does.'
      : `The event is ${event}: tuf-signer sign ${event}`;
  return {
    uid: uidOf(identity, 'ceremony', names[0] ?? '', ordinal),
    start: opensAt,
    end: expiresAt,
    summary: `Sign ${listed(names, 6)} (TUF)`,
    description: `${ceremonyWords(ceremony)}.\n${how}\nClients refuse what is not renewed by ${formatInstant(expiresAt)}.`,
    isTentative: isForecast,
  };
}

function drillEntry({ identity }: IcsCalendar, { branch, drill, openedAt, deadlineAt }: Drill): Entry {
  return {
    uid: uidOf(identity, 'drill', drill.name),
    start: openedAt,
    end: deadlineAt,
    summary: `Prove your key: drill ${drill.name} (TUF)`,
    description: `${drillMeaning(drill)}.\ntuf-signer sign ${branch}`,
    isTentative: false,
  };
}

type Drill = IcsCalendar['drills'][number];

const uidOf = (...parts: readonly (string | number)[]): string =>
  `${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40)}@tuf-signer`;

function eventLines(entry: Entry, now: Instant): readonly string[] {
  const { uid, start, end, summary, description, isTentative } = entry;
  return [
    'BEGIN:VEVENT',
    `UID:${uid}`,
    `DTSTAMP:${utc(now)}`,
    `LAST-MODIFIED:${utc(now)}`,
    // It only has to grow, for programs that take the newer of two entries: minutes, so that it fits 31 bits (3.3.8).
    `SEQUENCE:${Math.max(0, Math.floor(now / 60_000))}`,
    `DTSTART:${utc(start)}`,
    ...(end > start ? [`DTEND:${utc(end)}`] : []),
    `SUMMARY:${icsText(summary)}`,
    `DESCRIPTION:${icsText(description)}`,
    `STATUS:${isTentative ? 'TENTATIVE' : 'CONFIRMED'}`,
    'TRANSP:TRANSPARENT',
    ...alarm('PT0S', summary),
    ...lastCall(end - start).flatMap(trigger => alarm(trigger, summary)),
    'END:VEVENT',
  ];
}

/** Source: RFC 5545 section 3.6.6. */
const alarm = (trigger: string, summary: string): readonly string[] => [
  'BEGIN:VALARM',
  'ACTION:DISPLAY',
  `TRIGGER${trigger === 'PT0S' ? '' : ';RELATED=END'}:${trigger}`,
  `DESCRIPTION:${icsText(summary)}`,
  'END:VALARM',
];

/** Again a week before the end, or, of what is shorter, a day. */
function lastCall(ms: number): readonly string[] {
  if (ms > 14 * DAY_MS) return ['-P7D'];
  return ms > 2 * DAY_MS ? ['-P1D'] : [];
}

/** Source: RFC 5545 section 3.3.5, form 2. */
const utc = (instant: Instant): string => formatInstant(instant).replace(/[-:]/g, '');

/** Untrusted text as a value. Source: RFC 5545 section 3.3.11; what can't be seen is written out, lines apart. */
export const icsText = (text: string): string =>
  text
    .split('\n')
    .map(line => visible(line).replace(/[\\;,]/g, character => `\\${character}`))
    .join('\\n');

const MAX_OCTETS = 75;

/** Between characters, never within one. Source: RFC 5545 section 3.1. */
export function fold(line: string): string {
  let [folded, octets] = ['', 0];
  for (const character of line) {
    const length = Buffer.byteLength(character);
    if (octets + length > MAX_OCTETS) {
      folded += '\r\n ';
      octets = 1;
    }
    folded += character;
    octets += length;
  }
  return folded;
}
