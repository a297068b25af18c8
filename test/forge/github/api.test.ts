import { Octokit } from '@octokit/rest';
import { describe, expect, it } from 'vitest';
import type { FaultKind } from '../../support/forge/faults.ts';
import { LocalGitHub } from '../../support/forge/local-github.ts';
import type { Access, Repository, Scope } from '../../support/forge/model.ts';

// The API as a client meets it: permissions, authors, pages, faults, GraphQL. That answers have GitHub's form is in
// conformance.test.ts.

type Granted = Partial<Record<Scope, Access>>;

async function town(): Promise<{ github: LocalGitHub; repository: Repository } & AsyncDisposable> {
  const github = await LocalGitHub.start({ execute: false });
  const repository = github.addRepository('town/metadata', { files: { 'README.md': 'x' } });
  github.push(repository, repository.owner, { 'a.txt': 'a' }, { branch: 'sign/x' });
  repository.actions.mayOpenPullRequests = true;
  return { github, repository, [Symbol.asyncDispose]: () => github[Symbol.asyncDispose]() };
}

const ours = { owner: 'town', repo: 'metadata' } as const;
const client = (github: LocalGitHub, auth?: string): Octokit =>
  new Octokit({ baseUrl: github.apiUrl, ...(auth === undefined ? {} : { auth }), log: mute });
const mute = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** The status of a call that may fail, and the failure's headers. */
async function outcome(
  call: Promise<{ status: number }>,
): Promise<{ status: number; message: string; needs: unknown }> {
  try {
    return { status: (await call).status, message: '', needs: undefined };
  } catch (error) {
    const { status, message, response } = error as {
      status: number;
      message: string;
      response?: { headers: Record<string, unknown> };
    };
    return { status, message, needs: response?.headers['x-accepted-github-permissions'] };
  }
}

type Act = (octokit: Octokit, sha: string) => Promise<{ status: number }>;

const ACTS: readonly (readonly [string, Granted, Act])[] = [
  [
    'statuses=write',
    { statuses: 'write' },
    (o, sha) => o.repos.createCommitStatus({ ...ours, sha, state: 'success' }),
  ],
  [
    'pull_requests=write',
    { 'pull-requests': 'write' },
    o => o.pulls.create({ ...ours, head: 'sign/x', base: 'main', title: 't' }),
  ],
  ['issues=write', { issues: 'write' }, o => o.issues.create({ ...ours, title: 't' })],
  [
    'actions=write',
    { actions: 'write' },
    o => o.actions.createWorkflowDispatch({ ...ours, workflow_id: 'w.yml', ref: 'main' }),
  ],
  ['contents=write', { contents: 'write' }, o => o.git.deleteRef({ ...ours, ref: 'heads/sign/x' })],
  ['contents=write', { contents: 'write' }, o => o.repos.createDispatchEvent({ ...ours, event_type: 'x' })],
  ['pages=read', { pages: 'read' }, o => o.repos.getPages(ours)],
  [
    'administration=read',
    { administration: 'read' },
    o => o.repos.getBranchProtection({ ...ours, branch: 'main' }),
  ],
  [
    'administration=read',
    { administration: 'read' },
    o => o.actions.getGithubActionsPermissionsRepository(ours),
  ],
];

describe('permissions', () => {
  it.each(ACTS)('%s', async (needs, granted, act) => {
    await using place = await town();
    const { github, repository } = place;
    const sha = repository.git.sha('sign/x');
    const refused = await outcome(act(client(github, github.jobToken(repository, {})), sha));
    expect(refused).toMatchObject({ status: 403, needs });
    expect(refused.message).toContain('Resource not accessible by integration');
    const fine = github.token(repository.owner, {});
    expect((await outcome(act(client(github, fine), sha))).message).toContain(
      'not accessible by personal access token',
    );
    expect((await outcome(act(client(github), sha))).status).toBe(401);
    // With it the call gets as far as what it is about, which may not be there.
    expect([200, 201, 204, 404]).toContain(
      (await outcome(act(client(github, github.jobToken(repository, granted)), sha))).status,
    );
  });

  it.each<readonly [string, number, Act]>([
    ['opens an issue', 201, o => o.issues.create({ ...ours, title: 't' })],
    ['sets no status', 403, (o, sha) => o.repos.createCommitStatus({ ...ours, sha, state: 'success' })],
    ['deletes no branch', 403, o => o.git.deleteRef({ ...ours, ref: 'heads/sign/x' })],
    ['sees no settings', 403, o => o.actions.getGithubActionsPermissionsRepository(ours)],
  ])('a stranger %s', async (_, status, act) => {
    await using place = await town();
    const octokit = client(place.github, place.github.token(place.github.addUser('stranger')));
    expect((await outcome(act(octokit, place.repository.git.sha('main')))).status).toBe(status);
  });

  it.each<readonly [string, Act]>([
    ['reads what is public', o => o.repos.get(ours)],
    ['reads statuses', (o, ref) => o.repos.getCombinedStatusForRef({ ...ours, ref })],
  ])('nobody %s', async (_, act) => {
    await using place = await town();
    expect((await outcome(act(client(place.github), 'main'))).status).toBe(200);
  });

  it('a private repository is not there for others, and a token of nobody is none', async () => {
    await using place = await town();
    const { github } = place;
    github.addRepository('town/secret', { private: true, files: { a: 'a' } });
    const get = (auth?: string): Promise<{ status: number }> =>
      outcome(client(github, auth).repos.get({ owner: 'town', repo: 'secret' }));
    expect((await get()).status).toBe(404);
    expect((await get(github.jobToken(place.repository, { contents: 'write' }))).status).toBe(404);
    expect((await get('ghp_unknown')).status).toBe(401);
    expect((await get(github.token(place.repository.owner))).status).toBe(200);
  });

  it("a job's token opens no pull request where the repository does not let it", async () => {
    await using place = await town();
    place.repository.actions.mayOpenPullRequests = false;
    const token = place.github.jobToken(place.repository, { 'pull-requests': 'write' });
    const call = client(place.github, token).pulls.create({
      ...ours,
      head: 'sign/x',
      base: 'main',
      title: 't',
    });
    expect((await outcome(call)).message).toContain('not permitted to create or approve pull requests');
  });
});

describe('what is told', () => {
  it('names who wrote it', async () => {
    await using place = await town();
    const { github, repository } = place;
    const job = client(github, github.jobToken(repository, { statuses: 'write', issues: 'write' }));
    const owner = client(github, github.token(repository.owner));
    const sha = repository.git.sha('main');
    for (const octokit of [job, owner])
      await octokit.repos.createCommitStatus({ ...ours, sha, state: 'success', context: 'c' });
    await job.issues.create({ ...ours, title: 't' });
    for (const octokit of [job, owner])
      await octokit.issues.createComment({ ...ours, issue_number: 1, body: 'b' });
    const statuses = await owner.repos.listCommitStatusesForRef({ ...ours, ref: sha });
    expect(statuses.data.map(status => status.creator?.login)).toEqual(['town', 'github-actions[bot]']);
    const comments = await owner.issues.listComments({ ...ours, issue_number: 1 });
    expect(comments.data.map(comment => comment.user?.login)).toEqual(['github-actions[bot]', 'town']);
  });

  it('comes in pages', async () => {
    await using place = await town();
    const octokit = client(place.github, place.github.token(place.repository.owner));
    await octokit.issues.create({ ...ours, title: 't' });
    for (let at = 0; at < 35; at += 1)
      await octokit.issues.createComment({ ...ours, issue_number: 1, body: String(at) });
    const first = await octokit.issues.listComments({ ...ours, issue_number: 1 });
    expect(first.data).toHaveLength(30);
    expect(first.headers.link).toContain('rel="next"');
    const all = await octokit.paginate(octokit.issues.listComments, {
      ...ours,
      issue_number: 1,
      per_page: 10,
    });
    expect(all.map(comment => comment.body)).toEqual(Array.from({ length: 35 }, (_, at) => String(at)));
  });
});

describe('a fault', () => {
  it.each<readonly [FaultKind['kind'], number]>([
    ['server-error', 502],
    ['primary-limit', 403],
    ['secondary-limit', 403],
    ['forbidden', 403],
    ['reset', 500],
  ])('%s comes once, then no more, and is logged', async (kind, status) => {
    await using place = await town();
    const { github } = place;
    github.faults.inject({ kind, operation: 'repos/get' });
    const octokit = client(github);
    expect((await outcome(octokit.repos.get(ours))).status).toBe(status);
    expect((await outcome(octokit.repos.get(ours))).status).toBe(200);
    expect(github.calls.map(call => [call.operation, call.token, call.status])).toEqual([
      ['repos/get', 'none', kind === 'reset' ? 0 : status],
      ['repos/get', 'none', 200],
    ]);
  });

  it('may come after the work was done', async () => {
    await using place = await town();
    const { github, repository } = place;
    github.faults.inject({ kind: 'server-error', operation: 'issues/create', afterwards: true });
    const octokit = client(github, github.token(repository.owner));
    expect((await outcome(octokit.issues.create({ ...ours, title: 't' }))).status).toBe(502);
    expect(repository.issues.size).toBe(1);
  });
});

describe('GraphQL', () => {
  const READY =
    'mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft number } } }';
  const DRAFT =
    'mutation($id: ID!) { convertPullRequestToDraft(input: {pullRequestId: $id}) { pullRequest { isDraft } } }';
  interface Reply {
    readonly data?: unknown;
    readonly errors?: readonly { readonly type?: string; readonly message: string }[];
  }

  async function ask(
    github: LocalGitHub,
    token: string,
    query: string,
    variables: object = {},
  ): Promise<Reply> {
    const answer = await fetch(github.graphqlUrl, {
      method: 'POST',
      headers: { authorization: `bearer ${token}` },
      body: JSON.stringify({ query, variables }),
    });
    return (await answer.json()) as Reply;
  }

  it.each<readonly [string, Granted, boolean]>([
    ['both permissions', { contents: 'write', 'pull-requests': 'write' }, true],
    ['pull-requests: write alone', { 'pull-requests': 'write', contents: 'read' }, false],
    ['contents: write alone', { contents: 'write' }, false],
  ])('changes a draft with %s', async (_, granted, may) => {
    await using place = await town();
    const { github, repository } = place;
    const owner = client(github, github.token(repository.owner));
    const { data } = await owner.pulls.create({
      ...ours,
      head: 'sign/x',
      base: 'main',
      title: 't',
      draft: true,
    });
    const token = github.jobToken(repository, granted);
    const reply = await ask(github, token, READY, { id: data.node_id });
    if (may)
      expect(reply).toEqual({
        data: { markPullRequestReadyForReview: { pullRequest: { isDraft: false, number: 1 } } },
      });
    else
      expect(reply).toMatchObject({
        data: { markPullRequestReadyForReview: null },
        errors: [{ type: 'FORBIDDEN', message: 'Resource not accessible by integration' }],
      });
    expect((await owner.pulls.get({ ...ours, pull_number: 1 })).data.draft).toBe(!may);
    if (may) expect((await ask(github, token, DRAFT, { id: data.node_id })).errors).toBeUndefined();
    // REST takes the field and changes nothing.
    await owner.request('PATCH /repos/{owner}/{repo}/pulls/{pull_number}', {
      ...ours,
      pull_number: 1,
      draft: false,
    });
    expect((await owner.pulls.get({ ...ours, pull_number: 1 })).data.draft).toBe(true);
  });

  it.each([
    [
      'what is there',
      '{repository(owner: "town", name: "metadata") {nameWithOwner ref(qualifiedName: "refs/heads/main") {name target {oid}} object(expression: "main:README.md") {... on Blob {text}}}}',
      undefined,
    ],
    ['a repository that is not', '{repository(owner: "town", name: "nothing") {id}}', 'NOT_FOUND'],
    [
      'a node that is not',
      'mutation {convertPullRequestToDraft(input: {pullRequestId: "PR_x"}) {clientMutationId}}',
      'NOT_FOUND',
    ],
    [
      'what this server does not have',
      '{repository(owner: "town", name: "metadata") {stargazerCount}}',
      'NOT_SUPPORTED_HERE',
    ],
  ])('is asked for %s', async (_, query, type) => {
    await using place = await town();
    const reply = await ask(place.github, place.github.token(place.repository.owner), query);
    expect(reply.errors?.[0]?.type).toBe(type);
  });

  it("refuses what GitHub's schema does not have", async () => {
    await using place = await town();
    const reply = await ask(place.github, place.github.token(place.repository.owner), '{ nonsense }');
    expect(reply.errors?.[0]?.message).toContain('Cannot query field "nonsense"');
    expect(await ask(place.github, 'ghp_unknown', '{ viewer { login } }')).toMatchObject({
      message: 'Bad credentials',
    });
  });
});
