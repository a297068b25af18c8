import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Instant, parseInstant } from '../../src/clock.ts';
import { type Judgement, judge, type Verdict } from '../../src/event/judge.ts';
import { type ObjectReader, openObjectReader } from '../../src/git/objects.ts';
import type { CommitSha } from '../../src/git/oid.ts';
import { openBareRepository } from '../../src/git/repository.ts';
import { gatherEvent } from '../../src/operations/gather.ts';
import { type FixtureCase, fixtureCases, loadFixtureRepository } from '../support/fixture-repo.ts';
import { haveFixtures } from '../support/fixtures.ts';

const verdicts: Readonly<Record<FixtureCase['expected'], Verdict>> = {
  accept: 'accepted',
  'not-yet': 'pending',
  reject: 'rejected',
  'no-metadata-changes': 'unchanged',
};

describe.skipIf(!haveFixtures)('events of the real history', () => {
  let folder = '';
  let objects: ObjectReader;

  beforeAll(async () => {
    folder = loadFixtureRepository();
    objects = openObjectReader(await openBareRepository(folder));
  });
  afterAll(async () => {
    await objects[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const judgeCase = async (fixture: FixtureCase): Promise<Judgement> => {
    const now = parseInstant(fixture.now) as Instant;
    const commits = {
      event: fixture.head as CommitSha,
      knownGood: fixture.base as CommitSha,
      main: fixture.base as CommitSha,
    };
    const gathered = await gatherEvent(objects, commits, { now });
    return judge({ ...gathered, knownGoodGiven: true, now });
  };

  it.each(haveFixtures ? fixtureCases() : [])('$event $ref is $expected', async fixture => {
    const { verdict, reasons } = await judgeCase(fixture);
    const told = reasons.filter(({ severity }) => severity !== 'warn');
    const explanation = JSON.stringify(told, undefined, 1);
    expect([verdicts[fixture.expected], verdicts[fixture.expected_keyid_rule]], explanation).toContain(
      verdict,
    );
    if (verdict !== verdicts[fixture.expected]) {
      expect(told.map(({ rule }) => rule).some(rule => ['keyid', 'expiry', 'enrolment'].includes(rule))).toBe(
        true,
      );
    }
  });
});
