import { describe, expect, it } from 'vitest';
import { DAY_MS, type Instant } from '../../src/clock.ts';
import type { Ceremony } from '../../src/event/calendar.ts';
import type { DrillReport } from '../../src/event/drill/report.ts';
import type { DrillStanding } from '../../src/event/drill/standing.ts';
import type { EventReport } from '../../src/event/report.ts';
import type { KeyOwner, RoleName } from '../../src/metadata/names.ts';
import { type CalendarView, renderCalendar } from '../../src/render/calendar.ts';
import { renderDrillStatus } from '../../src/render/drill.ts';
import { obligationsIn } from '../../src/render/event-comment.ts';
import { drillJson, standingJson } from '../../src/render/json.ts';
import { renderMarkdown } from '../../src/render/markdown.ts';
import { renderMention } from '../../src/render/mention.ts';
import { renderTerminal } from '../../src/render/terminal.ts';
import { columnsOf } from '../../src/render/terminal-text.ts';

const NOW = Date.parse('2030-06-01T00:00:00Z') as Instant;
const at = (days: number): Instant => (NOW + days * DAY_MS) as Instant;
const PLAIN = { colour: false, width: 80 };

/** What an attacker calls a role, an account, a branch. */
const NASTY = 'x\u001b[2J\u202e@everyone](http://evil) `|<img src=x>\n# hi';

const ceremony = (role: string, over: Partial<Ceremony> = {}): Ceremony => ({
  signers: ['@alice', '@bob', '@carol'],
  roles: [
    { role: role as RoleName, threshold: 2, opensAt: at(10), expiresAt: at(70) },
    { role: 'targets' as RoleName, threshold: 1, opensAt: at(10), expiresAt: at(70) },
  ],
  opensAt: at(10),
  expiresAt: at(70),
  state: 'planned',
  event: undefined,
  isForecast: false,
  ordinal: 1,
  ...over,
});

const drill = (over: Partial<DrillReport> = {}, owner = '@bob'): DrillReport => ({
  name: 'june',
  opened: '2030-06-01T00:00:00Z',
  deadline: '2030-06-15T00:00:00Z',
  left: 'in 14 days',
  isOver: false,
  isNearlyOver: false,
  digest: 'cd'.repeat(32),
  keys: [
    { owner: '@alice' as KeyOwner, fingerprint: 'aa'.repeat(32), roles: ['root' as RoleName], proved: true },
    { owner: owner as KeyOwner, fingerprint: 'bb'.repeat(32), roles: ['root' as RoleName], proved: false },
    { owner: owner as KeyOwner, fingerprint: 'cc'.repeat(32), roles: ['root' as RoleName], proved: false },
  ],
  margins: [{ role: 'root' as RoleName, threshold: 2, keys: 3, proved: 1, margin: -1 }],
  ...over,
});

const standing: DrillStanding = {
  drills: 2,
  last: { name: 'may', deadline: '2030-05-15T00:00:00Z' },
  keys: [
    {
      owner: '@alice' as KeyOwner,
      fingerprint: 'aa'.repeat(32),
      roles: ['root' as RoleName],
      state: 'proved',
      provedBy: '2030-05-15T00:00:00Z',
      silentSince: undefined,
    },
    {
      owner: NASTY as KeyOwner,
      fingerprint: 'bb'.repeat(32),
      roles: [NASTY as RoleName],
      state: 'silent',
      provedBy: '2029-05-15T00:00:00Z',
      silentSince: '2030-05-01T00:00:00Z',
    },
    {
      owner: '@new' as KeyOwner,
      fingerprint: 'cc'.repeat(32),
      roles: ['root' as RoleName],
      state: 'unasked',
      provedBy: undefined,
      silentSince: undefined,
    },
  ],
  margins: [
    { role: 'root' as RoleName, threshold: 1, keys: 3, proved: 2, margin: 1 },
    { role: NASTY as RoleName, threshold: 1, keys: 1, proved: 0, margin: -1 },
  ],
};

const view = (over: Partial<CalendarView> = {}): CalendarView => ({
  ceremonies: [],
  isCut: false,
  automatic: new Map(),
  unplanned: new Map(),
  main: { branch: 'main', commit: 'ab'.repeat(20) },
  until: at(365),
  drills: [],
  standing: { ...standing, drills: 0 },
  ...over,
});

const report = (over: Partial<EventReport> = {}): EventReport => ({
  event: 'sign/drill-june',
  head: undefined,
  knownGood: undefined,
  judgedAt: '2030-06-01T00:00:00Z',
  verdict: 'pending',
  state: 'collecting',
  reasons: [],
  roles: new Map(),
  onMain: new Map(),
  artifacts: [],
  invites: new Map(),
  invited: new Map(),
  alike: new Map(),
  awaited: [],
  drill: drill(),
  ...over,
});

/** One terminal line a line, nothing that steers, none too long but for a word that is. */
function expectTame(text: string): void {
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  for (const line of text.split('\n')) {
    const longest = Math.max(...line.trim().split(' ').map(columnsOf));
    expect(columnsOf(line)).toBeLessThanOrEqual(Math.max(80, longest + 26));
  }
}

describe('a calendar on a terminal', () => {
  it('says when, what, who and how many', () => {
    const text = renderCalendar(
      view({
        ceremonies: [
          ceremony('root', { state: 'overdue', expiresAt: at(-1) }),
          ceremony('root', { state: 'open', event: 'sign/root-v2', signers: ['@alice'] }),
          ceremony('dev', {
            isForecast: true,
            roles: [{ role: 'dev' as RoleName, threshold: 2, opensAt: at(10), expiresAt: at(70) }],
          }),
        ],
        isCut: true,
        standing,
      }),
      PLAIN,
    );
    expect(text).toContain(
      ' 2030-06-11   2030-05-31  root by 2 and targets by 1 of @alice, @bob and @carol\n',
    );
    expect(text.replace(/\n +/g, ' ')).toContain(
      'EXPIRED, clients refuse it; no event renews it yet: tuf-signer renew',
    );
    expect(text).toContain('open: tuf-signer sign sign/root-v2');
    expect(text).toContain('~2030-06-11  ~2030-08-10  dev: 2 of @alice, @bob and @carol');
    expect(text).toContain('more ceremonies follow');
    expect(text).toContain('by main at abababababab as last fetched');
    expect(text.replace(/\n +/g, ' ')).toContain('silent since 2030-05-01, last proved by 2029-05-15');
    expect(text).toContain('not asked by any drill yet');
    expectTame(text);
  });

  it('is steered by no name', () => {
    const text = renderCalendar(
      view({
        ceremonies: [ceremony(NASTY, { signers: [NASTY], event: NASTY, state: 'open' })],
        drills: [{ branch: NASTY, drill: drill() }],
        standing,
      }),
      PLAIN,
    );
    expect(text).toContain('x\\u{1b}[2J\\u{202e}@everyone');
    expectTame(text);
  });

  it('is painted where colour is wanted, and only there', () => {
    const one = view({
      ceremonies: [ceremony('root', { state: 'overdue' }), ceremony('root', { state: 'open' })],
    });
    expect(renderCalendar(one, { colour: true, width: 80 })).toContain('\u001b[31mEXPIRED');
    expect(renderCalendar(one, PLAIN)).not.toContain('\u001b');
  });
});

describe('a drill in words', () => {
  it('names each key, what is to go, and whose turn it is', () => {
    const text = renderTerminal(report(), PLAIN);
    expect(text).toContain('PENDING sign/drill-june: 1 of 3 keys proved, and it ends in 14 days');
    expect(text).toContain(`  [#] @alice: key ${'a'.repeat(20)}, which signs root`);
    expect(text).toContain(`  [.] @bob: key ${'b'.repeat(20)}, which signs root`);
    expect(text).toContain('  - root: 1 of 3 keys proved, 2 needed: 1 to go');
    expect(text.replace(/\n +/g, ' ')).toContain(
      `@bob: prove key ${'b'.repeat(20)} and ${'c'.repeat(20)} by 2030-06-15T00:00:00Z`,
    );
  });

  it('calls nobody once the time is over', () => {
    const over = report({ verdict: 'accepted', state: 'ready', drill: drill({ isOver: true }) });
    expect(renderTerminal(over, PLAIN)).not.toContain('Whose turn');
    expect(renderTerminal(over, PLAIN)).toContain('1 short of a quorum');
    expect(renderMarkdown(over)).toContain(
      '## ✅ Accepted: 1 of 3 keys proved when the time was over at 2030-06-15T00:00:00Z, and this can be merged, as a record',
    );
    expect(obligationsIn(over).size).toBe(0);
    expect(
      renderTerminal(report({ drill: drill({ isOver: true, margins: [] }), standing }), PLAIN),
    ).toContain('What 2 drills on main say');
  });

  it('owes one deed, and another one when the time is nearly over; a rejected one owes none', () => {
    const far = obligationsIn(report());
    const near = obligationsIn(report({ drill: drill({ isNearlyOver: true }) }));
    expect([...far.values()]).toEqual(['@bob']);
    expect([...near.values()]).toEqual(['@bob', '@bob']);
    expect([...near.keys()][0]).toBe([...far.keys()][0]);
    expect(obligationsIn(report({ verdict: 'rejected' })).size).toBe(0);
  });

  it('is harmless in a page and a call, whatever the names in it', () => {
    const hostile = report({
      drill: drill(
        { margins: [{ role: NASTY as RoleName, threshold: 1, keys: 1, proved: 0, margin: -1 }] },
        NASTY,
      ),
    });
    const page = renderMarkdown(hostile);
    expect(page).not.toMatch(/<img|@everyone\]\(|\u202e|\u001b|\n# hi/);
    expect(renderMention(hostile, new Set([NASTY as KeyOwner]))).not.toMatch(/<img|(?<!;)@everyone|\n# hi/);
    expectTame(renderTerminal(hostile, PLAIN));
    expectTame(renderDrillStatus({ standing, open: [{ branch: NASTY, drill: drill({}, NASTY) }] }, PLAIN));
  });

  it('keeps less of a list that is too long for a page', () => {
    const keys = Array.from({ length: 2_000 }, (_, i) => ({
      owner: `@keyholder-${i}` as KeyOwner,
      fingerprint: i.toString(16).padStart(64, '0'),
      roles: ['root' as RoleName],
      proved: false,
    }));
    const page = renderMarkdown(report({ drill: drill({ keys }) }));
    expect(page.length).toBeLessThanOrEqual(65_000);
    expect(page).toContain('keys left out');
  });

  it('is the same as JSON', () => {
    expect(drillJson(drill()).keys.map(({ proved }) => proved)).toEqual([true, false, false]);
    expect(standingJson(standing)).toMatchObject({
      count: 2,
      last: 'may',
      keys: [
        { state: 'proved', silentSince: null },
        { state: 'silent' },
        { state: 'unasked', provedBy: null },
      ],
    });
    expect(standingJson({ ...standing, last: undefined }).last).toBeNull();
  });
});
