import type { ClientId } from '../../../src/policy/clients.ts';
import { defaultPolicy } from '../../../src/policy/policy.ts';
import { type JudgeOptions, repositoryOf, type TestRepository } from '../../support/tree-builder.ts';
import { type Expected, type Row, ruleTable } from './rule-table.ts';

const naming = (...clients: readonly ClientId[]): JudgeOptions => ({
  policy: { ...defaultPolicy, clients: new Set(clients) },
});

/** One role without delegations: nothing for any client to stumble over. */
const plain = (): TestRepository => repositoryOf({ signers: ['@alice', '@bob', '@carol'], threshold: 2 });

const p384 = (event: TestRepository): void =>
  void event.rootRole('root', ['@alice', '@bob', '@carol', '@dora:p384'], 2);

/** What the four clients without P-384 make of one such key in root, for those named as `severity`. */
const overP384 = (severity: 'warn' | 'refuse'): readonly Expected[] => [
  [severity, undefined, /^tough rejects a document that lists a key .*: root \(ecdsa-sha2-nistp384\)/],
  [severity, undefined, /^sigstore-ruby rejects a document that lists/],
];

const withExtension = (event: TestRepository): void =>
  void event.edit('targets', ({ delegations: { roles } }) => {
    for (const role of roles) Object.assign(role, { 'x-note': 'hello' });
  });

const many = (): TestRepository =>
  repositoryOf({
    signers: ['@alice'],
    roles: Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`role${i}`, { signers: ['@gina'], paths: [`role${i}/*`] }]),
    ),
  });

/** Signed by P-384 alone, though two keys that everybody knows would do. */
const mixed =
  (...signers: readonly string[]) =>
  (): TestRepository =>
    repositoryOf({ signers: ['@alice', '@bob', '@carol:p384', '@dora:p384'], threshold: 2 })
      .edit('targets')
      .sign('targets', ...signers)
      .onlineSign()
      .fork();

const row = (when: string, change: (event: TestRepository) => void, ...says: readonly Expected[]): Row => ({
  when,
  do: change,
  says,
});

ruleTable('clients', [
  row('an event changes content alone', e => void e.edit('root').edit('targets').edit('dev')),
  {
    when: 'every client is named and an event changes content alone',
    do: e => void e.edit('root').edit('targets').edit('dev'),
    options: naming('python-tuf', 'go-tuf', 'tuf-js', 'tough', 'sigstore-java', 'sigstore-ruby'),
    says: [],
  },
  {
    when: 'the first delegation comes',
    main: plain,
    do: e => void e.delegate('ops', { signers: ['@gina'] }).delegate('dev', { signers: ['@gina'] }),
    says: [['warn', undefined, 'sigstore-java follows no delegations: ops and dev']],
  },
  {
    when: 'the first delegation comes and the policy names a client without',
    main: plain,
    do: e => void e.delegate('ops', { signers: ['@gina'] }),
    options: naming('sigstore-java'),
    says: [['refuse', undefined, 'follows no delegations: ops; the policy names sigstore-java']],
  },
  {
    when: 'the first delegation comes and the policy names others',
    main: plain,
    do: e => void e.delegate('ops', { signers: ['@gina'] }),
    options: naming('go-tuf', 'python-tuf'),
    says: [['warn', undefined, 'sigstore-java']],
  },
  row('another delegation comes', e => void e.delegate('ops', { signers: ['@gina'] })),
  row('a key that some do not know joins', p384, ...overP384('warn')),
  {
    when: 'a key joins that clients of the policy do not know',
    do: p384,
    options: naming('tough', 'sigstore-ruby'),
    says: overP384('refuse'),
  },
  {
    when: 'a key joins that a client of the policy goes without',
    do: p384,
    options: naming('tuf-js'),
    says: [
      [
        'warn',
        undefined,
        /^tuf-js up to 5\.0\.1 .* counts the others alone: root \(3 for a threshold of 2\)$/,
      ],
      ...overP384('warn'),
    ],
  },
  {
    when: 'keys join of which a client of the policy is left with too few',
    do: e => void e.rootRole('root', ['@alice', '@bob:p384', '@carol:p384'], 2),
    options: naming('tuf-js'),
    says: [
      ['refuse', undefined, 'root (1 for a threshold of 2); the policy names tuf-js'],
      ['warn', undefined, 'tough'],
      ['warn', undefined, 'sigstore-java is not known to verify some keys'],
      ['warn', undefined, 'sigstore-ruby'],
    ],
  },
  {
    when: 'such keys are on main and root changes otherwise',
    main: () => repositoryOf({ signers: ['@alice:p384'] }),
    do: e => void e.edit('root'),
    options: naming('tough', 'tuf-js'),
    says: [],
  },
  {
    when: 'a role that could do without such a key no longer can',
    main: () => repositoryOf({ signers: ['@alice', '@bob', '@carol:p384'], threshold: 2 }),
    do: e => void e.rootRole('root', ['@alice', '@bob', '@carol:p384'], 3),
    options: naming('tuf-js'),
    says: [
      ['refuse', undefined, 'root (2 for a threshold of 3)'],
      ['warn', undefined, 'sigstore-java'],
    ],
  },
  {
    when: 'a quorum is met by signatures that a client of the policy counts too few of',
    main: mixed('@alice', '@bob'),
    do: e => void e.edit('targets').sign('targets', '@carol:p384', '@dora:p384'),
    options: naming('tuf-js'),
    says: [
      ['await', undefined, 'too few of the signatures that are there: targets (0 of 2); the policy names'],
      ['warn', undefined, 'sigstore-java'],
    ],
  },
  {
    when: 'a quorum is met by signatures that everybody counts',
    main: mixed('@alice', '@bob'),
    do: e => void e.edit('targets').sign('targets', '@alice', '@bob'),
    options: naming('tuf-js'),
    says: [],
  },
  {
    when: 'such signatures are published',
    main: mixed('@carol:p384', '@dora:p384'),
    as: 'publish',
    options: naming('sigstore-java'),
    says: [
      ['warn', undefined, 'sigstore-java is not known to verify some keys'],
      ['refuse', undefined, 'sigstore-java is known to verify too few of the signatures', 'targets (0 of 2)'],
      ['warn', undefined, 'not every client can verify all of this: tuf-js up to 5.0.1'],
    ],
  },
  {
    when: 'an ECDSA key comes as a point in hex',
    do: e =>
      void e.edit('targets', ({ delegations: { keys } }) => {
        for (const key of Object.values(keys)) Object.assign(key, { keyval: { public: '04ab' } });
      }),
    options: naming('go-tuf'),
    says: [
      ['refuse', undefined, /^go-tuf v2 can not verify a role that has .*dev \(ecdsa-sha2-nistp256 in hex\)/],
      ['warn', undefined, 'tough rejects a document with a keyid', 'targets (the key of @dave)'],
    ],
  },
  {
    when: 'a role goes by hash prefixes',
    do: e => void e.delegate('bin', { signers: ['@gina'], pathHashPrefixes: ['0'] }),
    options: naming('go-tuf'),
    says: [
      ['refuse', undefined, 'go-tuf up to 2.4.2 goes wrong at roles by path_hash_prefixes: bin'],
      ['warn', undefined, 'sigstore-ruby goes wrong at roles by path_hash_prefixes: bin'],
    ],
  },
  {
    when: 'a role has bins by succinct_roles',
    do: e => void e.bins('dev', { signers: ['robot'], bitLength: 4, succinct: true }),
    options: naming('tough'),
    says: [
      ['refuse', undefined, 'tough does not follow succinct_roles: dev'],
      ['warn', undefined, 'sigstore-java follows no delegations'],
      ['warn', undefined, 'sigstore-ruby does not follow succinct_roles: dev'],
    ],
  },
  {
    when: 'delegations get members of their own',
    do: withExtension,
    says: [
      ['warn', undefined, 'tough can not verify a document whose delegations have x-… members: targets'],
    ],
  },
  {
    when: 'a pattern means more to some where * stands for a slash',
    do: e => void e.delegate('ui', { signers: ['@uma'], paths: ['dev/ui/*'] }),
    options: naming('tough'),
    says: [['refuse', undefined, 'tough lets * and ?', 'dev ("dev/*") what is of ui']],
  },
  {
    when: 'a document is larger than one client takes',
    do: e => void e.edit('root', s => void Object.assign(s, { 'x-note': 'n'.repeat(110_000) })),
    says: [['warn', undefined, 'sigstore-java takes no document', 'bytes of at most 101376)']],
  },
  row('a document is larger than any client takes, which rule schema refuses', e => {
    e.edit('root', s => void Object.assign(s, { 'x-note': 'n'.repeat(600_000) }));
  }),
  row(
    'a date is one that rule schema refuses',
    e => void e.edit('dev', s => void (s.expires = '2031-01-01T00:00:00+00:00')),
  ),
  {
    when: 'forty roles have a problem',
    main: plain,
    do: e => {
      for (const [path, file] of many().files) if (path.startsWith('metadata/')) e.files.set(path, file);
    },
    says: [['warn', undefined, /: role0, role1, role2, role3 and 36 more$/]],
  },
  {
    when: 'what some can not verify is published',
    as: 'publish',
    says: [['warn', undefined, /^not every client can verify all of this: sigstore-java \(delegations\)$/]],
  },
  {
    when: 'what a client of the policy can not verify is published',
    as: 'publish',
    options: naming('sigstore-java'),
    says: [
      ['refuse', undefined, 'sigstore-java follows no delegations: dev; the policy names sigstore-java'],
    ],
  },
  {
    when: 'main has what a client of the policy can not verify',
    as: 'known-good',
    options: naming('sigstore-java'),
    says: [],
  },
  {
    when: 'a policy comes that names a client which main is nothing for',
    do: e => void e.policy('version: 1\nclients: [sigstore-java, go-tuf]\n'),
    says: [['warn', undefined, 'under the new policy nothing could be published: sigstore-java follows no']],
  },
  {
    when: 'a policy comes that names clients which main is fine for',
    do: e => void e.policy('version: 1\nclients: [tough, go-tuf]\n'),
    says: [],
  },
]);
