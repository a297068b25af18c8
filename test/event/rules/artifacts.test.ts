import { repositoryOf, type TestRepository } from '../../support/tree-builder.ts';
import { ruleTable, standard } from './rule-table.ts';

const many = (event: TestRepository): void => {
  for (let i = 0; i < 30; i++) event.artifact(`dev/${i}.bin`, `${i}`);
};

ruleTable('artifacts', [
  {
    when: 'a changed artifact is signed as it is',
    do: e => void e.artifact('tool.bin', 'two').updateTargets(),
    says: [],
  },
  {
    when: 'an artifact is removed with its entry',
    do: e => void e.artifact('tool.bin', undefined).updateTargets(),
    says: [],
  },
  { when: 'nothing changes', says: [] },
  {
    when: 'an artifact is swapped after signing',
    do: e =>
      void e
        .artifact('tool.bin', 'two')
        .updateTargets()
        .sign('targets', '@alice', '@bob')
        .artifact('tool.bin', 'evil'),
    says: [
      [
        'await',
        'targets',
        '"tool.bin" in targets/ is not what is signed',
        'voids the signatures of @alice and @bob',
      ],
    ],
  },
  {
    when: 'an artifact of main is swapped',
    do: e => void e.artifact('dev/app.bin', 'evil'),
    says: [['await', 'dev', '"dev/app.bin" in targets/ is not what is signed', /updated$/]],
  },
  {
    when: 'another artifact has the right length',
    do: e => void e.artifact('dev/app.bin', 'app two'),
    says: [['await', 'dev', '"dev/app.bin"', 'length or hash']],
  },
  {
    when: 'only the length is wrong in what is signed',
    do: e => void e.edit('targets', s => void ((s.targets['tool.bin'] ?? { length: 0 }).length = 7)),
    says: [['await', 'targets', '"tool.bin"']],
  },
  {
    when: 'only the hash is wrong in what is signed',
    do: e =>
      void e.edit('targets', s => void ((s.targets['tool.bin'] ?? { hashes: {} }).hashes = { sha256: 'ab' })),
    says: [['await', 'targets', '"tool.bin"']],
  },
  {
    when: 'the entry has no sha256',
    do: e =>
      void e.edit('targets', s => void ((s.targets['tool.bin'] ?? { hashes: {} }).hashes = { sha512: 'ab' })),
    says: [['await', 'targets', '"tool.bin"']],
  },
  {
    when: 'a sha512 is added beside a right sha256',
    do: e => void e.edit('targets', s => void ((s.targets['tool.bin']?.hashes ?? {})['sha512'] = 'ab')),
    says: [['warn', 'targets', '"tool.bin" is signed with hashes beside sha256']],
  },
  {
    when: 'a sha512 of main changes beside an unchanged sha256',
    main: () =>
      standard()
        .edit('targets', s => void ((s.targets['tool.bin']?.hashes ?? {})['sha512'] = 'ab'))
        .signAll('targets')
        .fork(),
    do: e => void e.edit('targets', s => void ((s.targets['tool.bin']?.hashes ?? {})['sha512'] = 'cd')),
    says: [['warn', 'targets', '"tool.bin" is signed with hashes beside sha256']],
  },
  {
    when: 'a sha512 stays as it is on main',
    main: () =>
      standard()
        .edit('targets', s => void ((s.targets['tool.bin']?.hashes ?? {})['sha512'] = 'ab'))
        .signAll('targets')
        .fork(),
    do: e => void e.edit('targets'),
    says: [],
  },
  {
    when: 'an artifact is removed and its entry is not',
    do: e => void e.artifact('tool.bin', undefined),
    says: [['await', 'targets', 'signs "tool.bin", which is not in targets/']],
  },
  {
    when: 'an entry has no artifact',
    do: e =>
      void e.edit('dev', s => void (s.targets['dev/new.bin'] = { length: 1, hashes: { sha256: 'ab' } })),
    says: [['await', 'dev', 'signs "dev/new.bin"']],
  },
  {
    when: 'a file is added that nobody signs',
    do: e => void e.artifact('new.bin', 'new'),
    says: [['await', 'targets', '"new.bin" in targets/ is not signed; the metadata has to be updated']],
  },
  {
    when: "a file is added to a delegated role's folder",
    do: e => void e.edit('dev').sign('dev', '@dave').artifact('dev/new.bin', 'new'),
    says: [['await', 'dev', '"dev/new.bin"', 'voids the signatures of @dave']],
  },
  {
    when: 'a file with a hostile name is added',
    do: e => void e.artifact('dev/a\u202egpj.exe', 'new'),
    says: [['refuse', undefined, 'not signed']],
  },
  {
    when: 'many files are added',
    do: many,
    says: [['await', 'dev', '30 artifacts in targets/ are not signed']],
  },
  {
    when: "a removed role's artifacts stay",
    do: e => void e.undelegate('dev'),
    says: [['await', 'targets', '"dev/app.bin" in targets/ is not signed']],
  },
  {
    when: 'an artifact of main is not what is signed there',
    main: () => standard().artifact('tool.bin', 'evil').fork(),
    do: e => void e.edit('dev'),
    says: [['warn', 'targets', 'on main already, "tool.bin" is not what is signed']],
  },
  {
    when: 'the event makes another wrong artifact of a wrong one',
    main: () => standard().artifact('tool.bin', 'evil').fork(),
    do: e => void e.artifact('tool.bin', 'worse'),
    says: [['await', 'targets', '"tool.bin" in targets/ is not what is signed']],
  },
  {
    when: 'the event makes right what is wrong on main',
    main: () => standard().artifact('tool.bin', 'evil').fork(),
    do: e => void e.artifact('tool.bin', 'tool one'),
    says: [],
  },
  {
    when: 'a file of main is not signed there, and a new one is not either',
    main: () => standard().artifact('stray.txt', 'stray').fork(),
    do: e => void e.artifact('other.txt', 'other'),
    says: [
      ['warn', 'targets', 'on main already, "stray.txt" in targets/ is not signed'],
      ['await', 'targets', '"other.txt" in targets/ is not signed'],
    ],
  },
  {
    when: 'an entry is dropped whose artifact stays as it is on main',
    do: e => void e.edit('targets', s => void delete s.targets['tool.bin']),
    says: [['await', 'targets', '"tool.bin" in targets/ is not signed']],
  },
  {
    when: 'a digest that is needed is missing',
    do: e => void e.artifact('tool.bin', 'two').updateTargets(),
    options: { facts: { digests: new Map() } },
    says: [['refuse', 'targets', '"tool.bin" could not be hashed']],
  },
  {
    when: 'known-good was not verified and nothing was hashed',
    do: e => void e.edit('dev'),
    options: { facts: { digests: new Map(), knownGoodArtifactsVerified: false } },
    says: [
      ['refuse', 'targets', 'could not be hashed'],
      ['refuse', 'dev', 'could not be hashed'],
    ],
  },
  {
    when: 'a role that main did not delegate to is delegated to, and its artifact is missing',
    main: () => {
      const main = repositoryOf({ signers: ['@alice'], roles: { dev: { signers: ['@dave'] } } });
      main
        .edit('dev', s => void (s.targets['dev/x'] = { length: 1, hashes: { sha256: 'ab' } }))
        .signAll('dev');
      const file = main.bytes('metadata/dev.json');
      return main.undelegate('dev').signAll('targets').write('metadata/dev.json', file).fork();
    },
    do: e => void e.delegate('dev', { signers: ['@dave'] }).signAll('targets'),
    options: { given: true },
    says: [['await', 'dev', 'signs "dev/x", which is not in targets/']],
  },
  {
    when: 'main, as the ground of events, lacks an artifact',
    do: e => void e.artifact('tool.bin', undefined),
    as: 'known-good',
    says: [['warn', 'targets', 'signs "tool.bin"']],
  },
  {
    when: 'main, as the ground of events, has a file that nobody signs',
    do: e => void e.artifact('x', 'x'),
    as: 'known-good',
    says: [['warn', 'targets', '"x" in targets/ is not signed']],
  },
  {
    when: 'an artifact that is swapped is to be published',
    do: e => void e.artifact('tool.bin', 'evil'),
    as: 'publish',
    says: [['refuse', 'targets', '"tool.bin" in targets/ is not what is signed']],
  },
  {
    when: 'a file that nobody signs is to be published',
    do: e => void e.artifact('x', 'x'),
    as: 'publish',
    says: [['refuse', 'targets', '"x" in targets/ is not signed']],
  },
  { when: 'all is as signed', as: 'publish', says: [] },
  {
    when: 'all is as signed, by hashes beside sha256 too',
    do: e => void e.edit('targets', s => void ((s.targets['tool.bin']?.hashes ?? {})['sha512'] = 'ab')),
    as: 'publish',
    says: [],
  },
  {
    when: 'twenty files are added, which can still be named',
    do: e => {
      for (let i = 10; i < 30; i++) e.artifact(`dev/${i}.bin`, `${i}`);
    },
    says: [['await', 'dev', '"dev/10.bin"', '"dev/17.bin" and 12 more in targets/ are not signed']],
  },
  {
    when: 'a file of main that nobody signs is another one now',
    main: () => standard().artifact('stray.txt', 'stray').fork(),
    do: e => void e.artifact('stray.txt', 'other'),
    says: [['await', 'targets', '"stray.txt" in targets/ is not signed']],
  },
  {
    when: 'a role that main can not read hides no stray',
    main: () => standard().artifact('stray.txt', 'stray').write('metadata/dev.json', '{').fork(),
    do: e => void e.edit('targets'),
    options: { given: true },
    says: [
      ['warn', 'dev', 'on main already, "dev/app.bin" in targets/ is not signed'],
      ['warn', 'targets', 'on main already, "stray.txt" in targets/ is not signed'],
    ],
  },
]);
