import { describe, expect, it } from 'vitest';
import type { Judgement } from '../../../src/event/judge.ts';
import type { RuleId, Severity } from '../../../src/event/reason.ts';
import {
  type JudgeOptions,
  judgeEvent,
  judgeTree,
  repositoryOf,
  type TestRepository,
} from '../../support/tree-builder.ts';

/** What one finding has to be: severity, role (or none) and words of its message, the place among them. */
export type Expected = readonly [Severity, string | undefined, ...(readonly (string | RegExp)[])];

/** One case of a rule: what was done to a repository, and all that the rule then says. */
export interface Row {
  /** A sentence: "a key of root is online". */
  readonly when: string;
  /** What the event stands on; {@link standard} unless told. */
  readonly main?: () => TestRepository;
  /** Changes the event (or, where no event is judged, the repository). */
  readonly do?: (event: TestRepository, main: TestRepository) => void;
  /** `event` unless told. */
  readonly as?: 'event' | 'known-good' | 'publish';
  readonly options?: JudgeOptions;
  /** Exactly these findings in this order; empty: the rule has nothing to say. */
  readonly says: readonly Expected[];
}

/** Three root signers of whom two are needed, one delegated role with two of three, an artifact each. */
export const standard = (): TestRepository =>
  repositoryOf({
    signers: ['@alice', '@bob', '@carol'],
    threshold: 2,
    roles: { dev: { signers: ['@dave', '@erin', '@frank'], threshold: 2 } },
    artifacts: { 'tool.bin': 'tool one', 'dev/app.bin': 'app one' },
  });

/** The tests of one rule. There has to be a row in which it fires and one in which it does not. */
export function ruleTable(rule: RuleId, rows: readonly Row[]): void {
  describe(`rule ${rule}`, () => {
    it.each(rows)('$when', row => {
      // What known-good's own judgement found is the judge's topic, and its test's.
      const found = judged(row).reasons.filter(
        reason => reason.rule === rule && !reason.message.startsWith('known-good itself'),
      );
      const told = JSON.stringify(found, undefined, 1);
      expect(
        found.map(({ severity, role }) => [severity, role]),
        told,
      ).toEqual(row.says.map(([severity, role]) => [severity, role]));
      for (const [i, [, , ...words]] of row.says.entries()) {
        for (const word of words) expect(found[i]?.message).toMatch(word);
      }
    });
    it('has rows that fire and rows that do not', () => {
      expect(rows.some(({ says }) => says.length > 0)).toBe(true);
      expect(rows.some(({ says }) => says.length === 0)).toBe(true);
      expect(rows.flatMap(({ says }) => says).every(([, , ...words]) => words.length > 0)).toBe(true);
    });
  });
}

function judged(row: Row): Judgement {
  const main = (row.main ?? standard)();
  const event = main.fork();
  row.do?.(event, main);
  if (row.as === undefined || row.as === 'event') return judgeEvent(main, event, row.options);
  return judgeTree(row.as, event, row.options);
}
