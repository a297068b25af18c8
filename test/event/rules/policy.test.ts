import { POLICY_MEMBER } from '../../../src/policy/policy.ts';
import type { TestRepository, WireRoot } from '../../support/tree-builder.ts';
import { type Row, ruleTable, standard } from './rule-table.ts';

const loose = 'version: 1\n';
const strict = 'version: 1\nattestation: { default: require }\n';
const member = (signed: WireRoot, value: unknown): void =>
  void Object.assign(signed, { [POLICY_MEMBER]: value });
const withPolicy = (text: string) => (): TestRepository =>
  standard().policy(text).signAll('root').onlineSign().fork();
const beside = (when: string, change: (event: TestRepository) => void, ...words: readonly string[]): Row => ({
  when,
  main: withPolicy(strict),
  do: e => (e.policy(loose), change(e)),
  says: [['refuse', 'root', 'the policy changes in an event of its own', ...words]],
});

ruleTable('policy', [
  { when: 'there is none', do: e => void e.edit('root'), says: [] },
  { when: 'one comes', do: e => void e.policy(strict), says: [] },
  { when: 'another file of the top changes', do: e => void e.write('README.md', 'x'), says: [] },
  {
    when: "root is gone, which is rule schema's",
    main: withPolicy(strict),
    do: e => void e.remove('metadata/root.json'),
    says: [],
  },
  {
    when: 'root names a number',
    do: e => void e.policy(strict).edit('root', signed => member(signed, 7)),
    says: [['refuse', 'root', 'root names a tuf-signer.yml of digest "7", and the file has']],
  },
  { when: 'one stays', main: withPolicy(strict), do: e => void e.edit('targets').edit('root'), says: [] },
  { when: 'one changes', main: withPolicy(strict), do: e => void e.policy(loose), says: [] },
  { when: 'one goes', main: withPolicy(strict), do: e => void e.policy(undefined), says: [] },
  {
    when: 'nobody has signed it',
    do: e => void e.write('tuf-signer.yml', strict),
    says: [
      ['refuse', 'root', 'root does not name its digest'],
      ['refuse', 'root', 'changes and root'],
    ],
  },
  {
    when: 'it changes under the old digest',
    main: withPolicy(strict),
    do: e => void e.write('tuf-signer.yml', loose),
    says: [
      ['refuse', 'root', 'root names a tuf-signer.yml of digest'],
      ['refuse', 'root', 'changes and root'],
    ],
  },
  {
    when: 'it goes and root still names it',
    main: withPolicy(strict),
    do: e => void e.remove('tuf-signer.yml'),
    says: [
      ['refuse', 'root', 'that is not there'],
      ['refuse', 'root', 'changes and root'],
    ],
  },
  {
    when: 'root forgets it',
    main: withPolicy(strict),
    do: e =>
      void e.edit(
        'root',
        signed => void delete (signed as unknown as Record<string, unknown>)[POLICY_MEMBER],
      ),
    says: [['refuse', 'root', 'root does not name its digest']],
  },
  {
    when: 'root names no digest but something else',
    main: withPolicy(strict),
    do: e => void e.edit('root', signed => member(signed, ['sha256'])),
    says: [['refuse', 'root', 'root names a tuf-signer.yml of digest']],
  },
  {
    when: 'root names a file that never was',
    do: e => void e.edit('root', signed => member(signed, 'ab'.repeat(32))),
    says: [['refuse', 'root', 'that is not there']],
  },
  {
    when: 'it becomes executable',
    main: withPolicy(strict),
    do: e => void e.chmod('tuf-signer.yml', '100755'),
    says: [['refuse', 'root', 'changes and root']],
  },
  {
    when: 'it is a symlink',
    do: e => void e.policy('version: 1\n').write('tuf-signer.yml', 'README.md', '120000'),
    says: [['refuse', undefined, 'tuf-signer.yml: is no regular file']],
  },
  {
    when: 'it can not be read',
    do: e => void e.policy('version: 1\nattestation: { default: maybe }\n'),
    says: [['refuse', undefined, 'tuf-signer.yml: line 2, column 25', 'off or warn or require']],
  },
  {
    when: "main's can not be read",
    main: withPolicy('version: 7\n'),
    do: e => void e.policy(strict),
    options: { given: true },
    says: [['refuse', undefined, "main's tuf-signer.yml can not be read"]],
  },
  beside('an artifact changes beside it', e => void e.artifact('tool.bin', 'evil'), '"targets/tool.bin"'),
  beside('a role changes beside it', e => void e.edit('dev'), '"metadata/dev.json"'),
  beside(
    'a workflow changes beside it',
    e => void e.write('.github/workflows/ci.yml', 'on: push'),
    '".github"',
  ),
  beside(
    'a key joins root beside it',
    e => void e.rootRole('root', ['@alice', '@bob', '@mallory'], 2),
    'what root says',
  ),
  beside(
    'the threshold of root falls beside it',
    e => void e.edit('root', s => void (s.roles.root.threshold = 1)),
    'what root says',
  ),
  {
    when: 'a repository begins with one',
    main: () =>
      standard()
        .remove(...standard().files.keys())
        .fork(),
    do: e => {
      const first = standard().fork();
      first.rewrite<WireRoot>('root', ({ signed }) => void signed);
      for (const [path, { bytes }] of first.policy(strict).files) e.write(path, bytes);
    },
    says: [],
  },
  { when: 'what is to be published has one', main: withPolicy(strict), as: 'publish', says: [] },
  {
    when: 'what is to be published has another one than root names',
    main: withPolicy(strict),
    do: e => void e.write('tuf-signer.yml', loose),
    as: 'publish',
    says: [['refuse', 'root', 'root names a tuf-signer.yml of digest']],
  },
  {
    when: 'main has one that nobody signed',
    do: e => void e.write('tuf-signer.yml', loose),
    as: 'known-good',
    says: [['refuse', 'root', 'nobody has signed it']],
  },
]);
