import { initialEvent, TestRepository } from '../../support/tree-builder.ts';
import { ruleTable, standard } from './rule-table.ts';

const first = (
  signers: readonly string[],
  threshold: number,
): { main: () => TestRepository } & {
  do: (event: TestRepository) => void;
} => ({
  main: () => new TestRepository(),
  do: e => {
    for (const [path, { bytes }] of initialEvent({ signers, threshold }).files) e.write(path, bytes);
  },
});
const narrow = (): TestRepository =>
  standard()
    .delegate('dev', { signers: ['@dave', '@erin'] })
    .signAll('targets', 'dev')
    .onlineSign()
    .fork();

ruleTable('margin', [
  {
    when: 'a threshold takes in every key',
    do: e => void e.delegate('dev', { signers: ['@dave', '@erin'], threshold: 2 }),
    says: [['warn', 'dev', 'needs each one of its 2 keys', 'until targets names another']],
  },
  {
    when: 'a role has one key',
    do: e => void e.delegate('dev', { signers: ['@dave'] }),
    says: [['warn', 'dev', 'has a single key', 'nobody could sign it']],
  },
  {
    when: "root's threshold takes in every key",
    do: e => void e.rootRole('root', ['@alice', '@bob', '@carol'], 3),
    says: [['warn', 'root', 'each one of its 3 keys', 'no next root, ever']],
  },
  {
    when: 'one public key stands under two owners: it is one key to lose',
    do: e =>
      void e.delegate('dev', { signers: ['@dave', '@erin', '@frank'], threshold: 2 }).edit('targets', s => {
        const [dave, erin] = s.delegations.roles[0]?.keyids ?? [];
        const key = s.delegations.keys[dave ?? ''] ?? {};
        s.delegations.keys[erin ?? ''] = { ...key, 'x-tuf-on-ci-keyowner': '@erin' };
        s.delegations.roles[0]?.keyids.reverse();
      }),
    says: [['warn', 'dev', 'each one of its 2 keys']],
  },
  {
    when: 'the first event of all has one signer',
    ...first(['@alice'], 1),
    says: [
      ['warn', 'root', 'a single key'],
      ['warn', 'targets', 'a single key'],
    ],
  },
  { when: 'the first event of all has one to spare', ...first(['@alice', '@bob'], 1), says: [] },
  {
    when: 'a key may be lost',
    do: e => void e.delegate('dev', { signers: ['@dave', '@erin'], threshold: 1 }),
    says: [],
  },
  {
    when: 'the delegation was like that before and the event changes something else',
    main: narrow,
    do: e => void e.edit('dev').edit('targets'),
    says: [],
  },
  {
    when: 'the delegation was like that before and another signer takes over',
    main: narrow,
    do: e => void e.delegate('dev', { signers: ['@dave', '@gina'] }),
    says: [['warn', 'dev', 'each one of its 2 keys']],
  },
  {
    when: 'an open invitation will widen the quorum',
    do: e => void e.delegate('dev', { signers: ['@dave', '@erin'] }).invite({ '@gina': ['dev'] }),
    says: [],
  },
  {
    when: 'an open invitation is to another role',
    do: e => void e.delegate('dev', { signers: ['@dave', '@erin'] }).invite({ '@gina': ['targets'] }),
    says: [['warn', 'dev', 'each one of its 2 keys']],
  },
  {
    when: 'the automation signs it',
    do: e => void e.delegate('dev', { signers: ['robot'] }).rootRole('snapshot', ['robot']),
    says: [],
  },
  {
    when: 'the threshold is out of reach, which is another rule’s',
    do: e => void e.delegate('dev', { signers: ['@dave'], threshold: 2 }),
    says: [],
  },
]);
