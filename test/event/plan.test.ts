import { describe, expect, it } from 'vitest';
import { planOf, quorumsOf } from '../../src/event/plan.ts';
import type { RoleName } from '../../src/metadata/names.ts';
import { initialEvent, judgeEvent, keyOf, repositoryOf, TestRepository } from '../support/tree-builder.ts';

const main = repositoryOf({
  signers: ['@alice', '@bob', '@carol'],
  threshold: 2,
  roles: { dev: { signers: ['@dave', '@erin'], threshold: 1 }, ci: { signers: ['robot'] } },
});

const names = new Map(
  [
    '@alice',
    '@alice#2',
    '@bob',
    '@bob#2',
    '@carol',
    '@carol#2',
    '@dave',
    '@erin',
    '@gina',
    '@zoe',
    'robot',
  ].map(name => [keyOf(name).keyid, name]),
);

/** Each obligation as a sentence: "@alice#2 on root for new, joining". */
const owed = (event: TestRepository, base = main): readonly string[] =>
  planOf(judgeEvent(base, event).context).obligations.map(
    ({ role, key, of, joining }) =>
      `${names.get(key.keyid)} on ${role} for ${of.join(' and ')}${joining ? ', joining' : ''}`,
  );

describe('obligations', () => {
  it('are none where nothing changes', () => {
    expect(owed(main.fork())).toEqual([]);
  });

  it('of root count for the old and the new quorum', () => {
    expect(owed(main.fork().edit('root'))).toEqual([
      '@alice on root for old and new',
      '@bob on root for old and new',
      '@carol on root for old and new',
    ]);
  });

  it('end with the quorum', () => {
    expect(owed(main.fork().edit('root').sign('root', '@bob'))).toEqual([
      '@alice on root for old and new',
      '@carol on root for old and new',
    ]);
    expect(owed(main.fork().edit('root').sign('root', '@bob', '@carol'))).toEqual([]);
  });

  it('of a leaver are to the old quorum, of a joiner to the new one', () => {
    expect(owed(main.fork().rootRole('root', ['@alice', '@zoe'], 2))).toEqual([
      '@alice on root for old and new',
      '@bob on root for old',
      '@carol on root for old',
      '@zoe on root for new, joining',
    ]);
  });

  it('of an owner with a new key are two', () => {
    const event = main.fork().rootRole('root', ['@alice#2', '@bob', '@carol'], 2);
    expect(owed(event)).toEqual([
      '@alice on root for old',
      '@bob on root for old and new',
      '@carol on root for old and new',
      '@alice#2 on root for new, joining',
    ]);
    expect(owed(event.sign('root', '@bob'))).toEqual([
      '@alice on root for old',
      '@carol on root for old and new',
      '@alice#2 on root for new, joining',
    ]);
  });

  it('of owners who all replace their keys at once are two each, and can all be met', () => {
    const event = main.fork().rootRole('root', ['@alice#2', '@bob#2', '@carol#2'], 2);
    expect(owed(event)).toEqual([
      '@alice on root for old',
      '@bob on root for old',
      '@carol on root for old',
      '@alice#2 on root for new, joining',
      '@bob#2 on root for new, joining',
      '@carol#2 on root for new, joining',
    ]);
    expect(owed(event.sign('root', '@alice', '@carol', '@bob#2'))).toEqual([
      '@alice#2 on root for new, joining',
      '@carol#2 on root for new, joining',
    ]);
    expect(owed(event.sign('root', '@alice#2', '@carol#2'))).toEqual([]);
    expect(judgeEvent(main, event).verdict).toBe('accepted');
  });

  it('of a joining key last although the quorums are met', () => {
    const event = main.fork().rootRole('root', ['@alice', '@bob', '@zoe'], 2).sign('root', '@alice', '@bob');
    expect(owed(event)).toEqual(['@zoe on root for new, joining']);
    expect(owed(event.sign('root', '@zoe'))).toEqual([]);
  });

  it('are none on a role that main has changed since', () => {
    const event = main.fork().edit('root').edit('dev');
    const owedNow = (moved: TestRepository): readonly string[] => {
      const { context } = judgeEvent(main, event, { facts: { main: moved.tree() } });
      return planOf(context).obligations.map(({ role }) => role);
    };
    expect(new Set(owedNow(main))).toEqual(new Set(['root', 'dev']));
    expect(new Set(owedNow(main.fork().edit('root').signAll('root')))).toEqual(new Set(['dev']));
    expect(new Set(owedNow(main.fork().undelegate('dev')))).toEqual(new Set(['root']));
    // Another signature on main is no other content.
    expect(new Set(owedNow(main.fork().sign('dev', '@dave')))).toEqual(new Set(['root', 'dev']));
  });

  it('of a role are to its delegator', () => {
    expect(owed(main.fork().edit('dev'))).toEqual([
      '@dave on dev for delegator',
      '@erin on dev for delegator',
    ]);
  });

  it('of a role whose delegation changes are there although it did not change', () => {
    const event = main
      .fork()
      .delegate('dev', { signers: ['@gina'] })
      .signAll('targets');
    expect(owed(event)).toEqual(['@gina on dev for delegator, joining']);
  });

  it("of an online delegated role are the automation's", () => {
    expect(owed(main.fork().edit('ci'))).toEqual(['robot on ci for delegator']);
  });

  it('never name snapshot and timestamp', () => {
    const event = main
      .fork()
      .rootRole('snapshot', ['robot'])
      .rootRole('timestamp', ['robot'])
      .signAll('root');
    expect(owed(event)).toEqual([]);
  });

  it('are again there once content changes after a signature', () => {
    const event = main.fork().edit('dev').sign('dev', '@dave');
    expect(owed(event)).toEqual([]);
    event.rewrite('dev', ({ signed }) => Object.assign(signed, { 'x-note': 'more' }));
    expect(owed(event)).toEqual(['@dave on dev for delegator', '@erin on dev for delegator']);
  });

  it('of a first event are to one quorum', () => {
    const event = initialEvent({ signers: ['@alice', '@bob'], threshold: 1 });
    expect(owed(event, new TestRepository())).toEqual([
      '@alice on root for new, joining',
      '@bob on root for new, joining',
      '@alice on targets for delegator, joining',
      '@bob on targets for delegator, joining',
    ]);
  });

  it('are none on a document that can not be read', () => {
    expect(owed(main.fork().write('metadata/dev.json', '{}'))).toEqual([]);
  });
});

describe('invitations', () => {
  const invited = main
    .fork()
    .edit('targets')
    .edit('root')
    .edit('dev')
    .edit('ci')
    .invite({ '@zoe': ['dev'] });

  it('keep the role and its delegator from being signed', () => {
    expect(owed(invited)).toEqual([
      '@alice on root for old and new',
      '@bob on root for old and new',
      '@carol on root for old and new',
      'robot on ci for delegator',
    ]);
  });

  it('are named with the roles that wait for them', () => {
    const plan = planOf(judgeEvent(main, invited).context);
    expect([...plan.inviting].toSorted()).toEqual(['dev', 'targets']);
    expect(plan.invites).toEqual(new Map([['@zoe', new Set(['dev'])]]));
  });

  it('to root keep root alone from being signed', () => {
    const event = main
      .fork()
      .edit('root')
      .edit('dev')
      .invite({ '@zoe': ['root'] });
    expect(owed(event)).toEqual(['@dave on dev for delegator', '@erin on dev for delegator']);
  });
});

describe('quorumsOf', () => {
  const of = (event: TestRepository, role: string): readonly string[] =>
    quorumsOf(judgeEvent(main, event).context, role as RoleName).map(quorum => quorum.of);

  it('is the old and the new one for a changed root', () => {
    expect(of(main.fork().edit('root'), 'root')).toEqual(['old', 'new']);
  });
  it('is the new one for a root that stays', () => {
    expect(of(main.fork().edit('dev'), 'root')).toEqual(['new']);
  });
  it("is the delegator's for every other role", () => {
    expect(of(main.fork().edit('dev'), 'dev')).toEqual(['delegator']);
  });
  it('is none for online roles and for roles that do not exist', () => {
    expect(of(main.fork(), 'snapshot')).toEqual([]);
    expect(of(main.fork(), 'nobody')).toEqual([]);
  });
});
