import { describe, expect, it } from 'vitest';
import { DAY_MS, formatInstant, type Instant } from '../../src/clock.ts';
import { isNearlyOver } from '../../src/event/drill/drill-of.ts';
import { keyholdersOf } from '../../src/event/drill/keyholders.ts';
import { drillReport } from '../../src/event/drill/report.ts';
import { type DrillStanding, drillStanding } from '../../src/event/drill/standing.ts';
import { eventState } from '../../src/event/state.ts';
import { identityOf } from '../../src/event/succession.ts';
import { type DrillFile, parseDrill } from '../../src/repository/drill-file.ts';
import { emptyTree } from '../../src/repository/tree.ts';
import { drillFile, putDrill } from '../support/drill.ts';
import {
  historyIn,
  judgeEvent,
  repositoryOf,
  type TestRepository,
  testNow,
} from '../support/tree-builder.ts';

const repository = (): TestRepository =>
  repositoryOf({
    signers: ['@alice', '@bob'],
    threshold: 1,
    roles: { dev: { signers: ['@bob', '@bob#2'], threshold: 2 }, nightly: { signers: ['robot'] } },
  });
const plus = (days: number): Instant => (testNow + days * DAY_MS) as Instant;
const iso = (days: number): string => formatInstant(plus(days));

/** A drill that was opened on this day for ten. */
const record = (main: TestRepository, name: string, from: number, proved: readonly string[]): DrillFile =>
  parseDrill(drillFile(main, { says: { name, opened: iso(from), deadline: iso(from + 10) }, proved }));

const standing = (main: TestRepository, files: readonly DrillFile[], day = 100): DrillStanding =>
  drillStanding(main.tree(), identityOf({ history: historyIn(main.tree()) }), files, plus(day));
const states = ({ keys }: DrillStanding): readonly unknown[] =>
  keys.map(({ owner, roles, state, provedBy, silentSince }) => [
    owner,
    roles.join('+'),
    state,
    provedBy,
    silentSince,
  ]);

describe('keyholders', () => {
  it('are the keys that people hold, each with all that it signs; automation is none', () => {
    const found = keyholdersOf(repository().tree());
    expect(found.map(({ owner, roles }) => `${owner} ${roles.join('+')}`).sort()).toEqual([
      '@alice root+targets',
      '@bob dev',
      '@bob root+targets+dev',
    ]);
    expect(keyholdersOf(emptyTree)).toEqual([]);
  });

  it('a key that two owners are said to hold is asked once', () => {
    const main = repositoryOf({
      signers: ['@alice', '@bob'],
      roles: { dev: { signers: ['@carol:rsa', '@dave:rsa'] } },
    });
    expect(keyholdersOf(main.tree()).map(({ owner }) => owner)).toEqual(['@alice', '@bob', '@carol']);
  });
});

describe('what the drills on main say', () => {
  it('nothing without drills', () => {
    const found = standing(repository(), []);
    expect([found.drills, found.last]).toEqual([0, undefined]);
    expect(found.keys.map(({ state }) => state)).toEqual(['unasked', 'unasked', 'unasked']);
    expect(found.margins.map(({ role, keys, proved, margin }) => [role, keys, proved, margin])).toEqual([
      ['root', 2, 0, -1],
      ['targets', 2, 0, -1],
      ['dev', 2, 0, -2],
    ]);
  });

  it('counts silence from the first drill without an answer, in the order of time and not of files', () => {
    const main = repository();
    const [first, second, third] = [
      record(main, 'first', 0, ['@alice', '@bob']),
      record(main, 'second', 20, ['@bob', '@bob#2']),
      record(main, 'third', 40, ['@bob']),
    ];
    const found = standing(main, [third, first, second]);
    expect(found.last).toEqual({ name: 'third', deadline: iso(50) });
    expect(new Set(states(found).map(state => JSON.stringify(state)))).toEqual(
      new Set([
        JSON.stringify(['@alice', 'root+targets', 'silent', iso(10), iso(20)]),
        JSON.stringify(['@bob', 'root+targets+dev', 'proved', iso(50), undefined]),
        JSON.stringify(['@bob', 'dev', 'silent', iso(30), iso(40)]),
      ]),
    );
    expect(found.margins.map(({ role, margin }) => [role, margin])).toEqual([
      ['root', 0],
      ['targets', 0],
      ['dev', -1],
    ]);
  });

  it('nobody is silent before the time is over, and no drill of the future or of another repository counts', () => {
    const main = repository();
    expect(
      standing(main, [record(main, 'now', 95, ['@bob'])]).keys.filter(({ state }) => state === 'silent'),
    ).toEqual([]);
    expect(standing(main, [record(main, 'later', 101, ['@bob'])]).drills).toBe(0);
    const other = record(main, 'other', 0, []);
    const elsewhere = { ...other, drill: { ...other.drill, repository: 'ab'.repeat(32) } };
    expect(standing(main, [elsewhere]).drills).toBe(0);
  });

  it('a key that has joined since was not asked, and one that has left is not told', () => {
    const before = repositoryOf({ signers: ['@alice', '@zoe'] });
    const old = record(before, 'old', 0, ['@zoe']);
    const main = repositoryOf({ signers: ['@alice', '@bob'] });
    const found = drillStanding(main.tree(), old.drill.repository, [old], plus(100));
    expect(found.keys.map(({ owner, state }) => [owner, state])).toEqual([
      ['@alice', 'silent'],
      ['@bob', 'unasked'],
    ]);
  });
});

describe('a drill in a report', () => {
  it('is near its end in the last quarter, and not after', () => {
    const { drill } = record(repository(), 'x', 0, []);
    expect([7.4, 7.5, 9.9, 10].map(day => isNearlyOver(drill, plus(day)))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('collects like signatures do', () => {
    const main = repository();
    const judgement = judgeEvent(main, putDrill(main.fork(), main));
    expect(eventState(judgement)).toBe('collecting');
    expect(drillReport(judgement.context, testNow)).toMatchObject({
      name: 'june',
      left: 'in 13 days',
      isOver: false,
      isNearlyOver: false,
    });
  });

  it('is not there for another event, nor where the drill can not be read', () => {
    const main = repository();
    expect(drillReport(judgeEvent(main, main.fork().edit('root')).context, testNow)).toBeUndefined();
    const broken = main.fork().file('drills/june.json', '{}');
    expect(drillReport(judgeEvent(main, broken).context, testNow)).toBeUndefined();
  });
});
