import { DAY_MS, type Instant } from '../../../src/clock.ts';
import { defaultPolicy } from '../../../src/policy/policy.ts';
import {
  inDays,
  type JudgeOptions,
  TestRepository,
  testNow,
  type WireCommon,
  type WireList,
} from '../../support/tree-builder.ts';
import { ruleTable, standard } from './rule-table.ts';

const change =
  (role: string, edit: (signed: WireCommon) => void) =>
  (event: TestRepository): void =>
    void event.edit(role, edit);
const to = (role: string, version: number) => change(role, signed => void (signed.version = version));

ruleTable('version', [
  { when: 'root and a role grow by one', do: e => void e.edit('root').edit('dev'), says: [] },
  {
    when: 'only a signature is added',
    main: () => standard().fork().unsign('targets', '@carol').fork(),
    do: e => void e.sign('targets', '@carol'),
    says: [],
  },
  { when: 'root skips a version', do: to('root', 3), says: [['refuse', 'root', 'from 1 to 3', 'exactly 1']] },
  {
    when: 'root stays',
    do: change('root', s => Object.assign(s, { version: 1, 'x-note': 'quiet' })),
    says: [['refuse', 'root', 'from 1 to 1']],
  },
  { when: 'targets grows by several', do: to('targets', 101), says: [] },
  {
    when: 'targets grows by more than the policy allows',
    do: to('targets', 102),
    says: [['refuse', 'targets', 'jumps from 1 to 102', 'more than 100']],
  },
  {
    when: 'a version jumps to 2^53 - 1',
    do: to('dev', Number.MAX_SAFE_INTEGER),
    says: [['refuse', 'dev', 'jumps from 1 to 9007199254740991']],
  },
  {
    when: 'the policy allows one step',
    do: to('dev', 3),
    options: { policy: { ...defaultPolicy, maxVersionStep: 1 } },
    says: [['refuse', 'dev', 'more than 1']],
  },
  {
    when: 'content changes under an unchanged version',
    do: change('targets', signed => Object.assign(signed, { version: 1, 'x-note': 'quiet' })),
    says: [['refuse', 'targets', 'content changed but version is still 1']],
  },
  {
    when: 'a role goes back',
    main: () => standard().fork().edit('dev').signAll('dev').fork().edit('dev').signAll('dev').fork(),
    do: to('dev', 2),
    says: [['refuse', 'dev', 'goes back from 3 to 2']],
  },
  {
    when: 'main has that version meanwhile, and it says something else',
    do: e => void e.edit('dev', s => Object.assign(s, { 'x-note': 'quiet' })),
    options: { facts: { main: standard().fork().edit('dev').tree() } },
    says: [['refuse', 'dev', 'version 2 is not the next one any more, main has 2', 'merge main']],
  },
  {
    when: 'main has just that meanwhile',
    do: to('dev', 2),
    options: { facts: { main: standard().fork().edit('dev').tree() } },
    says: [],
  },
  { when: 'a new role starts at 1', do: e => void e.delegate('ops', { signers: ['@dave'] }), says: [] },
  {
    when: 'a removed role is made again at its dead version',
    main: () => standard().fork().undelegate('dev').signAll('targets').fork(),
    do: e => void e.delegate('dev', { signers: ['@dave'] }),
    says: [['refuse', 'dev', 'published before', 'exceed 1']],
  },
  {
    when: 'a removed role is made again above its dead version',
    main: () => standard().fork().undelegate('dev').signAll('targets').fork(),
    do: e =>
      void e.delegate('dev', { signers: ['@dave'] }).rewrite('dev', ({ signed }) => (signed.version = 2)),
    says: [],
  },
  {
    when: 'a role that lived long is made again: the step is counted from its dead version',
    main: () =>
      standard()
        .fork()
        .undelegate('dev')
        .signAll('targets')
        .rewrite<WireList>('snapshot', ({ signed }) => (signed.meta['dev.json'] = { version: 150 }))
        .fork(),
    do: e =>
      void e.delegate('dev', { signers: ['@dave'] }).rewrite('dev', ({ signed }) => (signed.version = 151)),
    says: [],
  },
  {
    when: 'a role is made again far above its dead version',
    main: () => standard().fork().undelegate('dev').signAll('targets').fork(),
    do: e =>
      void e.delegate('dev', { signers: ['@dave'] }).rewrite('dev', ({ signed }) => (signed.version = 102)),
    says: [['refuse', 'dev', 'jumps from 1 to 102']],
  },
  {
    when: 'the very first root is version 2',
    main: () =>
      standard()
        .remove(...standard().files.keys())
        .fork(),
    do: e => {
      for (const [path, { bytes }] of standard().fork().edit('root').files) e.write(path, bytes);
    },
    says: [['refuse', 'root', 'from 0 to 2']],
  },
]);

const expires = (role: string, at: string) => change(role, signed => void (signed.expires = at));
const later = (days: number): { readonly now: Instant } => ({ now: (testNow + days * DAY_MS) as Instant });

const longest = (days: number, roles: readonly (readonly [string, number])[] = []): JudgeOptions => ({
  policy: { ...defaultPolicy, maxExpiryDays: { default: days, roles: new Map(roles) } },
});

ruleTable('expiry', [
  {
    when: 'its period is as long as the policy allows',
    do: e => void e.edit('dev'),
    options: longest(365),
    says: [],
  },
  {
    when: 'its period is longer than the policy allows',
    do: e => void e.edit('dev'),
    options: longest(364),
    says: [['refuse', 'dev', 'dev: expiry period 365 is longer than the 364 days of the policy']],
  },
  {
    when: 'its period is longer than the policy allows to others',
    do: e => void e.edit('dev'),
    options: longest(30, [['dev', 400]]),
    says: [],
  },
  { when: 'a document lives as long as its period', do: e => void e.edit('targets'), says: [] },
  { when: 'it lives an hour longer, to the second', do: expires('targets', inDays(365 + 1 / 24)), says: [] },
  { when: 'a role is new', do: e => void e.delegate('ops', { signers: ['@gina'] }), says: [] },
  {
    when: "an online role changes, which is rule online's",
    do: e => void e.rewrite('timestamp', ({ signed }) => void signed.version++),
    says: [],
  },
  {
    when: 'a signature comes in time',
    main: () => standard().fork().unsign('targets', '@carol').fork(),
    do: e => void e.sign('targets', '@carol'),
    options: later(364),
    says: [],
  },
  {
    when: 'a signature comes at the very end',
    main: () => standard().fork().unsign('targets', '@carol').fork(),
    do: e => void e.sign('targets', '@carol'),
    options: later(365),
    says: [['warn', 'targets', 'expired on']],
  },
  {
    when: 'main expires right now',
    as: 'known-good',
    options: later(7),
    says: [['warn', 'timestamp', 'expired on']],
  },
  {
    when: "a role of main has no file, which is rule orphans'",
    do: e => void e.remove('metadata/dev.json'),
    as: 'known-good',
    says: [],
  },
  { when: 'it lives half an hour longer', do: expires('targets', inDays(365 + 0.02)), says: [] },
  {
    when: 'it lives two hours longer',
    do: expires('targets', inDays(365 + 2 / 24)),
    says: [['refuse', 'targets', 'later than its period of 365 days allows']],
  },
  {
    when: 'it expires centuries away',
    do: expires('dev', '9999-12-31T23:59:59Z'),
    says: [['refuse', 'dev', '9999-12-31T23:59:59Z']],
  },
  {
    when: 'it is expired on arrival',
    do: expires('targets', inDays(-1)),
    says: [['refuse', 'targets', 'would already be expired', inDays(-1)]],
  },
  {
    when: 'it expires right now',
    do: expires('targets', inDays(0)),
    says: [['refuse', 'targets', 'already be expired']],
  },
  {
    when: 'it has no period',
    do: change('dev', signed => delete signed['x-tuf-on-ci-expiry-period']),
    says: [['refuse', 'dev', 'x-tuf-on-ci-expiry-period']],
  },
  {
    when: 'the period grows',
    do: change('root', signed => Object.assign(signed, { 'x-tuf-on-ci-expiry-period': 400 })),
    says: [['warn', 'root', 'grows from 365 to 400 days']],
  },
  {
    when: 'the period shrinks',
    do: change('root', signed =>
      Object.assign(signed, { 'x-tuf-on-ci-expiry-period': 100, expires: inDays(100) }),
    ),
    says: [],
  },
  {
    when: 'a signature comes after the end',
    main: () => standard().fork().unsign('targets', '@carol').fork(),
    do: e => void e.sign('targets', '@carol'),
    options: later(400),
    says: [['warn', 'targets', 'expired on']],
  },
  {
    when: 'a document that does not change has expired',
    do: e => void e.edit('dev', s => (s.expires = inDays(500))),
    options: later(400),
    says: [],
  },
  {
    when: 'main has expired and an event stands on it',
    as: 'known-good',
    options: later(10),
    says: [['warn', 'timestamp', 'expired on']],
  },
  {
    when: 'an expired timestamp is to be published',
    as: 'publish',
    options: later(10),
    says: [['refuse', 'timestamp', 'expired on']],
  },
  {
    when: 'an expired delegated role is to be published',
    do: e =>
      void e
        .edit('dev', s => (s.expires = inDays(-1)))
        .signAll('dev')
        .onlineSign(),
    as: 'publish',
    says: [['warn', 'dev', inDays(-1)]],
  },
]);

const online = (expiry: number | undefined, signing: number | undefined) => (event: TestRepository) =>
  void event.edit('root', ({ roles }) => {
    const { keyids, threshold } = roles.timestamp;
    roles.timestamp = {
      keyids,
      threshold,
      ...(expiry === undefined ? {} : { 'x-tuf-on-ci-expiry-period': expiry }),
      ...(signing === undefined ? {} : { 'x-tuf-on-ci-signing-period': signing }),
    };
  });
const offline = (role: string, expiry: number, signing: number | undefined) =>
  change(role, signed => {
    signed['x-tuf-on-ci-expiry-period'] = expiry;
    if (signing === undefined) delete signed['x-tuf-on-ci-signing-period'];
    else signed['x-tuf-on-ci-signing-period'] = signing;
  });

ruleTable('periods', [
  {
    when: 'timestamp lives longer than the policy allows',
    do: e => void e.edit('root'),
    options: {
      policy: { ...defaultPolicy, maxExpiryDays: { default: undefined, roles: new Map([['timestamp', 5]]) } },
    },
    says: [['refuse', 'root', 'timestamp: expiry period 7 is longer than the 5 days of the policy']],
  },
  { when: 'there is time to sign', do: offline('dev', 30, 10), says: [] },
  {
    when: 'the signing period is half the expiry period where it is not named',
    do: offline('dev', 2, undefined),
    says: [],
  },
  {
    when: 'half a day is no signing period',
    do: offline('dev', 1, undefined),
    says: [['refuse', 'dev', 'dev: the signing period has to be at least 1 day']],
  },
  {
    when: 'the signing period is 0',
    do: offline('root', 30, 0),
    says: [['refuse', 'root', 'at least 1 day']],
  },
  {
    when: 'signing begins as soon as the role is made',
    do: offline('targets', 30, 30),
    says: [['refuse', 'targets', 'expiry period 30 has to be longer than signing period 30']],
  },
  { when: 'timestamp keeps its periods', do: online(7, 4), says: [] },
  {
    when: "a role has no expiry period, which is rule expiry's",
    do: change('dev', signed => delete signed['x-tuf-on-ci-expiry-period']),
    says: [],
  },
  {
    when: "main's timestamp has no period and root does not change",
    main: () => {
      const main = standard();
      online(undefined, 4)(main);
      return main.signAll('root').fork();
    },
    do: e => void e.edit('dev'),
    says: [],
  },
  {
    when: 'a repository begins',
    main: () => new TestRepository(),
    do: e => {
      for (const [path, { bytes }] of standard().files) e.write(path, bytes);
    },
    says: [],
  },
  {
    when: "what comes as root is none, which is rule schema's",
    do: e => void e.write('metadata/root.json', e.bytes('metadata/targets.json')),
    says: [],
  },
  {
    when: 'timestamp has no expiry period',
    do: online(undefined, 4),
    says: [['refuse', 'root', 'timestamp has no']],
  },
  {
    when: 'timestamp has no signing period',
    do: online(7, undefined),
    says: [['refuse', 'root', 'timestamp has no']],
  },
  {
    when: "timestamp's signing period is 0",
    do: online(7, 0),
    says: [['refuse', 'root', 'timestamp: the signing period']],
  },
  {
    when: "timestamp's periods are equal",
    do: online(7, 7),
    says: [['refuse', 'root', 'timestamp: expiry period 7']],
  },
  {
    when: "timestamp's life grows",
    do: online(14, 4),
    says: [['warn', 'root', 'expiry period grows from 7 to 14 days']],
  },
]);
