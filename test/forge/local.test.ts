import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ForgeError } from '../../src/forge/error.ts';
import { type LocalForge, localForge } from '../../src/forge/local.ts';
import type { ObjectId } from '../../src/repository/tree.ts';

let folder = '';
let forge: LocalForge;
beforeEach(async () => {
  folder = path.join(await mkdtemp(path.join(tmpdir(), 'local-forge-')), 'forge');
  forge = localForge(folder);
});
afterEach(() => rm(path.dirname(folder), { recursive: true }));

const request = { branch: 'sign/add-dev', title: 'Signing event', body: 'what changes', draft: true };
const page = async (name: string): Promise<string> => readFile(path.join(folder, name), 'utf8');

describe('localForge', () => {
  it('keeps one open pull request a branch', async () => {
    const made = await forge.openOrUpdatePullRequest(request);
    expect(made).toMatchObject({ number: 1, branch: 'sign/add-dev', draft: true, state: 'open' });
    const again = await forge.openOrUpdatePullRequest({ ...request, body: 'more changes', draft: false });
    expect(again).toMatchObject({ number: 1, draft: false });
    expect(await forge.openOrUpdatePullRequest({ ...request, branch: 'sign/other' })).toMatchObject({
      number: 2,
    });
    expect((await forge.listPullRequests()).map(({ number, branch }) => [number, branch])).toEqual([
      [1, 'sign/add-dev'],
      [2, 'sign/other'],
    ]);
    expect(await page('1-sign_add-dev.md')).toBe(
      '# Signing event (#1)\n\nBranch sign/add-dev: open.\n\nmore changes\n',
    );
    expect(await readFile(fileURLToPath(made.url), 'utf8')).toContain('more changes');
  });

  it('opens a new one where the old one is merged', async () => {
    await forge.openOrUpdatePullRequest(request);
    await forge.closePullRequest(1, 'merged');
    expect(await forge.listPullRequests()).toEqual([]);
    expect(await forge.openOrUpdatePullRequest(request)).toMatchObject({ number: 2 });
    expect(await page('1-sign_add-dev.md')).toContain(': merged.');
  });

  it('writes a sticky comment over itself, and adds mentions', async () => {
    const made = await forge.openOrUpdatePullRequest(request);
    await forge.upsertComment(made, '<!-- status -->', 'pending');
    await forge.postMention(made, '@alice, please sign');
    await forge.upsertComment(made, '<!-- status -->', 'accepted');
    await forge.postMention(made, '@bob, please sign');
    await forge.openOrUpdatePullRequest(request);
    expect(await page('1-sign_add-dev.md')).toMatch(
      /^# Signing event.*what changes.*Comment 1.*accepted.*Comment 2.*@alice.*Comment 3.*@bob/s,
    );
    expect(await page('1-sign_add-dev.md')).not.toContain('pending');
  });

  it('keeps statuses by commit', async () => {
    const commit = 'a'.repeat(40) as ObjectId;
    await forge.setStatus(commit, 'pending', '1 of 2');
    await forge.setStatus(commit, 'success', 'accepted');
    expect(JSON.parse(await page(`status-${commit}.json`))).toEqual({
      commit,
      state: 'success',
      description: 'accepted',
    });
    await expect(forge.setStatus('../x' as ObjectId, 'error', '')).rejects.toThrow(ForgeError);
  });

  it.each([
    ['sign/../../etc/passwd', '1-sign_.._.._etc_passwd.json'],
    ['sign/$(reboot)`|<b>@x', '1-sign_reboot_b_x.json'],
    [`sign/${'x'.repeat(300)}`, `1-sign_${'x'.repeat(75)}.json`],
    ['sign/a\u202e\nb.', '1-sign_a_b.json'],
  ])('writes no file outside for the branch %j', async (branch, file) => {
    await forge.openOrUpdatePullRequest({ ...request, branch });
    expect((await readdir(folder)).sort()).toEqual([file, file.replace(/json$/, 'md')].sort());
    expect(await forge.listPullRequests()).toMatchObject([{ branch }]);
    const [title, , line] = (await page(file.replace(/json$/, 'md'))).split('\n');
    expect(title).toBe('# Signing event (#1)');
    expect(line).not.toMatch(/(?<!\\)[`<@|]/);
  });

  it('leaves no half-written file behind, and reads back any text', async () => {
    const made = await forge.openOrUpdatePullRequest({
      ...request,
      title: '"\u0000\ud800{}',
      body: '\u2028',
    });
    await forge.upsertComment(made, 'm', '__proto__\n```');
    expect(await forge.listPullRequests()).toMatchObject([{ title: '"\u0000\ufffd{}' }]);
    expect((await readdir(folder)).filter(name => name.endsWith('.tmp'))).toEqual([]);
  });

  it('refuses a pull request that is not there', async () => {
    const made = await forge.openOrUpdatePullRequest(request);
    await expect(forge.postMention({ ...made, number: 9 }, '')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(forge.closePullRequest(9, 'closed')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each([
    ['a list', '[]'],
    ['no number', '{"comments":[],"draft":true,"state":"open"}'],
    ['an unknown state', '{"comments":[],"draft":true,"number":1,"state":"ajar"}'],
    [
      'a bad comment',
      '{"branch":"","body":"","title":"","comments":[1],"draft":true,"number":1,"state":"open"}',
    ],
  ])('refuses state that is %s', async (_, text) => {
    await forge.openOrUpdatePullRequest(request);
    await writeFile(path.join(folder, '1-sign_add-dev.json'), text);
    await expect(forge.listPullRequests()).rejects.toMatchObject({ name: 'ForgeError', code: 'BAD_STATE' });
  });

  it('says which folder can not be used', async () => {
    await writeFile(folder, 'a file');
    await expect(forge.listPullRequests()).rejects.toMatchObject({ code: 'ACCESS' });
  });
});

describe('issues and comments of the local forge', () => {
  const failing = { marker: '<!-- x -->', label: 'failure', title: 'It fails', body: 'why' };

  it('keeps one open issue a marker and label', async () => {
    expect(await forge.closeIssue(failing, 'done')).toBeUndefined();
    expect(await forge.openOrUpdateIssue(failing)).toMatchObject({ number: 1 });
    expect(await forge.openOrUpdateIssue({ ...failing, body: 'why now' })).toMatchObject({ number: 1 });
    expect(await forge.openOrUpdateIssue({ ...failing, label: 'expiry' })).toMatchObject({ number: 2 });
    expect(await forge.closeIssue(failing, 'done')).toMatchObject({ number: 1 });
    expect(await forge.openOrUpdateIssue(failing)).toMatchObject({ number: 3 });
    expect(await page('issue-1.json')).toMatch(/"open": false[^]*"why now"[^]*"done"/);
  });

  it.each([
    ['no object', '[]'],
    ['a number that is none', '{"number":"1","open":true}'],
    ['no word on whether it is open', '{"number":1}'],
    ['no marker', '{"number":1,"open":true}'],
  ])('refuses an issue with %s', async (_, text) => {
    await forge.openOrUpdateIssue(failing);
    await writeFile(path.join(folder, 'issue-1.json'), text);
    await expect(forge.openOrUpdateIssue(failing)).rejects.toThrow(
      expect.objectContaining({ code: 'BAD_STATE' }) as Error,
    );
  });

  it('reads back the comment that a marker stands for, and no other', async () => {
    const pullRequest = await forge.openOrUpdatePullRequest(request);
    await forge.upsertComment(pullRequest, '<!-- x -->', 'one');
    await forge.postMention(pullRequest, 'two');
    expect(await forge.readComment(pullRequest, '<!-- x -->')).toBe('one');
    expect(await forge.readComment(pullRequest, '<!-- y -->')).toBeUndefined();
    expect(await forge.listPushes('sign/add-dev')).toEqual([]);
  });
});
