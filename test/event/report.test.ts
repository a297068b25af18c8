import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, type Instant } from '../../src/clock.ts';
import type { Verdict } from '../../src/event/judge.ts';
import { type EventReport, reportOf } from '../../src/event/report.ts';
import { type EventState, eventState } from '../../src/event/state.ts';
import { requirePublicKey } from '../../src/metadata/key.ts';
import type { Keyid, RoleName } from '../../src/metadata/names.ts';
import type { AttestationResult } from '../../src/policy/attestation.ts';
import {
  inDays,
  type JudgeOptions,
  judgeEvent,
  keyOf,
  repositoryOf,
  type TestRepository,
  testNow,
} from '../support/tree-builder.ts';

const main = repositoryOf({
  signers: ['@alice', '@bob', '@carol'],
  threshold: 2,
  roles: { dev: { signers: ['@dave', '@erin'], threshold: 1 } },
  artifacts: { 'tool.bin': 'one' },
});

const reportOn = (event: TestRepository, options: JudgeOptions = {}, base = main): EventReport =>
  reportOf(judgeEvent(base, event, options), { now: options.now ?? testNow });
const role = (name: string): RoleName => name as RoleName;

describe('the state of an event', () => {
  const updated = (): TestRepository => main.fork().artifact('tool.bin', 'two').updateTargets();
  const rows: readonly (readonly [string, () => TestRepository, JudgeOptions, Verdict, EventState])[] = [
    ['nothing is in it yet', () => main.fork(), {}, 'unchanged', 'draft'],
    ['an invitation is open', () => main.fork().invite({ '@zoe': ['dev'] }), {}, 'pending', 'draft'],
    [
      'an invitation is open and all there is has been signed',
      () =>
        updated()
          .signAll('targets')
          .invite({ '@zoe': ['dev'] }),
      {},
      'pending',
      'draft',
    ],
    [
      'a refusal is to be mended',
      () => updated().edit('targets', signed => void (signed.version = 9_999)),
      {},
      'rejected',
      'draft',
    ],
    [
      'the automation has to update metadata',
      () => main.fork().artifact('dev/new.bin', 'new'),
      {},
      'pending',
      'draft',
    ],
    [
      'main has moved on',
      updated,
      { facts: { main: main.fork().edit('dev').signAll('dev').tree() } },
      'pending',
      'draft',
    ],
    ['nobody has signed yet', updated, {}, 'pending', 'collecting'],
    ['one has signed', () => updated().sign('targets', '@alice'), {}, 'pending', 'collecting'],
    [
      'a joining key has not signed',
      () => main.fork().rootRole('root', ['@alice', '@bob', '@zoe'], 2).sign('root', '@alice', '@bob'),
      {},
      'pending',
      'collecting',
    ],
    ['every quorum has signed', () => updated().sign('targets', '@alice', '@bob'), {}, 'accepted', 'ready'],
  ];
  it.each(rows)('where %s', (_, event, options, verdict, state) => {
    const judgement = judgeEvent(main, event(), options);
    expect([judgement.verdict, eventState(judgement)]).toEqual([verdict, state]);
  });

  it('where it is merged is told, with what main has of every role', () => {
    const { state, onMain } = reportOf(judgeEvent(main, main.fork()), { now: testNow, merged: true });
    expect([state, [...onMain.keys()]]).toEqual([
      'merged',
      ['root', 'targets', 'snapshot', 'timestamp', 'dev'],
    ]);
  });
});

describe('what main has of a role', () => {
  const event = main.fork().edit('dev');
  const at = (days: number, hours = 0): JudgeOptions => ({
    now: (testNow + days * DAY_MS + hours * HOUR_MS) as Instant,
  });
  // Main's dev lives for 365 days and is to be signed in its last 60.
  it.each<readonly [string, JudgeOptions, object]>([
    ['long before', at(0), { daysLeft: 365, left: 'in 365 days', isSigning: false, isUrgent: false }],
    ['when signing begins', at(305), { daysLeft: 60, isSigning: true, isUrgent: false }],
    ['right before that', at(304, 23), { daysLeft: 60, isSigning: false }],
    ['eight days before its end', at(357), { daysLeft: 8, isUrgent: false }],
    ['seven days before its end', at(358), { daysLeft: 7, left: 'in 7 days', isUrgent: true }],
    ['on its last day', at(364, 1), { daysLeft: 0, left: 'in 23 hours', isUrgent: true }],
    ['an hour before its end', at(364, 23), { left: 'in 1 hour', isUrgent: true }],
    ['after it', at(368), { daysLeft: -3, left: '3 days ago', isUrgent: true }],
  ])('%s', (_, options, expected) => {
    expect(reportOn(event, options).onMain.get(role('dev'))).toMatchObject({
      version: 1,
      expires: inDays(365),
      signingFrom: inDays(305),
      ...expected,
    });
  });

  it('is of the main of now, not of the one that the event stands on', () => {
    const moved = main.fork().edit('dev').signAll('dev').tree();
    const { onMain } = reportOn(event, { facts: { main: moved } });
    expect(onMain.get(role('dev'))?.version).toBe(2);
  });

  it('is nothing for a role that is new', () => {
    const { roles, onMain } = reportOn(main.fork().delegate('qa', { signers: ['@dave'] }));
    expect([[...roles.keys()], [...onMain.keys()]]).toEqual([['targets', 'qa'], ['targets']]);
  });

  it("of what the automation signs has root's periods, and is never urgent", () => {
    const { onMain } = reportOf(judgeEvent(main, main.fork()), { now: testNow, merged: true });
    expect(onMain.get(role('timestamp'))).toMatchObject({
      daysLeft: 7,
      signingFrom: inDays(3),
      isUrgent: false,
    });
  });
});

describe('a signature that was made before an edit', () => {
  it('is void, by name, in every quorum where it would count', () => {
    const event = main
      .fork()
      .edit('root')
      .sign('root', '@alice', '@bob')
      .rewrite('root', ({ signed }) => Object.assign(signed, { 'x-note': 'more' }))
      .sign('root', '@alice');
    const { roles, reasons } = reportOn(event);
    expect(roles.get(role('root'))?.quorums).toMatchObject([
      { of: 'old', signed: ['@alice'], missing: ['@bob', '@carol'], void: ['@bob'] },
      { of: 'new', signed: ['@alice'], missing: ['@bob', '@carol'], void: ['@bob'] },
    ]);
    expect(reasons.map(({ message }) => message)).toContain(
      'the signature of @bob was over other bytes and is void: they have to sign again',
    );
  });
});

describe('signatures that are awaited', () => {
  const card = (name: string, serial: number): readonly [Keyid, AttestationResult] => [
    keyOf(name).keyid,
    {
      ok: true,
      fingerprint: requirePublicKey(keyOf(name).key).fingerprint,
      serial,
      firmware: [5, 7, 4],
      pinPolicy: 'once',
      touchPolicy: 'always',
      formFactor: undefined,
      ca: 'yubico',
    },
  ];
  const fingerprint = (name: string): string => requirePublicKey(keyOf(name).key).fingerprint;
  const renewal = main.fork().rootRole('root', ['@alice#2', '@bob#2', '@carol#2'], 2);

  it('name the key for the old quorum, then the one for the new', () => {
    const { awaited } = reportOn(renewal);
    expect(awaited.map(({ name, roles, hasSeveralKeys }) => [name, roles, hasSeveralKeys])).toEqual(
      ['@alice', '@bob', '@carol'].map(name => [name, ['root'], true]),
    );
    expect(awaited[0]?.signatures).toEqual([
      { role: 'root', of: ['old'], joining: false, fingerprint: fingerprint('@alice'), card: undefined },
      { role: 'root', of: ['new'], joining: true, fingerprint: fingerprint('@alice#2'), card: undefined },
    ]);
  });

  it('name the card where an attestation of that very key has verified', () => {
    const wrong = card('@bob', 3);
    const attestations = new Map<Keyid, AttestationResult>([
      card('@alice', 1),
      card('@alice#2', 2),
      [keyOf('@bob#2').keyid, wrong[1]],
    ]);
    const { awaited } = reportOn(renewal, { facts: { attestations } });
    expect(awaited.map(({ signatures }) => signatures.map(({ card: found }) => found))).toEqual([
      [
        { serial: 1, name: 'YubiKey 1' },
        { serial: 2, name: 'YubiKey 2' },
      ],
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  it('of somebody with one key need no name for it', () => {
    const { awaited } = reportOn(main.fork().edit('root').edit('targets'));
    expect(awaited.map(({ hasSeveralKeys }) => hasSeveralKeys)).toEqual([false, false, false]);
  });

  it('of somebody whose other key is in another role do', () => {
    const event = main.fork().delegate('dev', { signers: ['@alice#2', '@dave'], threshold: 1 });
    const { awaited } = reportOn(event);
    expect(awaited.filter(({ hasSeveralKeys }) => hasSeveralKeys).map(({ name }) => name)).toEqual([
      '@alice',
    ]);
  });
});
