import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ForgeError } from '../../src/forge/error.ts';
import type { Forge, PullRequest } from '../../src/forge/forge.ts';
import { githubForge } from '../../src/forge/github.ts';
import { parseObjectId } from '../../src/git/oid.ts';
import { GithubStub, type StubFailure } from '../support/github-stub.ts';

let stub: GithubStub;
let forge: Forge;
beforeEach(async () => {
  stub = await GithubStub.start();
  forge = githubForge(stub.options);
});
afterEach(() => stub[Symbol.asyncDispose]());

const HEAD = parseObjectId('a'.repeat(40));
const MARKER = '<!-- ours -->';
const request = { branch: 'sign/add-dev', title: 'Signing event', body: 'what changes', draft: true };
const open = (): Promise<PullRequest> => forge.openOrUpdatePullRequest(request);

describe('the pull request', () => {
  it('is opened once, against the default branch', async () => {
    const made = await open();
    expect(made).toMatchObject({ number: 1, branch: 'sign/add-dev', draft: true, state: 'open' });
    expect(stub.pulls).toMatchObject([
      { title: 'Signing event', body: 'what changes', base: 'main', draft: true },
    ]);
    stub.taken();
    expect(await open()).toEqual(made);
    expect(stub.taken()).toEqual(['GET /pulls']);
  });

  it('follows in title and draft state, and only there where it differs', async () => {
    await open();
    stub.taken();
    await forge.openOrUpdatePullRequest({ ...request, title: 'Renewal', draft: false });
    expect(stub.taken({ writes: true })).toEqual([
      'PATCH /pulls/1',
      'POST /graphql markPullRequestReadyForReview',
    ]);
    expect(stub.pulls[0]).toMatchObject({ title: 'Renewal', draft: false });
    await forge.openOrUpdatePullRequest({ ...request, title: 'Renewal', draft: true });
    expect(stub.taken({ writes: true })).toEqual(['POST /graphql convertPullRequestToDraft']);
  });

  it('keeps the words of a person who opened it', async () => {
    stub.addPull('sign/add-dev', { title: 'Mine', user: { login: 'alice', type: 'User' }, draft: true });
    expect(await open()).toMatchObject({ number: 1, title: 'Mine' });
    expect(stub.taken({ writes: true })).toEqual([]);
  });

  it('is not the one that a fork or another branch has', async () => {
    stub.addPull('sign/add-dev', { head: { ref: 'sign/add-dev', repo: { full_name: 'mallory/tuf' } } });
    stub.addPull('sign/other');
    expect(await open()).toMatchObject({ number: 3 });
    expect((await forge.listPullRequests()).map(({ number }) => number)).toEqual([2, 3]);
  });

  it('is the first of several', async () => {
    stub.addPull('sign/add-dev', { draft: true });
    stub.addPull('sign/add-dev', { draft: true });
    expect(await open()).toMatchObject({ number: 1 });
  });

  it('is opened anew where the old one was closed', async () => {
    stub.addPull('sign/add-dev', { state: 'closed' });
    expect(await open()).toMatchObject({ number: 2 });
  });

  it('that another run opened meanwhile is taken', async () => {
    // Seen too late: the first look finds nothing, the second finds it.
    const look = stub.pulls.filter.bind(stub.pulls);
    let looks = 0;
    stub.pulls.filter = ((test: Parameters<typeof look>[0]) => (looks++ === 0 ? [] : look(test))) as never;
    stub.addPull('sign/add-dev', { draft: true, title: request.title, body: request.body });
    expect(await open()).toMatchObject({ number: 1 });
    expect(looks).toBe(2);
  });

  it('carries a branch whose name is made to harm as plain data', async () => {
    const branch = 'sign/$(reboot)&head=x;{repo}`id`';
    expect(await forge.openOrUpdatePullRequest({ ...request, branch })).toMatchObject({ branch });
    expect(await forge.openOrUpdatePullRequest({ ...request, branch })).toMatchObject({ number: 1, branch });
    expect(stub.pulls).toHaveLength(1);
  });
});

describe('the comment', () => {
  it('is written once, and over again where it differs', async () => {
    const pullRequest = await open();
    expect(await forge.readComment(pullRequest, MARKER)).toBeUndefined();
    await forge.upsertComment(pullRequest, MARKER, `${MARKER}\none`);
    await forge.upsertComment(pullRequest, MARKER, `${MARKER}\none`);
    await forge.upsertComment(pullRequest, MARKER, `${MARKER}\ntwo\n`);
    expect(stub.comments.get(1)?.map(({ body }) => body)).toEqual([`${MARKER}\ntwo\n`]);
    expect(await forge.readComment(pullRequest, MARKER)).toBe(`${MARKER}\ntwo\n`);
    expect(stub.calls.filter(call => call.startsWith('PATCH'))).toHaveLength(1);
  });

  it.each([
    ['of a person', 'mallory'],
    ['of a person with a look-alike name', 'github-actions'],
    ['of another app', 'other[bot]'],
  ])('%s with our marker is not taken for ours', async (_, login) => {
    const pullRequest = await open();
    stub.addComment(1, `${MARKER}\nall good`, login);
    expect(await forge.readComment(pullRequest, MARKER)).toBeUndefined();
    await forge.upsertComment(pullRequest, MARKER, `${MARKER}\nrejected`);
    expect(stub.comments.get(1)?.map(({ body }) => body)).toEqual([
      `${MARKER}\nall good`,
      `${MARKER}\nrejected`,
    ]);
  });

  it.each([
    ['with brackets', 'github-actions[bot]'],
    ['without', 'github-actions'],
  ])('is ours whichever way GraphQL writes the account (%s), and no user of that name', async (_, viewer) => {
    stub.viewer = viewer;
    const pullRequest = await open();
    stub.addComment(1, `${MARKER}\nforged`, 'github-actions');
    stub.addComment(1, `${MARKER}\nours`);
    expect(await forge.readComment(pullRequest, MARKER)).toBe(`${MARKER}\nours`);
  });

  it("is a person's where the token is", async () => {
    stub.viewer = 'Alice';
    const personal = githubForge({ ...stub.options, token: 'ghp_x' });
    const pullRequest = await open();
    stub.addComment(1, `${MARKER}\nforged`, 'alice[bot]');
    stub.addComment(1, `${MARKER}\nhers`, 'alice');
    expect(await personal.readComment(pullRequest, MARKER)).toBe(`${MARKER}\nhers`);
  });

  it('of our account that only quotes our marker is not taken for ours', async () => {
    const pullRequest = await open();
    stub.addComment(1, `somebody wrote ${MARKER}`);
    expect(await forge.readComment(pullRequest, MARKER)).toBeUndefined();
  });

  it('is found behind two hundred others', async () => {
    const pullRequest = await open();
    for (let index = 0; index < 200; index++) stub.addComment(1, 'talk', 'alice');
    stub.addComment(1, `${MARKER}\nours`);
    expect(await forge.readComment(pullRequest, MARKER)).toBe(`${MARKER}\nours`);
  });
});

describe('the status', () => {
  it('is set once, short enough', async () => {
    await forge.setStatus(HEAD, 'failure', 'x'.repeat(300));
    await forge.setStatus(HEAD, 'failure', 'x'.repeat(300));
    expect(stub.statuses.get(HEAD)).toEqual([
      { context: 'tuf-signer', state: 'failure', description: `${'x'.repeat(139)}…` },
    ]);
    expect(stub.taken({ writes: true })).toEqual([`POST /statuses/${HEAD}`]);
  });

  it('of another context is left alone', async () => {
    stub.statuses.set(HEAD, [{ context: 'ci', state: 'success', description: 'pending' }]);
    await forge.setStatus(HEAD, 'success', 'pending');
    expect(stub.statuses.get(HEAD)).toHaveLength(2);
  });
});

describe('an issue', () => {
  const failing = { marker: '<!-- online-sign -->', label: 'tuf-signer', title: 'It fails', body: 'why' };

  it('is opened with a label that is made, kept, and closed with a last word', async () => {
    const { number } = await forge.openOrUpdateIssue(failing);
    expect(stub.labels).toEqual(new Set(['tuf-signer']));
    stub.taken();
    expect(await forge.openOrUpdateIssue(failing)).toMatchObject({ number });
    expect(stub.taken({ writes: true })).toEqual([]);
    await forge.openOrUpdateIssue({ ...failing, body: 'why now' });
    expect(stub.issues[0]?.body).toBe('<!-- online-sign -->\nwhy now');
    expect(await forge.closeIssue(failing, 'It works again.')).toMatchObject({ number });
    expect(stub.issues[0]?.state).toBe('closed');
    expect(stub.comments.get(number)?.map(({ body }) => body)).toEqual(['It works again.']);
    expect(await forge.closeIssue(failing, 'It works again.')).toBeUndefined();
  });

  it('of somebody else, of another marker, or that is a pull request is not ours', async () => {
    const body = `${failing.marker}\nx`;
    const labels = ['tuf-signer'];
    stub.addIssue({ body, labels, user: { login: 'mallory', type: 'User' } });
    stub.addIssue({ body: '<!-- publish -->\nx', labels });
    stub.addIssue({ body, labels, pull_request: {} });
    expect(await forge.closeIssue(failing, 'done')).toBeUndefined();
    expect(await forge.openOrUpdateIssue(failing)).toMatchObject({ number: 4 });
  });
});

it('tells pushes with the account that made them', async () => {
  const [before, after] = ['1'.repeat(40), '2'.repeat(40)];
  stub.activity.push(
    { before, after, actor: { login: 'Alice' } },
    { before: after, after: '0'.repeat(40), actor: { login: 'bob' } },
    { before: '0'.repeat(40), after: before, actor: { login: 'github-actions[bot]' } },
    { before, after, actor: null },
  );
  expect(await forge.listPushes('sign/x')).toEqual([
    { before, after, account: '@alice' },
    { before: undefined, after: before, account: '@github-actions[bot]' },
  ]);
});

it('starts a workflow', async () => {
  await forge.dispatchWorkflow('publish.yml', 'main', { commit: HEAD });
  expect(stub.dispatches).toEqual([{ workflow: 'publish.yml', ref: 'main', inputs: { commit: HEAD } }]);
});

describe('a failure', () => {
  const limited = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '2000000000' };
  const secondary = { message: 'You have exceeded a secondary rate limit.' };
  const invalid = { message: 'Validation Failed', errors: [{ field: 'head', code: 'invalid' }] };
  const again = (failure: StubFailure, times: number): readonly StubFailure[] =>
    Array.from({ length: times }, () => failure);
  it.each<[string, string, readonly StubFailure[], string, string]>([
    [
      'a token that is no good',
      'GET /pulls',
      [{ status: 401 }],
      'UNAUTHENTICATED',
      'can not look for the pull request: GitHub does not take the token; pass ${{ github.token }} or a new one',
    ],
    [
      'a permission that lacks',
      'POST /pulls',
      [{ status: 403, headers: { 'x-accepted-github-permissions': 'pull_requests=write' } }],
      'FORBIDDEN',
      'can not open a pull request for "sign/add-dev": the token may not; the job needs permissions pull-requests: write; where it has them, check the job\'s permissions and, under Settings > Actions > General, what Actions may do',
    ],
    [
      'a permission of several that would do',
      'POST /pulls',
      [
        {
          status: 403,
          headers: { 'x-accepted-github-permissions': 'issues=write,contents=read; pull_requests=write' },
        },
      ],
      'FORBIDDEN',
      'issues: write and contents: read, or pull-requests: write;',
    ],
    [
      'a header that is made to harm',
      'POST /pulls',
      [{ status: 403, headers: { 'x-accepted-github-permissions': '<img>' } }],
      'FORBIDDEN',
      "the token may not; check the job's permissions",
    ],
    [
      'the hourly limit',
      'GET /pulls',
      [{ status: 403, headers: limited }],
      'RATE_LIMITED',
      'GitHub limits how often it is asked; run the job again after 2033-05-18T03:33:20Z',
    ],
    [
      'a limit that says no more',
      'GET /pulls',
      again({ status: 429 }, 4),
      'RATE_LIMITED',
      'run the job again in some minutes',
    ],
    [
      'a secondary limit that lasts',
      'POST /pulls',
      [{ status: 403, headers: { 'retry-after': '600' }, body: secondary }],
      'RATE_LIMITED',
      'run the job again in 600 seconds',
    ],
    [
      'a server that is broken',
      'GET /pulls',
      again({ status: 502 }, 4),
      'UNAVAILABLE',
      'GitHub answers 502; see githubstatus.com, and run the job again later',
    ],
    [
      'a branch that is gone',
      'POST /pulls',
      [{ status: 422, body: invalid }],
      'UNFIT',
      'GitHub says "Validation Failed: head invalid"; see whether the branch or pull request still is open',
    ],
    [
      'a repository that is hidden',
      'GET /pulls',
      [{ status: 404 }],
      'NOT_FOUND',
      'GitHub has no such thing, or hides it from this token',
    ],
    [
      'an answer that nobody expects',
      'GET /pulls',
      again({ status: 418 }, 4),
      'ACCESS',
      'GitHub answers 418: "told to fail"',
    ],
    [
      'words that are made to harm',
      'POST /pulls',
      [{ status: 422, body: { message: '\u001b[31m\n::error::x' } }],
      'UNFIT',
      '" [31m ::error::x"',
    ],
  ])('%s is told', async (_, call, failures, code, sentence) => {
    stub.fail(call, ...failures);
    const error = await open().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ForgeError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(sentence) as unknown });
    expect(String(error) + JSON.stringify(error)).not.toContain('s3cret');
  });

  it.each([
    ['that passes', { status: 503 }],
    ['of the network that passes', { status: 500 }],
    ['of a limit that passes', { status: 403, headers: { 'retry-after': '5' }, body: secondary }],
  ])('%s is waited for', async (_, failure) => {
    stub.fail('GET /pulls', failure, failure);
    expect(await open()).toMatchObject({ number: 1 });
  });

  it('to reach GitHub at all is told', async () => {
    const nowhere = githubForge({ ...stub.options, apiUrl: 'http://127.0.0.1:9' });
    await expect(nowhere.listPullRequests()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('can not list pull requests: GitHub can not be reached') as unknown,
    });
  });

  it.each([
    ['FORBIDDEN', 'FORBIDDEN', 'contents: write and pull-requests: write'],
    ['NOT_FOUND', 'NOT_FOUND', 'was it deleted?'],
    ['UNPROCESSABLE', 'UNFIT', 'is the pull request still open?'],
  ])('of GraphQL, which answers 200 (%s), is told', async (type, code, sentence) => {
    await open();
    stub.fail('POST /graphql markPullRequestReadyForReview', {
      status: 200,
      body: { data: null, errors: [{ type, message: 'Resource not accessible' }] },
    });
    await expect(forge.openOrUpdatePullRequest({ ...request, draft: false })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(sentence) as unknown,
    });
  });
});
