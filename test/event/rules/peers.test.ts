import { putDrill } from '../../support/drill.ts';
import { repositoryOf } from '../../support/tree-builder.ts';
import { ruleTable, standard } from './rule-table.ts';

ruleTable('peers', [
  {
    when: 'the event is a drill',
    do: (e, main) => void putDrill(e, main),
    says: [['warn', undefined, 'tuf-on-ci sees no change in a drill', 'asks nobody']],
  },
  {
    when: 'a role owns a folder of its name',
    do: e => void e.delegate('ops', { signers: ['@gina'] }).artifact('ops/x', 'x'),
    says: [],
  },
  {
    when: 'a delegated role delegates',
    do: e => void e.delegate('ui', { signers: ['@uma'], by: 'dev', paths: ['ui/*'] }),
    says: [['warn', 'ui', 'delegated by dev', 'asks nobody', 'snapshot leaves it out']],
  },
  {
    when: 'a role goes by path hashes',
    do: e => void e.delegate('bin', { signers: ['@gina'], pathHashPrefixes: ['0'] }),
    says: [
      ['warn', 'targets', 'delegates to 1 role by path hashes, which tuf-on-ci neither writes nor updates'],
    ],
  },
  {
    when: 'a role has bins by succinct_roles',
    do: e => void e.bins('dev', { signers: ['robot'], bitLength: 5, succinct: true }),
    says: [['warn', 'dev', 'delegates to 32 roles by path hashes (succinct_roles)']],
  },
  {
    when: 'a role owns paths outside of its folder',
    do: e => void e.delegate('ops', { signers: ['@gina'], paths: ['ops/*', 'tools/*', 'x'] }),
    says: [['warn', 'ops', '2 path patterns outside ops/']],
  },
  {
    when: 'artifacts are added to a folder that is no role',
    do: e => void e.artifact('lib/a', 'a').artifact('lib/b', 'b'),
    says: [['warn', 'targets', '2 artifacts in a folder', 'no role', 'takes them out again']],
  },
  {
    when: 'a role is removed',
    do: e => void e.undelegate('dev'),
    says: [['warn', undefined, 'without dev', 'can not publish']],
  },
  {
    when: 'a signer of root has a new key, and the old one counts still',
    do: e => void e.rootRole('root', ['@alice#2', '@bob', '@carol'], 2),
    says: [['warn', undefined, '@alice is to sign root with several keys', 'all of them at once']],
  },
  {
    when: 'a person has three keys in a role',
    do: e => void e.delegate('ops', { signers: ['@gina', '@gina#2', '@gina#3', '@hugo'] }),
    says: [['warn', undefined, '@gina is to sign ops with several keys']],
  },
  {
    when: 'a signer of another role has a new key in the place of the old one',
    do: e => void e.delegate('dev', { signers: ['@dave#2', '@erin', '@frank'], threshold: 2 }),
    says: [],
  },
  {
    when: 'a person has two keys in a role that does not change',
    main: () => repositoryOf({ signers: ['@alice'], roles: { ops: { signers: ['@gina', '@gina#2'] } } }),
    do: e => void e.edit('root'),
    says: [],
  },
  {
    when: 'such a delegation is on main and does not change',
    main: () => repositoryOf({ signers: ['@alice'], roles: { ops: { signers: ['@gina'], paths: ['x'] } } }),
    do: e => void e.edit('root'),
    says: [],
  },
  {
    when: 'such artifacts are on main',
    main: () => standard().artifact('lib/a', 'a').fork(),
    do: e => void e.artifact('lib/a', 'b'),
    says: [],
  },
]);
