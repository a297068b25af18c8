import { describe, expect, it } from 'vitest';
import type { RoleName } from '../../src/metadata/names.ts';
import { diffTrees, isEmptyDiff, roleChange } from '../../src/repository/diff.ts';
import { emptyTree } from '../../src/repository/tree.ts';
import { repositoryOf, type TestRepository } from '../support/tree-builder.ts';

const main = repositoryOf({
  signers: ['@alice', '@bob'],
  roles: { dev: { signers: ['@dave'] } },
  artifacts: { a: 'a', 'dev/b': 'b' },
})
  .write('README.md', 'x')
  .write('docs/guide.md', 'x')
  .fork();

/** "metadata +x", "targets -a", "outside ~README.md". */
function changes(change: (event: TestRepository) => void): readonly string[] {
  const event = main.fork();
  change(event);
  const { metadata, artifacts, outside } = diffTrees(main.tree(), event.tree());
  return Object.entries({ metadata, artifacts, outside }).flatMap(([where, list]) =>
    list.map(({ path, before, after }) => {
      const sign = before === undefined ? '+' : after === undefined ? '-' : '~';
      expect((after ?? before)?.path).toBe(path);
      return `${where} ${sign}${path}`;
    }),
  );
}

describe('the difference of two trees', () => {
  it.each<readonly [string, (event: TestRepository) => void, readonly string[]]>([
    ['nothing', () => {}, []],
    ['the same bytes again', e => void e.write('targets/a', 'a'), []],
    ['content', e => void e.artifact('a', 'A'), ['artifacts ~a']],
    ['a mode alone', e => void e.chmod('targets/a', '100755'), ['artifacts ~a']],
    ['a file more', e => void e.artifact('dev/c', 'c'), ['artifacts +dev/c']],
    ['a file less', e => void e.artifact('a', undefined), ['artifacts -a']],
    [
      'a file that moves',
      e => void e.artifact('a', undefined).artifact('dev/a', 'a'),
      ['artifacts +dev/a', 'artifacts -a'],
    ],
    ['a role less', e => void e.remove('metadata/dev.json'), ['metadata -dev.json']],
    ['a file beside them', e => void e.write('README.md', 'y'), ['outside ~README.md']],
    ['a file deep beside them', e => void e.write('docs/a/b/c', 'y'), ['outside ~docs']],
    ['a hidden file below targets/', e => void e.artifact('dev/.gitkeep', ''), []],
  ])('%s', (_, change, expected) => {
    expect(changes(change)).toEqual(expected);
  });

  it('to nothing is every file', () => {
    const { metadata, artifacts, outside } = diffTrees(main.tree(), emptyTree);
    expect([...metadata, ...artifacts, ...outside].every(({ after }) => after === undefined)).toBe(true);
    expect([metadata.length, artifacts.length, outside.length]).toEqual([6, 2, 2]);
  });

  it.each<readonly [string, (event: TestRepository) => void]>([
    ['metadata', e => void e.write('metadata/x', '')],
    ['artifacts', e => void e.artifact('x', '')],
    ['outside', e => void e.write('x', '')],
  ])('is not empty: %s', (_, change) => {
    const event = main.fork();
    change(event);
    expect(isEmptyDiff(diffTrees(main.tree(), event.tree()))).toBe(false);
    expect(isEmptyDiff(diffTrees(main.tree(), main.tree()))).toBe(true);
  });
});

describe('the change of a role', () => {
  it.each<readonly [string, (event: TestRepository) => void, string, string]>([
    ['nothing', () => {}, 'dev', 'unchanged'],
    ['a role that is in neither', () => {}, 'ops', 'unchanged'],
    ['a signature more', e => void e.sign('dev', '@alice'), 'dev', 'signatures'],
    ['a signature less', e => void e.unsign('dev', '@dave'), 'dev', 'signatures'],
    [
      'other spacing',
      e => void e.write('metadata/dev.json', JSON.stringify(e.document('dev'))),
      'dev',
      'signatures',
    ],
    ['content', e => void e.edit('dev'), 'dev', 'content'],
    ['a mode alone', e => void e.chmod('metadata/dev.json', '100755'), 'dev', 'unchanged'],
    ['what can not be read', e => void e.write('metadata/dev.json', '{'), 'dev', 'content'],
    ['a symlink', e => void e.write('metadata/dev.json', 'targets.json', '120000'), 'dev', 'content'],
    ['a new role', e => void e.delegate('ops', { signers: ['@gina'] }), 'ops', 'added'],
    ['a role that goes', e => void e.undelegate('dev'), 'dev', 'removed'],
  ])('%s', (_, change, role, expected) => {
    const event = main.fork();
    change(event);
    const [before, after] = [main.tree(), event.tree()];
    expect(roleChange(before, after, role as RoleName)).toBe(expected);
    expect(roleChange(before, after, role as RoleName)).toBe(expected);
  });
});
