import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/json.ts';
import type { Keyid, RoleName } from '../../src/metadata/names.ts';
import { artifactEdits } from '../../src/repository/artifact-edits.ts';
import {
  attestationsOf,
  liveKeyids,
  neededAttestations,
  roleKeys,
} from '../../src/repository/attestations.ts';
import { delegationGraph } from '../../src/repository/delegators.ts';
import { allDigests, changedDigests } from '../../src/repository/digests.ts';
import {
  hashedName,
  isImmutable,
  isSiteFile,
  publishLayout,
  publishRank,
} from '../../src/repository/layout.ts';
import { withSignatures } from '../../src/repository/signature-edits.ts';
import { documentOf } from '../../src/repository/tree.ts';
import { digestsOf, keyOf, repositoryOf, type TestRepository } from '../support/tree-builder.ts';

const main = (): TestRepository =>
  repositoryOf({
    signers: ['@alice', '@bob'],
    roles: { dev: { signers: ['@dave'] } },
    artifacts: { 'tool.bin': 'tool one', 'dev/app.bin': 'app one' },
  });
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const entry = (text: string): JsonValue => ({ length: text.length, hashes: { sha256: sha256(text) } });

describe('artifactEdits', () => {
  const rows: readonly (readonly [
    string,
    (r: TestRepository) => void,
    Readonly<Record<string, JsonValue>>,
  ])[] = [
    ['says nothing where all agrees', () => {}, {}],
    [
      'restates a file that changed, in its own role alone',
      r => void r.artifact('dev/app.bin', 'app two'),
      { dev: { 'dev/app.bin': entry('app two') } },
    ],
    [
      'lists a new file',
      r => void r.artifact('new.bin', 'new'),
      { targets: { 'tool.bin': entry('tool one'), 'new.bin': entry('new') } },
    ],
    ['drops what is gone', r => void r.artifact('tool.bin', undefined), { targets: {} }],
    [
      'keeps what else an entry holds',
      r =>
        void r
          .rewrite('targets', ({ signed }) => {
            signed.targets['tool.bin'] = { ...signed.targets['tool.bin'], custom: { by: 'ci' } } as never;
          })
          .artifact('tool.bin', 'tool two'),
      { targets: { 'tool.bin': { ...(entry('tool two') as object), custom: { by: 'ci' } } } },
    ],
    [
      'leaves symbolic links, unsafe paths and contested ones to the rules',
      r =>
        void r
          .write('targets/link', 'tool.bin', '120000')
          .artifact('a\\b', 'x')
          .delegate('one', { signers: ['@zoe'], paths: ['both/*'] })
          .delegate('two', { signers: ['@zoe'], paths: ['both/*'] })
          .artifact('both/x', 'x'),
      {},
    ],
    ['passes over a role that can not be read', r => void r.write('metadata/dev.json', '{'), {}],
  ];
  it.each(rows)('%s', (_, change, expected) => {
    const repository = main();
    change(repository);
    const tree = repository.tree();
    expect(Object.fromEntries(artifactEdits(tree, digestsOf(allDigests(tree))))).toEqual(expected);
  });

  it('needs no digest of what has not changed', () => {
    const event = main().artifact('tool.bin', 'tool two');
    const [before, after] = [main().tree(), event.tree()];
    const edits = artifactEdits(after, digestsOf(changedDigests(before, after)));
    expect(Object.fromEntries(edits)).toEqual({ targets: { 'tool.bin': entry('tool two') } });
    // A file that nobody signs and nobody hashed is not made up.
    expect(artifactEdits(main().artifact('new', 'x').tree(), new Map()).size).toBe(0);
  });
});

describe('publishLayout', () => {
  const paths = (repository: TestRepository): readonly string[] =>
    [...publishLayout(repository.tree())].map(({ path }) => path);
  it('names each file by version or hash, and the timestamp last', () => {
    const repository = main().fork().edit('root').signAll('root').artifact('stray', 'not signed');
    expect(paths(repository)).toEqual([
      `targets/${sha256('tool one')}.tool.bin`,
      `targets/dev/${sha256('app one')}.app.bin`,
      '1.root.json',
      '1.targets.json',
      '1.dev.json',
      '2.root.json',
      '1.snapshot.json',
      'timestamp.json',
    ]);
  });
  it.each([
    ['targets/a/HASH.x', 0, true, true],
    ['targets/1.root.json', 0, true, true],
    ['12.tools.json', 1, true, true],
    ['3.snapshot.json', 2, true, true],
    ['index.html', 3, false, true],
    ['2.root.json', 4, true, true],
    ['timestamp.json', 5, false, true],
    ['notes.txt', 3, false, false],
    ['.git/config', 3, false, false],
    ['root.json', 3, false, false],
  ])('%s goes in its turn, and is kept as long as its name allows', (path, rank, immutable, own) => {
    expect([publishRank(path), isImmutable(path), isSiteFile(path)]).toEqual([rank, immutable, own]);
  });
  it('publishes each version of root once, from root_history/', () => {
    const found = [...publishLayout(main().tree())].filter(({ path }) => path.endsWith('root.json'));
    expect(found).toEqual([
      { path: '1.root.json', oid: main().tree().metadata.get('root_history/1.root.json')?.oid },
    ]);
  });
  it('leaves out what is signed and not there, and what has no sha256', () => {
    const repository = main()
      .artifact('tool.bin', undefined)
      .rewrite('dev', ({ signed }) => {
        signed.targets['dev/app.bin'] = { length: 7, hashes: { sha512: 'ab' } };
      });
    expect(paths(repository).filter(path => path.startsWith('targets/'))).toEqual([]);
  });
  it('publishes an artifact under each hash that is signed, as a client may ask by any', () => {
    const repository = main().rewrite('dev', ({ signed }) => {
      const { hashes } = signed.targets['dev/app.bin'] ?? {};
      if (hashes !== undefined) Object.assign(hashes, { sha512: 'ab', other: sha256('app one') });
    });
    expect(paths(repository).filter(path => path.startsWith('targets/dev/'))).toEqual([
      `targets/dev/${sha256('app one')}.app.bin`,
      'targets/dev/ab.app.bin',
    ]);
  });
  it('passes over a role whose document can not be read', () => {
    expect(paths(main().write('metadata/targets.json', '{')).some(path => path.includes('app.bin'))).toBe(
      false,
    );
  });
  it.each([
    ['a/b/c.bin', 'a/b/00.c.bin'],
    ['c.bin', '00.c.bin'],
  ])('hashes the last name of %s', (path, expected) => {
    expect(hashedName(path, '00')).toBe(expected);
  });
});

describe('withSignatures', () => {
  it('fills placeholders, appends the others and touches nothing else', () => {
    const repository = main()
      .fork()
      .edit('dev')
      .rewrite('dev', d =>
        d.signatures.push({ keyid: 'aa', sig: '' }, { keyid: 'bb', sig: '01', 'x-by': 'me' } as never),
      );
    const document = documentOf(repository.tree(), 'dev' as RoleName);
    if (document === undefined) throw new Error('no document');
    const bytes = withSignatures(
      document,
      new Map([
        ['cc', '03'],
        ['aa', '02'],
      ] as [Keyid, string][]),
    );
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual({
      signatures: [
        { keyid: 'aa', sig: '02' },
        { keyid: 'bb', sig: '01', 'x-by': 'me' },
        { keyid: 'cc', sig: '03' },
      ],
      signed: repository.document('dev').signed,
    });
  });
});

describe('attestations', () => {
  const file = (name: string): string => `metadata/attestations/${keyOf(name).keyid}.pem`;
  const attested = (): TestRepository => main().write(file('@dave'), 'd').write(file('@mallory'), 'm');
  const needed = (before: TestRepository, after: TestRepository): readonly string[] => [
    ...neededAttestations(before.tree(), after.tree()).keys(),
  ];

  it('are the files of keyids and no others', () => {
    const repository = main()
      .write(file('@dave'), 'd')
      .write('metadata/attestations/README', '')
      .write('metadata/other/x.pem', '');
    expect([...attestationsOf(repository.tree()).keys()]).toEqual([keyOf('@dave').keyid]);
  });

  it('are of the keys that people sign with', () => {
    const live = liveKeyids(delegationGraph(main().tree()));
    expect(live).toEqual(new Set(['@alice', '@bob', '@dave'].map(name => keyOf(name).keyid)));
  });

  const rows: readonly (readonly [string, TestRepository, TestRepository, readonly string[]])[] = [
    ['none where there are none', main(), main().delegate('dev', { signers: ['@erin'] }), []],
    ['none where no key joins and none is new', attested(), attested().edit('dev'), []],
    ['those in use where one is new', main(), attested(), ['@dave']],
    ['those in use where one changed', attested().write(file('@dave'), 'other'), attested(), ['@dave']],
    [
      'those in use where a key joins',
      attested(),
      attested().delegate('dev', { signers: ['@dave', '@erin'] }),
      ['@dave'],
    ],
    [
      'those in use where a key has the same id and other words',
      attested(),
      attested().edit('targets', s => {
        s.delegations.keys[keyOf('@dave').keyid] = { ...keyOf('@dave').raw, 'x-note': 1 };
      }),
      ['@dave'],
    ],
    [
      "none where only the automation's keys change",
      attested(),
      attested().rootRole('snapshot', ['online2'], 1),
      [],
    ],
  ];
  it.each(rows)('to be verified are %s', (_, before, after, expected) => {
    expect(needed(before, after)).toEqual(expected.map(name => keyOf(name).keyid));
  });

  it('of a role that is gone, or of a key that is not listed, there is nothing to ask', () => {
    const [known, now] = [delegationGraph(main().tree()), delegationGraph(main().undelegate('dev').tree())];
    expect(roleKeys(known, now, 'dev' as RoleName)).toEqual([]);
    const unlisted = main().edit('targets', s => void (s.delegations.keys = {}));
    expect(roleKeys(known, delegationGraph(unlisted.tree()), 'dev' as RoleName)).toEqual([]);
  });
});
