import { judgeTree, keyOf, repositoryOf, type TestRepository } from '../../support/tree-builder.ts';
import { ruleTable, standard } from './rule-table.ts';

const handOver = (event: TestRepository): void => void event.rootRole('root', ['@zoe', '@yves'], 2);
const id = (name: string): string => keyOf(name).keyid.slice(0, 12);

const history = judgeTree('publish', standard()).context.facts.history;

ruleTable('root-quorum', [
  { when: 'both quorums have signed', do: e => void e.edit('root').sign('root', '@alice', '@bob'), says: [] },
  { when: 'root does not change', do: e => void e.edit('dev'), says: [] },
  {
    when: 'nobody has signed',
    do: e => void e.edit('root'),
    says: [
      ['await', 'root', "0 of 2 signatures of main's root", '@alice, @bob and @carol'],
      ['await', 'root', '0 of 2 signatures of the new root'],
    ],
  },
  {
    when: 'only the new signers have signed',
    do: e => (handOver(e), void e.sign('root', '@zoe', '@yves')),
    says: [['await', 'root', "0 of 2 signatures of main's root; can sign: @alice, @bob and @carol"]],
  },
  {
    when: 'only the old signers have signed',
    do: e => (handOver(e), void e.sign('root', '@alice', '@bob')),
    says: [['await', 'root', '0 of 2 signatures of the new root; can sign: @zoe and @yves']],
  },
  {
    when: 'all keys are replaced at once and both quorums have signed',
    do: e => (handOver(e), void e.sign('root', '@alice', '@carol', '@zoe', '@yves')),
    says: [],
  },
  {
    when: 'the old threshold is needed although the new one is lower',
    do: e => void e.rootRole('root', ['@alice', '@bob'], 1).sign('root', '@alice'),
    says: [['await', 'root', "1 of 2 signatures of main's root", '@bob and @carol']],
  },
  {
    when: 'one key signs under two keyids',
    do: e =>
      void e
        .edit('root', s => {
          const twin = { ...keyOf('@alice').raw, 'x-tuf-on-ci-keyowner': '@bob' };
          s.keys[keyOf('@bob').keyid] = twin;
        })
        .sign('root', '@alice')
        .rewrite('root', d =>
          d.signatures.push({ keyid: keyOf('@bob').keyid, sig: d.signatures[0]?.sig ?? '' }),
        ),
    says: [
      ['await', 'root', "1 of 2 signatures of main's root"],
      ['await', 'root', '1 of 2 signatures of the new root'],
    ],
  },
  {
    when: 'a signature stands twice',
    do: e =>
      void e
        .edit('root')
        .sign('root', '@alice', '@bob')
        .rewrite('root', d => d.signatures.push(...d.signatures.slice(0, 1))),
    says: [
      ['await', 'root', '1 of 2'],
      ['await', 'root', '1 of 2'],
    ],
  },
  {
    when: 'the first root of all is signed by its own quorum only',
    main: () =>
      standard()
        .remove(...standard().files.keys())
        .fork(),
    do: e => {
      for (const [path, { bytes }] of standard().files) e.write(path, bytes);
    },
    says: [],
  },
  {
    when: "main's root can not be read and the event brings a new one",
    main: () => standard().write('metadata/root.json', '{}').fork(),
    do: e => void e.write('metadata/root.json', standard().bytes('metadata/root.json')),
    options: { given: true },
    says: [['refuse', 'root', "main's root can not be read"]],
  },
  { when: 'the whole chain is there', as: 'publish', says: [] },
  {
    when: 'the chain was not read',
    do: e => void e.edit('root').signAll('root'),
    as: 'publish',
    options: { facts: { history: new Map() } },
    says: [['refuse', 'root', 'root_history/1.root.json was not read']],
  },
  {
    when: 'the chain was read in part',
    do: e => void e.edit('root').signAll('root'),
    as: 'publish',
    options: { facts: { history } },
    says: [['refuse', 'root', 'root_history/2.root.json was not read']],
  },
  {
    when: 'a root of the chain is not signed by the one before it',
    do: e => (handOver(e), void e.sign('root', '@zoe', '@yves')),
    as: 'publish',
    says: [['refuse', 'root', 'root version 2 is not signed by the quorum of version 1']],
  },
  {
    when: 'a root of the chain is not signed by itself',
    do: e => (handOver(e), void e.sign('root', '@alice', '@bob')),
    as: 'publish',
    says: [['refuse', 'root', 'root version 2 is not signed by its own quorum']],
  },
  {
    when: 'a root of the chain says another version',
    do: e => void e.write('metadata/root_history/2.root.json', e.bytes('metadata/root.json')),
    as: 'publish',
    says: [['refuse', 'root', 'root_history/2.root.json says that it is version 1']],
  },
  {
    when: 'a root of the chain is not readable',
    do: e => void e.write('metadata/root_history/2.root.json', '{'),
    as: 'publish',
    says: [['refuse', 'root', 'root_history/2.root.json', 'JSON']],
  },
]);

ruleTable('role-quorum', [
  {
    when: 'a changed role has its quorum',
    do: e => void e.edit('dev').sign('dev', '@dave', '@frank'),
    says: [],
  },
  { when: "a changed root is rule root-quorum's", do: e => void e.edit('root'), says: [] },
  {
    when: "snapshot is rule online's",
    do: e => void e.unsign('snapshot', 'online'),
    as: 'known-good',
    says: [],
  },
  {
    when: 'a changed role has one of two',
    do: e => void e.edit('dev').sign('dev', '@dave'),
    says: [['await', 'dev', '1 of 2 signatures; can sign: @erin and @frank']],
  },
  {
    when: "a stranger's signature is added",
    do: e => void e.edit('dev').sign('dev', '@dave', '@mallory'),
    says: [['await', 'dev', '1 of 2 signatures']],
  },
  {
    when: "root's signers sign a role that is not theirs",
    do: e => void e.edit('dev').sign('dev', '@alice', '@bob', '@carol'),
    says: [['await', 'dev', '0 of 2 signatures']],
  },
  {
    when: 'a signature was made over other bytes',
    do: e =>
      void e
        .edit('dev')
        .sign('dev', '@dave', '@erin')
        .rewrite('dev', ({ signed }) => Object.assign(signed, { 'x-note': 'later' })),
    says: [['await', 'dev', '0 of 2 signatures; can sign: @dave, @erin and @frank']],
  },
  {
    when: 'signatures are moved from another role',
    do: e => {
      const { signatures } = e.document('targets');
      e.edit('dev').rewrite('dev', d => d.signatures.push(...signatures));
    },
    says: [['await', 'dev', '0 of 2']],
  },
  {
    when: 'a delegation change orphans a role that did not change',
    do: e => void e.delegate('dev', { signers: ['@gina', '@hugo'] }).signAll('targets'),
    says: [
      ['await', 'dev', '0 of 2 signatures; can sign: @gina and @hugo, as its keys or threshold changed'],
    ],
  },
  {
    when: 'a root change orphans targets',
    do: e => void e.rootRole('targets', ['@gina'], 1).signAll('root'),
    says: [['await', 'targets', '0 of 1 signature; can sign: @gina, as its keys']],
  },
  {
    when: 'a threshold is raised beyond the signatures that are there',
    main: () =>
      repositoryOf({ signers: ['@alice'], roles: { dev: { signers: ['@dave', '@erin'], threshold: 1 } } })
        .fork()
        .unsign('dev', '@erin')
        .fork(),
    do: e => void e.delegate('dev', { signers: ['@dave', '@erin'] }).signAll('targets'),
    says: [['await', 'dev', '1 of 2 signatures; can sign: @erin, as its keys or threshold changed']],
  },
  {
    when: 'a signature is dropped from a role of main',
    do: e => void e.unsign('targets', '@alice', '@bob'),
    says: [['await', 'targets', '1 of 2 signatures']],
  },
  {
    when: 'main lacks a signature',
    do: e => void e.unsign('dev', '@dave', '@erin'),
    as: 'known-good',
    says: [['refuse', 'dev', '1 of 2 signatures']],
  },
  {
    when: 'what is to be published lacks a signature',
    do: e => void e.unsign('root', '@alice', '@bob'),
    as: 'publish',
    says: [['refuse', 'root', '1 of 2 signatures']],
  },
  {
    when: 'a role of main can not be read and the event leaves it',
    main: () => standard().write('metadata/dev.json', '[]').fork(),
    do: e => void e.edit('targets').signAll('targets'),
    options: { given: true },
    says: [['refuse', 'dev', 'metadata/dev.json, as on main, can not be read']],
  },
]);

ruleTable('signature-ids', [
  { when: 'each signer has signed once', do: e => void e.edit('dev').signAll('dev'), says: [] },
  {
    when: 'placeholders stand for those who have not signed',
    do: e =>
      void e.edit('dev').rewrite('dev', d => d.signatures.push({ keyid: keyOf('@dave').keyid, sig: '' })),
    says: [],
  },
  {
    when: 'two signatures stand under one keyid',
    do: e =>
      void e
        .edit('dev')
        .sign('dev', '@dave')
        .rewrite('dev', d => d.signatures.push({ keyid: keyOf('@dave').keyid, sig: 'ab' })),
    says: [['refuse', 'dev', `two signatures stand under keyid ${id('@dave')}`]],
  },
  {
    when: 'a placeholder stands beside a signature',
    do: e =>
      void e
        .edit('dev')
        .sign('dev', '@dave')
        .rewrite('dev', d => d.signatures.unshift({ keyid: keyOf('@dave').keyid, sig: '' })),
    says: [['refuse', 'dev', 'two signatures']],
  },
  {
    when: 'a stranger has signed',
    do: e => void e.edit('dev').signAll('dev').sign('dev', '@mallory'),
    says: [['warn', 'dev', id('@mallory'), 'dev has no such key']],
  },
  {
    when: 'a signature is over other bytes',
    do: e =>
      void e
        .edit('dev')
        .sign('dev', '@dave')
        .rewrite('dev', ({ signed }) => void signed.version++),
    says: [['warn', 'dev', 'the signature of @dave was over other bytes', 'they have to sign again']],
  },
  {
    when: 'a signature is no hex',
    do: e =>
      void e.edit('dev').rewrite('dev', d => d.signatures.push({ keyid: keyOf('@dave').keyid, sig: 'yes' })),
    says: [
      ['refuse', 'dev', id('@dave'), 'not in lower-case hex: clients could not read the document'],
      ['warn', 'dev', '@dave'],
    ],
  },
  {
    when: "a stranger's signature is no hex",
    do: e =>
      void e
        .edit('root')
        .signAll('root')
        .rewrite('root', d => d.signatures.push({ keyid: 'ab', sig: 'yes' })),
    says: [['refuse', 'root', '"ab"', 'could not read']],
  },
  {
    when: 'a signature stands under what can be no keyid',
    do: e =>
      void e
        .edit('dev')
        .signAll('dev')
        .rewrite('dev', d => d.signatures.push({ keyid: 'zz', sig: '' })),
    says: [['refuse', 'dev', '"zz"', 'could not read']],
  },
  {
    when: 'a signature of main is no hex',
    do: e => void e.rewrite('dev', d => d.signatures.push({ keyid: 'ab', sig: 'yes' })),
    as: 'known-good',
    says: [['warn', 'dev', '"ab"']],
  },
  {
    when: 'a signature of what is to be published is no hex',
    do: e => void e.rewrite('dev', d => d.signatures.push({ keyid: 'ab', sig: 'yes' })),
    as: 'publish',
    says: [['refuse', 'dev', '"ab"']],
  },
  {
    when: 'former root signers sign the root that replaces them',
    do: e => (handOver(e), void e.sign('root', '@alice', '@bob', '@zoe', '@yves')),
    says: [],
  },
  {
    when: "a former root signer's signature is not one",
    do: e => (
      handOver(e), void e.rewrite('root', d => d.signatures.push({ keyid: keyOf('@alice').keyid, sig: '00' }))
    ),
    says: [['warn', 'root', 'the signature of @alice']],
  },
  {
    when: 'a signature of main is taken away and the content stays',
    do: e => void e.unsign('dev', '@dave'),
    says: [['refuse', 'dev', 'the signature of @dave', 'main has, is gone']],
  },
  {
    when: 'a signature of main is taken away with the key',
    do: e =>
      void e
        .delegate('dev', { signers: ['@erin', '@frank'] })
        .signAll('targets')
        .unsign('dev', '@dave'),
    says: [],
  },
  {
    when: 'something is written beside what is signed',
    do: e => void e.rewrite('dev', d => void Object.assign(d, { note: 'read me' })),
    says: [['refuse', 'dev', 'beside signed and signatures']],
  },
  {
    when: 'a former signer of a delegated role has signed',
    do: e =>
      void e
        .delegate('dev', { signers: ['@gina'] })
        .edit('dev')
        .sign('dev', '@gina', '@dave'),
    says: [['warn', 'dev', id('@dave'), 'counts for nothing']],
  },
]);
