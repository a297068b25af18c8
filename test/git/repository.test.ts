import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { runGit } from '../../src/git/process.ts';
import { resolveCommit } from '../../src/git/refs.ts';
import { openBareRepository, openRepository, requireFullHistory } from '../../src/git/repository.ts';
import { type TestFolder, TestRepository, testFolder } from '../support/git-repo.ts';

let folder: TestFolder;
beforeEach(async () => {
  folder = await testFolder();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await folder[Symbol.asyncDispose]();
});

const refused = { code: 'NOT_A_REPOSITORY' };

describe('openRepository', () => {
  test('finds the top of the checkout from a folder inside', async () => {
    const repo = TestRepository.init(folder.path);
    await mkdir(join(repo.folder, 'metadata/root_history'), { recursive: true });
    expect(await openRepository(join(repo.folder, 'metadata/root_history'))).toEqual({
      folder: repo.folder,
      gitDir: join(repo.folder, '.git'),
      objectFormat: 'sha1',
    });
  });

  test('opens a linked worktree', async () => {
    const repo = TestRepository.init(join(folder.path, 'repo'));
    const commit = repo.commit({ a: 'a' });
    repo.git('worktree', 'add', '-q', join(folder.path, 'linked'), commit);
    const linked = await openRepository(join(folder.path, 'linked'));
    expect(linked.folder).toBe(join(folder.path, 'linked'));
    expect(await resolveCommit(linked, 'HEAD')).toBe(commit);
  });

  test('opens a bare repository', async () => {
    const repo = TestRepository.init(join(folder.path, 'bare.git'), { bare: true, format: 'sha256' });
    const expected = { folder: repo.folder, gitDir: repo.folder, objectFormat: 'sha256' };
    expect(await openRepository(repo.folder)).toEqual(expected);
    expect(await openBareRepository(repo.folder)).toEqual(expected);
  });

  test('refuses a folder without a repository, a missing folder and a file', async () => {
    await writeFile(join(folder.path, 'file'), '');
    vi.stubEnv('GIT_CEILING_DIRECTORIES', join(folder.path, '..'));
    await expect(openRepository(folder.path)).rejects.toMatchObject(refused);
    await expect(openRepository(join(folder.path, 'missing'))).rejects.toMatchObject(refused);
    await expect(openRepository(join(folder.path, 'file'))).rejects.toMatchObject(refused);
    await expect(openBareRepository(folder.path)).rejects.toMatchObject(refused);
  });

  test.each(['true', 'false'])(
    'refuses a bare repository that a branch brought into the checkout (core.bare %s)',
    async bare => {
      const outer = TestRepository.init(folder.path);
      const inner = TestRepository.init(join(outer.folder, 'targets'), { bare: true });
      inner.git('config', 'core.fsmonitor', 'touch pwned; false');
      inner.git('config', 'core.bare', bare);
      await expect(openRepository(inner.folder)).rejects.toMatchObject(refused);
      await expect(openRepository(join(inner.folder, 'objects'))).rejects.toMatchObject(refused);
    },
  );

  test('is not led elsewhere by variables that a hook or an alias inherits', async () => {
    const repo = TestRepository.init(join(folder.path, 'repo'));
    const other = TestRepository.init(join(folder.path, 'other'));
    const commit = repo.commit({ a: 'a' });
    other.commit({ b: 'b' });
    vi.stubEnv('GIT_DIR', join(other.folder, '.git'));
    vi.stubEnv('GIT_OBJECT_DIRECTORY', join(other.folder, '.git/objects'));
    vi.stubEnv('GIT_NAMESPACE', 'elsewhere');
    const opened = await openRepository(repo.folder);
    expect(opened.folder).toBe(repo.folder);
    expect(await resolveCommit(opened, 'HEAD')).toBe(commit);
  });
});

test('requireFullHistory refuses a shallow clone', async () => {
  const origin = TestRepository.init(join(folder.path, 'origin'), { bare: true });
  origin.commit({ a: '1' });
  origin.commit({ a: '2' });
  const shallow = TestRepository.clone(`file://${origin.folder}`, join(folder.path, 'clone'), '--depth=1');
  await expect(requireFullHistory(await shallow.open())).rejects.toMatchObject({ code: 'SHALLOW' });
  await requireFullHistory(await origin.open());
});

describe('runGit', () => {
  test('runs neither hooks nor an fsmonitor', async () => {
    const repo = TestRepository.init(join(folder.path, 'repo'));
    const head = repo.commit({ a: 'a' });
    repo.git('reset', '-q', '--hard');
    const script = join(folder.path, 'evil.sh');
    await writeFile(script, `#!/bin/sh\ntouch '${folder.path}/pwned'\nexit 1\n`);
    await chmod(script, 0o755);
    repo.git('config', 'core.fsmonitor', script);
    for (const hook of ['reference-transaction', 'post-index-change', 'pre-commit', 'post-checkout']) {
      await writeFile(join(repo.folder, '.git/hooks', hook), `#!/bin/sh\nexec '${script}'\n`, {
        mode: 0o755,
      });
    }
    const opened = await repo.open();
    await runGit(opened, ['update-ref', 'refs/heads/x', head]);
    await runGit(opened, ['status'], { remote: true });
    expect(await readdir(folder.path)).not.toContain('pwned');
    expect(() => repo.git('update-ref', 'refs/heads/y', 'HEAD')).toThrow();
    expect(await readdir(folder.path)).toContain('pwned'); // the trap does spring for git on its own
  });

  test('stops a process that writes too much', async () => {
    const repo = TestRepository.init(folder.path);
    const oid = repo.object('blob', Buffer.alloc(1_000_000));
    await expect(
      runGit(await repo.open(), ['cat-file', 'blob', oid], { maxOutput: 1_000 }),
    ).rejects.toMatchObject({ code: 'OUTPUT_TOO_LARGE' });
  });

  test('says that git is missing', async () => {
    const opened = await TestRepository.init(folder.path).open();
    vi.stubEnv('PATH', folder.path);
    await expect(runGit(opened, ['version'])).rejects.toMatchObject({ code: 'GIT_MISSING' });
  });

  test('carries the complaint of git, and its code where one is given', async () => {
    const opened = await TestRepository.init(folder.path).open();
    await expect(
      runGit(opened, ['cat-file', '-t', 'nothing'], { failure: 'BAD_REVISION' }),
    ).rejects.toMatchObject({
      code: 'BAD_REVISION',
      message: 'git cat-file failed: Not a valid object name nothing',
    });
  });

  test('ends with the signal', async () => {
    const opened = await TestRepository.init(folder.path).open();
    const signal = AbortSignal.abort();
    await expect(runGit(opened, ['version'], { signal })).rejects.toMatchObject({ name: 'AbortError' });
  });
});
