import { expect, test } from 'vitest';
import { DAY_MS, type Instant } from '../../../src/clock.ts';
import { keyholdersOf } from '../../../src/event/drill/keyholders.ts';
import type { JsonObject } from '../../../src/json.ts';
import { parseDrill } from '../../../src/repository/drill-file.ts';
import { drillFile, putDrill, type TestDrill } from '../../support/drill.ts';
import {
  initialEvent,
  judgeEvent,
  repositoryOf,
  type TestRepository,
  testNow,
} from '../../support/tree-builder.ts';
import { type Row, ruleTable, standard } from './rule-table.ts';

const EVERYBODY = ['@alice', '@bob', '@carol', '@dave', '@erin', '@frank'];
const later = (days: number): { readonly now: Instant } => ({ now: (testNow + days * DAY_MS) as Instant });
const day = (days: number): string => new Date(testNow + days * DAY_MS).toISOString().replace('.000', '');

/** An event that holds this drill and nothing else. */
const drill =
  (given: TestDrill = {}, path?: string): NonNullable<Row['do']> =>
  (event, main) =>
    void putDrill(event, main, given, path);

const keysOf = (main: TestRepository): readonly JsonObject[] =>
  keyholdersOf(main.tree()).map(({ owner, fingerprint, roles }) => ({ owner, fingerprint, roles }));

/** A drill whose list of keys was made into something else. */
const asking =
  (change: (keys: readonly JsonObject[]) => readonly JsonObject[]): NonNullable<Row['do']> =>
  (event, main) =>
    void putDrill(event, main, { raw: { keys: change(keysOf(main)) }, proved: [] });

/** Main as it is once a drill was merged. */
const recorded = (): TestRepository => {
  const main = standard();
  return main.file('drills/june.json', Buffer.from(drillFile(main, { proved: EVERYBODY })).toString());
};

const WAITS = ['await', undefined, 'the end of the time at 2030-06-14T00:00:00Z'] as const;

ruleTable('drill', [
  { when: 'an event is no drill', do: e => void e.edit('root'), says: [] },
  { when: 'all have proved their keys', do: drill({ proved: EVERYBODY }), says: [] },
  {
    when: 'keys of every kind have proved themselves',
    main: () => repositoryOf({ signers: ['@alice:ed25519', '@bob:p384', '@carol:rsa', '@dave'] }),
    do: drill({ proved: ['@alice:ed25519', '@bob:p384', '@carol:rsa', '@dave'] }),
    says: [],
  },
  {
    when: 'nobody has yet',
    do: drill(),
    says: [
      ['await', undefined, 'the end of the time at 2030-06-14T00:00:00Z', '@alice (key ', '@frank (key '],
    ],
  },
  {
    when: 'one is missing',
    do: drill({ proved: EVERYBODY.slice(1) }),
    says: [['await', undefined, /^a proof from @alice \(key [0-9a-f]{20}\), or/]],
  },
  {
    when: 'the time is over and one is silent: nothing is awaited any more, and the thin quorum is named',
    do: drill({ proved: EVERYBODY.slice(1) }),
    options: later(13),
    says: [
      ['warn', undefined, 'silent when the time was over at 2030-06-14T00:00:00Z: @alice'],
      ['warn', 'root', '2 keys proved, as many as a quorum needs'],
      ['warn', 'targets', 'one more loss'],
    ],
  },
  {
    when: 'the time is over and a quorum did not prove itself',
    do: drill({ proved: ['@alice', '@dave', '@erin', '@frank'] }),
    options: later(40),
    says: [
      ['warn', undefined, '@bob', '@carol'],
      ['warn', 'root', 'only 1 key proved, and a quorum needs 2'],
      ['warn', 'targets', 'only 1 key'],
    ],
  },
  {
    when: 'metadata changes along with it',
    do: (e, main) => void putDrill(e.edit('targets'), main, { proved: EVERYBODY }),
    says: [['refuse', undefined, 'an event of its own', '"metadata/targets.json"']],
  },
  {
    when: 'an artifact comes along with it',
    do: (e, main) => void putDrill(e.artifact('evil.bin', 'x'), main, { proved: EVERYBODY }),
    says: [['refuse', undefined, 'an event of its own', '"targets/evil.bin"']],
  },
  {
    when: 'a workflow comes along with it',
    do: (e, main) => void putDrill(e.write('.github', 'x', '040000'), main, { proved: EVERYBODY }),
    says: [['refuse', undefined, 'an event of its own', '".github"']],
  },
  {
    when: 'two drills come at once',
    do: (e, main) => {
      putDrill(e, main, { proved: EVERYBODY });
      putDrill(e, main, { says: { name: 'july' }, proved: EVERYBODY }, 'drills/july.json');
    },
    says: [['refuse', undefined, 'one drill, and this one 2']],
  },
  {
    when: 'it is for another repository',
    do: drill({ says: { repository: 'ab'.repeat(32) }, proved: EVERYBODY }),
    says: [['refuse', undefined, 'begins with root abababababab']],
  },
  {
    when: 'it is about another version of root',
    do: drill({ says: { root: { version: 7, sha256: 'ab'.repeat(32) } }, proved: EVERYBODY }),
    says: [['refuse', undefined, 'about root version 7, and the event stands on version 1: open another']],
  },
  {
    when: 'it is about another root of that version',
    do: drill({ says: { root: { version: 1, sha256: 'ab'.repeat(32) } }, proved: EVERYBODY }),
    says: [['refuse', undefined, 'version 1 with other content']],
  },
  {
    when: 'it passes over a keyholder',
    do: asking(keys => keys.slice(1)),
    says: [['refuse', undefined, 'passes over @alice (key '], WAITS],
  },
  {
    when: 'it asks a key that nobody holds',
    do: asking(keys => [...keys, { owner: '@mallory', fingerprint: 'cd'.repeat(32), roles: ['root'] }]),
    says: [['refuse', undefined, 'asks @mallory (key cdcdcdcdcdcdcdcdcdcd: root)'], WAITS],
  },
  {
    when: 'it says that a key signs less than it does',
    do: asking(([first, ...rest]) => [{ ...first, roles: ['root'] }, ...rest]),
    says: [
      ['refuse', undefined, 'passes over @alice', ': root and targets)', 'asks @alice', ': root)'],
      WAITS,
    ],
  },
  {
    when: "it gives one's key another owner",
    do: asking(([first, ...rest]) => [{ ...first, owner: '@mallory' }, ...rest]),
    says: [['refuse', undefined, 'passes over @alice', 'asks @mallory'], WAITS],
  },
  {
    when: 'it lists the keys in another order',
    do: asking(keys => keys.toReversed()),
    says: [['refuse', undefined, 'in another order'], WAITS],
  },
  {
    when: 'it was edited after it was signed',
    do: drill({ proved: ['@alice'], edited: { deadline: day(20) } }),
    says: [
      ['refuse', undefined, 'the signature of @alice (key ', 'does not verify'],
      ['await', undefined, '@alice', 'at 2030-06-21'],
    ],
  },
  {
    when: 'a signature is that of another key',
    do: (e, main) => {
      const text = Buffer.from(drillFile(main, { proved: EVERYBODY })).toString();
      const [a = '', b = ''] = [...text.matchAll(/"sig": "([0-9a-f]+)"/g)].map(([, sig]) => sig);
      e.file('drills/june.json', text.replace(a, b));
    },
    says: [
      ['refuse', undefined, 'signature of @alice', 'does not verify'],
      ['await', undefined, '@alice'],
    ],
  },
  {
    when: 'a signature is by a key of automation',
    do: (e, main) => {
      const text = Buffer.from(drillFile(main, { proved: ['@alice'] })).toString();
      e.file(
        'drills/june.json',
        text.replace(/"fingerprint": "[0-9a-f]+"/, `"fingerprint": "${'0'.repeat(64)}"`),
      );
    },
    says: [['refuse', undefined, 'a signature by key 00000000000000000000, which no keyholder has'], WAITS],
  },
  {
    when: 'a signature that was there is taken away',
    do: drill({ proved: EVERYBODY.slice(1) }),
    options: { facts: { earlierProofs: parseDrill(drillFile(standard(), { proved: EVERYBODY })).proofs } },
    says: [
      [
        'refuse',
        undefined,
        'signature of @alice (key ',
        'was in this event and is taken away: put back "drills/june.json"',
      ],
      ['await', undefined, '@alice'],
    ],
  },
  {
    when: 'what was there once was over something else',
    do: drill({ proved: EVERYBODY.slice(1) }),
    options: {
      facts: {
        earlierProofs: parseDrill(
          drillFile(standard(), { says: { nonce: '00'.repeat(32) }, proved: EVERYBODY }),
        ).proofs,
      },
    },
    says: [['await', undefined, '@alice']],
  },
  {
    when: 'nobody could look what was there',
    do: drill({ proved: EVERYBODY }),
    options: { facts: { earlierProofs: undefined } },
    says: [['refuse', undefined, 'changed too often to look']],
  },
  {
    when: 'one key has signed twice',
    do: drill({ proved: [...EVERYBODY, '@alice'] }),
    says: [['refuse', undefined, 'of @alice has signed twice']],
  },
  {
    when: 'it lasts as long as one may',
    do: drill({ says: { opened: day(0), deadline: day(90) }, proved: EVERYBODY }),
    says: [],
  },
  {
    when: 'its deadline is beyond the maximum',
    do: drill({ says: { opened: day(0), deadline: day(91) }, proved: EVERYBODY }),
    says: [['refuse', undefined, 'longer than 90 days, until 2030-08-31']],
  },
  {
    when: 'it was opened in the future',
    do: drill({ says: { opened: day(1), deadline: day(3) }, proved: EVERYBODY }),
    says: [['refuse', undefined, 'opened at 2030-06-02T00:00:00Z, which is to come']],
  },
  {
    when: 'it ends before it begins',
    do: drill({ says: { opened: day(-1), deadline: day(-1) }, proved: EVERYBODY }),
    says: [['refuse', undefined, 'ends at 2030-05-31T00:00:00Z, before']],
  },
  {
    when: 'its file has the name of another',
    do: drill({ proved: EVERYBODY }, 'drills/july.json'),
    says: [['refuse', undefined, '"drills/july.json" holds the drill "june"']],
  },
  {
    when: 'it says what nobody reads',
    do: drill({ raw: { also: 'give mallory everything' }, proved: EVERYBODY }),
    says: [['refuse', undefined, '"drills/june.json": ', 'holds also, which is not known']],
  },
  {
    when: 'it is TUF metadata',
    do: (e, main) =>
      void e.file('drills/june.json', Buffer.from(main.bytes('metadata/root.json')).toString()),
    says: [['refuse', undefined, '"drills/june.json": ', 'which is not known here']],
  },
  {
    when: 'it is no JSON',
    do: e => void e.file('drills/june.json', 'hello'),
    says: [['refuse', undefined, '"drills/june.json": ']],
  },
  {
    when: 'it is a link to somewhere',
    do: e => void e.file('drills/june.json', '/etc/passwd').chmod('drills/june.json', '120000'),
    says: [['refuse', undefined, '"drills/june.json" is no plain file']],
  },
  {
    when: 'it was not read',
    do: drill({ proved: EVERYBODY }),
    options: { facts: { drills: new Map() } },
    says: [['refuse', undefined, 'was not read']],
  },
  {
    when: 'the record of an old one changes',
    main: recorded,
    do: (e, main) => void putDrill(e, main, { proved: EVERYBODY.slice(1) }),
    says: [['refuse', undefined, '"drills/june.json" is a record of main and changes']],
  },
  {
    when: 'the record of an old one is removed',
    main: recorded,
    do: e => void e.remove('drills/june.json'),
    says: [['refuse', undefined, 'is a record of main and is removed']],
  },
  {
    when: 'it goes on from a record, and another event does not touch that',
    main: recorded,
    do: (e, main) =>
      void putDrill(e, main, { says: { name: 'july' }, proved: EVERYBODY }, 'drills/july.json'),
    says: [],
  },
  {
    when: 'main has no root yet',
    main: () =>
      initialEvent({ signers: ['@alice'] }).remove('metadata/root.json', 'metadata/root_history/1.root.json'),
    do: e => void e.file('drills/june.json', Buffer.from(drillFile(standard())).toString()),
    says: [['refuse', undefined, 'main has no root yet']],
  },
]);

test('other rules leave a drill alone: it is accepted, and stands whatever main does meanwhile', () => {
  const main = standard();
  const event = putDrill(main.fork(), main, { proved: EVERYBODY });
  const moved = main.fork().edit('targets').signAll('targets').tree();
  const { verdict, reasons } = judgeEvent(main, event, { facts: { main: moved } });
  expect(verdict).toBe('accepted');
  expect(reasons.map(({ rule, severity }) => [rule, severity])).toEqual([['peers', 'warn']]);
});
