import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseBranchName, parseRemoteName } from '../../src/git/names.ts';
import type { CommitSha } from '../../src/git/oid.ts';
import { pushCommit, remoteBranchCommit } from '../../src/git/push.ts';
import type { GitRepository } from '../../src/git/repository.ts';
import { deleteUnpushed, listUnpushed, saveUnpushed } from '../../src/git/unpushed.ts';
import { type TestFolder, TestRepository, testFolder } from '../support/git-repo.ts';

const remote = parseRemoteName('origin');
const branch = parseBranchName('sign/event');
const pushed = { status: 'pushed' };
const rejected = { status: 'rejected' };

let folder: TestFolder;
let bare: TestRepository;
let repo: TestRepository;
let opened: GitRepository;
let base: CommitSha;
let mine: CommitSha;

beforeEach(async () => {
  folder = await testFolder();
  bare = TestRepository.init(join(folder.path, 'bare'), { bare: true });
  base = bare.commit({ a: '1' });
  bare.git('update-ref', `refs/heads/${branch}`, base);
  repo = TestRepository.clone(bare.folder, join(folder.path, 'clone'));
  mine = repo.commit({ a: 'mine' });
  opened = await repo.open();
});
afterEach(() => folder[Symbol.asyncDispose]());

const push = (commit: CommitSha, expected: CommitSha | undefined, to = branch) =>
  pushCommit(opened, { remote, branch: to, commit, expected });

describe('pushCommit', () => {
  test('pushes one commit to one branch', async () => {
    expect(await push(mine, base)).toEqual(pushed);
    expect(bare.sha(branch)).toBe(mine);
    expect(bare.sha('main')).toBe(base);
    expect(await remoteBranchCommit(opened, remote, branch)).toBe(mine);
  });

  test('makes a new branch, unless somebody else did', async () => {
    const fresh = parseBranchName('sign/fresh');
    expect(await push(mine, undefined, fresh)).toEqual(pushed);
    expect(await push(repo.commit({ a: 'later' }), undefined, fresh)).toMatchObject(rejected);
    expect(bare.sha(fresh)).toBe(mine);
  });

  test('is rejected where somebody was faster', async () => {
    const theirs = bare.commit({ a: 'theirs' }, { branch });
    expect(await push(mine, base)).toMatchObject(rejected);
    expect(bare.sha(branch)).toBe(theirs);
  });

  test('is rejected where the branch was wound back or deleted meanwhile', async () => {
    expect(await push(mine, base)).toEqual(pushed);
    const next = repo.commit({ a: 'next' });
    bare.git('update-ref', `refs/heads/${branch}`, base);
    expect(await push(next, mine)).toMatchObject(rejected);
    bare.git('update-ref', '-d', `refs/heads/${branch}`);
    expect(await push(next, mine)).toMatchObject(rejected);
  });

  test('is done where an earlier try arrived after all', async () => {
    expect(await push(mine, base)).toEqual(pushed);
    expect(await push(mine, base)).toEqual(pushed);
  });

  test('never undoes anything', async () => {
    expect(await push(mine, base)).toEqual(pushed);
    await expect(push(base, mine)).rejects.toMatchObject({ code: 'PUSH_REJECTED' });
    const other = repo.commit({ a: 'other' }, { parents: [base], branch: 'other' });
    await expect(push(other, mine)).rejects.toMatchObject({ code: 'PUSH_REJECTED' });
    expect(bare.sha(branch)).toBe(mine);
  });

  test('says what a rule of the remote said', async () => {
    const hook = join(bare.folder, 'hooks/update');
    await writeFile(hook, '#!/bin/sh\nprintf "no\\033[31m way\\n" >&2\nexit 1\n', { mode: 0o755 });
    let progress = '';
    const pushing = pushCommit(
      opened,
      { remote, branch, commit: mine, expected: base },
      { onProgress: text => (progress += text) },
    );
    await expect(pushing).rejects.toMatchObject({
      code: 'PUSH_REJECTED',
      message: expect.stringContaining('hook declined') as string,
    });
    expect(progress).toContain('remote: no[31m way');
  });

  test('names a remote that can not be reached', async () => {
    repo.git('config', 'remote.origin.url', join(folder.path, 'nowhere'));
    await expect(push(mine, base)).rejects.toMatchObject({ code: 'REMOTE_FAILED' });
    repo.git('config', 'remote.origin.url', 'ext::sh -c "touch pwned"');
    await expect(push(mine, base)).rejects.toMatchObject({ code: 'REMOTE_FAILED' });
    expect(await readdir(repo.folder)).not.toContain('pwned');
  });

  test('runs no hook of the clone and pushes no tag along', async () => {
    const hook = join(repo.folder, '.git/hooks/pre-push');
    await writeFile(hook, `#!/bin/sh\ntouch '${folder.path}/pwned'\nexit 1\n`);
    await chmod(hook, 0o755);
    repo.git('config', 'push.followTags', 'true');
    repo.git('tag', '-a', '-m', 'tag', 'v1', mine);
    expect(await push(mine, base)).toEqual(pushed);
    expect(await readdir(folder.path)).not.toContain('pwned');
    expect(bare.git('tag')).toBe('');
  });
});

describe('unpushed commits', () => {
  test('are kept until they are deleted, side by side', async () => {
    const deeper = parseBranchName('sign/event/deeper');
    const all = [
      { branch, commit: mine },
      { branch, commit: base },
      { branch: deeper, commit: mine },
    ];
    for (const unpushed of all) await saveUnpushed(opened, unpushed);
    await saveUnpushed(opened, { branch, commit: mine });
    expect(new Set(await listUnpushed(opened))).toEqual(new Set(all));
    await deleteUnpushed(opened, { branch, commit: mine });
    expect(await listUnpushed(opened)).not.toContainEqual({ branch, commit: mine });
    expect(await listUnpushed(opened)).toHaveLength(2);
  });
});
