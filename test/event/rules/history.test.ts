import type { TestRepository } from '../../support/tree-builder.ts';
import { ruleTable, standard } from './rule-table.ts';

const at = (version: number): string => `metadata/root_history/${version}.root.json`;

/** Main at root version 3. */
const third = (): TestRepository =>
  standard().fork().edit('root').signAll('root').fork().edit('root').signAll('root').fork();

ruleTable('history', [
  { when: 'a new root comes with its copy', do: e => void e.edit('root'), says: [] },
  { when: 'root does not change', main: third, says: [] },
  {
    when: 'the copy is missing',
    do: e => void e.edit('root').remove(at(2)),
    says: [['refuse', 'root', `${at(2)} is not the same file as metadata/root.json`]],
  },
  {
    when: 'the copy is another root',
    do: e => void e.edit('root').write(at(2), e.bytes(at(1))),
    says: [['refuse', 'root', `${at(2)} is not the same file`]],
  },
  {
    when: 'an older root is changed',
    main: third,
    do: e => void e.write(at(1), e.bytes(at(2))),
    says: [['refuse', 'root', `${at(1)} was changed`]],
  },
  {
    when: 'an older root is removed',
    main: third,
    do: e => void e.remove(at(2)),
    says: [
      ['refuse', 'root', `${at(2)} was removed`],
      ['refuse', 'root', `${at(2)} is missing`],
    ],
  },
  {
    when: 'a root above the current one is hidden there',
    do: e => void e.write(at(7), e.bytes(at(1))),
    says: [['refuse', 'root', `${at(7)} is newer than root.json`]],
  },
  {
    when: 'a root is put before the ones that main has',
    main: () => third().remove(at(1)).fork(),
    do: e => void e.write(at(1), 'a root that nobody knew of'),
    says: [['refuse', 'root', `${at(1)} was added though main is past that version`]],
  },
  {
    when: "the copy of main's root is added where main lacks it",
    main: () => third().remove(at(3)).fork(),
    do: e => void e.write(at(3), e.bytes('metadata/root.json')),
    options: { given: true },
    says: [],
  },
  {
    when: "another root is added in the place of main's copy, behind a new root",
    main: () => third().remove(at(3)).fork(),
    do: e => void e.edit('root').write(at(3), e.bytes(at(2))),
    options: { given: true },
    says: [['refuse', 'root', `${at(3)} was added`]],
  },
  {
    when: 'main lacks one in between',
    main: third,
    do: e => void e.remove(at(2)),
    as: 'known-good',
    says: [['refuse', 'root', `${at(2)} is missing`]],
  },
  {
    when: 'the history of an adopted repository begins late',
    main: third,
    do: e => void e.remove(at(1)),
    as: 'publish',
    says: [],
  },
  {
    when: 'the history lies there from its end',
    main: third,
    do: e => {
      const roots = [3, 2, 1].map(version => [at(version), e.bytes(at(version))] as const);
      e.remove(...roots.map(([path]) => path));
      for (const [path, bytes] of roots) e.write(path, bytes);
      e.remove(at(2));
    },
    as: 'publish',
    says: [['refuse', 'root', `${at(2)} is missing`]],
  },
  {
    when: 'root.json can not be read',
    do: e => void e.write('metadata/root.json', '{}'),
    says: [],
  },
]);
