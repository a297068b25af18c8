import { createHash } from 'node:crypto';
import type { TestRepository } from '../../support/tree-builder.ts';
import { type Expected, type Row, ruleTable, standard } from './rule-table.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const TOOL = sha256('tool one');
const OTHER = sha256('another release');
const SHA512 = 'ab'.repeat(64);

const role = (path: string): string => (path.startsWith('dev/') ? 'dev' : 'targets');

/** An artifact, signed as the tools do, and by further digests beside. */
function add(e: TestRepository, path: string, hashes: Readonly<Record<string, string>> = {}): TestRepository {
  e.artifact(path, 'x').updateTargets(role(path));
  return e.edit(role(path), ({ targets }) => void Object.assign(targets[path]?.hashes ?? {}, hashes));
}

const onMain =
  (...paths: readonly string[]) =>
  (): TestRepository => {
    const main = standard();
    for (const path of paths) add(main, path);
    return main.signAll('targets', 'dev').onlineSign().fork();
  };

const CLASH = (path: string, below: string): Expected => [
  'refuse',
  undefined,
  `artifact "${path}" is published as "`,
  `, where "${below}" has a folder: rename that folder`,
];
const told = ([, ...rest]: Expected): Expected => ['warn', ...rest];
const LIKE = (below: string): Expected => [
  'refuse',
  undefined,
  `artifact "${below}" is in a folder with the name of a published file`,
];

const clash = `${TOOL}.tool.bin/x`;

/** What a name of that many bytes is told to be too long by, and by no other. */
const long = (by: number): string => `255 is the most: shorten the name by ${by}`;

ruleTable('ownership', [
  {
    when: 'a new folder stands where an artifact of another role is published',
    do: e => void e.artifact(clash, 'x'),
    says: [CLASH('tool.bin', clash)],
  },
  {
    when: 'a delegated role puts such a folder below its own',
    do: e => void add(e, `dev/${sha256('app one')}.app.bin/x`),
    says: [
      ['refuse', 'dev', 'which belongs to "targets"'],
      CLASH('dev/app.bin', `dev/${sha256('app one')}.app.bin/x`),
    ],
  },
  {
    when: 'many files are in such a folder, also deeper',
    do: e => {
      for (const name of ['x', 'y', 'z/a', 'z/b']) e.artifact(`${TOOL}.tool.bin/${name}`, name);
    },
    says: [CLASH('tool.bin', clash)],
  },
  {
    when: 'such a folder differs in case',
    do: e => void e.artifact(`${TOOL.toUpperCase()}.Tool.BIN/x`, 'x'),
    says: [CLASH('tool.bin', `${TOOL.toUpperCase()}.Tool.BIN/x`)],
  },
  {
    when: 'the folder it is in differs in case',
    do: e => void e.artifact(`DEV/${sha256('app one')}.app.bin/x`, 'x'),
    says: [CLASH('dev/app.bin', `DEV/${sha256('app one')}.app.bin/x`)],
  },
  {
    when: 'only a letter beyond ASCII differs in case, at the beginning',
    main: onMain('\u03a3'),
    do: e => void e.artifact(`${sha256('x')}.\u03c2/x`, 'x'),
    says: [
      CLASH('\u03a3', '').slice(0, 2).concat('is published as') as unknown as Expected,
      ['warn', undefined, 'beyond ASCII'],
    ],
  },
  {
    when: 'the folder has the name under a further digest, of whatever algorithm',
    main: () => add(standard(), 'tool.bin', { foo: '10', sha512: SHA512 }).signAll('targets').fork(),
    do: e => void e.artifact('10.tool.bin/x', 'x').artifact(`${SHA512}.tool.bin/y`, 'y'),
    says: [CLASH('tool.bin', '10.tool.bin/x'), ['refuse', undefined, '"tool.bin" is published as "abab']],
  },
  {
    when: 'a further digest is signed that brings the artifact to where main has a folder',
    main: onMain('10.tool.bin/x'),
    do: e => void add(e, 'tool.bin', { foo: '10' }),
    says: [
      ['refuse', 'targets', '"tool.bin" is signed with a digest of 2 hex digits: 64'],
      CLASH('tool.bin', '10.tool.bin/x'),
    ],
  },
  {
    when: 'an artifact changes to what is published where main has a folder',
    main: onMain(`${OTHER}.tool.bin/x`),
    do: e => void e.artifact('tool.bin', 'another release').updateTargets(),
    says: [CLASH('tool.bin', `${OTHER}.tool.bin/x`)],
  },
  {
    when: 'a new folder stands where an artifact was, or may come to be, published',
    do: e => void e.artifact(`a/${OTHER}.tool.bin/x`, 'x').artifact(`a/${OTHER}.tool.bin/y`, 'y'),
    says: [LIKE(`a/${OTHER}.tool.bin/x`)],
  },
  {
    when: 'an artifact goes, and a folder comes to where sites still have it',
    do: e => void e.artifact('tool.bin', undefined).artifact(`${TOOL}.tool.bin/x`, 'x').updateTargets(),
    says: [LIKE(clash)],
  },
  {
    when: 'a new folder begins with fewer digits, as a version does, or with others, or has no dot',
    do: e => {
      for (const folder of ['10.2', 'ab.tool.bin', OTHER, `${OTHER}x.tool`, `v${TOOL}.tool.bin`])
        e.artifact(`${folder}/x`, 'x');
      e.artifact(`dev/${TOOL}.tool.bin`, 'x').artifact(`${TOOL}.tool.bin`, 'y');
    },
    says: [],
  },
  {
    when: 'the name is of another folder',
    main: onMain(`ab.dir/${OTHER}.tool.bin/x`),
    do: e => void e.artifact('tool.bin', 'another release').updateTargets(),
    says: [],
  },
  {
    when: 'main has such a clash, and the event leaves both alone',
    main: onMain(clash),
    do: e => void add(e, 'new.bin').artifact('dev/new', 'x').updateTargets('dev'),
    says: [],
  },
  {
    when: 'main has such a clash, and the event signs the artifact anew as it is',
    main: onMain(clash),
    do: e =>
      void e.edit('targets', ({ targets }) => void Object.assign(targets['tool.bin'] ?? {}, { custom: {} })),
    says: [],
  },
  {
    when: 'main has such a clash, and a file more comes into the folder',
    main: onMain(clash),
    do: e => void e.artifact(`${TOOL}.tool.bin/a`, 'x'),
    says: [LIKE(`${TOOL}.tool.bin/a`)],
  },
  {
    when: 'main has such a clash, and the event mends it',
    main: onMain(clash),
    do: e => void e.artifact(clash, undefined).updateTargets(),
    says: [],
  },
  {
    when: 'what events stand on has such a clash',
    do: e => void add(e, clash),
    as: 'known-good',
    says: [told(CLASH('tool.bin', clash))],
  },
  {
    when: 'what is published has such a clash',
    do: e => void add(e, clash),
    as: 'publish',
    says: [CLASH('tool.bin', clash)],
  },
  {
    when: 'what is published has a folder that only looks like one',
    do: e => void add(e, `${OTHER}.tool.bin/x`),
    as: 'publish',
    says: [],
  },
  {
    when: 'a new file name has as many bytes as go beside a digest',
    do: e => void add(e, 'a'.repeat(190)).artifact('\u3042'.repeat(63), 'x'),
    says: [['warn', undefined, 'beyond ASCII']],
  },
  {
    when: 'a new file name has more, and nobody has signed it yet',
    do: e => void e.artifact(`a/${'a'.repeat(191)}`, 'x').artifact('\u3042'.repeat(64), 'x'),
    says: [
      ['refuse', undefined, 'artifact "a/aaa', 'a file name of 256 bytes', long(1)],
      ['refuse', undefined, 'artifact "', long(2)],
      ['warn', undefined, 'beyond ASCII'],
    ],
  },
  {
    when: 'a new file name has more, and its role signs it',
    do: e => void add(e, 'a'.repeat(200)),
    says: [['refuse', 'targets', 'target path "aaa', long(10)]],
  },
  {
    when: 'a role signs such a name for a file that does not lie there',
    do: e =>
      void e.edit(
        'targets',
        ({ targets }) => void (targets['a'.repeat(200)] = { length: 1, hashes: { sha256: TOOL } }),
      ),
    says: [],
  },
  {
    when: 'a further digest is longer',
    do: e => void add(e, 'a'.repeat(127), { sha512: SHA512 }).artifact('dev/x', 'x'),
    says: [['refuse', 'targets', 'target path "aaa', long(1)]],
  },
  {
    when: 'a further digest is as long as may be',
    do: e => void add(e, 'a'.repeat(126), { sha512: SHA512 }),
    says: [],
  },
  {
    when: 'a further digest of an artifact of main is of any length',
    do: e => void add(e, 'tool.bin', { foo: '00'.repeat(200) }),
    says: [['refuse', 'targets', 'target path "tool.bin"', long(154)]],
  },
  {
    when: 'a new artifact is signed with a weak digest, too',
    do: e => void add(e, 'new.bin', { md5: '00'.repeat(16) }),
    says: [['refuse', 'targets', '"new.bin" is signed with a digest of 32 hex digits: 64, as SHA-256 has']],
  },
  {
    when: 'an artifact of main has a weak digest, and changes with it',
    main: () =>
      add(standard(), 'old.bin', { md5: '00'.repeat(16) })
        .signAll('targets')
        .fork(),
    do: e => void add(e.artifact('old.bin', 'y'), 'old.bin', { md5: '11'.repeat(16) }),
    says: [],
  },
  {
    when: 'what is published has a weak digest',
    do: e => void add(e, 'new.bin', { md5: '00'.repeat(16) }),
    as: 'publish',
    says: [],
  },
  {
    when: 'a folder has a long name',
    do: e => void add(e, `${'a'.repeat(255)}/x`),
    says: [],
  },
  {
    when: 'a folder has a longer one than file systems take',
    do: e => void add(e, `${'a'.repeat(256)}/x`),
    says: [
      ['refuse', undefined, 'artifact "aaa', 'a segment of more than 255 bytes'],
      ['refuse', 'targets', 'target path "aaa', 'a segment of more than 255 bytes'],
    ],
  },
  {
    when: 'main has names that are too long, and the event leaves them alone',
    main: onMain('a'.repeat(200), `${'b'.repeat(256)}/x`),
    do: e => void add(e, 'new.bin'),
    says: [],
  },
  {
    when: 'main has names that are too long, and the event moves delegations',
    main: onMain('a'.repeat(200)),
    do: e => void e.delegate('ops', { signers: ['@gina'] }),
    says: [],
  },
  {
    when: 'main has a folder that is too long, and the event moves delegations',
    main: onMain(`${'b'.repeat(256)}/x`),
    do: e => void e.delegate('ops', { signers: ['@gina'] }),
    says: [
      ['warn', undefined, 'a segment of more than 255 bytes'],
      ['warn', 'targets', 'a segment of more than 255 bytes'],
    ],
  },
  {
    when: 'what events stand on has names that are too long',
    do: e => void add(add(e, 'a'.repeat(200)), `${'b'.repeat(256)}/x`),
    as: 'known-good',
    says: [
      ['warn', undefined, 'a segment of more than 255 bytes'],
      ['warn', 'targets', 'a segment of more than 255 bytes'],
      ['warn', 'targets', long(10)],
    ],
  },
  {
    when: 'what is published has names that are too long',
    do: e => void add(add(e, 'a'.repeat(200)), `${'b'.repeat(256)}/x`),
    as: 'publish',
    says: [
      ['refuse', undefined, 'a segment of more than 255 bytes'],
      ['refuse', 'targets', 'a segment of more than 255 bytes'],
      ['refuse', 'targets', long(10)],
    ],
  },
  {
    when: 'a new path is too long for a bucket, by itself or once it is signed',
    do: e =>
      void add(e, `${'a/'.repeat(443)}b`)
        .artifact(`${'a/'.repeat(443)}bc`, 'x')
        .artifact(`${'a/'.repeat(400)}bc`, 'x'),
    says: [
      [
        'refuse',
        undefined,
        'artifact "a/a/',
        'a path of 961 bytes',
        '960 is the most: shorten the name by 1',
      ],
    ],
  },
  {
    when: 'what is published has a path that is too long for a bucket, as folders are no bucket',
    do: e => void add(e, `${'a/'.repeat(460)}b`),
    as: 'publish',
    says: [],
  },
] satisfies readonly Row[]);
