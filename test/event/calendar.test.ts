import { describe, expect, it } from 'vitest';
import { DAY_MS, formatInstant, type Instant } from '../../src/clock.ts';
import { type Calendar, calendarOf, type OpenRenewal } from '../../src/event/calendar.ts';
import { parseRoleName, type RoleName } from '../../src/metadata/names.ts';
import { repositoryOf, type TestRepository, testNow } from '../support/tree-builder.ts';

const PERIODS = 'x-tuf-on-ci-expiry-period';
const SIGNING = 'x-tuf-on-ci-signing-period';

/** Root and targets by the same three, dev by others; each 365 days of which 60 to sign, but for `ends` (days from now). */
function repository(ends: Readonly<Record<string, number>> = {}): TestRepository {
  const made = repositoryOf({
    signers: ['@alice', '@bob', '@carol'],
    threshold: 2,
    targets: { signers: ['@bob', '@alice', '@carol'], threshold: 1 },
    roles: { dev: { signers: ['@dave'] }, nightly: { signers: ['robot'] } },
  });
  for (const [role, days] of Object.entries(ends)) {
    const document = made.document(role);
    document.signed.expires = formatInstant((testNow + days * DAY_MS) as Instant);
    made.put(role, document);
  }
  return made;
}

const plus = (days: number): Instant => (testNow + days * DAY_MS) as Instant;
const daysOf = (instant: Instant): number => (instant - testNow) / DAY_MS;
const calendar = (
  made: TestRepository,
  days: number,
  renewals: ReadonlyMap<RoleName, OpenRenewal> = new Map(),
): Calendar => calendarOf(made.tree(), renewals, testNow, plus(days));
/** Roles, first day of the window, day of the end, state. */
const rows = ({ ceremonies }: Calendar): readonly unknown[] =>
  ceremonies.map(({ roles, opensAt, expiresAt, state }) => [
    roles.map(({ role }) => role).join('+'),
    daysOf(opensAt),
    daysOf(expiresAt),
    state,
  ]);

describe('the calendar', () => {
  it('joins roles of the same signers, whatever the order of their keys, and says each threshold', () => {
    const made = calendar(repository({ root: 365, targets: 365, dev: 365 }), 365);
    expect(rows(made)).toEqual([
      ['root+targets', 305, 365, 'planned'],
      ['dev', 305, 365, 'planned'],
    ]);
    expect(made.ceremonies[0]?.signers).toEqual(['@alice', '@bob', '@carol']);
    expect(made.ceremonies[0]?.roles.map(({ threshold }) => threshold)).toEqual([2, 1]);
  });

  it('goes on from the day on which the one before begins', () => {
    const made = calendar(repository({ root: 365, targets: 365, dev: 200 }), 1000);
    expect(rows(made)).toEqual([
      ['dev', 140, 200, 'planned'],
      ['root+targets', 305, 365, 'planned'],
      ['dev', 445, 505, 'planned'],
      ['root+targets', 610, 670, 'planned'],
      ['dev', 750, 810, 'planned'],
      ['root+targets', 915, 975, 'planned'],
    ]);
    expect(made.ceremonies.map(({ isForecast, ordinal }) => [isForecast, ordinal])).toEqual([
      [false, 1],
      [false, 1],
      [true, 2],
      [true, 2],
      [true, 3],
      [true, 3],
    ]);
  });

  it('keeps windows apart that open on different days, and joins those that open within one', () => {
    expect(rows(calendar(repository({ root: 100, targets: 105, dev: 900 }), 60))).toEqual([
      ['root', 40, 100, 'planned'],
      ['targets', 45, 105, 'planned'],
    ]);
    expect(rows(calendar(repository({ root: 100.4, targets: 100, dev: 900 }), 60))).toEqual([
      ['root+targets', 40, 100, 'planned'],
    ]);
  });

  it('what is due by now begins together today, however long ago each window opened', () => {
    const made = calendar(repository({ root: 50, targets: 20, dev: -3 }), 400);
    expect(rows(made)).toEqual([
      ['dev', -63, -3, 'overdue'],
      ['root+targets', -40, 20, 'open'],
      ['root+targets', 305, 365, 'planned'],
      ['dev', 305, 365, 'planned'],
    ]);
  });

  it('an open event is named, and what it says counts for what follows', () => {
    const event = { event: 'sign/root-v2', expiresAt: plus(400) };
    const made = calendar(
      repository({ root: 50, targets: 50, dev: 900 }),
      400,
      new Map([[parseRoleName('root'), event]]),
    );
    expect(
      made.ceremonies.map(({ roles, event: name }) => [roles.map(({ role }) => role).join('+'), name]),
    ).toEqual([
      ['root', 'sign/root-v2'],
      ['targets', undefined],
      ['targets', undefined],
      ['root', undefined],
    ]);
    expect(made.ceremonies.map(({ opensAt }) => daysOf(opensAt))).toEqual([-10, -10, 305, 340]);
  });

  it('what automation signs needs no ceremony, delegated roles among it', () => {
    const made = calendar(repository(), 400);
    expect([...made.automatic.keys()]).toEqual(['snapshot', 'timestamp', 'nightly']);
    expect(made.ceremonies.flatMap(({ roles }) => roles.map(({ role }) => role))).not.toContain('nightly');
  });

  it('a missing signing period is half of the other; without either nothing can be planned', () => {
    const made = repository({ root: 365, targets: 365, dev: 100 });
    const [targets, dev] = [made.document('targets'), made.document('dev')];
    delete (targets.signed as unknown as Record<string, unknown>)[SIGNING];
    delete (dev.signed as unknown as Record<string, unknown>)[SIGNING];
    delete (dev.signed as unknown as Record<string, unknown>)[PERIODS];
    made.put('targets', targets).put('dev', dev);
    const found = calendar(made, 365);
    expect(rows(found)).toEqual([
      ['targets', 183, 365, 'planned'],
      ['root', 305, 365, 'planned'],
    ]);
    expect([...found.unplanned.keys()]).toEqual(['dev']);
  });

  it.each([
    [1, 1],
    [0, 0],
    [1, 30],
  ])('a period of %i days, %i of them to sign, ends instead of going on for ever', (expiry, signing) => {
    const made = repository({ root: 900, targets: 900, dev: 10 });
    const dev = made.document('dev');
    Object.assign(dev.signed, { [PERIODS]: expiry, [SIGNING]: signing });
    made.put('dev', dev);
    expect(rows(calendar(made, 365))).toEqual([
      ['dev', 10 - signing, 10, signing >= 10 ? 'open' : 'planned'],
    ]);
  });

  it('is cut where there would be no end of it', () => {
    const made = repository({ root: 900, targets: 900, dev: 10 });
    const dev = made.document('dev');
    Object.assign(dev.signed, { [PERIODS]: 2, [SIGNING]: 1 });
    made.put('dev', dev);
    const found = calendar(made, 7000);
    expect([found.ceremonies.length, found.isCut]).toEqual([2000, true]);
  });

  it('of a repository without metadata is empty', () => {
    expect(
      calendarOf(repository().remove('metadata/root.json').tree(), new Map(), testNow, plus(9)),
    ).toMatchObject({
      ceremonies: [],
      isCut: false,
    });
  });
});
