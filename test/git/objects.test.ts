import { createHash } from 'node:crypto';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ObjectReader, openObjectReader } from '../../src/git/objects.ts';
import { type CommitSha, nameObject, type ObjectId } from '../../src/git/oid.ts';
import { TEST_AUTHOR, TEST_EPOCH, type TestFolder, TestRepository, testFolder } from '../support/git-repo.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const MISSING = 'f'.repeat(40) as ObjectId;

let folder: TestFolder;
let repo: TestRepository;
let reader: ObjectReader;
let commit: CommitSha;

beforeAll(async () => {
  folder = await testFolder();
  repo = TestRepository.init(join(folder.path, 'repo'), { bare: true });
  commit = repo.commit(
    { 'metadata/root.json': '{}', 'targets/a': 'artifact' },
    { message: 'Subject\n\nBody' },
  );
  reader = openObjectReader(await repo.open());
});

afterAll(async () => {
  await reader[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

describe('ObjectReader', () => {
  test('reads a commit, its trees and a blob', async () => {
    const read = await reader.readCommit(commit);
    expect(read).toMatchObject({ parents: [], author: TEST_AUTHOR, message: 'Subject\n\nBody' });
    expect(read.committer.time).toBe((TEST_EPOCH + 1) * 1000);
    const top = await reader.readTree(read.tree);
    expect(top.map(entry => [entry.mode, entry.name])).toEqual([
      ['040000', 'metadata'],
      ['040000', 'targets'],
    ]);
    const [root] = await reader.readTree(repo.sha('main:metadata') as string as ObjectId);
    expect((await reader.readBlob(root?.oid ?? MISSING)).toString()).toBe('{}');
  });

  test('answers overlapping reads each with its own object', async () => {
    const contents = Array.from({ length: 50 }, (_, at) => `content ${at}`);
    const oids = contents.map(content => nameObject('sha1', 'blob', Buffer.from(content)));
    for (const content of contents.slice(0, 25)) repo.object('blob', content);
    const results = await Promise.allSettled(oids.map(oid => reader.readBlob(oid)));
    const texts = results.map(result =>
      result.status === 'fulfilled' ? result.value.toString() : 'missing',
    );
    expect(texts).toEqual([...contents.slice(0, 25), ...Array.from({ length: 25 }, () => 'missing')]);
  });

  test('reads blobs and trees at once, while all else waits', async () => {
    const tree = repo.sha('main:metadata') as string as ObjectId;
    const list = await reader.readTree(tree);
    const root = list[0]?.oid ?? MISSING;
    const large = repo.object('blob', 'y'.repeat(300_000));
    const blobs = reader.readBlobsNow([root, large, root]);
    expect([...blobs].map(([oid, bytes]) => [oid, bytes.length])).toEqual([
      [root, 2],
      [large, 300_000],
    ]);
    expect(reader.readTreesNow([tree]).get(tree)).toEqual(list);
    expect(reader.readBlobsNow([])).toEqual(new Map());
    for (const [read, code] of [
      [() => reader.readBlobsNow([root, MISSING]), 'OBJECT_MISSING'],
      [() => reader.readBlobsNow([tree]), 'BAD_OBJECT'],
      [() => reader.readTreesNow([root]), 'BAD_OBJECT'],
      [() => reader.readBlobsNow([large], 1_000), 'OBJECT_TOO_LARGE'],
      [() => reader.readBlobsNow(['a\nb' as ObjectId]), 'BAD_REVISION'],
    ] as const) {
      expect(read).toThrow(expect.objectContaining({ code }) as Error);
    }
  });

  test('names what is missing, of another type or too large', async () => {
    const blob = repo.object('blob', 'x'.repeat(1_000));
    await expect(reader.read(MISSING)).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
    await expect(reader.readTree(blob)).rejects.toMatchObject({ code: 'BAD_OBJECT' });
    await expect(reader.readBlob(blob, 999)).rejects.toMatchObject({ code: 'OBJECT_TOO_LARGE' });
    expect(await reader.readBlob(blob, 1_000)).toHaveLength(1_000);
  });

  test.each(['HEAD', 'main', `${'a'.repeat(40)}\n${'b'.repeat(40)}`, '--batch-all-objects', ''])(
    'refuses %j as an object name',
    async name => {
      await expect(async () => reader.read(name as ObjectId)).rejects.toMatchObject({ code: 'BAD_REVISION' });
    },
  );

  test('refuses a loose object that is not what its name says', async () => {
    const oid = repo.object('blob', 'genuine');
    const path = join(repo.folder, 'objects', oid.slice(0, 2), oid.slice(2));
    await chmod(path, 0o644);
    await writeFile(path, deflateSync(Buffer.from('blob 7\0forged!')));
    await expect(reader.read(oid)).rejects.toMatchObject({ code: 'BAD_OBJECT' });
  });

  test('shows symbolic links and submodules as such', async () => {
    const blob = repo.object('blob', '../../etc/passwd');
    const tree = repo.tree(
      { mode: '120000', name: 'link', oid: blob },
      { mode: '160000', name: 'module', oid: MISSING },
    );
    expect((await reader.readTree(tree)).map(entry => entry.mode)).toEqual(['120000', '160000']);
  });

  test('ignores replace refs', async () => {
    const genuine = repo.object('blob', 'genuine document');
    repo.git('replace', genuine, repo.object('blob', 'forged document!'));
    expect(repo.git('cat-file', 'blob', genuine)).toBe('forged document!');
    await using fresh = openObjectReader(await repo.open());
    expect((await fresh.readBlob(genuine)).toString()).toBe('genuine document');
    expect((await fresh.hashBlobs([genuine])).get(genuine)?.sha256).toBe(
      sha256(Buffer.from('genuine document')),
    );
  });

  test('leaves line ends to nobody: no attribute or filter takes part', async () => {
    const oid = repo.object('blob', 'a\r\nb\n');
    repo.git('config', 'filter.evil.smudge', 'touch pwned');
    repo.commit({ '.gitattributes': '* filter=evil eol=crlf text\n' }, { branch: 'attributes' });
    expect((await reader.readBlob(oid)).toString()).toBe('a\r\nb\n');
    expect(await readdir(repo.folder)).not.toContain('pwned');
  });

  test('reads objects that are written after it was opened', async () => {
    const later = repo.commit({ 'targets/b': 'later' }, { branch: 'later' });
    expect((await reader.readCommit(later)).parents).toEqual([]);
  });

  test('fails all reads once it is closed', async () => {
    const closed = openObjectReader(await repo.open());
    const pending = closed.read(commit).catch((error: unknown) => error);
    await closed[Symbol.asyncDispose]();
    expect(await pending).toMatchObject({ code: 'GIT_FAILED' });
    await expect(closed.read(commit)).rejects.toMatchObject({ code: 'GIT_FAILED' });
  });

  test('reads a repository of SHA-256 objects', async () => {
    const other = TestRepository.init(join(folder.path, 'sha256'), { bare: true, format: 'sha256' });
    const sha = other.commit({ 'targets/a': 'artifact' });
    await using opened = openObjectReader(await other.open());
    const { tree } = await opened.readCommit(sha);
    expect((await opened.readTree(tree)).map(entry => entry.oid)).toEqual([other.sha('main:targets')]);
  });
});

describe('in bulk', () => {
  test('hashes blobs of any size, each once', async () => {
    const contents = [0, 1, 1_000, 65_536, 5_000_000].map(size => Buffer.alloc(size, `content of ${size}`));
    const oids = contents.map(content => repo.object('blob', content));
    const digests = await reader.hashBlobs([...oids, ...oids]);
    expect(oids.map(oid => digests.get(oid))).toEqual(
      contents.map(content => ({ length: content.length, sha256: sha256(content) })),
    );
  });

  const nowhere = { begin: () => undefined, data: () => undefined, end: () => undefined };

  test('pours blobs of any size in pieces, each as often as it is named, with what was named beside it', async () => {
    const contents = [0, 1, 65_537, 3_000_000].map(size => Buffer.alloc(size, `poured ${size}`));
    const wanted = contents.map((content, at) => ({ oid: repo.object('blob', content), at }));
    const got: { at: number; size: number; pieces: Buffer[]; ended: boolean }[] = [];
    await reader.pour([...wanted, ...wanted], {
      begin: ({ at }: { oid: ObjectId; at: number }, size) =>
        void got.push({ at, size, pieces: [], ended: false }),
      data: bytes => void got.at(-1)?.pieces.push(Buffer.from(bytes)),
      end: () => void Object.assign(got.at(-1) ?? {}, { ended: true }),
    });
    const expected = contents.map((content, at) => [at, content.length, sha256(content), true]);
    expect(
      got.map(({ at, size, pieces, ended }) => [at, size, sha256(Buffer.concat(pieces)), ended]),
    ).toEqual([...expected, ...expected]);
  });

  test('names no more than git keeps up with', async () => {
    const oid = repo.object('blob', Buffer.alloc(4_096, 'much'));
    let [named, behind] = [0, 0];
    const wanted = function* () {
      for (; named < 40_000; named++) yield { oid };
    };
    let came = 0;
    await reader.pour(wanted(), {
      ...nowhere,
      begin: () => void (behind = Math.max(behind, named - ++came)),
    });
    expect([came, behind < 20_000]).toEqual([40_000, true]);
  });

  test.each([
    ['what is not there', () => [{ oid: MISSING }], 'OBJECT_MISSING'],
    ['what is no blob', () => [{ oid: commit }], 'BAD_OBJECT'],
    ['what is no name', () => [{ oid: 'HEAD' as ObjectId }], 'BAD_REVISION'],
  ])('ends at %s', async (_, wanted, code) => {
    await expect(reader.pour(wanted(), nowhere)).rejects.toMatchObject({ code });
  });

  test('ends where whoever names or takes the blobs fails, and at nothing at once', async () => {
    const oid = repo.object('blob', Buffer.alloc(100_000, 'x'));
    const failing = function* () {
      for (let i = 0; i < 10_000; i++) yield { oid };
      throw new RangeError('no more names');
    };
    await expect(reader.pour(failing(), nowhere)).rejects.toThrow('no more names');
    const full = {
      ...nowhere,
      data: () => {
        throw new RangeError('no room');
      },
    };
    await expect(reader.pour([{ oid }, { oid }], full)).rejects.toThrow('no room');
    await reader.pour([], full);
  });

  test('reads many in the order first named, while the consumer sets the pace', async () => {
    const contents = Array.from({ length: 300 }, (_, at) => `${at} ${'x'.repeat(at * 7)}`);
    const tree = repo.sha(
      repo.commit(Object.fromEntries(contents.map((content, at) => [`${at}`, content])), { branch: 'many' }),
    );
    const { tree: top } = await reader.readCommit(tree);
    const oids = (await reader.readTree(top)).map(entry => entry.oid);
    const seen: ObjectId[] = [];
    for await (const { oid, content } of reader.readMany(oids)) {
      expect(nameObject('sha1', 'blob', content)).toBe(oid);
      seen.push(oid);
    }
    expect(seen).toEqual(oids);
  });

  test('can be left early', async () => {
    const oids = [repo.object('blob', 'one'), repo.object('blob', 'two')];
    for await (const { oid } of reader.readMany(oids)) {
      expect(oid).toBe(oids[0]);
      break;
    }
  });

  test('names what is missing or no blob', async () => {
    await expect(reader.hashBlobs([MISSING])).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
    await expect(reader.hashBlobs([commit])).rejects.toMatchObject({ code: 'BAD_OBJECT' });
    await expect(reader.readMany([MISSING]).next()).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
    expect((await reader.hashBlobs([])).size).toBe(0);
  });
});
