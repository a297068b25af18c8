import type { RepositoryTree } from '../../../src/repository/tree.ts';
import { putDrill } from '../../support/drill.ts';
import type { TestRepository } from '../../support/tree-builder.ts';
import { type Row, ruleTable, standard } from './rule-table.ts';

const moved = (
  change: (main: TestRepository) => void,
): { readonly facts: { readonly main: RepositoryTree } } => {
  const main = standard().fork();
  change(main);
  return { facts: { main: main.tree() } };
};
const row = (when: string, change: (main: TestRepository) => void, ...words: readonly string[]): Row => ({
  when,
  do: e => void e.edit('dev'),
  options: moved(change),
  says:
    words.length === 0
      ? []
      : [['await', undefined, 'main has moved on', 'merge main into the event', ...words]],
});

ruleTable('base', [
  row('main stands where it stood', () => {}),
  row('main was signed online', main => void main.onlineSign()),
  row('something else changed on main', main => void main.write('README.md', 'x')),
  row('a role changed on main', main => void main.edit('targets'), '"metadata/targets.json"'),
  row('an artifact changed on main', main => void main.artifact('tool.bin', 'two'), '"targets/tool.bin"'),
  row(
    'an artifact was removed on main',
    main => void main.artifact('tool.bin', undefined),
    '"targets/tool.bin"',
  ),
  row('a root was added on main', main => void main.edit('root'), 'root.json', 'root_history/2.root.json'),
  row(
    'much changed on main',
    main => {
      for (let i = 0; i < 9; i++) main.artifact(`${i}`, 'x');
    },
    'and 5 more',
  ),
  {
    when: 'the event is a drill, which touches nothing that main could have moved',
    do: (e, main) => void putDrill(e, main),
    options: moved(main => void main.edit('root')),
    says: [],
  },
  { when: 'known-good was named by hand', do: e => void e.edit('dev'), says: [] },
]);
