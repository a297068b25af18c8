import { execFile } from 'node:child_process';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { LocalGitHub } from '../../support/forge/local-github.ts';
import type { Access, RuleType, Scope } from '../../support/forge/model.ts';
import { testFolder } from '../../support/git-repo.ts';

// git over HTTP: who may clone and push, branch rules, what a push sets off.

const exec = promisify(execFile);

/** Gives what git said, and whether it ended well. Not synchronous: the server is in this process. */
async function git(
  folder: string,
  ...args: readonly string[]
): Promise<{ readonly ok: boolean; readonly text: string }> {
  const environment = {
    ...process.env,
    GIT_CONFIG_GLOBAL: devNull,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
  };
  const name = ['-c', 'user.name=x', '-c', 'user.email=x@example.org'];
  try {
    const { stdout, stderr } = await exec('git', [...name, ...args], { cwd: folder, env: environment });
    return { ok: true, text: stdout + stderr };
  } catch (error) {
    return { ok: false, text: String((error as { stderr?: unknown }).stderr) };
  }
}

const FILES = { 'README.md': 'x', '.github/workflows/w.yml': 'on: push\njobs: {}\n' };

/** A clone with one commit on `branch` that is not pushed. */
async function clone(
  github: LocalGitHub,
  folder: string,
  url: string,
  branch: string,
  path = 'new.txt',
): Promise<string> {
  const work = join(folder, 'work');
  expect(await git(folder, 'clone', '-q', url, work)).toMatchObject({ ok: true });
  await git(work, 'checkout', '-q', '-B', branch);
  await exec(
    'node',
    [
      '-e',
      `fs.mkdirSync(path.dirname(process.argv[1]), { recursive: true }); fs.writeFileSync(process.argv[1], 'new')`,
      path,
    ],
    { cwd: work },
  );
  await git(work, 'add', '-A');
  expect(await git(work, 'commit', '-q', '-m', 'new')).toMatchObject({ ok: true });
  expect(github.calls.at(-1)?.operation).toBe('git/upload-pack');
  return work;
}

describe('a push', () => {
  it.each<readonly [string, Partial<Record<Scope, Access>> | 'admin' | 'read' | 'nobody', boolean]>([
    ['a job with contents: write', { contents: 'write' }, true],
    ['a job with contents: read', { contents: 'read' }, false],
    ['a job without permissions', {}, false],
    ['an administrator', 'admin', true],
    ['a reader', 'read', false],
    ['nobody', 'nobody', false],
  ])('by %s', async (_, who, expected) => {
    await using github = await LocalGitHub.start();
    await using folder = await testFolder();
    const repository = github.addRepository('town/metadata', { files: FILES });
    const user = github.addUser('maintainer');
    if (who === 'admin' || who === 'read') repository.collaborators.set('maintainer', who);
    const token =
      who === 'nobody'
        ? undefined
        : typeof who === 'string'
          ? github.token(user)
          : github.jobToken(repository, who);
    const work = await clone(github, folder.path, github.cloneUrl(repository, token), 'sign/x');
    const pushed = await git(work, 'push', '-q', 'origin', 'sign/x');
    expect(pushed.ok, pushed.text).toBe(expected);
    const push = github.database.events.find(event => event.name === 'push');
    expect(push?.ref).toBe(expected ? 'refs/heads/sign/x' : undefined);
    if (push !== undefined) expect(push.byJob).toBe(typeof who !== 'string');
  });

  it.each<readonly [string, readonly RuleType[], readonly string[], string, boolean]>([
    ['no rule', [], [], 'main', true],
    ['a rule', ['update'], [], 'main', false],
    ['a rule for another branch', ['update'], [], 'sign/x', true],
    ['a rule that the pusher may bypass', ['update'], ['maintainer'], 'main', true],
    ['a rule that jobs may bypass', ['update'], ['github-actions[bot]'], 'main', false],
    ['a pull request asked for', ['pull_request'], [], 'main', false],
    ['a status asked for', ['required_status_checks'], [], 'main', false],
    ['rewriting forbidden', ['non_fast_forward'], [], '+main', false],
    ['rewriting allowed', ['deletion'], [], '+main', true],
  ])('with %s', async (_, rules, bypass, target, expected) => {
    await using github = await LocalGitHub.start();
    await using folder = await testFolder();
    const repository = github.addRepository('town/metadata', { files: FILES });
    repository.collaborators.set('maintainer', 'write');
    repository.rules.push({
      kind: 'ruleset',
      name: 'r',
      branches: ['~DEFAULT_BRANCH'],
      rules,
      bypass,
      checks: ['c'],
    });
    const url = github.cloneUrl(repository, github.token(github.addUser('maintainer')));
    const work = await clone(github, folder.path, url, 'work');
    const source = target.startsWith('+')
      ? (await git(work, 'commit-tree', '-m', 'root', 'HEAD^{tree}')).text.trim()
      : 'HEAD';
    const pushed = await git(
      work,
      'push',
      '-q',
      'origin',
      `${target.startsWith('+') ? '+' : ''}${source}:refs/heads/${target.replace('+', '')}`,
    );
    expect(pushed.ok, pushed.text).toBe(expected);
    if (!expected) expect(pushed.text).toContain('GH013');
  });

  it('of a workflow file is refused to a job, not to a person', async () => {
    await using github = await LocalGitHub.start();
    await using folder = await testFolder();
    const repository = github.addRepository('town/metadata', { files: FILES });
    const url = github.cloneUrl(repository, github.jobToken(repository, { contents: 'write' }));
    const work = await clone(github, folder.path, url, 'sign/x', '.github/workflows/evil.yml');
    const refused = await git(work, 'push', '-q', 'origin', 'sign/x');
    expect(refused.text).toContain('without `workflows` permission');
    const own = github.cloneUrl(repository, github.token(repository.owner));
    expect(await git(work, 'push', '-q', own, 'sign/x')).toMatchObject({ ok: true });
  });

  it('that lost a race is rejected, and a token that expired is no token', async () => {
    await using github = await LocalGitHub.start();
    await using folder = await testFolder();
    const repository = github.addRepository('town/metadata', { files: FILES });
    const token = github.jobToken(repository, { contents: 'write' });
    const work = await clone(github, folder.path, github.cloneUrl(repository, token), 'main');
    github.push(repository, repository.owner, { 'other.txt': 'x' });
    expect((await git(work, 'push', '-q', 'origin', 'main')).text).toContain('rejected');
    github.database.tokens.expire(token);
    expect((await git(work, 'push', '-q', 'origin', 'main:sign/y')).text).toContain('Authentication failed');
  });
});

describe('a private repository', () => {
  it.each<readonly [string, 'owner' | 'stranger' | 'nobody', boolean]>([
    ['its owner', 'owner', true],
    ['a stranger', 'stranger', false],
    ['nobody', 'nobody', false],
  ])('is cloned by %s', async (_, who, expected) => {
    await using github = await LocalGitHub.start();
    await using folder = await testFolder();
    const repository = github.addRepository('town/secret', { files: FILES, private: true });
    const account = who === 'owner' ? repository.owner : github.addUser('stranger');
    const url = github.cloneUrl(repository, who === 'nobody' ? undefined : github.token(account));
    expect((await git(folder.path, 'clone', '-q', url, 'work')).ok).toBe(expected);
  });
});
