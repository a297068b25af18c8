import { createHash } from 'node:crypto';
import type { TestRepository, WireList } from '../../support/tree-builder.ts';
import { ruleTable, standard } from './rule-table.ts';

const list =
  (role: 'snapshot' | 'timestamp', change: (signed: WireList) => void) =>
  (event: TestRepository): void =>
    void event.rewrite<WireList>(role, ({ signed }) => change(signed)).signAll('snapshot', 'timestamp');

const digest = (algorithm: string, event: TestRepository): string =>
  createHash(algorithm).update(event.bytes('metadata/dev.json')).digest('hex');

ruleTable('online', [
  { when: 'root changes and both online roles keep one key', do: e => void e.edit('root'), says: [] },
  {
    when: 'the online key is replaced for both',
    do: e => void e.rootRole('snapshot', ['cloud']).rootRole('timestamp', ['cloud']),
    says: [],
  },
  {
    when: 'snapshot and timestamp get different keys',
    do: e => void e.rootRole('snapshot', ['cloud']),
    says: [['refuse', 'root', 'share keys and threshold']],
  },
  {
    when: 'timestamp gets one key more',
    do: e => void e.rootRole('timestamp', ['online', 'cloud'], 1),
    says: [['refuse', 'root', 'share keys']],
  },
  {
    when: 'they have other thresholds',
    do: e =>
      void e.rootRole('snapshot', ['online', 'cloud'], 1).rootRole('timestamp', ['online', 'cloud'], 2),
    says: [['refuse', 'root', 'share keys and threshold']],
  },
  {
    when: 'an event signs snapshot and timestamp anew',
    do: e => void e.onlineSign(),
    says: [
      ['refuse', 'snapshot', 'metadata/snapshot.json was touched'],
      ['refuse', 'timestamp', 'metadata/timestamp.json was touched'],
    ],
  },
  {
    when: 'an event removes the timestamp',
    do: e => void e.remove('metadata/timestamp.json'),
    says: [['refuse', 'timestamp', 'metadata/timestamp.json was touched']],
  },
  {
    when: "an event changes the snapshot's mode",
    do: e => void e.chmod('metadata/snapshot.json', '100755'),
    says: [['refuse', 'snapshot', 'touched']],
  },
  {
    when: 'there was no online signing yet and the event brings one',
    main: () => standard().remove('metadata/snapshot.json', 'metadata/timestamp.json').fork(),
    do: e => void e.onlineSign(),
    says: [
      ['refuse', 'snapshot', 'touched'],
      ['refuse', 'timestamp', 'touched'],
    ],
  },
  {
    when: 'there was no online signing yet',
    main: () => standard().remove('metadata/snapshot.json', 'metadata/timestamp.json').fork(),
    do: e => void e.edit('root'),
    says: [],
  },
  {
    when: 'snapshot is stale and an event stands on it',
    do: e => void e.edit('dev').signAll('dev'),
    as: 'known-good',
    says: [],
  },
  { when: 'what is published hangs together', as: 'publish', says: [] },
  {
    when: 'both online keys are listed, in another order',
    do: e =>
      void e.rootRole('snapshot', ['online', 'cloud'], 1).rootRole('timestamp', ['cloud', 'online'], 1),
    says: [],
  },
  {
    when: 'both have as many keys, and not the same',
    do: e => void e.rootRole('snapshot', ['online', 'cloud'], 1).rootRole('timestamp', ['online', 'else'], 1),
    says: [['refuse', 'root', 'share keys']],
  },
  {
    when: 'main has different keys and root does not change',
    main: () => standard().rootRole('snapshot', ['cloud']).signAll('root').fork(),
    do: e => void e.edit('dev'),
    options: { given: true },
    says: [],
  },
  {
    when: 'main has different keys, as a repository that was imported may',
    do: e => void e.rootRole('snapshot', ['cloud']),
    as: 'known-good',
    says: [['warn', 'root', 'share keys']],
  },
  {
    when: 'what is published has different keys',
    do: e => void e.rootRole('snapshot', ['cloud']).signAll('root').onlineSign(),
    as: 'publish',
    says: [['refuse', 'root', 'share keys']],
  },
  {
    when: 'main has different keys and a root that is signed anew keeps them',
    main: () => standard().rootRole('snapshot', ['cloud']).signAll('root').fork(),
    do: e => void e.edit('root'),
    options: { given: true },
    says: [['refuse', 'root', 'share keys']],
  },
  {
    when: "there is no root, which is rule schema's",
    do: e => void e.remove('metadata/root.json'),
    as: 'known-good',
    says: [],
  },
  {
    when: 'what is published has no snapshot',
    do: e => void e.remove('metadata/snapshot.json'),
    as: 'publish',
    says: [['refuse', 'snapshot', 'metadata/snapshot.json is missing: run online signing']],
  },
  {
    when: 'what is published has two documents of the wrong kind for snapshot and timestamp',
    do: e =>
      void e
        .write('metadata/snapshot.json', e.bytes('metadata/targets.json'))
        .write('metadata/timestamp.json', e.bytes('metadata/targets.json')),
    as: 'publish',
    says: [
      ['refuse', 'snapshot', 'no valid online signature'],
      ['refuse', 'timestamp', 'no valid online signature'],
    ],
  },
  {
    when: 'snapshot covers a role that has no file',
    do: e => void e.remove('metadata/dev.json'),
    as: 'publish',
    says: [],
  },
  {
    when: 'what is published has no timestamp',
    do: e => void e.remove('metadata/timestamp.json'),
    as: 'publish',
    says: [['refuse', 'timestamp', 'metadata/timestamp.json is missing: run online signing']],
  },
  {
    when: 'snapshot is signed by a stranger',
    do: e => void e.unsign('snapshot', 'online').sign('snapshot', 'cloud'),
    as: 'publish',
    says: [['refuse', 'snapshot', 'no valid online signature']],
  },
  {
    when: 'snapshot is behind',
    do: e => void e.edit('dev').signAll('dev'),
    as: 'publish',
    says: [['refuse', 'snapshot', 'lists dev.json in version 1 while it is 2']],
  },
  {
    when: 'snapshot does not list a role',
    do: list('snapshot', ({ meta }) => delete meta['dev.json']),
    as: 'publish',
    says: [['refuse', 'snapshot', 'does not list dev.json']],
  },
  {
    when: 'timestamp lists an older snapshot',
    do: list('snapshot', signed => void signed.version++),
    as: 'publish',
    says: [['refuse', 'timestamp', 'lists snapshot.json in version 1 while it is 2']],
  },
  {
    when: 'timestamp does not list the snapshot',
    do: list('timestamp', signed => void (signed.meta = {})),
    as: 'publish',
    says: [['refuse', 'timestamp', 'does not list snapshot.json']],
  },
  {
    when: 'snapshot keeps the entry of a role that was removed',
    do: list('snapshot', ({ meta }) => void (meta['gone.json'] = { version: 3 })),
    as: 'publish',
    says: [],
  },
  {
    when: 'snapshot states the right length and hashes',
    do: e =>
      list('snapshot', ({ meta }) => {
        const { length } = e.bytes('metadata/dev.json');
        const hashes = { sha256: digest('sha256', e), sha512: digest('sha512', e) };
        meta['dev.json'] = { version: 1, length, hashes };
      })(e),
    as: 'publish',
    says: [],
  },
  {
    when: 'snapshot states a length too small',
    do: list('snapshot', ({ meta }) => void (meta['dev.json'] = { version: 1, length: 5 })),
    as: 'publish',
    says: [['refuse', 'snapshot', 'lists dev.json with 5 bytes']],
  },
  {
    when: 'snapshot states a length too large, which clients do not take either',
    do: list('snapshot', ({ meta }) => void (meta['dev.json'] = { version: 1, length: 500_000 })),
    as: 'publish',
    says: [['refuse', 'snapshot', 'lists dev.json with 500000 bytes']],
  },
  ...['sha256', 'sha512'].map(algorithm => ({
    when: `snapshot states another ${algorithm}`,
    do: list(
      'snapshot',
      ({ meta }) => void (meta['dev.json'] = { version: 1, hashes: { [algorithm]: 'ab' } }),
    ),
    as: 'publish' as const,
    says: [['refuse', 'snapshot', `lists dev.json with another ${algorithm}`] as const],
  })),
]);

ruleTable('consistent-snapshot', [
  { when: 'there is no root', do: e => void e.remove('metadata/root.json'), as: 'publish', says: [] },
  { when: 'it is true', do: e => void e.edit('root'), says: [] },
  {
    when: 'it is false',
    do: e => void e.edit('root', s => void (s.consistent_snapshot = false)),
    says: [['refuse', 'root', 'consistent_snapshot is "false"']],
  },
  {
    when: 'it is missing',
    do: e => void e.edit('root', s => void delete s.consistent_snapshot),
    says: [['refuse', 'root', 'consistent_snapshot is "undefined"']],
  },
  {
    when: 'it is false on main and root does not change',
    main: () =>
      standard()
        .edit('root', s => void (s.consistent_snapshot = false))
        .signAll('root')
        .fork(),
    do: e => void e.edit('dev'),
    says: [],
  },
  {
    when: 'it is false on main, as in a repository that was imported',
    do: e => void e.edit('root', s => void (s.consistent_snapshot = false)),
    as: 'known-good',
    says: [['warn', 'root', 'has to be true']],
  },
  {
    when: 'it is false where it is to be published',
    do: e => void e.edit('root', s => void (s.consistent_snapshot = false)),
    as: 'publish',
    says: [['refuse', 'root', 'has to be true']],
  },
  {
    when: 'it is false on main and a root that is signed anew leaves it so',
    main: () =>
      standard()
        .edit('root', s => void (s.consistent_snapshot = false))
        .signAll('root')
        .fork(),
    do: e => void e.edit('root'),
    says: [['refuse', 'root', 'has to be true']],
  },
]);
