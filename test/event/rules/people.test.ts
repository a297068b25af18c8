import { requirePublicKey } from '../../../src/metadata/key.ts';
import type { KeyOwner } from '../../../src/metadata/names.ts';
import type { AttestationResult } from '../../../src/policy/attestation.ts';
import { defaultPolicy } from '../../../src/policy/policy.ts';
import { keyOf, type TestRepository } from '../../support/tree-builder.ts';
import { type Row, ruleTable, standard } from './rule-table.ts';

const state = 'metadata/.signing-event-state';
const bad = (when: string, content: string, problem: string): Row => ({
  when,
  do: e => void e.write(state, content),
  says: [['refuse', undefined, state, problem]],
});

ruleTable('invites', [
  { when: 'nobody is invited', do: e => void e.edit('root'), says: [] },
  {
    when: 'a list of invitations is empty',
    do: e => void e.write(state, '{"invites": {"@zoe": []}}'),
    says: [],
  },
  {
    when: 'somebody has not answered',
    do: e => void e.invite({ '@zoe': ['root', 'targets'] }),
    says: [['await', undefined, '@zoe is invited to sign root and targets']],
  },
  {
    when: 'two have not answered',
    do: e => void e.invite({ '@zoe': ['root'], '@yves': ['dev'] }),
    says: [
      ['await', undefined, '@zoe'],
      ['await', undefined, '@yves is invited to sign dev'],
    ],
  },
  {
    when: 'the role does not exist',
    do: e => void e.invite({ '@zoe': ['ops'] }),
    says: [
      ['refuse', undefined, '@zoe is invited to "ops", which is no role to sign'],
      ['await', undefined, '@zoe'],
    ],
  },
  {
    when: 'a person is invited to sign snapshot',
    do: e => void e.invite({ '@zoe': ['snapshot'] }),
    says: [
      ['refuse', undefined, '"snapshot", which is no role to sign'],
      ['await', undefined, '@zoe'],
    ],
  },
  bad('the file is no JSON', '{', 'JSON'),
  bad('the file is a list', '[]', 'has to be an object'),
  bad('the file holds more', '{"invites": {}, "approved": true}', '"approved"'),
  bad('invitations are a list', '{"invites": []}', 'invites has to be an object'),
  bad('roles are text', '{"invites": {"@zoe": "root"}}', 'list of role names'),
  bad('a role is a number', '{"invites": {"@zoe": [1]}}', 'list of role names'),
  bad('a role is a path', '{"invites": {"@zoe": ["../root"]}}', '../root'),
  bad('an owner is no account', '{"invites": {"zoe me": ["root"]}}', 'no account name'),
  bad('an owner is __proto__', '{"invites": {"__proto__": ["root"]}}', 'no account name'),
  bad('an owner stands twice', '{"invites": {"@zoe": ["root"], "@zoe": []}}', 'twice'),
  bad('an owner stands twice but for case', '{"invites": {"@zoe": ["root"], "@Zoe": ["dev"]}}', '@zoe twice'),
  {
    when: 'the file is a symlink',
    do: e => void e.write(state, '../x', '120000'),
    says: [['refuse', undefined, state, 'no regular file']],
  },
  {
    when: 'what is to be published has an open invitation',
    do: e => void e.invite({ '@zoe': ['dev'] }),
    as: 'publish',
    says: [['refuse', undefined, '@zoe']],
  },
]);

const joins = (event: TestRepository): void => void event.rootRole('root', ['@alice', '@bob', '@zoe'], 2);

const card: AttestationResult = {
  ok: true,
  fingerprint: requirePublicKey(keyOf('@zoe').key).fingerprint,
  serial: 4242,
  firmware: [5, 7, 4],
  pinPolicy: 'once',
  touchPolicy: 'cached',
  formFactor: undefined,
  ca: 'yubico',
};

ruleTable('enrolment', [
  { when: 'nobody joins', do: e => void e.edit('root'), says: [] },
  {
    when: 'a key joins and has not signed, though the quorum is met',
    do: e => (joins(e), void e.sign('root', '@alice', '@bob')),
    says: [['await', 'root', 'joins with a key that has not signed yet: @zoe']],
  },
  {
    when: 'a key joins, and its fingerprint and card are to be compared',
    do: e => (joins(e), void e.sign('root', '@alice', '@bob')),
    options: { facts: { attestations: new Map([[keyOf('@zoe').keyid, card]]) } },
    says: [
      [
        'await',
        'root',
        /@zoe \(key [0-9a-f]{20}; YubiKey 4242, firmware 5\.7\.4, PIN policy once, touch policy cached\)$/,
      ],
    ],
  },
  {
    when: "a key joins from its owner's account",
    do: e => (joins(e), void e.sign('root', '@zoe')),
    options: { facts: { accounts: new Map([[keyOf('@zoe').keyid, '@zoe' as KeyOwner]]) } },
    says: [],
  },
  {
    when: "a key joins from a stranger's account",
    do: e => (joins(e), void e.sign('root', '@zoe')),
    options: { facts: { accounts: new Map([[keyOf('@zoe').keyid, '@mallory' as KeyOwner]]) } },
    says: [['warn', 'root', 'the key of @zoe was brought by @mallory']],
  },
  {
    when: "a key joins from a stranger's account, which the policy refuses",
    do: e => (joins(e), void e.sign('root', '@zoe')),
    options: {
      policy: { ...defaultPolicy, enrolmentAccount: 'refuse' },
      facts: { accounts: new Map([[keyOf('@zoe').keyid, '@mallory' as KeyOwner]]) },
    },
    says: [['refuse', 'root', 'brought by @mallory']],
  },
  {
    when: 'the forge does not know whose account a key came from, and the policy asks',
    do: e => (joins(e), void e.sign('root', '@zoe')),
    options: { policy: { ...defaultPolicy, enrolmentAccount: 'refuse' }, facts: { accounts: new Map() } },
    says: [['refuse', 'root', 'which account brought the key of @zoe is not known']],
  },
  {
    when: 'the forge knows of another key alone, and the policy asks',
    do: e => (joins(e), void e.sign('root', '@zoe')),
    options: {
      policy: { ...defaultPolicy, enrolmentAccount: 'refuse' },
      facts: { accounts: new Map([[keyOf('@alice').keyid, '@zoe' as KeyOwner]]) },
    },
    says: [['refuse', 'root', 'which account brought the key of @zoe is not known']],
  },
  {
    when: "there is no forge to ask, as on a person's machine, and the policy asks",
    do: e => (joins(e), void e.sign('root', '@zoe')),
    options: { policy: { ...defaultPolicy, enrolmentAccount: 'refuse' } },
    says: [['await', 'root', "the key of @zoe is for the forge's automation to judge"]],
  },
  {
    when: "a key joins from its owner's account, and the policy asks",
    do: e => (joins(e), void e.sign('root', '@zoe')),
    options: {
      policy: { ...defaultPolicy, enrolmentAccount: 'refuse' },
      facts: { accounts: new Map([[keyOf('@zoe').keyid, '@zoe' as KeyOwner]]) },
    },
    says: [],
  },
  {
    when: 'the key that joins has signed',
    do: e => (joins(e), void e.sign('root', '@alice', '@bob', '@zoe')),
    says: [],
  },
  {
    when: 'the key that joins has signed something else',
    do: e => {
      joins(e);
      e.sign('root', '@alice', '@zoe').rewrite('root', ({ signed }) =>
        Object.assign(signed, { 'x-note': 'more' }),
      );
    },
    says: [['await', 'root', '@zoe']],
  },
  {
    when: 'somebody changes to a new key',
    do: e => void e.rootRole('root', ['@alice#2', '@bob', '@carol'], 2).sign('root', '@alice', '@bob'),
    says: [['await', 'root', '@alice']],
  },
  {
    when: 'a key joins a role that it does not sign in this event',
    do: e =>
      void e.delegate('dev', { signers: ['@dave', '@erin', '@gina'], threshold: 2 }).signAll('targets'),
    says: [['await', 'dev', '@gina']],
  },
  {
    when: 'a key that signs root joins targets as well',
    do: e => void e.rootRole('targets', ['@alice', '@zoe'], 1),
    says: [['await', 'targets', '@zoe']],
  },
  {
    when: 'a key gets another tag, and thus keyid',
    do: e =>
      void e.edit('targets', ({ delegations }) => {
        const dave = keyOf('@dave').keyid;
        const tagged = { ...keyOf('@dave').raw, 'x-note': 'tagged' };
        delete delegations.keys[dave];
        delegations.keys['ab'.repeat(32)] = tagged;
        for (const role of delegations.roles)
          role.keyids = role.keyids.map(id => (id === dave ? 'ab'.repeat(32) : id));
      }),
    says: [],
  },
  {
    when: "an automation's key joins a delegated role, whoever brought it",
    do: e => void e.delegate('dev', { signers: ['@dave', '@erin', 'ci'], threshold: 2 }),
    options: { facts: { accounts: new Map([[keyOf('ci').keyid, '@dave' as KeyOwner]]) } },
    says: [['await', 'dev', 'file:ci (key']],
  },
  {
    when: 'a key joins a role that has no file yet',
    do: e => void e.delegate('ops', { signers: ['@gina'] }).remove('metadata/ops.json'),
    says: [['await', 'ops', '@gina']],
  },
  {
    when: 'the online key is replaced',
    do: e => void e.rootRole('snapshot', ['cloud']).rootRole('timestamp', ['cloud']),
    says: [],
  },
  {
    when: 'a repository begins: all keys join',
    main: () =>
      standard()
        .remove(...standard().files.keys())
        .fork(),
    do: e => {
      for (const [path, { bytes }] of standard().fork().unsign('root', '@carol').files) e.write(path, bytes);
    },
    says: [['await', 'root', '@carol']],
  },
]);
