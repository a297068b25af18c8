import { binName, binOf } from '../../../src/metadata/bins.ts';
import { type DelegationShape, defaultPolicy } from '../../../src/policy/policy.ts';
import {
  type JudgeOptions,
  repositoryOf,
  TestRepository,
  type WireDelegation,
  type WireTargets,
} from '../../support/tree-builder.ts';
import { type Row, ruleTable, standard } from './rule-table.ts';

const delegation =
  (change: (delegation: WireDelegation) => void) =>
  (event: TestRepository): void =>
    void event.edit('targets', ({ delegations }) => {
      for (const role of delegations.roles) change(role);
    });

/** A delegation by that name, which no file can stand for. */
const named = (name: string, problem: string): Row => ({
  when: `a delegated role is called ${JSON.stringify(name)}`,
  do: e =>
    void e.edit('targets', ({ delegations: { roles } }) => {
      roles.push(...roles.map(role => ({ ...role, name, paths: ['x/*'] })));
    }),
  says: [['refuse', name, place(name), problem]],
});

/** A name as a message quotes it; of what is not plain ASCII only how it begins. */
const place = (name: string): string => JSON.stringify(name).replace(/[^ -~].*/su, '');

/** An artifact, unsigned and signed, with a path that is not the same for everyone. */
const unsafe = (path: string, problem: string): readonly Row[] => [
  {
    when: `a file is called ${JSON.stringify(path)}`,
    do: e => void e.artifact(path, 'x'),
    says: [['refuse', undefined, `artifact ${place(path)}`, problem]],
  },
  {
    when: `a target path is ${JSON.stringify(path)}`,
    do: e => void e.edit('targets', s => void (s.targets[path] = { length: 1, hashes: { sha256: 'ab' } })),
    says: [['refuse', 'targets', `target path ${place(path)}`, problem]],
  },
];

const pattern = (paths: string, problem: string): Row => ({
  when: `a path pattern is ${JSON.stringify(paths)}`,
  do: delegation(role => role.paths?.push(paths)),
  says: [['refuse', 'dev', place(paths), problem]],
});

const nested = (): TestRepository =>
  repositoryOf({
    signers: ['@alice'],
    roles: {
      dev: { signers: ['@dave'], paths: ['dev/*', 'dev/*/*'] },
      ui: { signers: ['@uma'], paths: ['dev/ui/*'], by: 'dev' },
    },
  });

const signs = (event: TestRepository, role: string, ...paths: readonly string[]): void =>
  void event.edit(role, ({ targets }) => {
    for (const path of paths) targets[path] = { length: 1, hashes: { sha256: 'ab'.repeat(32) } };
  });

const robots = { signers: ['robot'], bitLength: 4, succinct: true };
/** The bin of `dev` after the one that a path falls into. */
const otherBin = (path: string): string =>
  binName({ namePrefix: 'dev', bitLength: 4 }, (binOf({ bitLength: 4 }, path) + 1) % 16);
const dotted = Array.from({ length: 16 }, (_, i) => `metadata/.dev-${i.toString(16)}.json`);

const signedBins = (...signers: readonly string[]): TestRepository => {
  const main = standard().bins('dev', { ...robots, signers, targets: ['dev/app.bin'] });
  const bins = Array.from({ length: 16 }, (_, i) => `dev-${i.toString(16)}`);
  return main
    .signAll('dev', ...bins)
    .onlineSign()
    .fork();
};

/** 65,536 bins: what one document may say. */
const hugeBins = (prefix: string): WireTargets['delegations'] =>
  ({
    keys: {},
    succinct_roles: { keyids: [], threshold: 1, bit_length: 16, name_prefix: prefix },
  }) as never;

const delegating = (delegations: DelegationShape): JudgeOptions => ({
  policy: { ...defaultPolicy, delegations },
});

ruleTable('ownership', [
  {
    when: 'each role signs what is its own',
    do: e => (signs(e, 'dev', 'dev/x'), signs(e, 'targets', 'x')),
    says: [],
  },
  {
    when: "targets signs what is a delegated role's",
    do: e => signs(e, 'targets', 'dev/x'),
    says: [['refuse', 'targets', 'signs "dev/x", which belongs to "dev"']],
  },
  {
    when: "a delegated role signs what is targets'",
    do: e => signs(e, 'dev', 'other/x'),
    says: [['refuse', 'dev', 'signs "other/x", which belongs to "targets"']],
  },
  {
    when: 'a delegated role signs deeper than its pattern reaches',
    do: e => signs(e, 'dev', 'dev/a/b'),
    says: [['refuse', 'dev', '"dev/a/b"']],
  },
  { when: 'a nested role signs its own', main: nested, do: e => signs(e, 'ui', 'dev/ui/x'), says: [] },
  {
    when: "a delegator signs what is a nested role's",
    main: nested,
    do: e => signs(e, 'dev', 'dev/ui/x'),
    says: [['refuse', 'dev', 'belongs to "ui"']],
  },
  {
    when: 'a nested role claims what its delegator may not give away',
    main: nested,
    do: e => {
      e.edit('dev', ({ delegations: { roles } }) => roles[0]?.paths?.push('ops/*'));
      signs(e, 'ui', 'ops/x');
    },
    says: [['refuse', 'ui', 'signs "ops/x", which belongs to "targets"']],
  },
  {
    when: 'two roles are given one path',
    do: e => {
      e.delegate('ops', { signers: ['@gina'], paths: ['dev/shared*'] });
      signs(e, 'dev', 'dev/shared.bin');
    },
    says: [['refuse', 'dev', '"dev/shared.bin" is claimed by "dev" and "ops"']],
  },
  {
    when: 'a delegation takes over what another role signs on main',
    do: e => void e.delegate('ops', { signers: ['@gina'], paths: ['tool.*'] }),
    says: [['refuse', 'targets', 'signs "tool.bin", which belongs to "ops"']],
  },
  {
    when: "a delegation's paths no longer cover what its role signs on main",
    do: delegation(role => void (role.paths = ['elsewhere/*'])),
    says: [['refuse', 'dev', 'signs "dev/app.bin", which belongs to "targets"']],
  },
  {
    when: "only a delegation's keys change",
    do: e => void e.delegate('dev', { signers: ['@gina'] }),
    says: [],
  },
  {
    when: "only a delegation's keys change, and main has a stolen path",
    main: () => {
      const main = standard();
      signs(main, 'targets', 'dev/x');
      return main.fork();
    },
    do: e => void e.delegate('dev', { signers: ['@gina'] }),
    options: { given: true },
    says: [],
  },
  {
    when: 'the only delegation goes and its role stays',
    do: e => void e.edit('targets', ({ delegations }) => void (delegations.roles = [])),
    says: [],
  },
  {
    when: 'two roles delegate to one',
    main: nested,
    do: e =>
      void e.edit('targets', ({ delegations: { roles } }) => {
        roles.push(...roles.map(role => ({ ...role, name: 'ui', paths: ['ui/*'] })));
      }),
    says: [['refuse', 'ui', '"ui" is delegated more than once', 'also by "dev"']],
  },
  {
    when: 'roles delegate in a circle',
    main: nested,
    do: e =>
      void e.edit('ui', ({ delegations: { roles } }) => {
        roles.push({ name: 'dev', keyids: [], threshold: 1, terminating: false, paths: ['dev/ui/x'] });
      }),
    says: [['refuse', 'dev', '"dev" is delegated more than once']],
  },
  {
    when: 'a role delegates to itself',
    main: nested,
    do: e =>
      void e.edit('ui', ({ delegations: { roles } }) => {
        roles.push({ name: 'ui', keyids: [], threshold: 1, terminating: false, paths: ['dev/ui/x'] });
      }),
    says: [['refuse', 'ui', 'also by "ui"']],
  },
  named('../evil', 'may hold only ASCII'),
  named('root_history/1.root', 'may hold only ASCII'),
  named('', 'has to have 1 to 100 characters'),
  named('.hidden', 'may not start with a dot'),
  named('d\u0435v', 'may hold only ASCII'),
  named('dev\u001b[2J', 'may hold only ASCII'),
  named('dev\\x', 'may hold only ASCII'),
  named('CON', 'device name'),
  named('Root', 'differs from a top-level role in case'),
  named('2.root', 'looks like a versioned file name'),
  // Git has no file of that name: src/git refuses such a tree.
  ...unsafe('../../etc/passwd', 'has a segment . or ..').slice(1),
  ...unsafe('/etc/passwd', 'slash'),
  ...unsafe('a//b', 'two in a row'),
  ...unsafe('a\\b', 'backslash'),
  ...unsafe('a\u0007b', 'can not be seen'),
  ...unsafe('a\u202egpj.exe', 'can not be seen'),
  ...unsafe('to\u043el.bin', 'look-alikes'),
  ...unsafe('\uff54ool', 'NFKC'),
  ...unsafe('cafe\u0301', 'NFKC'),
  {
    when: 'targets is a file and no folder',
    do: e => void e.remove('targets/tool.bin', 'targets/dev/app.bin').write('targets', 'x'),
    says: [['refuse', undefined, 'artifact ""', 'has to have 1 to 1024 characters']],
  },
  {
    when: 'two artifacts differ in case only',
    do: e => void e.artifact('Tool.bin', 'x'),
    says: [['refuse', undefined, '"tool.bin" and "Tool.bin" differ in case only']],
  },
  {
    when: 'two artifacts differ in the form of a sigma only',
    do: e => void e.artifact('\u03b1\u03c3', 'x').artifact('\u03b1\u03c2', 'y'),
    says: [
      ['refuse', undefined, 'differ in case only'],
      ['warn', undefined, 'holds U+03B1 U+03C3, beyond ASCII'],
      ['warn', undefined, 'holds U+03B1 U+03C2, beyond ASCII'],
    ],
  },
  ...[
    ['\u0441\u043e\u0441.bin', 'holds U+0441 U+043E, beyond ASCII', 'no look-alike of another path'],
    ['\u65e5\u672c/caf\u00e9', 'holds U+65E5 U+672C U+00E9, beyond ASCII'],
    ['\u3042\u3044\u3046\u3048\u304a\u304b\u304d\u304f\u3051\u3053', 'U+304F and 2 more, beyond'],
    ['CON', 'is a device name on Windows', /segment/],
    ['x/nul.txt', 'is a device name on Windows'],
    ['tool.bin:hidden', 'no file name on Windows, or that of another file'],
    ['tool.bin.', 'no file name on Windows, or that of another file'],
  ].map(
    ([path = '', ...words]): Row => ({
      when: `a new artifact is called ${JSON.stringify(path)}`,
      do: e => void e.artifact(String(path), 'x'),
      says: [['warn', undefined, JSON.stringify(path), ...words]],
    }),
  ),
  {
    when: 'an artifact of such a name is on main already',
    main: () => standard().artifact('\u0441\u043e\u0441', 'x').artifact('CON', 'x').fork(),
    do: e => void e.artifact('\u0441\u043e\u0441', 'y').artifact('plain-name_1.0 (2).bin', 'x'),
    says: [],
  },
  {
    when: 'what is published has such a name',
    do: e => void e.artifact('a:b', 'x'),
    as: 'publish',
    says: [],
  },
  {
    when: 'a file stands where a folder stands, but for case',
    do: e => void e.artifact('DEV', 'x'),
    says: [['refuse', undefined, '"DEV" stands where "dev/app.bin" has a folder']],
  },
  {
    when: 'a case collision is on main and nothing else is added',
    main: () => standard().artifact('Tool.bin', 'x').updateTargets().signAll('targets').fork(),
    do: e => void e.edit('dev'),
    says: [],
  },
  pattern('../*', 'has a segment . or ..'),
  pattern('dev\\*', 'backslash'),
  pattern('/dev/*', 'slash'),
  pattern('', 'has to have 1 to 1024 characters'),
  pattern('d\u0435v/*', 'look-alikes'),
  pattern('dev/**', 'means other paths to some clients'),
  pattern('{dev,ops}/*', 'means other paths'),
  pattern('[d]ev/*', 'means other paths'),
  pattern('@(dev)/*', 'means other paths'),
  pattern('!dev/*', 'means other paths'),
  {
    when: 'a name has parentheses and an @ in it',
    do: delegation(role => role.paths?.push('dev/@scope/a (1)*')),
    says: [],
  },
  ...[
    ['\u0441\u043e\u0441/*', 'holds U+0441 U+043E, beyond ASCII'],
    ['dev/aux/?', 'is a device name on Windows'],
    ['dev/a:*', 'no file name on Windows'],
  ].map(
    ([path = '', words = '']): Row => ({
      when: `a path pattern is ${JSON.stringify(path)}`,
      do: delegation(role => role.paths?.push(path)),
      says: [['warn', 'dev', JSON.stringify(path), words]],
    }),
  ),
  {
    when: 'two roles are given patterns that differ in case only',
    do: e => void e.delegate('ops', { signers: ['@gina'], paths: ['Dev/*'] }),
    says: [['refuse', 'ops', '"dev/*" of "dev" and "Dev/*" differ in case only']],
  },
  {
    when: 'one role is given both',
    do: delegation(role => role.paths?.push('Dev/*')),
    says: [],
  },
  {
    when: 'patterns that differ in case only are on main already',
    main: () =>
      standard()
        .delegate('ops', { signers: ['@gina'], paths: ['Dev/*'] })
        .signAll('targets')
        .fork(),
    do: e => void e.edit('targets'),
    says: [],
  },
  {
    when: 'an ambiguous pattern is on main already',
    main: () => {
      const main = standard();
      delegation(role => role.paths?.push('dev/**'))(main);
      return main.signAll('targets').fork();
    },
    do: e => void e.edit('targets'),
    says: [],
  },
  {
    when: 'a role goes by hash prefixes',
    do: e => void e.delegate('bin', { signers: ['@gina'], pathHashPrefixes: ['00', 'a7'] }),
    says: [],
  },
  ...['', 'A7', 'xyz', '0'.repeat(65)].map(
    (prefix): Row => ({
      when: `a hash prefix is ${JSON.stringify(prefix)}`,
      do: e => void e.delegate('bin', { signers: ['@gina'], pathHashPrefixes: [prefix] }),
      says: [['refuse', 'bin', `path hash prefix ${JSON.stringify(prefix)}`]],
    }),
  ),
  {
    when: 'the policy wants folders and a role gets its own',
    do: e => void e.delegate('ops', { signers: ['@gina'], paths: ['ops/*', 'ops/*/*'] }),
    options: delegating('tuf-on-ci'),
    says: [],
  },
  {
    when: 'the policy wants folders and a role gets more',
    do: e => void e.delegate('ops', { signers: ['@gina'], paths: ['ops/*', 'tools/*'] }),
    options: delegating('tuf-on-ci'),
    says: [['refuse', 'ops', 'is given "tools/*"', 'the folder of its name']],
  },
  {
    when: 'the policy wants folders and a role that is there gets more',
    do: delegation(role => role.paths?.push('tools/*')),
    options: delegating('tuf-on-ci'),
    says: [['refuse', 'dev', 'is given "tools/*"']],
  },
  {
    when: 'the policy wants folders and a role goes by hashes',
    do: e => void e.delegate('bin', { signers: ['@gina'], pathHashPrefixes: ['00'] }),
    options: delegating('tuf-on-ci'),
    says: [['refuse', 'bin', 'is given "00"']],
  },
  {
    when: 'the policy wants folders and a delegated role delegates',
    do: e => void e.delegate('ui', { signers: ['@uma'], by: 'dev', paths: ['ui/*'] }),
    options: delegating('tuf-on-ci'),
    says: [['refuse', 'ui', 'dev hands paths on', 'targets alone']],
  },
  {
    when: 'the policy wants folders and main has it otherwise',
    main: nested,
    do: e => void e.edit('targets').delegate('ui', { signers: ['@gina'], paths: ['dev/ui/*'], by: 'dev' }),
    options: delegating('tuf-on-ci'),
    says: [],
  },
  {
    when: 'the policy wants no delegations and one comes',
    do: e => void e.delegate('ops', { signers: ['@gina'] }),
    options: delegating('none'),
    says: [['refuse', 'ops', 'targets hands paths on', 'no delegations']],
  },
  {
    when: 'the policy wants no delegations and the one of main gets more paths',
    do: delegation(role => role.paths?.push('dev/*/*')),
    options: delegating('none'),
    says: [['refuse', 'dev', 'no delegations']],
  },
  {
    when: 'the policy wants no delegations and the one of main gets other keys',
    do: e => void e.delegate('dev', { signers: ['@gina'] }),
    options: delegating('none'),
    says: [],
  },
  { when: 'the policy wants none and main has one', as: 'publish', options: delegating('none'), says: [] },
  {
    when: 'a role shares its paths out among succinct bins, and each signs its own',
    do: e => void e.bins('dev', { ...robots, targets: ['dev/a', 'dev/b', 'dev/c', 'dev/d'] }),
    says: [],
  },
  {
    when: 'a role shares its paths out among listed bins, and each signs its own',
    do: e => void e.bins('dev', { ...robots, succinct: false, targets: ['dev/a', 'dev/b', 'dev/c'] }),
    says: [],
  },
  {
    when: 'a bin signs what is of another bin',
    do: e => {
      e.bins('dev', robots);
      signs(e, otherBin('dev/a'), 'dev/a');
    },
    says: [['refuse', otherBin('dev/a'), 'signs "dev/a", which belongs to "dev-']],
  },
  {
    when: 'a role with bins signs what is of a bin',
    do: e => signs(e.bins('dev', robots), 'dev', 'dev/a'),
    says: [['refuse', 'dev', 'signs "dev/a", which belongs to "dev-']],
  },
  {
    when: 'bins get a name that is no file name',
    do: e => void e.bins('dev', { ...robots, prefix: '.dev' }).remove(...dotted),
    says: [['refuse', '.dev-0', 'dev delegates to ".dev-0"', 'start with a dot']],
  },
  {
    when: 'a bin has the name of another role',
    do: e => void e.delegate('dev-3', { signers: ['@dave'], paths: ['x/*'] }).bins('dev', robots),
    says: [['refuse', 'dev-3', '"dev-3" is delegated more than once', 'dev']],
  },
  {
    when: 'two roles together have more bins than can be followed',
    do: e => {
      for (const name of ['b', 'c', 'd']) {
        e.delegate(name, { signers: ['robot'] }).edit(
          name,
          signed => void (signed.delegations = hugeBins(name)),
        );
      }
    },
    says: [['refuse', 'd', 'more bins than can be followed']],
  },
  {
    when: 'bins lie on main, and only who signs them changes',
    main: () => signedBins('robot'),
    do: e => void e.bins('dev', { ...robots, signers: ['other'] }),
    says: [],
  },
  {
    when: 'the policy wants none and a role gets bins',
    do: e => void e.bins('dev', robots),
    options: delegating('none'),
    says: [['refuse', 'dev-0', 'the policy allows no delegations']],
  },
  {
    when: 'what is published has a path that is nobody else’s',
    as: 'publish',
    says: [],
  },
  {
    when: 'what is published has a stolen path',
    do: e => signs(e, 'targets', 'dev/x'),
    as: 'publish',
    says: [['refuse', 'targets', 'belongs to "dev"']],
  },
  {
    when: 'a case collision is on main and one of the two changes',
    main: () => standard().artifact('Tool.bin', 'x').updateTargets().signAll('targets').fork(),
    do: e => void e.artifact('tool.bin', 'y').updateTargets(),
    says: [],
  },
  {
    when: 'a file stands where a folder of folders stands, but for case',
    do: e => void e.artifact('ops/a/b', 'x').artifact('OPS', 'y'),
    says: [['refuse', undefined, '"OPS" stands where "ops/a/b" has a folder']],
  },
  {
    when: 'an artifact with an unsafe path goes',
    main: () => standard().artifact('a\\b', 'x').fork(),
    do: e => void e.artifact('a\\b', undefined),
    options: { given: true },
    says: [],
  },
  {
    when: "a role's document can not be read, which is rule schema's",
    do: e => void e.write('metadata/dev.json', '{'),
    says: [],
  },
  {
    when: 'a delegated role gets its first file and signs what is not its own',
    main: () =>
      standard()
        .delegate('ops', { signers: ['@gina'] })
        .remove('metadata/ops.json')
        .signAll('targets')
        .fork(),
    do: e => {
      e.delegate('ops', { signers: ['@gina'] }).write(
        'metadata/targets.json',
        e.bytes('metadata/targets.json'),
      );
      signs(e, 'ops', 'tool.bin');
    },
    options: { given: true },
    says: [['refuse', 'ops', 'signs "tool.bin", which belongs to "targets"']],
  },
  {
    when: 'of two delegations the second takes over what another role signs on main',
    main: () =>
      standard()
        .delegate('ops', { signers: ['@gina'] })
        .signAll('targets', 'ops')
        .onlineSign()
        .fork(),
    do: e => void e.delegate('ops', { signers: ['@gina'], paths: ['tool.*'] }),
    says: [['refuse', 'targets', 'signs "tool.bin", which belongs to "ops"']],
  },
  {
    when: 'a repository begins',
    main: () => new TestRepository(),
    do: e => {
      for (const [path, { bytes }] of standard().files) e.write(path, bytes);
    },
    says: [],
  },
  {
    when: 'a hash prefix is wrong on main and its delegator does not change',
    main: () =>
      standard()
        .delegate('bin', { signers: ['@gina'], pathHashPrefixes: ['A7'] })
        .signAll('targets', 'bin')
        .fork(),
    do: e => void e.edit('dev'),
    options: { given: true },
    says: [],
  },
  {
    when: 'a hash prefix is wrong on main',
    do: e => void e.delegate('bin', { signers: ['@gina'], pathHashPrefixes: ['A7'] }),
    as: 'known-good',
    says: [['refuse', 'bin', 'path hash prefix "A7"']],
  },
  {
    when: 'an ambiguous pattern is on main, which was signed and published',
    do: delegation(role => role.paths?.push('dev/**')),
    as: 'known-good',
    says: [],
  },
  {
    when: 'a delegation ends, and its delegator lists what was its',
    do: e =>
      void e
        .edit('targets', signed => {
          signed.targets = JSON.parse(
            JSON.stringify(e.document<{ targets: object }>('dev').signed.targets),
          ) as never;
          signed.delegations = { keys: {}, roles: [] };
        })
        .remove('metadata/dev.json'),
    says: [['refuse', 'targets', 'lists "dev/app.bin", which dev signed', 'ends the delegation to dev']],
  },
  {
    when: 'a delegation ends, and its artifacts go with it',
    do: e =>
      void e
        .edit('targets', signed => void (signed.delegations = { keys: {}, roles: [] }))
        .remove('metadata/dev.json')
        .remove('targets/dev/app.bin'),
    says: [],
  },
]);
