import { describe, expect, it } from 'vitest';
import { mergedSentences } from '../../src/event/alike.ts';
import { type EventReport, reportOf } from '../../src/event/report.ts';
import type { RoleName } from '../../src/metadata/names.ts';
import { reportJson } from '../../src/render/json.ts';
import { renderMarkdown } from '../../src/render/markdown.ts';
import { renderTerminal } from '../../src/render/terminal.ts';
import { type BinsSpec, judgeEvent, type TestRepository, testNow } from '../support/tree-builder.ts';
import { standard } from './rules/rule-table.ts';

const bin = (index: number): RoleName => `dev-${index.toString(16).padStart(2, '0')}` as RoleName;
const paths = ['dev/a', 'dev/b', 'dev/c'];

function reported(
  spec: Partial<BinsSpec> = {},
  then: (event: TestRepository) => void = () => {},
): EventReport {
  const main = standard();
  const event = main.fork().bins('dev', { signers: ['robot'], bitLength: 6, targets: paths, ...spec });
  then(event);
  return reportOf(judgeEvent(main, event), { now: testNow });
}

describe('bins in a report', () => {
  it('of which people sign nothing are one, though they hold different artifacts', () => {
    const report = reported();
    expect([...report.roles.keys()]).toEqual(['dev', bin(0)]);
    expect(report.alike).toEqual(new Map([[bin(0), Array.from({ length: 63 }, (_, i) => bin(i + 1))]]));
    const { changes = [], digest } = report.roles.get(bin(0)) ?? {};
    expect(changes).toContain('the role is new');
    expect(
      changes.filter(sentence => /^dev-[0-9a-f]{2}: artifact "dev\/[abc]" is added/.test(sentence)),
    ).toHaveLength(3);
    expect(digest).toBeUndefined();
  });

  it('that people sign are told apart where they differ', () => {
    const report = reported({ signers: ['@dave'] });
    expect(report.roles.size).toBe(1 + 1 + 4);
    expect([...report.alike.values()].map(others => others.length)).toEqual([59]);
    expect(report.roles.get([...report.alike.keys()][0] as RoleName)?.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it('are apart where one has signed', () => {
    const report = reported({}, event => void event.signAll(bin(7)));
    expect([...report.roles.keys()]).toEqual(['dev', bin(0), bin(7)]);
    expect(report.alike.get(bin(0))).not.toContain(bin(7));
  });

  it('that are few are told one by one', () => {
    const report = reported({ bitLength: 1 });
    expect([...report.roles.keys()]).toEqual(['dev', 'dev-0', 'dev-1']);
    expect(report.alike.size).toBe(0);
    expect(reportJson(report)).not.toHaveProperty('alike');
  });

  it('have one reason of a kind, which counts them', () => {
    const reasons = reported().reasons.filter(({ rule }) => rule === 'role-quorum');
    expect(reasons.map(({ role, message }) => [role, message])).toEqual([
      ['dev', expect.stringContaining('0 of 2 signatures')],
      [bin(0), '0 of 1 signature; can sign: file:robot (and so of 63 bins more of dev)'],
    ]);
  });

  it('are one row on a page and in a terminal, and all in JSON', () => {
    const report = reported();
    const title = 'dev-00 and 63 bins alike, up to dev-3f';
    const page = renderMarkdown(report);
    expect(page.replaceAll('\\', '')).toContain(title);
    expect(page.match(/dev\\?-3f/g)?.length).toBeLessThan(6);
    const text = renderTerminal(report, { colour: false, width: 100 });
    expect(text).toContain(title);
    expect(text).toContain('file:robot: sign dev-00, dev-01, dev-02 and 61 more roles');
    expect(reportJson(report).alike?.[bin(0)]).toHaveLength(63);
  });
});

describe('sentences of many', () => {
  it('are those of all, then those of some with their names, up to fifty and a digest', () => {
    const all = new Map(Array.from({ length: 80 }, (_, i) => [bin(i), ['common', `own ${i}`]]));
    const sentences = mergedSentences(all);
    expect(sentences).toHaveLength(1 + 50 + 1);
    expect(sentences.slice(0, 2)).toEqual(['common', 'dev-00: own 0']);
    expect(sentences.at(-1)).toMatch(
      /^and 30 more changes of these bins .*digest of that list [0-9a-f]{32}\)$/,
    );
    const other = new Map([...all, [bin(79), ['common', 'own x']]]);
    expect(mergedSentences(other).at(-1)).not.toBe(sentences.at(-1));
  });
});
