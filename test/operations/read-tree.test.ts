import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openObjectReader } from '../../src/git/objects.ts';
import type { CommitSha, ObjectId } from '../../src/git/oid.ts';
import { TreeReader } from '../../src/operations/read-tree.ts';
import type { RepositoryTree } from '../../src/repository/tree.ts';
import { TestRepository, testFolder } from '../support/git-repo.ts';

async function read(
  arrange: (git: TestRepository) => CommitSha,
  look: (tree: RepositoryTree) => void = () => undefined,
): Promise<void> {
  await using folder = await testFolder();
  const git = TestRepository.init(join(folder.path, 'clone'));
  const commit = arrange(git);
  await using objects = openObjectReader(await git.open());
  look(await new TreeReader(objects).read(commit));
}

const commitOf = (git: TestRepository, tree: string): CommitSha =>
  git.git('commit-tree', '-m', 'x', tree) as CommitSha;

const folderOf = (git: TestRepository, names: readonly string[], oid: string): string =>
  git.tree(...names.map(name => ({ mode: '40000', name, oid: oid as ObjectId })));

const names = Array.from({ length: 10 }, (_, i) => `${i}`);

describe('a hostile commit', () => {
  for (const [what, leaf] of [
    ['empty folders', (git: TestRepository) => git.tree()],
    ['hidden files', (git: TestRepository) => git.tree({ mode: '100644', name: '.x', oid: blob(git) })],
    ['files', (git: TestRepository) => git.tree({ mode: '100644', name: 'x', oid: blob(git) })],
  ] as const) {
    test(`of 10^20 ${what} in twenty objects is refused`, { timeout: 60_000 }, async () => {
      await expect(
        read(git => {
          let tree: string = leaf(git);
          for (let level = 0; level < 20; level++) tree = folderOf(git, names, tree);
          return commitOf(git, folderOf(git, ['targets'], tree));
        }),
      ).rejects.toMatchObject({ code: 'BAD_FILE' });
    });
  }

  test('of gigabytes of white space is read to a bound', { timeout: 60_000 }, async () => {
    const document = `{"signatures":[],"signed":{"_type":"targets","expires":"2030-01-01T00:00:00Z","spec_version":"1.0.31","targets":{},"version":1}}`;
    const space = ' '.repeat(60 * 1024 * 1024);
    await read(
      git =>
        git.commit(
          Object.fromEntries(
            Array.from({ length: 6 }, (_, i) => [
              `metadata/r${i}.json`,
              `${document}${space}${' '.repeat(i)}`,
            ]),
          ),
        ),
      ({ documents }) => {
        expect([...documents.values()].filter(({ ok }) => ok)).toHaveLength(4);
        const errors = [...documents.values()].flatMap(parsed => (parsed.ok ? [] : [parsed.error.message]));
        expect(errors).toHaveLength(2);
        expect(errors[0]).toContain('all documents together have more than');
      },
    );
  });

  test('whose metadata/ and targets/ are one tree hides nothing in metadata/', async () => {
    await read(
      git => {
        const inner = git.tree({ mode: '100644', name: '.signing-event-state', oid: blob(git) });
        return commitOf(git, folderOf(git, ['metadata', 'targets'], inner));
      },
      ({ metadata, artifacts, outside }) => {
        expect([...metadata.keys()]).toEqual(['.signing-event-state']);
        expect([...artifacts.keys()]).toEqual([]);
        expect([...outside.keys()]).toEqual(['targets/.signing-event-state']);
      },
    );
  });
});

describe('the files of folders that an event may change', () => {
  /** What stands beside metadata/ and targets/ in both, once `docs` was opened where it differs. */
  async function opened(
    before: Readonly<Record<string, string>>,
    after: Readonly<Record<string, string>>,
    mode = '100644',
  ): Promise<readonly (readonly string[])[]> {
    await using folder = await testFolder();
    const git = TestRepository.init(join(folder.path, 'clone'));
    const commits = [git.commit(before), git.commit(after, { branch: 'event', parents: [], mode })] as const;
    await using objects = openObjectReader(await git.open());
    const trees = new TreeReader(objects);
    const [one, two] = await Promise.all([trees.read(commits[0]), trees.read(commits[1])]);
    const result = await trees.withFilesOf(new Set(['docs']), one, two);
    return result.map(({ outside }) => [...outside].map(([path, entry]) => `${path} ${entry.path}`).sort());
  }
  const same = (path: string): string => `${path} ${path}`;

  test('stand by themselves where the folder differs', async () => {
    expect(
      await opened({ 'docs/a': 'a', 'docs/b/c': 'c', 'src/x': 'x' }, { 'docs/a': 'b', 'src/x': 'y' }),
    ).toEqual([
      [same('docs/a'), same('docs/b/c'), same('src')],
      [same('docs/a'), same('src')],
    ]);
  });

  test('stay a folder where it does not', async () => {
    expect(await opened({ 'docs/a': 'a' }, { 'docs/a': 'a', x: 'x' })).toEqual([
      [same('docs')],
      [same('docs'), same('x')],
    ]);
  });

  test('of a folder that comes or goes', async () => {
    expect(await opened({ x: 'x' }, { 'docs/.a': 'a' })).toEqual([[same('x')], [same('docs/.a')]]);
    expect(await opened({ 'docs/a': 'a' }, { x: 'x' })).toEqual([[same('docs/a')], [same('x')]]);
  });

  test('are none where a file or a link stands in its place', async () => {
    expect(await opened({ 'docs/a': 'a' }, { docs: 'a' })).toEqual([[same('docs')], [same('docs')]]);
    expect(await opened({ docs: 'a' }, { docs: 'b' }, '120000')).toEqual([[same('docs')], [same('docs')]]);
  });

  test('are not looked at where a name is no UTF-8: the folder differs as a whole', async () => {
    await using folder = await testFolder();
    const git = TestRepository.init(join(folder.path, 'clone'));
    const named = (name: Uint8Array | string): CommitSha => {
      const entry = Buffer.concat([
        Buffer.from('100644 '),
        Buffer.from(name),
        Buffer.from([0]),
        Buffer.from(blob(git), 'hex'),
      ]);
      return commitOf(git, git.tree({ mode: '40000', name: 'docs', oid: git.object('tree', entry) }));
    };
    const [plain, strange] = [named('a'), named(Buffer.from('ff', 'hex'))];
    await using objects = openObjectReader(await git.open());
    const trees = new TreeReader(objects);
    const result = await trees.withFilesOf(
      new Set(['docs']),
      await trees.read(plain),
      await trees.read(strange),
    );
    expect(result.map(({ outside }) => [...outside.keys()])).toEqual([['docs'], ['docs']]);
  });
});

const blob = (git: TestRepository): ObjectId => git.object('blob', 'x');
