import { describe, expect, it } from 'vitest';
import { LocalGitHub } from '../../support/forge/local-github.ts';
import { described, disagreements } from '../../support/forge/openapi.ts';
import { findOperation, OPERATIONS } from '../../support/forge/rest/router.ts';

// Every operation that is served, driven over HTTP; every answer held against GitHub's own OpenAPI description.

const WORKFLOW = 'on: workflow_dispatch\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: "true"\n';

/** A request of the tour. `{...}` in its path is filled from what earlier answers told. */
type Stop = readonly [operation: string, request: string, status: number, body?: object];

const TOUR: readonly Stop[] = [
  ['users/get-authenticated', 'GET /user', 200],
  ['repos/get', 'GET /repos/town/metadata', 200],
  ['repos/list-branches', 'GET /repos/town/metadata/branches', 200],
  ['repos/get-branch', 'GET /repos/town/metadata/branches/sign%2Fx', 200],
  ['repos/get-branch-protection', 'GET /repos/town/metadata/branches/main/protection', 200],
  ['repos/get-branch-protection', 'GET /repos/town/metadata/branches/sign%2Fx/protection', 404],
  ['repos/get-branch-rules', 'GET /repos/town/metadata/rules/branches/main', 200],
  ['repos/get-repo-rulesets', 'GET /repos/town/metadata/rulesets', 200],
  ['repos/get-repo-ruleset', 'GET /repos/town/metadata/rulesets/{ruleset}', 200],
  [
    'repos/get-collaborator-permission-level',
    'GET /repos/town/metadata/collaborators/maintainer/permission',
    200,
  ],
  ['repos/get-all-environments', 'GET /repos/town/metadata/environments', 200],
  ['repos/get-environment', 'GET /repos/town/metadata/environments/online', 200],
  [
    'repos/list-deployment-branch-policies',
    'GET /repos/town/metadata/environments/online/deployment-branch-policies',
    200,
  ],
  ['repos/get-pages', 'GET /repos/town/metadata/pages', 404],
  ['repos/create-pages-site', 'POST /repos/town/metadata/pages', 201, { build_type: 'workflow' }],
  ['repos/get-pages', 'GET /repos/town/metadata/pages', 200],
  [
    'repos/update-information-about-pages-site',
    'PUT /repos/town/metadata/pages',
    204,
    { build_type: 'workflow' },
  ],
  [
    'repos/create-or-update-environment',
    'PUT /repos/town/metadata/environments/new',
    200,
    { deployment_branch_policy: { protected_branches: false, custom_branch_policies: true } },
  ],
  [
    'repos/create-deployment-branch-policy',
    'POST /repos/town/metadata/environments/new/deployment-branch-policies',
    200,
    { name: 'main' },
  ],
  [
    'repos/delete-deployment-branch-policy',
    'DELETE /repos/town/metadata/environments/new/deployment-branch-policies/{policy}',
    204,
  ],
  [
    'repos/create-repo-ruleset',
    'POST /repos/town/metadata/rulesets',
    201,
    {
      name: 'of sign',
      target: 'branch',
      enforcement: 'active',
      conditions: { ref_name: { include: ['refs/heads/sign/**/*'], exclude: [] } },
      rules: [{ type: 'non_fast_forward' }],
    },
  ],
  [
    'repos/update-repo-ruleset',
    'PUT /repos/town/metadata/rulesets/{ruleset}',
    200,
    { bypass_actors: [{ actor_id: 5, actor_type: 'RepositoryRole', bypass_mode: 'always' }] },
  ],
  ['actions/get-github-actions-permissions-repository', 'GET /repos/town/metadata/actions/permissions', 200],
  [
    'actions/get-github-actions-default-workflow-permissions-repository',
    'GET /repos/town/metadata/actions/permissions/workflow',
    200,
  ],
  [
    'actions/set-github-actions-permissions-repository',
    'PUT /repos/town/metadata/actions/permissions',
    204,
    { enabled: true, sha_pinning_required: true },
  ],
  [
    'actions/get-allowed-actions-repository',
    'GET /repos/town/metadata/actions/permissions/selected-actions',
    200,
  ],
  [
    'actions/set-github-actions-default-workflow-permissions-repository',
    'PUT /repos/town/metadata/actions/permissions/workflow',
    204,
    { can_approve_pull_request_reviews: true },
  ],
  [
    'actions/get-custom-oidc-sub-claim-for-repo',
    'GET /repos/town/metadata/actions/oidc/customization/sub',
    200,
  ],
  [
    'actions/set-custom-oidc-sub-claim-for-repo',
    'PUT /repos/town/metadata/actions/oidc/customization/sub',
    201,
    { use_default: true },
  ],
  ['actions/list-repo-workflows', 'GET /repos/town/metadata/actions/workflows', 200],
  ['actions/enable-workflow', 'PUT /repos/town/metadata/actions/workflows/w.yml/enable', 204],
  ['repos/create-fork', 'POST /repos/other/thing/forks', 202, {}],
  ['repos/list-forks', 'GET /repos/other/thing/forks', 200],
  ['repos/get', 'GET /repos/maintainer/thing', 200],
  ['repos/list-activities', 'GET /repos/town/metadata/activity?ref=refs/heads/sign/x', 200],
  ['git/get-ref', 'GET /repos/town/metadata/git/ref/heads/sign/x', 200],
  ['git/list-matching-refs', 'GET /repos/town/metadata/git/matching-refs/heads/sign', 200],
  ['repos/get-commit', 'GET /repos/town/metadata/commits/sign%2Fx', 200],
  [
    'repos/create-commit-status',
    'POST /repos/town/metadata/statuses/{head}',
    201,
    { state: 'pending', context: 'tuf-signer' },
  ],
  ['repos/list-commit-statuses-for-ref', 'GET /repos/town/metadata/commits/{head}/statuses', 200],
  ['repos/get-combined-status-for-ref', 'GET /repos/town/metadata/commits/{head}/status', 200],
  [
    'pulls/create',
    'POST /repos/town/metadata/pulls',
    201,
    { title: 't', head: 'sign/x', base: 'main', body: 'b', draft: true },
  ],
  ['pulls/create', 'POST /repos/town/metadata/pulls', 422, { title: 't', head: 'sign/x', base: 'main' }],
  ['pulls/list', 'GET /repos/town/metadata/pulls?head=town:sign/x&state=open', 200],
  ['pulls/get', 'GET /repos/town/metadata/pulls/1', 200],
  ['pulls/update', 'PATCH /repos/town/metadata/pulls/1', 200, { title: 'other', body: 'c' }],
  ['pulls/list-files', 'GET /repos/town/metadata/pulls/1/files', 200],
  ['pulls/merge', 'PUT /repos/town/metadata/pulls/1/merge', 405],
  ['issues/create', 'POST /repos/town/metadata/issues', 201, { title: 'i', body: 'b', labels: ['new'] }],
  ['issues/list-for-repo', 'GET /repos/town/metadata/issues?state=all', 200],
  ['issues/get', 'GET /repos/town/metadata/issues/2', 200],
  ['issues/update', 'PATCH /repos/town/metadata/issues/2', 200, { state: 'closed' }],
  ['issues/create-comment', 'POST /repos/town/metadata/issues/1/comments', 201, { body: 'hello' }],
  ['issues/create-comment', 'POST /repos/town/metadata/issues/1/comments', 422, { body: 'x'.repeat(65_537) }],
  ['issues/list-comments', 'GET /repos/town/metadata/issues/1/comments', 200],
  ['issues/get-comment', 'GET /repos/town/metadata/issues/comments/{comment}', 200],
  ['issues/update-comment', 'PATCH /repos/town/metadata/issues/comments/{comment}', 200, { body: 'changed' }],
  ['issues/delete-comment', 'DELETE /repos/town/metadata/issues/comments/{comment}', 204],
  ['issues/create-label', 'POST /repos/town/metadata/labels', 201, { name: 'signing', color: 'abcdef' }],
  ['issues/create-label', 'POST /repos/town/metadata/labels', 422, { name: 'Signing' }],
  ['issues/get-label', 'GET /repos/town/metadata/labels/signing', 200],
  ['issues/list-labels-for-repo', 'GET /repos/town/metadata/labels', 200],
  ['issues/add-labels', 'POST /repos/town/metadata/issues/1/labels', 200, { labels: ['signing'] }],
  ['issues/list-labels-on-issue', 'GET /repos/town/metadata/issues/1/labels', 200],
  ['issues/remove-label', 'DELETE /repos/town/metadata/issues/1/labels/signing', 200],
  [
    'actions/create-workflow-dispatch',
    'POST /repos/town/metadata/actions/workflows/w.yml/dispatches',
    204,
    { ref: 'main' },
  ],
  [
    'actions/create-workflow-dispatch',
    'POST /repos/town/metadata/actions/workflows/w.yml/dispatches',
    200,
    { ref: 'main', return_run_details: true },
  ],
  ['actions/list-workflow-runs', 'GET /repos/town/metadata/actions/workflows/w.yml/runs', 200],
  ['actions/list-workflow-runs-for-repo', 'GET /repos/town/metadata/actions/runs', 200],
  ['actions/get-workflow-run', 'GET /repos/town/metadata/actions/runs/{run}', 200],
  ['repos/create-dispatch-event', 'POST /repos/town/metadata/dispatches', 204, { event_type: 'publish' }],
  ['git/delete-ref', 'DELETE /repos/town/metadata/git/refs/heads/sign/x', 204],
  ['git/delete-ref', 'DELETE /repos/town/metadata/git/refs/heads/sign/x', 422],
];

describe("the API beside GitHub's own description", () => {
  it('serves only what GitHub has, where GitHub has it', () => {
    const ours = OPERATIONS.map(({ id, method, path }) => `${id}: ${method} ${path}`);
    const theirs = [...described].map(([id, { method, path }]) => `${id}: ${method} ${path}`);
    expect(ours.sort()).toEqual(theirs.sort());
  });

  it('answers every operation as described', async () => {
    await using github = await LocalGitHub.start();
    const maintainer = github.addUser('maintainer');
    const repository = github.addRepository('town/metadata', {
      files: { 'README.md': 'x', '.github/workflows/w.yml': WORKFLOW },
    });
    github.addRepository('other/thing', { files: { 'README.md': 'y' } });
    repository.collaborators.set('maintainer', 'admin');
    repository.actions.allowed = { githubOwned: true, patterns: ['town/*'] };
    github.addEnvironment(repository, 'online', { branches: ['main'] });
    const rules = [
      'update',
      'deletion',
      'creation',
      'non_fast_forward',
      'pull_request',
      'required_status_checks',
    ] as const;
    for (const kind of ['ruleset', 'protection'] as const)
      repository.rules.push({
        kind,
        name: kind,
        branches: ['main'],
        rules,
        checks: ['tuf-signer'],
        bypass: ['maintainer', 'github-actions[bot]'],
      });
    const head = github.push(repository, maintainer, { 'metadata/root.json': '{}' }, { branch: 'sign/x' });
    const known = new Map([
      ['head', head],
      ['ruleset', String(repository.id * 100)],
    ]);
    const token = github.token(maintainer);
    const complaints: string[] = [];
    for (const [operation, request, status, body] of TOUR) {
      const [method = '', path = ''] = request
        .replaceAll(/\{(\w+)\}/g, (_, name: string) => known.get(name) ?? '')
        .split(' ');
      const answer = await fetch(`${github.apiUrl}${path}`, {
        method,
        headers: { authorization: `token ${token}`, 'x-github-api-version': '2022-11-28' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      const json: unknown = text === '' ? undefined : JSON.parse(text);
      const found = findOperation(method, path.split('?')[0] ?? '')?.operation.id;
      if (found !== operation) complaints.push(`${request} is ${found}, not ${operation}`);
      if (answer.status !== status) complaints.push(`${request} gave ${answer.status}: ${text}`);
      if (answer.status !== 405) complaints.push(...disagreements(operation, answer.status, json));
      if (operation === 'repos/create-deployment-branch-policy')
        known.set('policy', String((json as { id: number }).id));
      if (operation === 'issues/create-comment' && status === 201)
        known.set('comment', String((json as { id: number }).id));
      if (operation === 'actions/list-workflow-runs')
        known.set('run', String((json as { workflow_runs: { id: number }[] }).workflow_runs[0]?.id));
    }
    expect(complaints).toEqual([]);
    expect([...described.keys()].filter(id => !TOUR.some(stop => stop[0] === id))).toEqual([]);
  });

  it('would notice', () => {
    expect(disagreements('issues/get-label', 200, { name: 'x' })).not.toEqual([]);
    expect(disagreements('issues/get-label', 204, undefined)).not.toEqual([]);
    expect(disagreements('nobody/knows', 200, {})).not.toEqual([]);
  });
});
