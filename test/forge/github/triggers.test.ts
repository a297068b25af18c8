import { describe, expect, it } from 'vitest';
import { fires } from '../../support/forge/actions/cron.ts';
import { LocalGitHub } from '../../support/forge/local-github.ts';
import type { Account, Repository } from '../../support/forge/model.ts';

// Which workflows an event starts. Nothing is run here: runs stay queued.

const JOBS = 'jobs:\n  a:\n    runs-on: x\n    steps:\n      - run: "true"\n';

interface Town {
  readonly github: LocalGitHub;
  readonly repository: Repository;
  readonly owner: Account;
  /** Names of the workflows started since the last look, sorted. */
  readonly started: () => readonly string[];
  readonly api: (token: string, request: string, body?: object) => Promise<void>;
}

async function town(workflows: Readonly<Record<string, string>>): Promise<Town & AsyncDisposable> {
  const github = await LocalGitHub.start({ execute: false });
  const files = Object.entries(workflows).map(([name, on]) => {
    const path = `.github/workflows/${name}.yml`;
    return [path, `name: ${name}\non: ${on}\n${JOBS}`] as const;
  });
  const owner = github.addUser('town');
  const repository = github.addRepository('town/metadata', {
    files: { ...Object.fromEntries(files), 'a.txt': 'a' },
  });
  repository.actions.mayOpenPullRequests = true;
  let seen = 0;
  return {
    github,
    repository,
    owner,
    started: () => {
      const names = github.actions.runs.slice(seen).map(run => run.name);
      seen = github.actions.runs.length;
      return names.sort();
    },
    api: async (token, request, body) => {
      const [method = '', path = ''] = request.split(' ');
      const answer = await fetch(`${github.apiUrl}/repos/town/metadata${path}`, {
        method,
        headers: { authorization: `token ${token}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      expect(answer.status, text).toBeLessThan(300);
    },
    [Symbol.asyncDispose]: () => github[Symbol.asyncDispose](),
  };
}

describe('a push', () => {
  it.each([
    ['no filter', 'push', 'sign/x', 'b.txt', true],
    ['a branch that is named', '{push: {branches: [main]}}', 'main', 'b.txt', true],
    ['a branch that is not named', '{push: {branches: [main]}}', 'sign/x', 'b.txt', false],
    ['two stars through slashes', "{push: {branches: ['sign/**']}}", 'sign/a/b', 'b.txt', true],
    ['one star that stops at them', "{push: {branches: ['sign/*']}}", 'sign/a/b', 'b.txt', false],
    ['an exclusion after', "{push: {branches: ['sign/**', '!sign/x']}}", 'sign/x', 'b.txt', false],
    [
      'an inclusion after an exclusion',
      "{push: {branches: ['!sign/x', 'sign/**']}}",
      'sign/x',
      'b.txt',
      true,
    ],
    ['a branch that is ignored', "{push: {branches-ignore: ['sign/**']}}", 'sign/x', 'b.txt', false],
    ['filters for tags alone', "{push: {tags: ['v*']}}", 'main', 'b.txt', false],
    ['a path that is named', "{push: {paths: ['metadata/**']}}", 'main', 'metadata/root.json', true],
    ['a path that is not', "{push: {paths: ['metadata/**']}}", 'main', 'b.txt', false],
    ['paths on a new branch', "{push: {paths: ['metadata/**']}}", 'sign/x', 'metadata/root.json', true],
    ['paths, one excluded', "{push: {paths: ['**', '!b.txt']}}", 'main', 'b.txt', false],
    ['paths that are ignored', "{push: {paths-ignore: ['*.txt']}}", 'main', 'b.txt', false],
    ['another event', 'pull_request', 'main', 'b.txt', false],
  ])('with %s', async (_, on, branch, path, expected) => {
    await using place = await town({ w: on });
    place.github.push(place.repository, place.owner, { [path]: 'new' }, { branch });
    expect(place.started()).toEqual(expected ? ['w'] : []);
  });

  it("starts what the pushed commit's own tree holds", async () => {
    await using place = await town({});
    const files = { '.github/workflows/evil.yml': `name: evil\non: push\n${JOBS}` };
    place.github.push(place.repository, place.owner, files, { branch: 'sign/x' });
    expect(place.started()).toEqual(['evil']);
    place.github.push(place.repository, place.owner, { 'b.txt': 'b' });
    expect(place.started()).toEqual([]);
  });

  it.each([
    ['[skip ci] x', []],
    ['x\n\nskip-checks: true', []],
    ['skip ci', ['w']],
  ])('with the message %j', async (message, expected) => {
    await using place = await town({ w: 'push' });
    place.github.push(place.repository, place.owner, { 'b.txt': 'b' }, { message });
    expect(place.started()).toEqual(expected);
  });

  it('starts nothing from a file that is not valid, and says so', async () => {
    await using place = await town({ w: 'push\nfoo: bar' });
    place.github.push(place.repository, place.owner, { 'b.txt': 'b' });
    expect(place.started()).toEqual([]);
    expect(place.github.actions.problems.join()).toContain("unexpected value 'foo'");
  });
});

describe("what a job's token does", () => {
  it('starts nothing but dispatches', async () => {
    await using place = await town({
      w: '[push, pull_request, issues, issue_comment, create, delete]',
      d: 'workflow_dispatch',
      r: 'repository_dispatch',
    });
    const { github, repository, owner, api } = place;
    github.push(repository, owner, { 'b.txt': 'b' }, { branch: 'sign/x' });
    place.started();
    const write = { contents: 'write', issues: 'write', 'pull-requests': 'write', actions: 'write' } as const;
    const token = github.jobToken(repository, write);
    await api(token, 'POST /pulls', { title: 't', head: 'sign/x', base: 'main' });
    await api(token, 'POST /issues', { title: 't' });
    await api(token, 'POST /issues/1/comments', { body: 't' });
    await api(token, 'PATCH /pulls/1', { state: 'closed' });
    await api(token, 'DELETE /git/refs/heads/sign/x');
    expect(place.started()).toEqual([]);
    await api(token, 'POST /actions/workflows/d.yml/dispatches', { ref: 'main' });
    await api(token, 'POST /dispatches', { event_type: 'go' });
    expect(place.started()).toEqual(['d', 'r']);
  });

  it('does start them where a person does the same', async () => {
    await using place = await town({ w: '[push, pull_request, issues, issue_comment, create, delete]' });
    const { github, repository, owner, api } = place;
    const token = github.token(owner);
    github.push(repository, owner, { 'b.txt': 'b' }, { branch: 'sign/x' });
    expect(github.actions.runs.map(run => run.event)).toEqual(['create', 'push']);
    await api(token, 'POST /pulls', { title: 't', head: 'sign/x', base: 'main' });
    await api(token, 'POST /issues', { title: 't' });
    await api(token, 'POST /issues/1/comments', { body: 't' });
    await api(token, 'DELETE /git/refs/heads/sign/x');
    expect(github.actions.runs.slice(2).map(run => run.event)).toEqual([
      'pull_request',
      'issues',
      'issue_comment',
      'delete',
    ]);
  });
});

describe('a pull request', () => {
  it.each([
    ['the base that is named', '{pull_request: {branches: [main]}}', 2],
    ['another base', '{pull_request: {branches: [other]}}', 0],
    ['types', '{pull_request: {types: [closed]}}', 1],
    ['its own paths', "{pull_request: {paths: ['b.txt']}}", 2],
    ['paths that it does not change', "{pull_request: {paths: ['a.txt']}}", 0],
  ])('with %s', async (_, on, times) => {
    await using place = await town({ w: on });
    const { github, repository, owner, api } = place;
    github.push(repository, owner, { 'b.txt': 'b' }, { branch: 'sign/x' });
    await api(github.token(owner), 'POST /pulls', { title: 't', head: 'sign/x', base: 'main' });
    github.push(repository, owner, { 'b.txt': 'c' }, { branch: 'sign/x' });
    await api(github.token(owner), 'PATCH /pulls/1', { state: 'closed' });
    expect(place.started()).toHaveLength(times);
  });

  it('runs on the merge, and not at all in conflict', async () => {
    await using place = await town({ w: 'pull_request' });
    const { github, repository, owner, api } = place;
    github.push(repository, owner, { 'a.txt': 'b' }, { branch: 'sign/x' });
    await api(github.token(owner), 'POST /pulls', { title: 't', head: 'sign/x', base: 'main' });
    const run = github.actions.last('w.yml');
    expect(run.ref).toBe('refs/pull/1/merge');
    expect(repository.git.git('rev-list', '--parents', '-n1', run.sha).split(' ')).toHaveLength(3);
    place.started();
    github.push(repository, owner, { 'a.txt': 'c' });
    github.push(repository, owner, { 'a.txt': 'd' }, { branch: 'sign/x' });
    expect(place.started()).toEqual([]);
  });

  it('is merged by whoever pushes its head into the base', async () => {
    await using place = await town({});
    const { github, repository, owner, api } = place;
    const head = github.push(repository, owner, { 'b.txt': 'b' }, { branch: 'sign/x' });
    await api(github.token(owner), 'POST /pulls', { title: 't', head: 'sign/x', base: 'main' });
    github.push(repository, owner, {}, { parents: [repository.git.sha('main'), head] });
    expect(repository.issues.get(1)).toMatchObject({ state: 'closed', pull: { merged: { by: owner } } });
  });
});

describe('a schedule', () => {
  const at = (text: string): number => Date.parse(text);

  it.each([
    ['*/15 * * * *', '2026-01-01T10:30:00Z', true],
    ['*/15 * * * *', '2026-01-01T10:31:00Z', false],
    ['0 6 * * 1', '2026-01-05T06:00:00Z', true],
    ['0 6 * * MON-FRI', '2026-01-04T06:00:00Z', false],
    ['0 6 1 * 1', '2026-01-05T06:00:00Z', true],
    ['5,10 0 1 JAN *', '2026-01-01T00:10:00Z', true],
  ])('%s at %s', (cron, instant, expected) => expect(fires(cron, at(instant))).toBe(expected));

  it.each(['* * * *', '60 * * * *', '@daily', 'a * * * *'])('%s is none', cron =>
    expect(() => fires(cron, 0)).toThrow(RangeError),
  );

  it('starts what the default branch holds, in its minute', async () => {
    await using place = await town({
      w: "{schedule: [{cron: '0 6 * * *'}]}",
      other: "{schedule: [{cron: '0 7 * * *'}]}",
    });
    const files = {
      '.github/workflows/evil.yml': `name: evil\non: {schedule: [{cron: '0 6 * * *'}]}\n${JOBS}`,
    };
    place.github.push(place.repository, place.owner, files, { branch: 'sign/x' });
    place.github.tick(at('2026-01-01T06:00:00Z'));
    expect(place.started()).toEqual(['w']);
    place.github.tick(at('2026-01-01T06:01:00Z'));
    expect(place.started()).toEqual([]);
  });
});

describe('a dispatch', () => {
  const ON =
    '{workflow_dispatch: {inputs: {kind: {type: choice, options: [a, b], required: true}, dry: {type: boolean, default: true}}}}';

  it.each([
    ['inputs that fit', { kind: 'a' }, 204],
    ['an input that is missing', {}, 422],
    ['a choice that is none', { kind: 'c' }, 422],
    ['an input that is not declared', { kind: 'a', other: 'x' }, 422],
  ])('with %s', async (_, inputs, status) => {
    await using place = await town({ w: ON });
    const { github } = place;
    const answer = await fetch(`${github.apiUrl}/repos/town/metadata/actions/workflows/w.yml/dispatches`, {
      method: 'POST',
      headers: { authorization: `token ${github.token(place.owner)}` },
      body: JSON.stringify({ ref: 'main', inputs }),
    });
    expect(answer.status).toBe(status);
    expect(place.started()).toEqual(status === 204 ? ['w'] : []);
    if (status === 204)
      expect(github.actions.last('w.yml').trigger.payload['inputs']).toEqual({ kind: 'a', dry: true });
  });
});
