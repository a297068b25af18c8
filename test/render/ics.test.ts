import ICAL from 'ical.js';
import { describe, expect, it } from 'vitest';
import { DAY_MS, type Instant } from '../../src/clock.ts';
import type { Ceremony } from '../../src/event/calendar.ts';
import type { DrillReport } from '../../src/event/drill/report.ts';
import type { RoleName } from '../../src/metadata/names.ts';
import { fold, type IcsCalendar, icsText, renderIcs } from '../../src/render/ics.ts';

const NOW = Date.parse('2030-06-01T00:00:00Z') as Instant;
const at = (days: number): Instant => (NOW + days * DAY_MS) as Instant;

const ceremony = (over: Partial<Ceremony> = {}, role = 'root'): Ceremony => ({
  signers: ['@alice', '@bob'],
  roles: [{ role: role as RoleName, threshold: 2, opensAt: at(10), expiresAt: at(70) }],
  opensAt: at(10),
  expiresAt: at(70),
  state: 'planned',
  event: undefined,
  isForecast: false,
  ordinal: 1,
  ...over,
});

const calendar = (over: Partial<IcsCalendar> = {}): IcsCalendar => ({
  identity: 'ab'.repeat(32),
  title: 'TUF ceremonies',
  ceremonies: [ceremony()],
  drills: [],
  now: NOW,
  ...over,
});

/** What a program that is not ours reads. */
const read = (text: string): readonly ICAL.Event[] =>
  new ICAL.Component(ICAL.parse(text) as unknown[])
    .getAllSubcomponents('vevent')
    .map(component => new ICAL.Event(component));
const uids = (over: Partial<IcsCalendar>): readonly string[] =>
  read(renderIcs(calendar(over))).map(({ uid }) => uid);

const NASTY = 'a;b,c\\d\ne\r\nBEGIN:VEVENT\u202e🙂 "x":y';

describe('an iCalendar file', () => {
  it('is read by another program as it was meant', () => {
    const [event] = read(renderIcs(calendar()));
    expect(event?.startDate.toString()).toBe('2030-06-11T00:00:00Z');
    expect(event?.endDate.toString()).toBe('2030-08-10T00:00:00Z');
    expect(event?.startDate.zone).toBe(ICAL.Timezone.utcTimezone);
    expect(event?.summary).toBe('Sign root (TUF)');
    expect(event?.description).toBe(
      'root: 2 of @alice and @bob.\nThe automation opens an event for it, or tuf-signer renew does.\nClients refuse what is not renewed by 2030-08-10T00:00:00Z.',
    );
    const component = event?.component;
    expect(component?.getFirstPropertyValue('transp')).toBe('TRANSPARENT');
    expect(component?.getFirstPropertyValue('status')).toBe('CONFIRMED');
    expect(String(component?.getFirstPropertyValue('dtstamp'))).toBe('2030-06-01T00:00:00Z');
    const alarms = component
      ?.getAllSubcomponents('valarm')
      .map(alarm => [
        alarm.getFirstPropertyValue('action'),
        alarm.getFirstProperty('trigger')?.getParameter('related'),
        String(alarm.getFirstPropertyValue('trigger')),
      ]);
    expect(alarms).toEqual([
      ['DISPLAY', undefined, 'PT0S'],
      ['DISPLAY', 'END', '-P7D'],
    ]);
  });

  it('is exact: CRLF alone, lines of at most 75 octets, nothing unprintable, no time zone', () => {
    const nasty = ceremony({ signers: [`@${NASTY}`, '@é'.repeat(60)] }, NASTY);
    const text = renderIcs(calendar({ title: NASTY, ceremonies: [nasty] }));
    expect(text.endsWith('\r\n')).toBe(true);
    const lines = text.slice(0, -2).split('\r\n');
    expect(lines.join('')).not.toMatch(/[\r\n\p{Cc}\u202e]/u);
    expect(lines.filter(line => Buffer.byteLength(line) > 75)).toEqual([]);
    expect(lines.some(line => line.startsWith(' '))).toBe(true);
    expect(lines.filter(line => line === 'BEGIN:VEVENT')).toHaveLength(1);
    expect(text).not.toContain('VTIMEZONE');
    expect(text).not.toContain('TZID');
    expect(Buffer.from(text).toString('utf8')).toBe(text);
    const [event] = read(text);
    expect(event?.summary).toContain('a;b,c\\d\ne\\u{d}\nBEGIN:VEVENT\\u{202e}🙂 "x":y');
  });

  it('names an entry by what it is: dates move, and nothing is doubled', () => {
    const [first] = uids({});
    expect(first).toMatch(/^[0-9a-f]{40}@tuf-signer$/);
    expect(
      uids({ ceremonies: [ceremony({ opensAt: at(20), signers: ['@zoe'], event: 'sign/x' })], now: at(5) }),
    ).toEqual([first]);
    const others = [
      ...uids({ ceremonies: [ceremony({ ordinal: 2 })] }),
      ...uids({ ceremonies: [ceremony({}, 'targets')] }),
      ...uids({ identity: 'cd'.repeat(32) }),
    ];
    expect(new Set([first, ...others]).size).toBe(4);
  });

  it('is newer the later it was written', () => {
    const sequence = (now: Instant): number => read(renderIcs(calendar({ now })))[0]?.sequence ?? 0;
    expect(sequence(at(1))).toBe(sequence(at(0)) + 1440);
    expect(sequence(at(20_000))).toBeLessThan(2 ** 31);
  });

  it('a forecast is tentative; a window without length has no end; a short one calls a day before', () => {
    const short = ceremony({ expiresAt: at(15) });
    const none = ceremony({ expiresAt: at(10), isForecast: true, event: 'sign/root-v2' });
    const [a, b] = read(renderIcs(calendar({ ceremonies: [short, none] })));
    expect(a?.component.getAllSubcomponents('valarm')).toHaveLength(2);
    expect(renderIcs(calendar({ ceremonies: [short] }))).toContain('TRIGGER;RELATED=END:-P1D');
    expect(b?.component.getFirstPropertyValue('status')).toBe('TENTATIVE');
    expect(b?.component.getFirstProperty('dtend')).toBeNull();
    expect(b?.component.getAllSubcomponents('valarm')).toHaveLength(1);
    expect(b?.description).toContain('tuf-signer sign sign/root-v2');
  });

  it('holds open drills', () => {
    const drill: DrillReport = {
      name: 'june',
      opened: '2030-06-01T00:00:00Z',
      deadline: '2030-06-15T00:00:00Z',
      left: 'in 14 days',
      isOver: false,
      isNearlyOver: false,
      digest: '',
      keys: [],
      margins: [],
    };
    const open = { branch: 'sign/drill-june', drill, openedAt: at(0), deadlineAt: at(14) };
    const [event] = read(renderIcs(calendar({ ceremonies: [], drills: [open] })));
    expect(event?.summary).toBe('Prove your key: drill june (TUF)');
    expect(event?.endDate.toString()).toBe('2030-06-15T00:00:00Z');
  });

  it('without anything is a calendar still', () => {
    expect(read(renderIcs(calendar({ ceremonies: [] })))).toEqual([]);
  });
});

describe('folding', () => {
  it.each([74, 75, 76, 148, 149, 150, 400])('of %i octets, and back', length => {
    const line = 'x'.repeat(length);
    const folded = fold(line);
    expect(folded.split('\r\n').every(part => Buffer.byteLength(part) <= 75)).toBe(true);
    expect(folded.replaceAll('\r\n ', '')).toBe(line);
    expect(folded.includes('\r\n')).toBe(length > 75);
  });

  it('never cuts a character', () => {
    for (let lead = 70; lead < 78; lead++) {
      const line = `${'x'.repeat(lead)}🙂é${'y'.repeat(80)}`;
      const parts = fold(line).split('\r\n');
      expect(parts.every(part => part.isWellFormed() && Buffer.byteLength(part) <= 75)).toBe(true);
      expect(parts.map((part, i) => (i === 0 ? part : part.slice(1))).join('')).toBe(line);
    }
  });

  it('escapes what has a meaning in a value', () =>
    expect(icsText('a;b,c\\d\ne')).toBe('a\\;b\\,c\\\\d\\ne'));
});
