import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Instant } from '../../src/clock.ts';
import { type CommitRequest, createCommit } from '../../src/git/commit.ts';
import { readIdentity } from '../../src/git/identity.ts';
import { type ObjectReader, openObjectReader } from '../../src/git/objects.ts';
import type { CommitSha } from '../../src/git/oid.ts';
import { TEST_AUTHOR, TEST_EPOCH, type TestFolder, TestRepository, testFolder } from '../support/git-repo.ts';

let folder: TestFolder;
let repo: TestRepository;
let reader: ObjectReader;
let base: CommitSha;

beforeAll(async () => {
  folder = await testFolder();
  repo = TestRepository.init(join(folder.path, 'repo'));
  repo.commit({ 'metadata/root.json': '1', 'metadata/root_history/1.root.json': '1', 'targets/a': 'a' });
  base = repo.commit({ 'metadata/targets.json': '1' }, { mode: '100755' });
  reader = openObjectReader(await repo.open());
});
afterAll(async () => {
  await reader[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const create = (
  changes: Readonly<Record<string, string | undefined>>,
  request: Partial<CommitRequest> = {},
) =>
  createCommit(reader, {
    parents: [base],
    changes: new Map(
      Object.entries(changes).map(([path, text]) => [
        path,
        text === undefined ? undefined : Buffer.from(text),
      ]),
    ),
    message: ['Subject'],
    author: TEST_AUTHOR,
    time: (TEST_EPOCH * 1000) as Instant,
    ...request,
  });

/** Each path with its mode and content's first letters. */
const list = (commit: CommitSha): string[] =>
  repo
    .git('ls-tree', '-r', '--format=%(objectmode) %(path) %(objectname)', commit)
    .split('\n')
    .filter(line => line !== '')
    .map(line => line.replace(/[0-9a-f]{40}$/, oid => repo.git('cat-file', 'blob', oid)));

describe('createCommit', () => {
  test('changes, adds and removes files, keeps modes, and makes sound objects', async () => {
    const commit = await create({
      'metadata/targets.json': '2',
      'metadata/root_history/1.root.json': undefined,
      'metadata/not-there': undefined,
      'metadata/é\u{1F600}.json': 'new',
      top: 'new',
      'deep/er/file': 'new',
    });
    expect(list(commit)).toEqual([
      '100644 deep/er/file new',
      '100644 metadata/root.json 1',
      '100755 metadata/targets.json 2',
      '100644 "metadata/\\303\\251\\360\\237\\230\\200.json" new',
      '100644 targets/a a',
      '100644 top new',
    ]);
    repo.git('fsck', '--strict', commit);
  });

  test('writes author, time, parents and trailer', async () => {
    const commit = await create(
      {},
      {
        parents: [base, repo.sha('HEAD~1')],
        message: ['Signature from @me\nX: y', 'First line.', 'Second\u0000line.'],
      },
    );
    const person = `${TEST_AUTHOR.name} <${TEST_AUTHOR.email}> ${TEST_EPOCH} +0000`;
    expect(repo.git('cat-file', 'commit', commit).split('\n')).toEqual([
      `tree ${repo.sha(`${base}^{tree}`)}`,
      `parent ${base}`,
      `parent ${repo.sha('HEAD~1')}`,
      `author ${person}`,
      `committer ${person}`,
      '',
      'Signature from @me X: y',
      '',
      'First line.',
      'Second line.',
      '',
      `Signed-off-by: ${TEST_AUTHOR.name} <${TEST_AUTHOR.email}>`,
    ]);
    expect(repo.git('log', '-1', '--format=%(trailers:key=Signed-off-by,valueonly)', commit)).toContain(
      TEST_AUTHOR.name,
    );
  });

  test('is the same commit for the same request', async () => {
    expect(await create({ a: '1' })).toBe(await create({ a: '1' }));
  });

  test('leaves checkout, index and refs alone', async () => {
    repo.git('reset', '-q', '--hard');
    const refs = repo.git('for-each-ref');
    await create({ 'metadata/root.json': 'changed' });
    expect(repo.git('status', '--porcelain')).toBe('');
    expect(repo.git('for-each-ref')).toBe(refs);
  });

  test('starts a history', async () => {
    const commit = await create({ 'metadata/root.json': '1' }, { parents: [] });
    expect(list(commit)).toEqual(['100644 metadata/root.json 1']);
    expect(list(await create({ 'metadata/root.json': undefined }, { parents: [commit] }))).toEqual([]);
  });

  test('works in a repository of SHA-256 objects', async () => {
    const other = TestRepository.init(join(folder.path, 'sha256'), { format: 'sha256' });
    const parent = other.commit({ 'metadata/a': '1' });
    await using opened = openObjectReader(await other.open());
    const changes = new Map([['metadata/b', Buffer.from('2')]]);
    const time = (TEST_EPOCH * 1000) as Instant;
    const commit = await createCommit(opened, {
      parents: [parent],
      changes,
      message: ['x'],
      author: TEST_AUTHOR,
      time,
    });
    expect(other.git('show', `${commit}:metadata/b`)).toBe('2');
    other.git('fsck', '--strict', commit);
  });

  test('writes content of some megabytes', async () => {
    const commit = await create({ big: 'x'.repeat(3_000_000) });
    expect(repo.git('cat-file', '-s', `${commit}:big`)).toBe('3000000');
  });

  test.each([
    '',
    '/a',
    'a/',
    'a//b',
    '.',
    'a/../b',
    './a',
    '.git/config',
    'a/.GIT/x',
    'a\\b',
    'a\nb',
    'a\0b',
    '\ud800',
  ])('refuses the path %j', async path => {
    await expect(create({ [path]: 'x' })).rejects.toMatchObject({ code: 'BAD_PATH' });
  });

  test('refuses what would write through or into something that is no regular file', async () => {
    const link = repo.commit({ metadata: '/etc' }, { branch: 'link', mode: '120000', parents: [] });
    const file = repo.commit(
      { 'metadata/root.json': '../x' },
      { branch: 'file', mode: '120000', parents: [] },
    );
    for (const parents of [[link], [file]]) {
      await expect(create({ 'metadata/root.json': 'x' }, { parents })).rejects.toMatchObject({
        code: 'BAD_PATH',
      });
    }
    for (const path of ['metadata', 'metadata/root.json/x']) {
      for (const text of ['x', undefined]) {
        await expect(create({ [path]: text })).rejects.toMatchObject({ code: 'BAD_PATH' });
      }
    }
    await expect(create({ a: 'x', 'a/b': 'x' })).rejects.toMatchObject({ code: 'BAD_PATH' });
    await expect(create({ 'a/b': 'x', a: 'x' })).rejects.toMatchObject({ code: 'BAD_PATH' });
    expect(list(await create({ 'metadata/root.json': undefined }, { parents: [file] }))).toEqual([]);
  });

  test.each([
    { name: '', email: 'a@b' },
    { name: 'a', email: ' ' },
    { name: 'a\nparent x', email: 'a@b' },
    { name: 'a', email: 'a> 1 +0000\n' },
  ])('refuses to write %j into a header', async author => {
    await expect(create({}, { author })).rejects.toMatchObject({ code: 'IDENTITY_MISSING' });
  });
});

describe('readIdentity', () => {
  test('is what git is configured with', async () => {
    expect(await readIdentity(await repo.open())).toEqual(TEST_AUTHOR);
    vi.stubEnv('GIT_AUTHOR_NAME', 'Zoë');
    expect(await readIdentity(await repo.open())).toEqual({ ...TEST_AUTHOR, name: 'Zoë' });
  });

  test('is no guess', async () => {
    const other = TestRepository.init(join(folder.path, 'nobody'));
    other.git('config', '--unset', 'user.email');
    await expect(readIdentity(await other.open())).rejects.toMatchObject({ code: 'IDENTITY_MISSING' });
  });
});
