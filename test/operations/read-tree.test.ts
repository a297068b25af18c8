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

const blob = (git: TestRepository): ObjectId => git.object('blob', 'x');
