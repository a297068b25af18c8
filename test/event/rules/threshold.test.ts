import { defaultPolicy } from '../../../src/policy/policy.ts';
import { type JudgeOptions, repositoryOf, type TestRepository } from '../../support/tree-builder.ts';
import { ruleTable, standard } from './rule-table.ts';

const asking = (least: number, roles: Readonly<Record<string, number>> = {}): JudgeOptions => ({
  policy: { ...defaultPolicy, minThreshold: { default: least, roles: new Map(Object.entries(roles)) } },
});

const text = (members: string): string => `version: 1\nthresholds: ${members}\n`;
const withPolicy = (members: string) => (): TestRepository =>
  standard().policy(text(members)).signAll('root').onlineSign().fork();

ruleTable('threshold', [
  { when: 'no policy asks', do: e => void e.rootRole('root', ['@alice'], 1), says: [] },
  {
    when: 'a role is made with a lower one',
    do: e => void e.delegate('ops', { signers: ['@gina', '@hugo'], threshold: 1 }),
    options: asking(2),
    says: [['refuse', 'ops', 'its threshold is 1 and the policy asks for 2']],
  },
  {
    when: 'a role is made with enough',
    do: e => void e.delegate('ops', { signers: ['@gina', '@hugo'], threshold: 2 }),
    options: asking(2),
    says: [],
  },
  {
    when: 'a threshold falls below it',
    do: e => void e.edit('root', s => void (s.roles.root.threshold = 1)),
    options: asking(2),
    says: [['refuse', 'root', 'its threshold is 1']],
  },
  {
    when: 'the threshold of one role may be lower',
    do: e => void e.delegate('ops', { signers: ['@gina'] }),
    options: asking(2, { ops: 1 }),
    says: [],
  },
  {
    when: 'signers change under a threshold that was too low',
    do: e => void e.rootRole('root', ['@alice', '@bob', '@dora'], 2),
    options: asking(1, { root: 3 }),
    says: [['refuse', 'root', /its threshold is 2 and the policy asks for 3$/]],
  },
  {
    when: 'there are too few signers for it',
    do: e => void e.delegate('ops', { signers: ['@gina'] }).invite({ '@hugo': ['ops'] }),
    options: asking(4),
    says: [['refuse', 'ops', 'asks for 4', 'it has 1 key and 1 open invitation, so invite 2 more']],
  },
  {
    when: 'who is missing is invited with it',
    do: e => void e.delegate('ops', { signers: ['@gina'], threshold: 2 }).invite({ '@hugo': ['ops'] }),
    options: asking(2),
    says: [],
  },
  {
    when: 'a role that falls short is renewed',
    do: e => void e.edit('root').edit('targets'),
    options: asking(3),
    says: [],
  },
  {
    when: 'another role of the same delegator changes',
    do: e => void e.delegate('ops', { signers: ['@gina', '@hugo', '@ida'] }),
    options: asking(3),
    says: [],
  },
  {
    when: 'a key changes under its id',
    main: () => repositoryOf({ signers: ['@alice'], roles: { dev: { signers: ['@dave'] } } }),
    do: e =>
      void e.edit('targets', ({ delegations: { keys } }) => {
        for (const key of Object.values(keys)) Object.assign(key, { 'x-tuf-on-ci-keyowner': '@mallory' });
      }),
    options: asking(2),
    says: [['refuse', 'dev', 'its threshold is 1']],
  },
  {
    when: 'the online key changes, which default is not for',
    do: e => void e.rootRole('snapshot', ['second']).rootRole('timestamp', ['second']),
    options: asking(2),
    says: [],
  },
  {
    when: 'an online role is asked by its name',
    do: e => void e.rootRole('snapshot', ['second']),
    options: asking(1, { snapshot: 2 }),
    says: [['refuse', 'snapshot', 'its threshold is 1']],
  },
  {
    when: 'main falls short',
    as: 'known-good',
    options: asking(1, { root: 3, dev: 9 }),
    says: [['warn', undefined, 'root (2 of 3) and dev (2 of 9)']],
  },
  {
    when: 'what is published falls short',
    as: 'publish',
    options: asking(3),
    says: [['warn', undefined, 'root (2 of 3), targets (2 of 3) and dev (2 of 3)']],
  },
  { when: 'what is published has enough', as: 'publish', options: asking(2), says: [] },
  {
    when: 'a policy comes that asks for more than roles have',
    do: e => void e.policy(text('{ default: 1, roles: { root: 5, dev: 3 } }')),
    says: [
      ['warn', undefined, 'more signatures than roles have signers: root (5 of 3 signers)', 'invite more'],
      ['warn', undefined, 'a higher threshold than roles have: dev (2 of 3)'],
    ],
  },
  { when: 'a policy comes that roles fit', do: e => void e.policy(text('{ default: 2 }')), says: [] },
  {
    when: 'a policy asks for no more than the one before',
    main: withPolicy('{ default: 3 }'),
    do: e => void e.policy(text('{ default: 3, roles: { timestamp: 1 } }')),
    says: [],
  },
  { when: 'a policy goes', main: withPolicy('{ default: 3 }'), do: e => void e.policy(undefined), says: [] },
]);
