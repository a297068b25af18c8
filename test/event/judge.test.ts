import { describe, expect, it } from 'vitest';
import { noFacts } from '../../src/event/context.ts';
import { judge, judgeRepository, type Verdict, verdictOf } from '../../src/event/judge.ts';
import { awaits, type Finding, type Reason, refuse, ruleIds, warn } from '../../src/event/reason.ts';
import { defaultPolicy, type Policy } from '../../src/policy/policy.ts';
import { emptyTree } from '../../src/repository/tree.ts';
import {
  initialEvent,
  judgeEvent,
  judgeTree,
  repositoryOf,
  type TestRepository,
  testNow,
} from '../support/tree-builder.ts';

const main = repositoryOf({
  signers: ['@alice', '@bob', '@carol'],
  threshold: 2,
  roles: { dev: { signers: ['@dave', '@erin'], threshold: 1 } },
  artifacts: { 'tool.bin': 'one', 'dev/app.bin': 'one' },
});

const updated = (): TestRepository => main.fork().artifact('tool.bin', 'two').updateTargets();

const told = (reasons: readonly Reason[]): readonly string[] =>
  reasons.map(({ rule, severity }) => `${severity} ${rule}`);

describe('the verdict', () => {
  const reason = (finding: Finding): Reason => ({ rule: 'schema', ...finding });

  it.each<readonly [string, readonly Finding[], Verdict]>([
    ['nothing to say', [], 'accepted'],
    ['warnings only', [warn('w'), warn('w')], 'accepted'],
    ['something to wait for', [warn('w'), awaits('a')], 'pending'],
    ['one refusal among the rest', [warn('w'), awaits('a'), refuse('r'), awaits('a')], 'rejected'],
  ])('%s', (_, findings, verdict) => {
    expect(verdictOf(findings.map(reason))).toBe(verdict);
  });

  it('is accepted once the quorum has signed, without a word', () => {
    const { verdict, reasons } = judgeEvent(main, updated().sign('targets', '@alice', '@carol'));
    expect([verdict, reasons]).toEqual(['accepted', []]);
  });

  it('is pending while a signature is missing', () => {
    const { verdict, reasons } = judgeEvent(main, updated().sign('targets', '@alice'));
    expect([verdict, told(reasons)]).toEqual(['pending', ['await role-quorum']]);
  });

  it('is rejected whatever signatures there are', () => {
    const event = updated()
      .edit('targets', signed => void (signed.version = 1))
      .signAll('targets');
    const { verdict, reasons } = judgeEvent(main, event);
    expect([verdict, told(reasons)]).toEqual(['rejected', ['refuse version']]);
  });

  it('is the same each time', () => {
    const event = updated()
      .rootRole('root', ['@alice', '@zoe'], 2)
      .invite({ '@yves': ['dev'] });
    const [first, second] = [judgeEvent(main, event), judgeEvent(main, event)];
    expect(second.verdict).toBe(first.verdict);
    expect(second.reasons).toEqual(first.reasons);
  });

  it('tells its reasons in the order of the rules', () => {
    const event = updated()
      .rootRole('root', ['@alice', '@zoe'], 2)
      .invite({ '@yves': ['dev'] })
      .write('metadata/note', '')
      .onlineSign();
    const order = judgeEvent(main, event).reasons.map(({ rule }) => ruleIds.indexOf(rule));
    expect(new Set(order).size).toBeGreaterThan(4);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  it('takes the time from its argument alone', () => {
    const event = updated().signAll('targets');
    expect(judgeEvent(main, event).verdict).toBe('accepted');
    const later = { now: (testNow + 366 * 86_400_000) as typeof testNow };
    expect(told(judgeEvent(main, event, later).reasons)).toContain('refuse expiry');
  });
});

describe('unchanged', () => {
  it('is what equals known-good', () => {
    const { verdict, reasons } = judgeEvent(main, main.fork());
    expect([verdict, reasons]).toEqual(['unchanged', []]);
  });

  it('is what equals an empty repository', () => {
    const nothing = { digests: new Map(), history: new Map() };
    const input = { knownGoodFaults: [], knownGoodGiven: false, policy: defaultPolicy, now: testNow };
    const facts = { ...noFacts, ...nothing };
    expect(judge({ ...input, knownGood: emptyTree, event: emptyTree, facts }).verdict).toBe('unchanged');
  });

  it.each<readonly [string, (event: TestRepository) => void]>([
    ['a signature more', e => void e.unsign('targets', '@alice')],
    ['an artifact', e => void e.artifact('x', 'x')],
    ['an artifact less', e => void e.artifact('tool.bin', undefined)],
    ['a mode', e => void e.chmod('targets/tool.bin', '100755')],
    ['an invitation', e => void e.invite({ '@zoe': ['root'] })],
    ['a file outside', e => void e.write('README.md', 'x')],
    ['a name that is not UTF-8', e => void e.unreadableNames.push('targets/\\xff')],
  ])('is not: %s', (_, change) => {
    const event = main.fork();
    change(event);
    expect(judgeEvent(main, event).verdict).not.toBe('unchanged');
  });

  it('still tells what is wrong with known-good', () => {
    const broken = main.fork().unsign('dev', '@dave', '@erin').fork();
    const { verdict, reasons } = judgeEvent(broken, broken.fork());
    expect([verdict, told(reasons)]).toEqual(['unchanged', ['refuse role-quorum']]);
  });
});

describe("known-good's own faults", () => {
  const broken = main.fork().write('metadata/note', 'x').fork();
  const event = broken.fork().edit('dev').signAll('dev');

  it('stand in the way of every event', () => {
    const { verdict, reasons } = judgeEvent(broken, event);
    expect(verdict).toBe('rejected');
    expect(reasons[0]).toEqual({
      rule: 'metadata-names',
      severity: 'refuse',
      message: 'known-good itself: metadata/"note" is no file of the format',
    });
  });

  it('are warnings where a person chose that known-good', () => {
    const mended = broken.fork().edit('dev').signAll('dev').remove('metadata/note');
    const { verdict, reasons } = judgeEvent(broken, mended, { given: true });
    expect([verdict, told(reasons)]).toEqual(['accepted', ['warn metadata-names']]);
  });

  it('do not excuse the same fault in the event', () => {
    expect(told(judgeEvent(broken, event, { given: true }).reasons)).toEqual([
      'warn metadata-names',
      'refuse metadata-names',
    ]);
  });
});

describe('a rule that throws', () => {
  const event = updated().signAll('targets');

  it('is a refusal under its own id', () => {
    const digests = new Map();
    digests.get = () => {
      throw new RangeError('too deep');
    };
    const { verdict, reasons } = judgeEvent(main, event, { facts: { digests } });
    expect(verdict).toBe('rejected');
    expect(reasons).toEqual([
      { rule: 'artifacts', severity: 'refuse', message: 'this rule could not be applied (too deep)' },
    ]);
  });

  it('does not hide what the other rules say, nor need it throw an error', () => {
    const policy: Policy = {
      ...defaultPolicy,
      get maxVersionStep(): number {
        // oxlint-disable-next-line typescript/only-throw-error -- what a defect may do
        throw 'nothing';
      },
    };
    const { reasons } = judgeEvent(main, updated(), { policy });
    expect(told(reasons)).toEqual(['refuse version', 'await role-quorum']);
    expect(reasons[0]?.message).toBe('this rule could not be applied (unknown fault)');
  });
});

describe('the first event of a repository', () => {
  const first = (): TestRepository =>
    initialEvent({
      signers: ['@alice', '@bob', '@carol'],
      threshold: 2,
      roles: { dev: { signers: ['@dave', '@erin'], threshold: 1 } },
      artifacts: { a: 'a', 'dev/b': 'b' },
    });
  const nothing = main
    .fork()
    .remove(...main.files.keys())
    .fork();

  it('waits for everybody', () => {
    const { verdict, reasons } = judgeEvent(nothing, first());
    expect(verdict).toBe('pending');
    expect(new Set(told(reasons))).toEqual(
      new Set(['await root-quorum', 'await role-quorum', 'await enrolment', 'warn clients']),
    );
  });

  it('is accepted without snapshot and timestamp', () => {
    const event = first().signAll('root', 'targets', 'dev');
    const { verdict, reasons } = judgeEvent(nothing, event);
    expect([verdict, told(reasons)]).toEqual(['accepted', ['warn clients']]);
  });
});

describe('one complete repository', () => {
  it('is accepted as it is published', () => {
    const { verdict, reasons } = judgeTree('publish', main);
    expect([verdict, told(reasons)]).toEqual(['accepted', ['warn clients']]);
    expect(judgeTree('known-good', main)).toMatchObject({ verdict: 'accepted', reasons: [] });
  });

  it('is rejected and never pending', () => {
    const half = updated()
      .sign('targets', '@alice')
      .invite({ '@zoe': ['dev'] });
    const { verdict, reasons } = judgeTree('publish', half);
    expect(verdict).toBe('rejected');
    expect(reasons.filter(({ severity }) => severity === 'await')).toEqual([]);
  });

  it('is no repository where nothing is', () => {
    const input = { tree: emptyTree, policy: defaultPolicy, facts: noFacts, now: testNow };
    expect(judgeRepository({ ...input, mode: 'publish' }).verdict).toBe('rejected');
    expect(judgeRepository({ ...input, mode: 'known-good' }).verdict).toBe('accepted');
  });
});
