import type { JsonObject } from '../../../src/json.ts';
import { keyOf, repositoryOf, TestRepository, type WireRoot } from '../../support/tree-builder.ts';
import { ruleTable, standard } from './rule-table.ts';

const alice = keyOf('@alice');
const dave = keyOf('@dave');

const root =
  (change: (signed: WireRoot) => void) =>
  (event: TestRepository): void =>
    void event.edit('root', change);

/** Replaces members of alice's key object and leaves it under its id. */
const retag =
  (members: JsonObject) =>
  (event: TestRepository): void =>
    void event.edit('root', signed => {
      signed.keys[alice.keyid] = { ...signed.keys[alice.keyid], ...members };
    });

const untag = (raw: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(raw).filter(([name]) => !name.startsWith('x-')));

const OWNER = 'x-tuf-on-ci-keyowner';
const URI = 'x-tuf-on-ci-online-uri';

ruleTable('key-tags', [
  { when: 'people hold root and automation holds snapshot', do: root(() => {}), says: [] },
  { when: 'a delegated role is online', do: e => void e.delegate('ci', { signers: ['ci-key'] }), says: [] },
  {
    when: 'a key has neither owner nor URI',
    do: root(signed => {
      signed.keys[alice.keyid] = untag(alice.raw);
    }),
    says: [['refuse', 'root', alice.keyid.slice(0, 12), 'neither an owner nor an online URI']],
  },
  {
    when: 'a key has an owner and a URI',
    do: retag({ [URI]: 'gcpkms:x' }),
    says: [
      ['refuse', 'root', 'both an owner and an online URI'],
      ['refuse', 'root', alice.keyid.slice(0, 12), 'of root is online'],
    ],
  },
  {
    when: 'an owner is in upper case',
    do: retag({ [OWNER]: '@Alice' }),
    says: [['refuse', 'root', 'lower case']],
  },
  {
    when: 'an owner lacks the @',
    do: retag({ [OWNER]: 'alice' }),
    says: [['refuse', 'root', 'as in @name']],
  },
  {
    when: 'an owner holds an escape sequence',
    do: retag({ [OWNER]: '@alice\u001b[2J' }),
    says: [['refuse', 'root', 'no account name']],
  },
  {
    when: 'an owner is written with a Cyrillic letter',
    do: retag({ [OWNER]: '@\u0430lice' }),
    says: [['refuse', 'root', 'no account name']],
  },
  {
    when: 'an online URI is empty',
    do: e =>
      void e.edit('root', s => (s.keys[keyOf('online').keyid] = { ...keyOf('online').raw, [URI]: '' })),
    says: [['refuse', 'root', 'its online URI ""']],
  },
  {
    when: 'an online URI has a line break in it',
    do: e =>
      void e.edit(
        'root',
        s => (s.keys[keyOf('online').keyid] = { ...keyOf('online').raw, [URI]: 'file:a\nb' }),
      ),
    says: [['refuse', 'root', 'file:a\\nb']],
  },
  {
    when: 'root is signed by automation',
    do: e => void e.rootRole('root', ['@alice', '@bob', 'robot'], 2),
    says: [['refuse', 'root', keyOf('robot').keyid.slice(0, 12), 'of root is online']],
  },
  {
    when: 'snapshot is signed by a person',
    do: e => void e.rootRole('snapshot', ['@alice'], 1),
    says: [['refuse', 'root', 'of snapshot is a person']],
  },
  {
    when: 'a key is listed and not used',
    do: root(signed => {
      signed.keys[keyOf('@zoe').keyid] = keyOf('@zoe').raw;
    }),
    says: [['warn', 'root', '@zoe', 'no role uses it']],
  },
  {
    when: "a key that is not listed is named, which is rule distinct-keys'",
    do: root(({ roles }) => {
      roles.root.keyids.push('ab'.repeat(32));
      roles.snapshot.keyids.push('ab'.repeat(32));
    }),
    says: [],
  },
]);

const swapped = (event: TestRepository): void =>
  void event.edit('targets', ({ delegations }) => {
    delegations.keys[dave.keyid] = keyOf('@mallory').raw;
  });

ruleTable('keyid', [
  { when: 'keys stand under their digests', do: e => void e.edit('targets'), says: [] },
  {
    when: "a delegation's key is swapped under the same keyid",
    do: swapped,
    says: [['refuse', 'targets', dave.keyid.slice(0, 12), '@mallory', 'not its digest']],
  },
  {
    when: "a root key's owner changes under the same keyid",
    do: retag({ [OWNER]: '@mallory' }),
    says: [['refuse', 'root', '@mallory']],
  },
  {
    when: 'main has that very key under that very id',
    main: () => {
      const main = standard();
      swapped(main);
      return main.fork();
    },
    do: e => void e.edit('targets'),
    says: [['warn', 'targets', 'as on main']],
  },
  {
    when: 'main has another key under that wrong id',
    main: () => {
      const main = standard();
      swapped(main);
      return main.fork();
    },
    do: e =>
      void e.edit('targets', ({ delegations }) => {
        delegations.keys[dave.keyid] = keyOf('@trudy').raw;
      }),
    says: [['refuse', 'targets', '@trudy']],
  },
  {
    when: 'a wrong id stands in a document that does not change',
    main: () => {
      const main = standard();
      swapped(main);
      return main.fork();
    },
    do: e => void e.edit('root'),
    says: [],
  },
  {
    when: 'a new key stands under a wrong id',
    do: e => void e.edit('targets', s => void (s.delegations.keys['ab'.repeat(32)] = keyOf('@zoe').raw)),
    says: [['refuse', 'targets', 'abababababab', '@zoe', keyOf('@zoe').keyid.slice(0, 12)]],
  },
  {
    when: 'the first targets of all has a key under a wrong id',
    main: () => new TestRepository(),
    do: e => {
      const first = standard();
      swapped(first);
      for (const [path, { bytes }] of first.files) e.write(path, bytes);
    },
    says: [['refuse', 'targets', '@mallory']],
  },
]);

ruleTable('distinct-keys', [
  {
    when: 'there are as many keys as are needed',
    do: e => void e.rootRole('root', ['@alice', '@bob'], 2),
    says: [],
  },
  {
    when: 'a threshold is above the number of keys',
    do: e => void e.rootRole('root', ['@alice', '@bob'], 3),
    says: [['refuse', 'root', /asks for 3 signatures but has 2 keys$/]],
  },
  {
    when: 'an open invitation makes up for a key',
    do: e => void e.rootRole('root', ['@alice', '@bob'], 3).invite({ '@zoe': ['root'] }),
    says: [],
  },
  {
    when: 'the invitation is to another role',
    do: e => void e.rootRole('root', ['@alice', '@bob'], 3).invite({ '@zoe': ['targets'] }),
    says: [['refuse', 'root', 'has 2 keys']],
  },
  {
    when: 'not even the invitations suffice',
    do: e => void e.rootRole('root', ['@alice', '@bob'], 4).invite({ '@zoe': ['root'] }),
    says: [['refuse', 'root', 'asks for 4 signatures but has 2 keys and 1 open invitation']],
  },
  {
    when: 'one public key stands under two keyids',
    do: root(signed => {
      const twin = keyOf('@alice-too');
      const raw = { ...alice.raw, [OWNER]: '@alice-too' };
      signed.keys[twin.keyid] = raw;
      signed.roles.root.keyids = [alice.keyid, twin.keyid];
    }),
    says: [
      ['refuse', 'root', 'one public key under 2 keyids', alice.keyid.slice(0, 12)],
      ['refuse', 'root', 'asks for 2 signatures but has 1 key'],
    ],
  },
  ...(['known-good', 'publish'] as const).map(as => ({
    when: `it does so ${as === 'publish' ? 'in what is published' : 'on main, as in a repository that was imported'}`,
    as,
    do: root(signed => {
      const twin = 'cd'.repeat(32);
      signed.keys[twin] = { ...alice.raw, 'x-note': 'twin' };
      signed.roles.root.keyids = [alice.keyid, twin, keyOf('@bob').keyid];
    }),
    says: [[as === 'publish' ? 'refuse' : 'warn', 'root', 'one public key under 2 keyids']] as const,
  })),
  {
    when: 'on main they leave a threshold out of reach',
    as: 'known-good',
    do: root(signed => {
      const twin = 'cd'.repeat(32);
      signed.keys[twin] = { ...alice.raw, 'x-note': 'twin' };
      signed.roles.root.keyids = [alice.keyid, twin];
    }),
    says: [
      ['warn', 'root', 'one public key under 2 keyids'],
      ['refuse', 'root', 'asks for 2 signatures but has 1 key'],
    ],
  },
  {
    when: 'the twins stand behind a key that nobody can use',
    do: root(signed => {
      const broken = 'ab'.repeat(32);
      const twin = 'cd'.repeat(32);
      signed.keys[broken] = { ...alice.raw, keyval: { public: 'none' } };
      signed.keys[twin] = { ...alice.raw, 'x-note': 'twin' };
      signed.roles.root.keyids = [broken, alice.keyid, twin, keyOf('@bob').keyid];
    }),
    says: [['refuse', 'root', 'one public key under 2 keyids']],
  },
  {
    when: 'a role names a key that is not listed',
    do: e => void e.edit('targets', s => s.delegations.roles[0]?.keyids.push(alice.keyid)),
    says: [['refuse', 'dev', alice.keyid.slice(0, 12), 'which targets does not list']],
  },
  {
    when: 'a delegated role on main can not be reached',
    do: e => void e.delegate('dev', { signers: ['@dave'], threshold: 2 }),
    as: 'known-good',
    says: [['refuse', 'dev', 'asks for 2 signatures but has 1 key']],
  },
  {
    when: 'main can not be reached in a role whose delegator the event leaves alone',
    main: () =>
      standard()
        .delegate('dev', { signers: ['@dave'], threshold: 2 })
        .signAll('targets')
        .fork(),
    do: e => void e.edit('root'),
    options: { given: true },
    says: [],
  },
  {
    when: "a document of main can not be read, which is rule schema's",
    do: e => void e.write('metadata/dev.json', '{'),
    as: 'known-good',
    says: [],
  },
]);

ruleTable('distinct-owners', [
  { when: 'each key has another owner', do: root(() => {}), says: [] },
  {
    when: 'one owner holds as many keys as are needed',
    do: e => void e.rootRole('root', ['@alice', '@alice#2', '@bob'], 2),
    says: [['warn', 'root', '@alice alone holds 2 keys of root']],
  },
  {
    when: 'one owner holds two of three needed',
    do: e => void e.rootRole('root', ['@alice', '@alice#2', '@bob'], 3),
    says: [],
  },
  {
    when: 'one signature is enough anyway',
    main: () => repositoryOf({ signers: ['@alice'] }),
    do: e => void e.rootRole('root', ['@alice', '@alice#2'], 1),
    says: [],
  },
  {
    when: 'the automation holds as many keys as are needed',
    do: e => void e.delegate('dev', { signers: ['ci', 'ci2'] }),
    says: [],
  },
  {
    when: "it is a delegated role's",
    do: e => void e.delegate('dev', { signers: ['@dave', '@dave#2'] }),
    says: [['warn', 'dev', '@dave alone']],
  },
]);
