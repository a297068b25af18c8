import { describe, expect, it } from 'vitest';
import { type Context, contextOf, noFacts } from '../../src/event/context.ts';
import type { RoleName } from '../../src/metadata/names.ts';
import { defaultPolicy } from '../../src/policy/policy.ts';
import { judgeEvent, keyOf, type TestRepository, testNow } from '../support/tree-builder.ts';
import { standard } from './rules/rule-table.ts';

const key = (name: string): string => keyOf(name).keyid;

/** The same delegation, written anew: its objects are not those of main. */
const rewritten = (event: TestRepository): TestRepository => event.edit('targets');

describe('the signatures that a judgement verifies', () => {
  const many = Array.from({ length: 10_000 }, (_, i) => i.toString(16).padStart(64, '0'));
  const names = Array.from({ length: 11 }, (_, i) => `r${i}`);
  /** Eleven roles with ten thousand signatures each, under so many of `keyids`. */
  const crowded = (keyids: readonly string[]): Context => {
    const event = standard();
    for (const name of names) {
      event.delegate(name, { signers: ['@dave'] });
      event.rewrite(name, document => void (document.signatures = many.map(keyid => ({ keyid, sig: '' }))));
    }
    event.edit('targets', ({ delegations }) => {
      for (const role of delegations.roles) if (names.includes(role.name)) role.keyids = [...keyids];
    });
    const [knownGood, tree] = [standard().tree(), event.tree()];
    return contextOf({ mode: 'event', knownGood, tree, policy: defaultPolicy, facts: noFacts, now: testNow });
  };

  it('are at most 100,000, of all roles together', () => {
    const context = crowded(many);
    for (const name of names.slice(0, 10)) expect(context.quorumOf(name as RoleName)?.met).toBe(false);
    expect(() => context.quorumOf('r10' as RoleName)).toThrowError(
      expect.objectContaining({ code: 'TOO_COMPLEX' }),
    );
  });

  it('are those of keys that a role has, however many there are', () => {
    const context = crowded(many.slice(0, 1));
    for (const name of names) expect(context.quorumOf(name as RoleName)?.met).toBe(false);
  });
});

describe('a role is settled, so that its signatures are not asked about again,', () => {
  const rows: readonly (readonly [string, (event: TestRepository) => void, boolean])[] = [
    ['where nothing changes', e => void e.artifact('x', 'x'), true],
    ['where its delegator says the same in a new version', e => void rewritten(e), true],
    ['but not where it changes itself', e => void e.edit('dev'), false],
    ['but not where it gets a signature', e => void e.unsign('dev', '@dave'), false],
    [
      'but not where its threshold changes',
      e =>
        void rewritten(e).edit(
          'targets',
          s => void ((s.delegations.roles[0] ?? { threshold: 0 }).threshold = 3),
        ),
      false,
    ],
    ['but not where it has other keys', e => void e.delegate('dev', { signers: ['@dave', '@gina'] }), false],
    [
      'but not where one of its keys is another under the same id',
      e => void e.edit('targets', s => void (s.delegations.keys[key('@erin')] = keyOf('@mallory').raw)),
      false,
    ],
    [
      'but not where one of its keys is no longer listed',
      e => void e.edit('targets', s => void delete s.delegations.keys[key('@erin')]),
      false,
    ],
    [
      'but not where nobody delegates it any more',
      e => void e.edit('targets', s => void (s.delegations.roles = [])),
      false,
    ],
  ];
  it.each(rows)('%s', (_, change, settled) => {
    const main = standard();
    const event = main.fork();
    change(event);
    expect(judgeEvent(main, event).context.isSettled('dev' as RoleName)).toBe(settled);
    // What nobody has verified is never settled.
    const { context } = judgeEvent(main, event, { facts: { knownGoodVerified: false } });
    expect(context.isSettled('dev' as RoleName)).toBe(false);
  });

  it('but not where main did not delegate it', () => {
    const main = standard()
      .edit('targets', s => void (s.delegations.roles = []))
      .signAll('targets')
      .fork();
    const event = main.fork().delegate('dev', { signers: ['@dave', '@erin', '@frank'], threshold: 2 });
    const { context } = judgeEvent(main, event, { facts: { knownGoodVerified: true } });
    expect(context.isSettled('dev' as RoleName)).toBe(false);
  });

  it('and neither a quorum nor whose an artifact is gets found out twice', () => {
    const event = standard().edit('dev').signAll('dev');
    const { context } = judgeEvent(standard(), event);
    expect(context.quorumOf('dev' as RoleName)).toBe(context.quorumOf('dev' as RoleName));
    expect(context.ownership()).toBe(context.ownership());
    expect(context.quorumOf('nobody' as RoleName)).toBeUndefined();
  });
});
