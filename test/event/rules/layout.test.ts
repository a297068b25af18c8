import { defaultPolicy } from '../../../src/policy/policy.ts';
import { putDrill } from '../../support/drill.ts';
import type { JudgeOptions, TestRepository } from '../../support/tree-builder.ts';
import { type Row, ruleTable, standard } from './rule-table.ts';

ruleTable('orphans', [
  { when: 'a role is made with its file', do: e => void e.delegate('ops', { signers: ['@gina'] }), says: [] },
  { when: 'a role goes with its file', do: e => void e.undelegate('dev'), says: [] },
  {
    when: 'the file of a removed role stays',
    do: e => {
      const file = e.bytes('metadata/dev.json');
      e.undelegate('dev').write('metadata/dev.json', file);
    },
    says: [['refuse', 'dev', 'metadata/dev.json belongs to no role']],
  },
  {
    when: 'a role has no file',
    do: e => void e.remove('metadata/dev.json'),
    says: [['refuse', 'dev', 'targets delegates to "dev", which has no file']],
  },
  {
    when: 'a role gets bins, each with its file',
    do: e => void e.bins('dev', { signers: ['robot'], bitLength: 4, succinct: true }),
    says: [],
  },
  {
    when: 'succinct bins have no files',
    do: e =>
      void e
        .bins('dev', { signers: ['robot'], bitLength: 4, succinct: true })
        .remove(...Array.from({ length: 10 }, (_, i) => `metadata/dev-${i}.json`)),
    says: [
      ['refuse', 'dev', 'delegates to 10 bins without a file in metadata/: "dev-0", "dev-1"', 'and 6 more'],
    ],
  },
  {
    when: 'there is a file for a bin too many',
    do: e =>
      void e
        .bins('dev', { signers: ['robot'], bitLength: 3, succinct: true })
        .write('metadata/dev-8.json', e.bytes('metadata/dev-7.json')),
    says: [['refuse', 'dev-8', 'metadata/dev-8.json belongs to no role']],
  },
  {
    when: 'a file is no role of anybody',
    do: e => void e.write('metadata/extra.json', e.bytes('metadata/dev.json')),
    says: [['refuse', 'extra', 'metadata/extra.json']],
  },
  {
    when: 'snapshot and timestamp are not there yet',
    do: e => void e.remove('metadata/snapshot.json', 'metadata/timestamp.json'),
    as: 'known-good',
    says: [],
  },
  {
    when: 'a role hangs on one that nobody delegates',
    do: e =>
      void e
        .delegate('ui', { signers: ['@uma'], by: 'dev' })
        .edit('targets', ({ delegations }) => void (delegations.roles = [])),
    says: [
      ['refuse', 'dev', 'belongs to no role'],
      ['refuse', 'ui', 'belongs to no role'],
    ],
  },
]);

const stray = (path: string, problem: string): Row => ({
  when: `metadata/ holds ${JSON.stringify(path)}`,
  do: e => void e.write(`metadata/${path}`, '{}'),
  says: [['refuse', undefined, JSON.stringify(path).replace(/[^ -~].*/su, ''), problem]],
});

ruleTable('metadata-names', [
  {
    when: 'metadata/ holds the files of the format',
    do: e => void e.edit('root').invite({ '@zoe': ['root'] }),
    says: [],
  },
  {
    when: 'an attestation is added',
    do: e => void e.write(`metadata/attestations/${'ab'.repeat(32)}.pem`, 'x'),
    says: [],
  },
  stray('README.md', 'no file of the format'),
  stray('.gitattributes', 'no file of the format'),
  stray('old/root.json', 'no file of the format'),
  stray('root_history/01.root.json', 'no file of the format'),
  stray('root_history/0.root.json', 'no file of the format'),
  stray('root_history/1.root.json.bak', 'no file of the format'),
  stray('attestations/alice.pem', 'no file of the format'),
  stray('2.root.json', 'looks like a versioned file name'),
  stray('d\u0435v.json', 'may hold only ASCII'),
  stray('a\\b.json', 'may hold only ASCII'),
  stray('a\nb.json', 'may hold only ASCII'),
  stray('..json', 'may not start with a dot'),
  stray('nul.json', 'device name'),
  {
    when: 'two role files differ in case only',
    do: e => void e.write('metadata/Dev.json', '{}'),
    says: [['refuse', undefined, '"dev.json"', '"Dev.json"', 'differ in case only']],
  },
  {
    when: 'a role file is like that of root but for case',
    do: e => void e.write('metadata/ROOT.json', '{}'),
    says: [
      ['refuse', undefined, '"ROOT.json"', 'differs from a top-level role'],
      ['refuse', undefined, 'differ in case only'],
    ],
  },
  {
    when: 'metadata is a file and no folder',
    do: e =>
      void e
        .remove(...[...e.files.keys()].filter(path => path.startsWith('metadata/')))
        .write('metadata', 'x'),
    says: [['refuse', undefined, 'metadata/""', 'no file of the format']],
  },
  {
    when: 'a name is not UTF-8',
    do: e => void e.unreadableNames.push('targets/\\xff'),
    says: [['refuse', undefined, 'targets/', 'not UTF-8']],
  },
  {
    when: 'main holds something else',
    do: e => void e.write('metadata/notes', 'x'),
    as: 'known-good',
    says: [['refuse', undefined, '"notes"']],
  },
]);

ruleTable('tree-modes', [
  { when: 'a file is executable', do: e => void e.chmod('targets/tool.bin', '100755'), says: [] },
  {
    when: 'an artifact becomes a symlink out of targets/',
    do: e => void e.write('targets/tool.bin', '../../../etc/passwd', '120000'),
    says: [['refuse', undefined, 'targets/"tool.bin" is a symlink']],
  },
  {
    when: 'a submodule is added',
    do: e => void e.write('targets/lib', 'x', '160000'),
    says: [['refuse', undefined, 'targets/"lib" is a submodule']],
  },
  {
    when: 'root.json becomes a symlink to its copy',
    do: e => void e.write('metadata/root.json', 'root_history/1.root.json', '120000'),
    says: [['refuse', undefined, 'metadata/"root.json" is a symlink']],
  },
  {
    when: 'only the mode of root.json changes to that of a symlink',
    do: e => void e.chmod('metadata/root.json', '120000'),
    says: [['refuse', undefined, 'metadata/"root.json" is a symlink']],
  },
  {
    when: 'targets itself is a symlink',
    do: e => void e.remove('targets/tool.bin', 'targets/dev/app.bin').write('targets', '/etc', '120000'),
    says: [['refuse', undefined, 'targets/"" is a symlink']],
  },
  {
    when: 'a mode is one that git does not write',
    do: e => void e.chmod('targets/tool.bin', '100600'),
    says: [['refuse', undefined, 'of mode 100600']],
  },
  {
    when: 'main has a symlink',
    do: e => void e.write('targets/l', 'x', '120000'),
    as: 'publish',
    says: [['refuse', undefined, '"l"']],
  },
]);

const withReadme = (): TestRepository => standard().write('README.md', 'read me').fork();

const allowing = (...scope: readonly string[]): JudgeOptions => ({ policy: { ...defaultPolicy, scope } });

ruleTable('scope', [
  { when: 'a drill comes, which rule drill judges', do: (e, main) => void putDrill(e, main), says: [] },
  {
    when: 'something else comes beside the drills',
    do: e =>
      void e.file('drills/notes.txt', 'x').file('drills/sub/june.json', '{}').file('drills/-.json', '{}'),
    says: [
      ['refuse', undefined, '"drills/notes.txt" changes'],
      ['refuse', undefined, '"drills/sub/june.json" changes'],
      ['refuse', undefined, '"drills/-.json" changes'],
    ],
  },
  {
    when: 'a new policy brings a workflow along',
    do: e => void e.policy('version: 1\n').write('.github/workflows/x.yml', 'on: push'),
    says: [['refuse', undefined, '".github" changes', 'only touch metadata/ and targets/']],
  },
  { when: 'metadata and targets change', do: e => void e.edit('root').artifact('x', 'x'), says: [] },
  {
    when: 'a workflow comes along',
    do: e => void e.write('.github/workflows/evil.yml', 'on: push'),
    says: [
      [
        'refuse',
        undefined,
        '".github" changes',
        'only touch metadata/ and targets/',
        "workflows run with the automation's rights",
      ],
    ],
  },
  {
    when: 'a file changes',
    main: withReadme,
    do: e => void e.write('README.md', 'x'),
    says: [['refuse', undefined, /"README.md" changes(?!.*workflows)/]],
  },
  {
    when: 'a file is removed',
    main: withReadme,
    do: e => void e.remove('README.md'),
    says: [['refuse', undefined, '"README.md" is removed']],
  },
  {
    when: 'a file becomes executable',
    main: withReadme,
    do: e => void e.chmod('README.md', '100755'),
    says: [['refuse', undefined, '"README.md"']],
  },
  { when: 'a file stays', main: withReadme, do: e => void e.edit('root'), says: [] },
  {
    when: 'the policy changes and root does not name it',
    do: e => void e.write('tuf-signer.yml', 'x'),
    says: [['refuse', undefined, '"tuf-signer.yml"']],
  },
  { when: 'the policy changes and root names it', do: e => void e.policy('version: 1\n'), says: [] },
  {
    when: 'git is told to read artifacts through a filter',
    do: e => void e.write('.gitattributes', '* filter=evil'),
    says: [['refuse', undefined, '".gitattributes"']],
  },
  ...[
    ['README.md', 'README.md'],
    ['README.md', '*.md'],
    ['docs/guide.md', 'docs/**'],
    ['docs/a/b/guide.md', 'docs/**'],
    ['docs/a/guide.md', 'docs/?/*'],
    ['docs/a/b/guide.md', 'docs/*/b/**'],
  ].map(
    ([path = '', pattern = '']): Row => ({
      when: `${path} changes and the policy allows ${pattern}`,
      do: e => void e.edit('root').file(path, 'x'),
      options: allowing(pattern),
      says: [['warn', undefined, 'as the policy allows', JSON.stringify(path)]],
    }),
  ),
  ...[
    ['other/guide.md', 'docs/**'],
    ['docs/a/guide.md', 'docs/*'],
    ['docs/guide.md', 'docs/*/**'],
    ['docs', 'docs/**'],
    ['docs2/x', 'docs/**'],
    ['README.md', 'readme.md'],
    ['d\u043ecs', '*'],
    // Patterns that no policy file can hold, and paths that a pattern could mean by mistake.
    ['.github/workflows/x.yml', '.github/**'],
    ['.gitattributes', '*'],
    ['docs/.hidden', 'docs/**'],
    ['docs/a/.git/config', 'docs/**'],
    ['Metadata', '*'],
    ['TUF-signer.yml', '*'],
  ].map(
    ([path = '', pattern = '']): Row => ({
      when: `${path} changes and the policy allows ${pattern} alone`,
      do: e => void e.edit('root').file(path, 'x'),
      options: allowing(pattern),
      says: [['refuse', undefined, 'and what the policy names']],
    }),
  ),
  {
    when: 'what the policy allows becomes a symlink',
    main: withReadme,
    do: e => void e.chmod('README.md', '120000'),
    options: allowing('README.md'),
    says: [['refuse', undefined, '"README.md"']],
  },
  {
    when: 'the policy changes, which none can allow',
    do: e => void e.write('tuf-signer.yml', 'x'),
    options: allowing('*'),
    says: [['refuse', undefined, '"tuf-signer.yml"']],
  },
  {
    when: 'what the policy allows is removed beside a workflow',
    main: withReadme,
    do: e => void e.remove('README.md').write('.github/workflows/evil.yml', 'on: push'),
    options: allowing('README.md'),
    says: [
      ['refuse', undefined, '".github" changes'],
      ['warn', undefined, '"README.md"'],
    ],
  },
  {
    when: 'a folder is called like metadata but for case',
    do: e => void e.write('Metadata/root.json', '{}'),
    says: [['refuse', undefined, '"Metadata"']],
  },
]);
