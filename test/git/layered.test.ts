import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Instant } from '../../src/clock.ts';
import { type PreparedCommit, prepareCommit } from '../../src/git/commit.ts';
import { LayeredReader } from '../../src/git/layered.ts';
import { type ObjectReader, openObjectReader } from '../../src/git/objects.ts';
import type { CommitSha, ObjectId } from '../../src/git/oid.ts';
import { TEST_AUTHOR, TEST_EPOCH, type TestFolder, TestRepository, testFolder } from '../support/git-repo.ts';

let folder: TestFolder;
let repo: TestRepository;
let below: ObjectReader;
let reader: LayeredReader;
let base: CommitSha;
let prepared: PreparedCommit;

beforeAll(async () => {
  folder = await testFolder();
  repo = TestRepository.init(join(folder.path, 'repo'));
  base = repo.commit({ 'metadata/a.json': 'a', 'targets/a': 'a' });
  below = openObjectReader(await repo.open());
  reader = new LayeredReader(below);
  prepared = await prepareCommit(reader, {
    parents: [base],
    changes: new Map([['metadata/b.json', Buffer.from('bb')]]),
    message: ['Subject'],
    author: TEST_AUTHOR,
    time: (TEST_EPOCH * 1000) as Instant,
  });
  reader.hold(prepared.objects);
});
afterAll(async () => {
  await below[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** The blobs of metadata/ in the prepared commit: one that is there, one that is not. */
async function blobs(): Promise<{
  readonly there: ObjectId;
  readonly held: ObjectId;
  readonly tree: ObjectId;
}> {
  const { tree: top } = await reader.readCommit(prepared.commit);
  const tree = (await reader.readTree(top)).find(({ name }) => name === 'metadata')?.oid;
  if (tree === undefined) throw new Error('no metadata/');
  const [there, held] = (await reader.readTree(tree)).map(({ oid }) => oid);
  if (there === undefined || held === undefined) throw new Error('no files');
  return { there, held, tree };
}

describe('a commit that is nowhere yet', () => {
  test('is read together with what is there, in every way', async () => {
    const { there, held, tree } = await blobs();
    expect((await reader.readBlob(held)).toString()).toBe('bb');
    expect((await reader.readBlob(there)).toString()).toBe('a');
    expect((await reader.readCommit(base)).parents).toEqual([]);
    expect((await reader.read(held)).type).toBe('blob');
    const now = reader.readBlobsNow([there, held]);
    expect([now.get(there)?.toString(), now.get(held)?.toString()]).toEqual(['a', 'bb']);
    const baseTree = (await reader.readCommit(base)).tree;
    expect([...reader.readTreesNow([tree, baseTree])].map(([, list]) => list.length)).toEqual([2, 2]);
    const many: string[] = [];
    for await (const { content } of reader.readMany([there, held])) many.push(content.toString());
    expect(many.sort()).toEqual(['a', 'bb']);
    const digests = await reader.hashBlobs([there, held]);
    expect([digests.get(there)?.length, digests.get(held)?.length]).toEqual([1, 2]);
    const poured: string[] = [];
    await reader.pour([{ oid: there }, { oid: held }], {
      begin: (_, size) => void poured.push(`${size}`),
      data: bytes => void poured.push(bytes.toString()),
      end: () => void poured.push('end'),
    });
    expect(poured).toEqual(['2', 'bb', 'end', '1', 'a', 'end']);
    await reader[Symbol.asyncDispose](); // the reader below stays open
    expect((await below.readBlob(there)).toString()).toBe('a');
  });

  test('is held to types and sizes as everything else', async () => {
    const { held, tree } = await blobs();
    await expect(reader.readBlob(held, 1)).rejects.toMatchObject({ code: 'OBJECT_TOO_LARGE' });
    await expect(reader.readBlob(tree)).rejects.toMatchObject({ code: 'BAD_OBJECT' });
    await expect(reader.readCommit(held as string as CommitSha)).rejects.toMatchObject({
      code: 'BAD_OBJECT',
    });
  });

  test('is not in the repository before it is written, and then is what was read', async () => {
    const { held } = await blobs();
    await expect(below.readBlob(held)).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
    await prepared.write();
    expect(repo.git('show', `${prepared.commit}:metadata/b.json`)).toBe('bb');
  });
});
