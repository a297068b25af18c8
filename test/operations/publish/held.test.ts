import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BlobDigests } from '../../../src/git/digests.ts';
import { nameObject, type ObjectId } from '../../../src/git/oid.ts';
import { HeldFiles } from '../../../src/operations/publish/held.ts';
import { openOut } from '../../../src/operations/publish/out-folder.ts';
import { hashedName } from '../../../src/repository/layout.ts';
import type { BlobDigest, RepositoryTree, TreeEntry } from '../../../src/repository/tree.ts';
import { repositoryOf } from '../../support/tree-builder.ts';

const blobDigest = (content: string): BlobDigest => ({
  length: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
});

const CONTENTS = { 'tool.bin': 'tool one', 'long.bin': 'long '.repeat(30_000), empty: '' };
const sitePath = (path: keyof typeof CONTENTS): string =>
  `targets/${hashedName(path, blobDigest(CONTENTS[path]).sha256)}`;

/** The tree of {@link CONTENTS}, each artifact under the name that git has for it. */
function treeOf(format: 'sha1' | 'sha256'): RepositoryTree {
  const tree = repositoryOf({ signers: ['@alice'], artifacts: CONTENTS }).tree();
  const artifacts = new Map<string, TreeEntry>();
  for (const [path, entry] of tree.artifacts) {
    const content = Buffer.from(CONTENTS[path as keyof typeof CONTENTS]);
    artifacts.set(path, { ...entry, oid: nameObject(format, 'blob', content) });
  }
  return { ...tree, artifacts };
}

/** Git as it was asked, each blob told to be of 7 bytes. */
function gitOf(): { asked: ObjectId[]; hashBlobs: (oids: Iterable<ObjectId>) => Promise<BlobDigests> } {
  const asked: ObjectId[] = [];
  const hashBlobs = (oids: Iterable<ObjectId>): Promise<BlobDigests> => {
    const digests = new BlobDigests();
    for (const oid of oids) {
      asked.push(oid);
      digests.set(oid, { length: 7, sha256: '0'.repeat(64) });
    }
    return Promise.resolve(digests);
  };
  return { asked, hashBlobs };
}

let out: string;
beforeEach(async () => void (out = await mkdtemp(join(tmpdir(), 'held-'))));
afterEach(() => rm(out, { recursive: true, force: true }));
const put = (path: string, content: string): void => {
  mkdirSync(dirname(join(out, path)), { recursive: true });
  writeFileSync(join(out, path), content);
};
const putAll = (): void => {
  for (const path of Object.keys(CONTENTS) as (keyof typeof CONTENTS)[]) put(sitePath(path), CONTENTS[path]);
};

describe('files that a site has already', () => {
  test.each(['sha1', 'sha256'] as const)(
    'need not be read from git where they are its blobs (%s)',
    async format => {
      putAll();
      const [tree, git] = [treeOf(format), gitOf()];
      const held = new HeldFiles(await openOut(out), format);
      const digests = await held.digests(git as never, tree);
      expect(git.asked).toEqual([]);
      for (const [path, content] of Object.entries(CONTENTS)) {
        expect(digests.get(tree.artifacts.get(path)?.oid as ObjectId), path).toEqual(blobDigest(content));
        expect(held.take(sitePath(path as keyof typeof CONTENTS), blobDigest(content))).toBe(true);
      }
    },
  );

  test('are told by what they were when they were read', async () => {
    putAll();
    const held = new HeldFiles(await openOut(out), 'sha1');
    await held.digests(gitOf() as never, treeOf('sha1'));
    put(sitePath('tool.bin'), 'TOOL ONE');
    expect(held.take(sitePath('tool.bin'), blobDigest('tool one'))).toBe(true);
    expect(held.take(sitePath('tool.bin'), blobDigest('TOOL ONE'))).toBe(false);
  });

  test.each([
    ['another content of the same length', 'TOOL ONE'],
    ['another length', 'tool one!'],
    ['nothing', ''],
  ])('say nothing of a blob where they have %s', async (_, content) => {
    putAll();
    put(sitePath('tool.bin'), content);
    const [tree, git] = [treeOf('sha1'), gitOf()];
    const held = new HeldFiles(await openOut(out), 'sha1');
    const digests = await held.digests(git as never, tree);
    const oid = tree.artifacts.get('tool.bin')?.oid as ObjectId;
    expect(git.asked).toEqual([oid]);
    expect(digests.get(oid)?.length).toBe(7);
    expect(held.take(sitePath('tool.bin'), blobDigest('tool one'))).toBe(false);
    expect(held.take(sitePath('tool.bin'), blobDigest(content))).toBe(true);
  });

  test('say nothing of a blob that is not what is signed, right as they are themselves', async () => {
    putAll();
    const tree = treeOf('sha1');
    const other = nameObject('sha1', 'blob', Buffer.from('slipped in'));
    const entry = tree.artifacts.get('tool.bin') as TreeEntry;
    const swapped = new Map(tree.artifacts).set('tool.bin', { ...entry, oid: other });
    const git = gitOf();
    const held = new HeldFiles(await openOut(out), 'sha1');
    const digests = await held.digests(git as never, { ...tree, artifacts: swapped });
    expect([git.asked, digests.get(other)?.length]).toEqual([[other], 7]);
  });

  test('are none where there is no folder', async () => {
    const held = new HeldFiles(await openOut(join(out, 'none')), 'sha1');
    const git = gitOf();
    await held.digests(git as never, treeOf('sha1'));
    const some: BlobDigest = blobDigest('tool one');
    expect([git.asked.length, held.has(sitePath('tool.bin')), held.take(sitePath('tool.bin'), some)]).toEqual(
      [3, false, false],
    );
  });
});

describe('digests of blobs', () => {
  test('are given as they were taken, however many', () => {
    const digests = new BlobDigests();
    const nameOf = (i: number): ObjectId => i.toString(16).padStart(40, '0') as ObjectId;
    for (let i = 0; i < 300; i++)
      digests.set(nameOf(i), { length: i * 2 ** 33, sha256: `${i}`.padStart(64, 'a') });
    digests.set(nameOf(7), { length: 1, sha256: 'b'.repeat(64) });
    expect(digests.size).toBe(300);
    expect(digests.get(nameOf(7))).toEqual({ length: 1, sha256: 'b'.repeat(64) });
    expect(digests.get(nameOf(299))).toEqual({ length: 299 * 2 ** 33, sha256: '299'.padStart(64, 'a') });
    expect([digests.get(nameOf(300)), digests.has(nameOf(299))]).toEqual([undefined, true]);
  });
});
