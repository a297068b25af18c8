import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BlobDigests } from '../../../src/git/digests.ts';
import type { ObjectReader } from '../../../src/git/objects.ts';
import { nameObject, type ObjectId } from '../../../src/git/oid.ts';
import { hashOntoStage } from '../../../src/operations/publish/fill.ts';
import { HeldFiles } from '../../../src/operations/publish/held.ts';
import { openOut } from '../../../src/operations/publish/out-folder.ts';
import { isSame, Stage, summing } from '../../../src/operations/publish/stage.ts';
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
      const tree = treeOf(format);
      const held = new HeldFiles(await openOut(out), format);
      const digests = held.takeArtifacts(tree);
      for (const [path, content] of Object.entries(CONTENTS)) {
        expect(digests.get(tree.artifacts.get(path)?.oid as ObjectId), path).toEqual(blobDigest(content));
        expect(held.taken.get(sitePath(path as keyof typeof CONTENTS))).toEqual(blobDigest(content));
      }
    },
  );

  test('are told by what they were when they were read', async () => {
    putAll();
    const held = new HeldFiles(await openOut(out), 'sha1');
    held.takeArtifacts(treeOf('sha1'));
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
    const tree = treeOf('sha1');
    const held = new HeldFiles(await openOut(out), 'sha1');
    const digests = held.takeArtifacts(tree);
    expect(digests.size).toBe(2);
    expect(digests.has(tree.artifacts.get('tool.bin')?.oid as ObjectId)).toBe(false);
    expect(held.take(sitePath('tool.bin'), blobDigest('tool one'))).toBe(false);
    expect(held.taken.size).toBe(2);
  });

  test('say nothing of a blob that is not what is signed, right as they are themselves', async () => {
    putAll();
    const other = nameObject('sha1', 'blob', Buffer.from('slipped in'));
    const held = new HeldFiles(await openOut(out), 'sha1');
    expect(held.takeArtifacts(withBlob(treeOf('sha1'), 'tool.bin', other)).has(other)).toBe(false);
  });

  test('are none where there is no folder', async () => {
    const held = new HeldFiles(await openOut(join(out, 'none')), 'sha1');
    expect(held.takeArtifacts(treeOf('sha1')).size).toBe(0);
    expect([held.has(sitePath('tool.bin')), held.take(sitePath('tool.bin'), blobDigest('tool one'))]).toEqual(
      [false, false],
    );
  });
});

const withBlob = (tree: RepositoryTree, path: string, oid: ObjectId): RepositoryTree => ({
  ...tree,
  artifacts: new Map(tree.artifacts).set(path, { ...(tree.artifacts.get(path) as TreeEntry), oid }),
});

describe('artifacts that are hashed for the judge', () => {
  /** Git, which has these contents by their names; `hashed` are those that were asked for to be hashed alone. */
  const gitOf = (contents: Iterable<string>): { objects: ObjectReader; hashed: ObjectId[] } => {
    const blobs = new Map(
      [...contents].map(text => [nameObject('sha1', 'blob', Buffer.from(text)), Buffer.from(text)]),
    );
    const hashed: ObjectId[] = [];
    const objects: Pick<ObjectReader, 'pour' | 'hashBlobs'> = {
      pour: async (wanted, sink) => {
        for (const one of wanted) {
          const content = blobs.get(one.oid) ?? Buffer.alloc(0);
          sink.begin(one, content.length);
          for (let at = 0; at < content.length; at += 50_000) sink.data(content.subarray(at, at + 50_000));
          sink.end();
        }
      },
      hashBlobs: async oids => {
        const digests = new BlobDigests();
        for (const oid of oids) {
          hashed.push(oid);
          digests.set(oid, blobDigest((blobs.get(oid) ?? '').toString()));
        }
        return digests;
      },
    };
    return { objects: objects as ObjectReader, hashed };
  };
  let building: string;
  beforeEach(async () => void (building = await mkdtemp(join(tmpdir(), 'staged-'))));
  afterEach(() => rm(building, { recursive: true, force: true }));
  const stageOf = async (): Promise<{ held: HeldFiles; stage: Stage }> => {
    const found = await openOut(out);
    const held = new HeldFiles(found, 'sha1');
    return { held, stage: new Stage(building, found, held) };
  };
  const files = (): readonly string[] =>
    readdirSync(building, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name).slice(building.length + 1))
      .sort();

  test('are staged as they pass, but for what stands in the site already', async () => {
    put(sitePath('tool.bin'), CONTENTS['tool.bin']);
    const [{ held, stage }, tree] = [await stageOf(), treeOf('sha1')];
    const { objects, hashed } = gitOf(Object.values(CONTENTS));
    const digests = await hashOntoStage(objects, stage, held, tree);
    for (const [path, content] of Object.entries(CONTENTS))
      expect(digests.get(tree.artifacts.get(path)?.oid as ObjectId)).toEqual(blobDigest(content));
    expect(files()).toEqual([sitePath('empty'), sitePath('long.bin')].sort());
    expect([hashed, stage.size, [...stage.built].sort()]).toEqual([[], 3, files()]);
    expect(readFileSync(join(building, sitePath('long.bin')), 'utf8')).toBe(CONTENTS['long.bin']);
  });

  test('are not staged where they are not what is signed, and told as they are', async () => {
    const { held, stage } = await stageOf();
    const other = nameObject('sha1', 'blob', Buffer.from('slipped in'));
    const { objects } = gitOf([...Object.values(CONTENTS), 'slipped in']);
    const digests = await hashOntoStage(objects, stage, held, withBlob(treeOf('sha1'), 'tool.bin', other));
    expect(digests.get(other)).toEqual(blobDigest('slipped in'));
    expect(files()).toEqual([sitePath('empty'), sitePath('long.bin')].sort());
    expect(stage.has(sitePath('tool.bin'))).toBe(false);
  });

  test('are hashed alone where nobody signs them', async () => {
    const { held, stage } = await stageOf();
    const stray = nameObject('sha1', 'blob', Buffer.from('stray'));
    const { objects, hashed } = gitOf([...Object.values(CONTENTS), 'stray']);
    const tree = treeOf('sha1');
    const entry = { path: 'stray', mode: '100644', oid: stray };
    const digests = await hashOntoStage(objects, stage, held, {
      ...tree,
      artifacts: new Map(tree.artifacts).set('stray', entry),
    });
    expect([hashed, digests.get(stray)]).toEqual([[stray], blobDigest('stray')]);
    expect(files()).toHaveLength(3);
  });

  test.each(['../../elsewhere', 'a/../../../b', 'n'.repeat(250), 'tool.bin/below', 'nul\0'])(
    'are hashed and left to the judge where no file can be called so: %j',
    async name => {
      const content = 'named oddly';
      const repository = repositoryOf({ signers: ['@alice'], artifacts: CONTENTS });
      repository.rewrite('targets', ({ signed }) => {
        const { length, sha256 } = blobDigest(content);
        signed.targets[name] = { length, hashes: { sha256 } };
        // A file stands where the folder of another would be.
        signed.targets[`${blobDigest(CONTENTS['tool.bin']).sha256}.tool.bin/x`] = {
          length,
          hashes: { sha256 },
        };
      });
      const tree = repository.tree();
      const oid = nameObject('sha1', 'blob', Buffer.from(content));
      const artifacts = new Map(treeOf('sha1').artifacts);
      for (const path of [name, `${blobDigest(CONTENTS['tool.bin']).sha256}.tool.bin/x`])
        artifacts.set(path, { path, mode: '100644', oid });
      const { held, stage } = await stageOf();
      const { objects } = gitOf([...Object.values(CONTENTS), content]);
      const digests = await hashOntoStage(objects, stage, held, { ...tree, artifacts });
      expect(digests.get(oid)).toEqual(blobDigest(content));
      expect(readdirSync(join(building, '..')).includes('elsewhere')).toBe(false);
      expect(files().every(file => file.startsWith('targets/'))).toBe(true);
    },
  );
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

describe('what is written in pieces', () => {
  test.each([['abc'], ['', 'abc'], ['abc', ''], ['a', 'b', 'c'], ['a', '', 'bc']])(
    'is summed as a whole, however it comes',
    (...texts) => {
      const sum = summing(3);
      for (const text of texts) sum.write(Buffer.from(text));
      expect(sum.close()).toEqual(blobDigest('abc'));
    },
  );

  test('is not what was wanted where more comes, or less', () => {
    for (const texts of [['abc', 'abc'], ['abc', 'd'], ['ab'], []]) {
      const sum = summing(3);
      for (const text of texts) sum.write(Buffer.from(text));
      expect(isSame(sum.close(), blobDigest('abc'))).toBe(false);
    }
  });
});
