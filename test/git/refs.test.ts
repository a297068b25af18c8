import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fetchBranches, listRemotes } from '../../src/git/fetch.ts';
import { parseBranchName, parseRemoteName, parseSigningEvent } from '../../src/git/names.ts';
import type { CommitSha } from '../../src/git/oid.ts';
import {
  currentBranch,
  defaultBranch,
  listLocalBranches,
  listRemoteBranches,
  readRef,
  requireRemoteBranch,
  resolveCommit,
  updateRef,
} from '../../src/git/refs.ts';
import type { GitRepository } from '../../src/git/repository.ts';
import { type TestFolder, TestRepository, testFolder } from '../support/git-repo.ts';

describe('names of branches', () => {
  test.each(['main', 'sign/root-v5', 'sign/a/b_c.d+e', 'release/1.0', 'v2', '1'])('%j is safe', name => {
    expect(parseBranchName(name)).toBe(name);
  });

  test.each([
    '',
    'HEAD',
    'a'.repeat(40),
    'a'.repeat(201),
    '--upload-pack=touch pwned',
    '-x',
    'sign/-x',
    'sign/$(touch pwned)',
    'sign/`id`',
    'sign/a b',
    "sign/a'b",
    'sign/a"b',
    'sign/a;b',
    'sign/a\nb',
    'sign/a\u0007',
    'sign/а', // Cyrillic
    'sign/a\u202eb',
    'sign/..',
    'sign/a..b',
    'sign/.a',
    'sign/a.',
    'sign/a.lock',
    'sign/a.LOCK/b',
    'sign/a@{1}',
    'sign/@',
    'sign//a',
    '/sign/a',
    'sign/',
    'sign/a^',
    'sign/a~1',
    'sign/a:b',
    'sign/a?',
    'sign/*',
    'sign/[a]',
    'sign/a\\b',
    '+main',
  ])('%j is refused', name => {
    expect(() => parseBranchName(name)).toThrow(expect.objectContaining({ code: 'BAD_REF_NAME' }));
    expect(() => parseSigningEvent(name)).toThrow(expect.objectContaining({ code: 'BAD_REF_NAME' }));
  });

  test('a signing event lies below sign/', () => {
    expect(parseSigningEvent('sign/a')).toBe('sign/a');
    for (const name of ['main', 'signs/a', 'sign']) {
      expect(() => parseSigningEvent(name)).toThrow(expect.objectContaining({ code: 'BAD_REF_NAME' }));
    }
  });

  test.each(['--exec=x', 'https://host/x', '../x', '.', 'ext::sh -c id', '/tmp/x'])(
    '%j is refused as a remote',
    name => {
      expect(() => parseRemoteName(name)).toThrow(expect.objectContaining({ code: 'BAD_REF_NAME' }));
    },
  );
});

describe('refs', () => {
  const origin = parseRemoteName('origin');
  const main = parseBranchName('main');
  let folder: TestFolder;
  let bare: TestRepository;
  let repo: TestRepository;
  let opened: GitRepository;
  let first: CommitSha;
  let second: CommitSha;

  beforeAll(async () => {
    folder = await testFolder();
    bare = TestRepository.init(join(folder.path, 'bare'), { bare: true });
    first = bare.commit({ a: '1' });
    bare.commit({ a: 'event' }, { branch: 'sign/old', parents: [first] });
    repo = TestRepository.clone(bare.folder, join(folder.path, 'clone'));
    opened = await repo.open();
    second = bare.commit({ a: '2' });
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  test('fetchBranches brings main and the events up to date, and nothing else', async () => {
    bare.git('update-ref', '-d', 'refs/heads/sign/old');
    const event = bare.commit({ a: 'new' }, { branch: 'sign/old/deeper', parents: [first] });
    bare.git('update-ref', 'refs/heads/sign/$(touch${IFS}pwned)', first);
    bare.git('update-ref', 'refs/heads/other', second);
    bare.git('tag', 'sign/old/deeper', first);
    await fetchBranches(opened, origin, [main, parseBranchName('sign/gone')]);
    expect(await listRemoteBranches(opened, origin, 'sign/')).toEqual({
      branches: [{ name: 'sign/old/deeper', commit: event }],
      ignored: ['"sign/$(touch${IFS}pwned)"'],
    });
    expect(await requireRemoteBranch(opened, origin, main)).toBe(second);
    expect(repo.git('tag')).toBe('');
    expect(await readRef(opened, 'refs/remotes/origin/other')).toBeUndefined();
    await expect(requireRemoteBranch(opened, origin, parseBranchName('other'))).rejects.toMatchObject({
      code: 'BAD_REVISION',
    });
  });

  test('fetchBranches says what is wrong with the remote', async () => {
    const failed = { code: 'REMOTE_FAILED' };
    await expect(fetchBranches(opened, origin, [parseBranchName('missing')])).rejects.toMatchObject(failed);
    await expect(fetchBranches(opened, parseRemoteName('nowhere'), [main])).rejects.toMatchObject(failed);
  });

  test.each(['HEAD', 'main', 'refs/heads/main', 'origin/main~0', 'v1'])(
    'resolveCommit finds %j',
    async name => {
      repo.git('tag', '-f', '-a', '-m', 'tag', 'v1', first);
      expect(await resolveCommit(opened, name)).toMatch(/^[0-9a-f]{40}$/);
    },
  );

  test.each([
    '',
    'missing',
    '--all',
    '-h',
    'HEAD\nHEAD',
    'HEAD\0',
    'HEAD:a',
    'f'.repeat(40),
    'HEAD..HEAD',
    '^HEAD',
  ])('resolveCommit refuses %j', async name => {
    await expect(resolveCommit(opened, name)).rejects.toMatchObject({ code: 'BAD_REVISION' });
  });

  test('readRef reads exactly the ref it is given', async () => {
    repo.git('update-ref', 'refs/tags/refs/heads/shadow', first);
    repo.git('update-ref', 'refs/heads/deep/er', first);
    repo.git('update-ref', 'refs/tags/blob', repo.object('blob', 'x'));
    expect(await readRef(opened, 'refs/heads/main')).toBe(first);
    expect(await readRef(opened, 'refs/tags/v1')).toBe(first);
    for (const ref of ['refs/heads/shadow', 'refs/heads/deep', 'refs/tags/blob']) {
      expect(await readRef(opened, ref)).toBeUndefined();
    }
    for (const ref of ['main', '--all', 'refs/heads/*', 'refs/heads/a\nb', 'refs/../x']) {
      await expect(readRef(opened, ref)).rejects.toMatchObject({ code: 'BAD_REF_NAME' });
    }
  });

  test('a symbolic link among the refs of a remote does not pass for a branch', async () => {
    repo.git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main');
    const { branches } = await listRemoteBranches(opened, origin);
    expect(branches.map(branch => branch.name)).toEqual(['main', 'sign/old/deeper']);
    expect((await listLocalBranches(opened)).branches.map(branch => branch.name)).toContain('main');
  });

  test('currentBranch is what is checked out, or nothing', async () => {
    expect(await currentBranch(opened)).toBe('main');
    repo.git('checkout', '-q', '--detach');
    expect(await currentBranch(opened)).toBeUndefined();
    repo.git('checkout', '-q', 'main');
  });

  test('defaultBranch is what the clone knows, else what the remote says', async () => {
    expect(await defaultBranch(opened, origin)).toBe('main');
    repo.git('symbolic-ref', '--delete', 'refs/remotes/origin/HEAD');
    expect(await defaultBranch(opened, origin)).toBe('main');
    bare.git('symbolic-ref', 'HEAD', 'refs/heads/unborn');
    await expect(defaultBranch(opened, origin)).rejects.toMatchObject({ code: 'NO_DEFAULT_BRANCH' });
    bare.git('symbolic-ref', 'HEAD', 'refs/heads/main');
  });

  test('updateRef moves, makes and deletes only what is as expected', async () => {
    const ref = 'refs/tuf-signer/test';
    await updateRef(opened, ref, first, undefined);
    await expect(updateRef(opened, ref, second, undefined)).rejects.toMatchObject({ code: 'REF_MOVED' });
    await expect(updateRef(opened, ref, first, second)).rejects.toMatchObject({ code: 'REF_MOVED' });
    await updateRef(opened, ref, second, first);
    expect(await readRef(opened, ref)).toBe(second);
    await expect(updateRef(opened, ref, undefined, first)).rejects.toMatchObject({ code: 'REF_MOVED' });
    await updateRef(opened, ref, undefined, second);
    expect(await readRef(opened, ref)).toBeUndefined();
    await expect(updateRef(opened, '--stdin', first, undefined)).rejects.toMatchObject({
      code: 'BAD_REF_NAME',
    });
  });

  test('listRemotes gives names and URLs, without those that are not safe', async () => {
    repo.git('config', 'remote.evil $(x).url', '/tmp');
    repo.git('config', 'remote.second.url', 'https://example.org/a.git');
    repo.git('config', '--add', 'remote.second.url', 'https://example.org/b.git');
    expect(await listRemotes(opened)).toEqual([
      { name: 'origin', url: bare.folder },
      { name: 'second', url: 'https://example.org/a.git' },
    ]);
  });
});
