import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ForgeError } from '../../../src/forge/error.ts';
import type { FindingState } from '../../../src/operations/github/check.ts';
import { changesOf } from '../../../src/operations/github/set.ts';
import { BY_HAND, SETTING_CHECKS } from '../../../src/operations/github/table.ts';
import { LocalGitHub } from '../../support/forge/local-github.ts';
import type { Account, BranchRule, Repository } from '../../support/forge/model.ts';
import { goodRepository, lookAt, settingsOf } from '../../support/github-settings.ts';

let github: LocalGitHub;
let admin: Account;
let token: string;
let count = 0;
beforeAll(async () => {
  github = await LocalGitHub.start();
  admin = github.addUser('admin');
  token = github.token(admin);
});
afterAll(() => github[Symbol.asyncDispose]());

const fresh = (): Repository => goodRepository(github, `metadata-${++count}`, admin);

const rule = (repository: Repository, name: string, change: Partial<BranchRule>): void => {
  const at = repository.rules.findIndex(one => one.name === `tuf-signer: ${name}`);
  const known = repository.rules[at];
  if (known === undefined) throw new Error(`no ruleset ${name}`);
  repository.rules[at] = { ...known, ...change };
};
const mainRules =
  (...rules: BranchRule['rules']) =>
  (repository: Repository) =>
    rule(repository, 'main', { rules });
const bypass =
  (actor_type: string, actor_id: number | null) =>
  (repository: Repository): void =>
    rule(repository, 'main', { otherBypass: [{ actor_type, actor_id, bypass_mode: 'always' }] });
const file = (path: string, text: string) => (repository: Repository) =>
  void repository.git.commit({ [path]: text }, { branch: 'main', parents: [repository.git.sha('main')] });
const job = (uses: string, top = 'permissions: {}\n'): string =>
  `on: push\n${top}jobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: ${uses}\n`;
const EXTRA = '.github/workflows/extra.yml';
const PIN = 'd'.repeat(40);
const environment = (name: string, branches?: readonly string[] | 'protected') => (repository: Repository) =>
  void github.addEnvironment(repository, name, branches === undefined ? {} : { branches });

type Row = readonly [
  id: string,
  named: string,
  change: (repository: Repository) => void,
  state: FindingState,
  says: RegExp,
  /** Can what is wrong be set from here? */
  settable?: 'settable',
];

const ROWS: readonly Row[] = [
  ['pages', 'off', one => delete one.pages, 'fail', /Pages are off/, 'settable'],
  [
    'pages',
    'from a branch',
    one => (one.pages = { buildType: 'legacy' }),
    'fail',
    /a branch as it is/,
    'settable',
  ],
  [
    'pages',
    'off, with the site in a bucket',
    one => {
      delete one.pages;
      file('.github/workflows/publish.yml', job(`a/b@${PIN}`))(one);
    },
    'ok',
    /elsewhere/,
  ],
  [
    'environment-online',
    'missing',
    one => one.environments.delete('online-signing'),
    'fail',
    /there is no/,
    'settable',
  ],
  ['environment-online', 'open', environment('online-signing'), 'fail', /every branch$/, 'settable'],
  [
    'environment-online',
    'for what is protected',
    environment('online-signing', 'protected'),
    'fail',
    /any rule protects/,
    'settable',
  ],
  [
    'environment-online',
    'for events as well',
    environment('online-signing', ['main', 'sign/*']),
    'fail',
    /main, sign\/\*/,
    'settable',
  ],
  [
    'environment-online',
    'for nobody',
    environment('online-signing', []),
    'fail',
    /no branch at all/,
    'settable',
  ],
  [
    'environment-online',
    'in other letters',
    one => {
      one.environments.delete('online-signing');
      environment('Online-Signing')(one);
    },
    'fail',
    /every branch/,
    'settable',
  ],
  ['environment-pages', 'open', environment('github-pages'), 'fail', /every branch/, 'settable'],
  [
    'environment-pages',
    'missing',
    one => one.environments.delete('github-pages'),
    'fail',
    /there is no/,
    'settable',
  ],
  ['environment-publish', 'open', environment('publish'), 'fail', /every branch/, 'settable'],
  ['environment-publish', 'restricted', environment('publish', ['main']), 'ok', /main alone/],
  [
    'main-pull-request',
    'without',
    mainRules('deletion', 'non_fast_forward', 'required_status_checks'),
    'fail',
    /without a pull request/,
  ],
  [
    'main-pull-request',
    'no ruleset at all',
    one => one.rules.splice(0),
    'fail',
    /without a pull request/,
    'settable',
  ],
  [
    'main-pull-request',
    'a ruleset that is off',
    one => rule(one, 'main', { enforcement: 'evaluate' }),
    'fail',
    /without a pull request/,
  ],
  [
    'main-pull-request',
    'a ruleset of another branch',
    one => rule(one, 'main', { branches: ['release'] }),
    'fail',
    /without a pull request/,
  ],
  [
    'main-pull-request',
    'by classic protection',
    one => {
      one.rules.splice(0, 1, {
        kind: 'protection',
        name: 'main',
        branches: ['main'],
        rules: ['pull_request'],
      });
    },
    'ok',
    /protection of main/,
  ],
  ['main-force-push', 'without', mainRules('pull_request', 'deletion'), 'fail', /rewritten/],
  ['main-force-push', 'no ruleset at all', one => one.rules.splice(0), 'fail', /rewritten/, 'settable'],
  ['main-deletion', 'without', mainRules('pull_request', 'non_fast_forward'), 'fail', /deleted/],
  ['main-deletion', 'no ruleset at all', one => one.rules.splice(0), 'fail', /deleted/, 'settable'],
  ['main-check', 'without', mainRules('pull_request', 'deletion'), 'fail', /tuf-signer/],
  ['main-check', 'another one', one => rule(one, 'main', { checks: ['build'] }), 'fail', /tuf-signer/],
  ['main-check', 'no ruleset at all', one => one.rules.splice(0), 'fail', /tuf-signer/, 'settable'],
  [
    'main-bypass',
    'GitHub Actions',
    one => rule(one, 'main', { bypass: ['github-actions[bot]'] }),
    'fail',
    /from any branch.*tuf-signer: main$/,
    'settable',
  ],
  [
    'main-bypass',
    'everybody who may write',
    bypass('RepositoryRole', 4),
    'fail',
    /everybody who may push/,
    'settable',
  ],
  [
    'main-bypass',
    'a role that nobody here knows',
    bypass('RepositoryRole', 77),
    'fail',
    /everybody who may push/,
    'settable',
  ],
  [
    'main-bypass',
    'a ruleset of events that holds for main as well',
    one => rule(one, 'signing events', { branches: ['sign/**/*', '~ALL'] }),
    'fail',
    /signing events$/,
    'settable',
  ],
  ['main-bypass', 'administrators', bypass('RepositoryRole', 5), 'warn', /RepositoryRole 5/],
  ['main-bypass', 'a team', bypass('Team', 3), 'warn', /Team 3/],
  ['main-bypass', 'deploy keys', bypass('DeployKey', null), 'warn', /DeployKey/],
  ['events', 'can be rewritten', one => void one.rules.splice(1, 1), 'warn', /rewritten/, 'settable'],
  [
    'events',
    'closed to automation',
    one => rule(one, 'signing events', { bypass: [] }),
    'fail',
    /automation can not write/,
  ],
  ['actions', 'off', one => (one.actions.enabled = false), 'fail', /are off/],
  ['actions', 'all of them', one => (one.actions.allowed = 'all'), 'warn', /every action of everybody/],
  [
    'actions',
    'only local ones',
    one => (one.actions.allowed = 'local_only'),
    'fail',
    /GitHub's own, makers\/tuf-signer/,
  ],
  [
    'actions',
    'without ours',
    one => (one.actions.allowed = { githubOwned: true, patterns: ['makers/other@*'] }),
    'fail',
    /: makers\/tuf-signer/,
  ],
  [
    'actions',
    'all of one owner',
    one => (one.actions.allowed = { githubOwned: true, patterns: ['makers/*'] }),
    'ok',
    /chosen/,
  ],
  [
    'actions-pinned',
    'not asked for',
    one => (one.actions.pinsRequired = false),
    'warn',
    /need not be pinned/,
    'settable',
  ],
  [
    'actions-pinned',
    'a GitHub that does not know',
    one => delete one.actions.pinsRequired,
    'ok',
    /no setting/,
  ],
  [
    'token-permissions',
    'write',
    one => (one.actions.defaultPermissions = 'write'),
    'fail',
    /may write/,
    'settable',
  ],
  [
    'pull-requests',
    'forbidden',
    one => (one.actions.mayOpenPullRequests = false),
    'fail',
    /events get none/,
    'settable',
  ],
  [
    'oidc-subject',
    'the same for all branches',
    one => (one.actions.subject = ['repo']),
    'fail',
    /all branches/,
    'settable',
  ],
  [
    'oidc-subject',
    'the same for several repositories',
    one => (one.actions.subject = ['repository_owner', 'environment']),
    'fail',
    /several repositories/,
    'settable',
  ],
  ['oidc-subject', 'of nothing', one => (one.actions.subject = []), 'fail', /nothing/, 'settable'],
  [
    'oidc-subject',
    'of repository and context',
    one => (one.actions.subject = ['repo', 'context']),
    'ok',
    /repo, context/,
  ],
  [
    'workflows',
    'one is missing',
    one =>
      void one.git.commit(
        { '.github/workflows/test.yml': null },
        { branch: 'main', parents: [one.git.sha('main')] },
      ),
    'warn',
    /test\.yml/,
  ],
  [
    'workflows-version',
    'an older one',
    file(EXTRA, job(`makers/tuf-signer/actions/signing-event@${PIN} # v0.0.9`)),
    'warn',
    /extra\.yml \(0\.0\.9\)/,
  ],
  [
    'workflows-version',
    'a newer one',
    file(EXTRA, job(`makers/tuf-signer/actions/signing-event@${PIN} # v0.10.0`)),
    'ok',
    /no workflow/,
  ],
  [
    'workflows-pinned',
    'a tag',
    file(EXTRA, job('actions/checkout@v4')),
    'fail',
    /extra\.yml: actions\/checkout@v4/,
  ],
  ['workflows-pinned', 'a short SHA', file(EXTRA, job('a/b@abcdef0')), 'fail', /a\/b@abcdef0/],
  ['workflows-pinned', 'a branch that looks like one', file(EXTRA, job(`a/b@${PIN}x`)), 'fail', /extra/],
  ['workflows-pinned', 'an image by tag', file(EXTRA, job('docker://alpine:3')), 'fail', /alpine:3/],
  [
    'workflows-pinned',
    'an image by digest',
    file(EXTRA, job(`docker://alpine@sha256:${'e'.repeat(64)}`)),
    'ok',
    /pinned/,
  ],
  ['workflows-pinned', 'a path of this repository', file(EXTRA, job('./here')), 'ok', /pinned/],
  [
    'workflows-pinned',
    'a job of another repository',
    file(EXTRA, 'on: push\npermissions: {}\njobs:\n  a:\n    uses: a/b/.github/workflows/w.yml@main\n'),
    'fail',
    /w\.yml@main/,
  ],
  [
    'workflows-pinned',
    'a tag behind an anchor',
    file(EXTRA, 'on: push\npermissions: {}\njobs:\n  a: &a\n    steps: [{ "uses": "a/b@v1" }]\n  b: *a\n'),
    'fail',
    /a\/b@v1/,
  ],
  ['workflows-pinned', 'no YAML', file(EXTRA, 'on: [push\n'), 'fail', /can not be read: .*extra\.yml/],
  [
    'workflows-triggers',
    'as text',
    file(EXTRA, 'on: pull_request_target\npermissions: {}\njobs: {}\n'),
    'fail',
    /extra\.yml/,
  ],
  [
    'workflows-triggers',
    'in a list',
    file(EXTRA, 'on: [push, pull_request_target]\npermissions: {}\njobs: {}\n'),
    'fail',
    /extra\.yml/,
  ],
  [
    'workflows-triggers',
    'as a name',
    file(EXTRA, 'on:\n  pull_request_target:\n    branches: [main]\npermissions: {}\njobs: {}\n'),
    'fail',
    /extra\.yml/,
  ],
  ['workflows-permissions', 'none', file(EXTRA, job(`a/b@${PIN}`, '')), 'warn', /extra\.yml/],
  [
    'workflows-permissions',
    'in its jobs',
    file(EXTRA, 'on: push\njobs:\n  a:\n    permissions: {}\n'),
    'ok',
    /permissions/,
  ],
  [
    'schedules',
    'stopped for want of activity',
    one => one.actions.disabled?.set('.github/workflows/online-sign.yml', 'disabled_inactivity'),
    'fail',
    /online-sign\.yml \(disabled_inactivity\)/,
    'settable',
  ],
];

describe('the checks', () => {
  it('find nothing where all is well', async () => {
    const repository = fresh();
    const findings = await lookAt(repository, settingsOf(github, repository, token));
    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(findings.map(({ id }) => id)).toEqual(SETTING_CHECKS.map(({ id }) => id));
  });

  const named = ROWS.map(([id, name, change, state, says, settable]) => ({
    id,
    name,
    change,
    state,
    says,
    settable,
  }));
  it.each(named)('$id: $name', async ({ id, change, state, says, settable }) => {
    const repository = fresh();
    change(repository);
    const settings = settingsOf(github, repository, token);
    const finding = (await lookAt(repository, settings)).find(one => one.id === id);
    expect(finding).toMatchObject({ state, says: expect.stringMatching(says) as string });
    const changes = finding === undefined ? [] : changesOf([finding]);
    expect(changes.length > 0).toBe(settable === 'settable');
    if (finding?.state !== 'ok') expect(finding?.fix).toMatch(/\w/);
    for (const one of changes) await settings.write(one);
    if (settable === undefined) return;
    expect((await lookAt(repository, settings)).find(one => one.id === id)).toMatchObject({ state: 'ok' });
  });

  it('have a row each that is not well', () => {
    const covered = new Set(ROWS.filter(([, , , state]) => state !== 'ok').map(([id]) => id));
    expect(SETTING_CHECKS.map(({ id }) => id).filter(id => !covered.has(id))).toEqual([]);
    for (const { id, settable } of SETTING_CHECKS)
      expect([id, ROWS.some(row => row[0] === id && row[5] === 'settable')]).toEqual([id, settable]);
  });

  it('set nothing beside what they name', async () => {
    const repository = fresh();
    rule(repository, 'main', { bypass: ['github-actions[bot]', 'admin'], otherBypass: [] });
    const settings = settingsOf(github, repository, token);
    for (const change of changesOf(await lookAt(repository, settings))) await settings.write(change);
    expect(repository.rules[0]).toMatchObject({
      branches: ['~DEFAULT_BRANCH'],
      rules: ['deletion', 'non_fast_forward', 'pull_request', 'required_status_checks'],
      bypass: ['admin'],
    });
  });

  it('make no ruleset of main while it is not known who signs online', async () => {
    const repository = fresh();
    repository.rules.splice(0);
    const findings = await lookAt(repository, settingsOf(github, repository, token), { app: undefined });
    const finding = findings.find(({ id }) => id === 'main-pull-request');
    expect(finding).toMatchObject({
      state: 'fail',
      fix: expect.stringContaining('--app') as string,
      changes: [],
    });
  });
});

describe('what can not be read', () => {
  it('is never fine: without a token', async () => {
    const findings = await lookAt(fresh(), undefined);
    const hidden = findings.filter(({ state }) => state === 'unknown').map(({ id }) => id);
    expect(hidden).toEqual(SETTING_CHECKS.filter(({ reads }) => reads === 'api').map(({ id }) => id));
    expect(findings.filter(({ state }) => state !== 'unknown').every(({ state }) => state === 'ok')).toBe(
      true,
    );
  });

  it('is never fine: with a token that may not see it, and the sentence says what it needs', async () => {
    const repository = fresh();
    const reader = github.addUser(`reader-${count}`);
    repository.collaborators.set(reader.login, 'read');
    const findings = await lookAt(repository, settingsOf(github, repository, github.token(reader)));
    const state = new Map(findings.map(one => [one.id, one]));
    for (const id of ['main-bypass', 'actions', 'token-permissions'])
      expect([id, state.get(id)?.state]).toEqual([id, 'unknown']);
    expect(state.get('actions')?.says).toContain(
      'with the scope repo (a fine-grained token: administration: read)',
    );
  });

  it.each([
    ['a token that is none', 'ghp_0123', 'UNAUTHENTICATED', /does not take the token/],
    ['a repository that it may not see', undefined, 'NOT_FOUND', /hides it from the token/],
  ] as const)('ends the look: %s', async (_, text, code, words) => {
    const repository = github.addRepository(`town/hidden-${++count}`, { private: true, files: { a: 'a' } });
    const stranger = github.addUser(`stranger-${count}`);
    const settings = settingsOf(github, repository, text ?? github.token(stranger));
    const error = await settings.read().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ForgeError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(words) as string });
  });

  it('ends the look: too many calls', async () => {
    const repository = fresh();
    github.faults.inject({ operation: 'repos/get-pages', kind: 'primary-limit', times: 5 });
    await expect(settingsOf(github, repository, token).read()).rejects.toMatchObject({
      code: 'RATE_LIMITED',
    });
  });
});

describe('docs/github-settings.md', () => {
  const text = readFileSync(new URL('../../../docs/github-settings.md', import.meta.url), 'utf8');
  const rows = text
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .map(line =>
      line
        .split('|')
        .slice(1, -1)
        .map(cell => cell.trim()),
    );

  it('has one row a check, which says what the table says', () => {
    expect(rows).toEqual(
      SETTING_CHECKS.map(({ id, wanted, why, page, reads, settable }) => [
        `\`${id}\``,
        wanted,
        why,
        `\`${page}\``,
        reads === 'git' ? 'main' : 'the API',
        settable ? 'yes' : 'no',
      ]),
    );
  });

  it('says what a person has to look at', () => {
    for (const line of BY_HAND) expect(text).toContain(`- ${line}\n`);
  });
});
