import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixedClock, formatInstant, type Instant, isStrictInstant, parseInstant } from '../src/clock.ts';
import { InvariantError } from '../src/errors.ts';

describe('parseInstant', () => {
  it.each<[string, string, string]>([
    ['reads the form of TUF', '2030-01-02T03:04:05Z', '2030-01-02T03:04:05.000Z'],
    ['reads a fraction', '2030-01-02T03:04:05.5Z', '2030-01-02T03:04:05.500Z'],
    ['cuts a fraction after milliseconds', '2030-01-02T03:04:05.123456789Z', '2030-01-02T03:04:05.123Z'],
    ['reads an offset to the east', '2030-01-02T03:04:05+02:00', '2030-01-02T01:04:05.000Z'],
    ['reads an offset to the west', '2030-01-02T23:04:05-01:30', '2030-01-03T00:34:05.000Z'],
    ['reads a zero offset', '2030-01-02T03:04:05-00:00', '2030-01-02T03:04:05.000Z'],
    ['reads small letters', '2030-01-02t03:04:05z', '2030-01-02T03:04:05.000Z'],
    ['reads a space', '2030-01-02 03:04:05Z', '2030-01-02T03:04:05.000Z'],
    ['reads February 29th of a leap year', '2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['reads the first instant', '0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z'],
    ['reads the last instant', '9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
    ['reads a leap day of year 0', '0000-02-29T00:00:00Z', '0000-02-29T00:00:00.000Z'],
  ])('%s', (_, text, expected) => {
    const instant = parseInstant(text);
    expect(instant === undefined ? undefined : new Date(instant).toISOString()).toBe(expected);
  });

  it.each([
    ['nothing', ''],
    ['a date alone', '2030-01-02'],
    ['no zone', '2030-01-02T03:04:05'],
    ['no seconds', '2030-01-02T03:04Z'],
    ['February 29th of a common year', '2030-02-29T00:00:00Z'],
    ['February 29th of 1900', '1900-02-29T00:00:00Z'],
    ['February 30th', '2028-02-30T00:00:00Z'],
    ['April 31st', '2030-04-31T00:00:00Z'],
    ['day 0', '2030-01-00T00:00:00Z'],
    ['day 32', '2030-01-32T00:00:00Z'],
    ['month 0', '2030-00-01T00:00:00Z'],
    ['month 13', '2030-13-01T00:00:00Z'],
    ['hour 24, which the engine reads as the next day', '2030-01-01T24:00:00Z'],
    ['minute 60', '2030-01-01T00:60:00Z'],
    ['a leap second', '2016-12-31T23:59:60Z'],
    ['an offset of a day', '2030-01-01T00:00:00+24:00'],
    ['an offset of 60 minutes', '2030-01-01T00:00:00+01:60'],
    ['an offset without a colon', '2030-01-01T00:00:00+0100'],
    ['year 10000 by way of an offset', '9999-12-31T23:59:59-23:59'],
    ['a year before 0 by way of an offset', '0000-01-01T00:00:00+23:59'],
    ['a year of six digits', '+010000-01-01T00:00:00Z'],
    ['a fraction without digits', '2030-01-01T00:00:00.Z'],
    ['ten digits of a fraction', '2030-01-01T00:00:00.1234567890Z'],
    ['white space before', ' 2030-01-01T00:00:00Z'],
    ['a line feed behind', '2030-01-01T00:00:00Z\n'],
    ['digits of another script', '２０30-01-01T00:00:00Z'],
    ['a number of seconds', '1893456000'],
    ["the engine's own form", 'Tue, 01 Jan 2030 00:00:00 GMT'],
  ])('refuses %s', (_, text) => expect(parseInstant(text)).toBeUndefined());
});

describe('isStrictInstant', () => {
  it.each<[string, boolean, string]>([
    ['accepts the form of TUF', true, '2030-01-02T03:04:05Z'],
    ['refuses a fraction', false, '2030-01-02T03:04:05.0Z'],
    ['refuses an offset', false, '2030-01-02T03:04:05+00:00'],
    ['refuses small letters', false, '2030-01-02t03:04:05z'],
    ['refuses a space', false, '2030-01-02 03:04:05Z'],
    ['refuses February 30th', false, '2030-02-30T03:04:05Z'],
    ['refuses hour 24', false, '2030-01-02T24:00:00Z'],
    ['refuses a line feed behind', false, '2030-01-02T03:04:05Z\n'],
  ])('%s', (_, expected, text) => expect(isStrictInstant(text)).toBe(expected));
});

describe('formatInstant', () => {
  it('writes what parseInstant reads back', () => {
    const instants = fc.date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instants, date => {
        const text = formatInstant(date.getTime() as Instant);
        expect(isStrictInstant(text)).toBe(true);
        expect(parseInstant(text)).toBe(Math.floor(date.getTime() / 1_000) * 1_000);
      }),
    );
  });

  it.each([
    ['year 10000', Date.parse('+010000-01-01T00:00:00Z')],
    ['a year before 0', Date.parse('-000001-12-31T23:59:59Z')],
    ['what is no date', Number.MAX_SAFE_INTEGER],
    ['what is no number', Number.NaN],
  ])('refuses %s', (_, millis) => expect(() => formatInstant(millis as Instant)).toThrow(InvariantError));

  it('agrees with a clock that stands still', () => {
    const instant = parseInstant('2030-01-02T03:04:05Z') as Instant;
    expect(formatInstant(fixedClock(instant).now())).toBe('2030-01-02T03:04:05Z');
  });
});
