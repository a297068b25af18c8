import { ApiError, notFound, requiresAuthentication } from '../errors.ts';
import { ACTIONS_APP_ID, ACTIONS_BOT, type BranchRule, type Environment, type Repository } from '../model.ts';
import { rulesFor } from '../rules.ts';
import { roleOf } from '../tokens.ts';
import {
  type Call,
  created,
  list,
  type Operation,
  ok,
  onRepository,
  param,
  type RepositoryCall,
  reads,
  readsSettings,
  requireActor,
  writes,
} from './operation.ts';
import { type Json, nodeId, repositoryApi, repositoryJson, repositoryWeb, userJson } from './render.ts';

// Repositories, people, and settings that a check looks at. Left out: writing settings (a test sets them directly),
// organisations, reviewers of environments.

export const settingsOperations: readonly Operation[] = [
  { id: 'users/get-authenticated', method: 'GET', path: '/user', handle: call => ok(me(call)) },
  onRepository('repos/get', 'GET ', reads('metadata'), call =>
    ok({ ...repositoryJson(call.base, call.repository), permissions: permissions(call) }),
  ),
  onRepository('repos/list-forks', 'GET /forks', reads('metadata'), call =>
    list(
      [...call.database.repositories.values()]
        .filter(other => other.parent === call.repository)
        .map(fork => repositoryJson(call.base, fork)),
    ),
  ),
  onRepository('repos/create-fork', 'POST /forks', reads('metadata'), call => ({
    status: 202,
    body: fork(call),
  })),
  onRepository(
    'repos/get-collaborator-permission-level',
    'GET /collaborators/{username}/permission',
    readsSettings('metadata'),
    call => ok(collaborator(call)),
  ),
  onRepository(
    'repos/get-branch-protection',
    'GET /branches/{branch}/protection',
    readsSettings('administration'),
    call => ok(protection(call)),
  ),
  onRepository('repos/get-branch-rules', 'GET /rules/branches/{branch}', reads('metadata'), call =>
    list(branchRules(call)),
  ),
  onRepository('repos/get-repo-rulesets', 'GET /rulesets', reads('metadata'), call =>
    list(rulesets(call.repository).map(rule => rulesetJson(call, rule, false))),
  ),
  onRepository('repos/get-repo-ruleset', 'GET /rulesets/{ruleset_id}', reads('metadata'), call => {
    const found = rulesets(call.repository).find(
      rule => rulesetId(call, rule) === Number(param(call, 'ruleset_id')),
    );
    if (found === undefined) throw notFound();
    return ok(rulesetJson(call, found, true));
  }),
  onRepository('repos/get-all-environments', 'GET /environments', reads('actions'), call =>
    list(
      [...call.repository.environments.values()].map(one => environmentJson(call, one)),
      'environments',
    ),
  ),
  onRepository('repos/get-environment', 'GET /environments/{environment_name}', reads('actions'), call =>
    ok(environmentJson(call, requireEnvironment(call))),
  ),
  onRepository(
    'repos/list-deployment-branch-policies',
    'GET /environments/{environment_name}/deployment-branch-policies',
    reads('actions'),
    call => list(branchPolicies(requireEnvironment(call)), 'branch_policies'),
  ),
  onRepository('repos/get-pages', 'GET /pages', readsSettings('pages'), call => ok(pagesJson(call))),
  onRepository('repos/create-pages-site', 'POST /pages', writes('administration'), call =>
    created(createPages(call)),
  ),
  onRepository(
    'actions/get-github-actions-permissions-repository',
    'GET /actions/permissions',
    readsSettings('administration'),
    call => ok({ enabled: call.repository.actions.enabled, allowed_actions: 'all' }),
  ),
  onRepository(
    'actions/get-github-actions-default-workflow-permissions-repository',
    'GET /actions/permissions/workflow',
    readsSettings('administration'),
    call =>
      ok({
        default_workflow_permissions: call.repository.actions.defaultPermissions,
        can_approve_pull_request_reviews: call.repository.actions.mayOpenPullRequests,
      }),
  ),
];

/** Not for a job's token: GitHub answers it 403 there. */
function me(call: Call): Json {
  const { token, base, database } = call;
  if (token === undefined) throw requiresAuthentication();
  if (token.kind !== 'user') throw new ApiError(403, 'Resource not accessible by integration');
  const nothing = {
    name: null,
    company: null,
    blog: '',
    location: null,
    email: null,
    hireable: null,
    bio: null,
  };
  return {
    ...userJson(base, token.account),
    ...nothing,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    user_view_type: 'public',
    created_at: database.timestamp(),
    updated_at: database.timestamp(),
  };
}

function permissions({ token, repository }: RepositoryCall): Json {
  const role = token?.kind === 'user' ? roleOf(repository, token.account.login) : undefined;
  const at = ['read', 'triage', 'write', 'maintain', 'admin'].indexOf(role ?? 'read');
  return { pull: true, triage: at >= 1, push: at >= 2, maintain: at >= 3, admin: at >= 4 };
}

function fork(call: RepositoryCall): Json {
  const { account } = requireActor(call);
  const name = call.body.string('name') ?? call.repository.name;
  const existing = call.database.repository(`${account.login}/${name}`);
  return repositoryJson(call.base, existing ?? call.database.addFork(call.repository, account, name));
}

const PERMISSION = {
  read: 'read',
  triage: 'read',
  write: 'write',
  maintain: 'write',
  admin: 'admin',
} as const;

function collaborator(call: RepositoryCall): Json {
  const account = call.database.accounts.get(param(call, 'username'));
  if (account === undefined) throw new ApiError(404, `${param(call, 'username')} is not a user`);
  const role = roleOf(call.repository, account.login) ?? (call.repository.private ? undefined : 'read');
  const permission = role === undefined ? 'none' : PERMISSION[role];
  const role_name = role ?? 'none';
  return { permission, role_name, user: { ...userJson(call.base, account), role_name } };
}

function protection(call: RepositoryCall): Json {
  const branch = param(call, 'branch');
  const rules = rulesFor(call.repository, branch).filter(rule => rule.kind === 'protection');
  if (rules.length === 0) throw new ApiError(404, 'Branch not protected');
  const has = (type: string): boolean => rules.some(rule => rule.rules.some(one => one === type));
  const bypass = rules.flatMap(rule => rule.bypass ?? []);
  const url = `${repositoryApi(call.base, call.repository)}/branches/${encodeURIComponent(branch)}/protection`;
  const users = bypass
    .flatMap(login => call.database.accounts.get(login) ?? [])
    .filter(one => one !== ACTIONS_BOT);
  const contexts = rules.flatMap(rule => rule.checks ?? []);
  return {
    url,
    enforce_admins: { url: `${url}/enforce_admins`, enabled: true },
    allow_force_pushes: { enabled: !has('non_fast_forward') },
    allow_deletions: { enabled: !has('deletion') },
    block_creations: { enabled: has('creation') },
    ...(has('pull_request')
      ? {
          required_pull_request_reviews: {
            url: `${url}/required_pull_request_reviews`,
            dismiss_stale_reviews: false,
            require_code_owner_reviews: false,
            required_approving_review_count: 0,
          },
        }
      : {}),
    ...(has('required_status_checks')
      ? {
          required_status_checks: {
            url: `${url}/required_status_checks`,
            strict: false,
            contexts,
            checks: contexts.map(context => ({ context, app_id: null })),
            contexts_url: `${url}/required_status_checks/contexts`,
          },
        }
      : {}),
    ...(has('update')
      ? {
          restrictions: {
            url: `${url}/restrictions`,
            users_url: `${url}/restrictions/users`,
            teams_url: `${url}/restrictions/teams`,
            apps_url: `${url}/restrictions/apps`,
            users: users.map(account => userJson(call.base, account)),
            teams: [],
            apps: bypass.includes(ACTIONS_BOT.login)
              ? [{ id: ACTIONS_APP_ID, slug: 'github-actions', name: 'GitHub Actions' }]
              : [],
          },
        }
      : {}),
  };
}

const rulesets = (repository: Repository): readonly BranchRule[] =>
  repository.rules.filter(rule => rule.kind === 'ruleset');
const rulesetId = (call: RepositoryCall, rule: BranchRule): number =>
  call.repository.id * 100 + call.repository.rules.indexOf(rule);

function ruleJson(rule: BranchRule, type: string): Json {
  switch (type) {
    case 'update':
      return { type, parameters: { update_allows_fetch_and_merge: false } };
    case 'pull_request':
      return {
        type,
        parameters: {
          dismiss_stale_reviews_on_push: false,
          require_code_owner_review: false,
          require_last_push_approval: false,
          required_approving_review_count: 0,
          required_review_thread_resolution: false,
        },
      };
    case 'required_status_checks':
      return {
        type,
        parameters: {
          required_status_checks: (rule.checks ?? []).map(context => ({ context })),
          strict_required_status_checks_policy: false,
        },
      };
    default:
      return { type };
  }
}

const branchRules = (call: RepositoryCall): readonly Json[] =>
  rulesFor(call.repository, param(call, 'branch'))
    .filter(rule => rule.kind === 'ruleset')
    .flatMap(rule =>
      rule.rules.map(type => ({
        ...ruleJson(rule, type),
        ruleset_source_type: 'Repository',
        ruleset_source: call.repository.fullName,
        ruleset_id: rulesetId(call, rule),
      })),
    );

/** Who may bypass is told to those alone who may write the ruleset. */
function rulesetJson(call: RepositoryCall, rule: BranchRule, whole: boolean): Json {
  const id = rulesetId(call, rule);
  const isAdmin =
    call.token?.kind === 'user' && roleOf(call.repository, call.token.account.login) === 'admin';
  const include = rule.branches.map(pattern => (pattern.startsWith('~') ? pattern : `refs/heads/${pattern}`));
  return {
    id,
    name: rule.name,
    target: 'branch',
    source_type: 'Repository',
    source: call.repository.fullName,
    enforcement: rule.enforcement ?? 'active',
    node_id: nodeId('RRS', id),
    created_at: call.repository.createdAt,
    updated_at: call.repository.createdAt,
    ...(whole
      ? {
          conditions: { ref_name: { include, exclude: [] } },
          rules: rule.rules.map(type => ruleJson(rule, type)),
          ...(isAdmin ? { bypass_actors: (rule.bypass ?? []).map(login => bypassActor(call, login)) } : {}),
        }
      : {}),
  };
}

const bypassActor = (call: RepositoryCall, login: string): Json =>
  login === ACTIONS_BOT.login
    ? { actor_id: ACTIONS_APP_ID, actor_type: 'Integration', bypass_mode: 'always' }
    : { actor_id: call.database.accounts.get(login)?.id ?? null, actor_type: 'User', bypass_mode: 'always' };

function requireEnvironment(call: RepositoryCall): Environment {
  const environment = call.repository.environments.get(param(call, 'environment_name').toLowerCase());
  if (environment === undefined) throw notFound();
  return environment;
}

function environmentJson(call: RepositoryCall, environment: Environment): Json {
  const { branches } = environment;
  const name = encodeURIComponent(environment.name);
  return {
    id: environment.id,
    node_id: nodeId('EN', environment.id),
    name: environment.name,
    url: `${repositoryApi(call.base, call.repository)}/environments/${name}`,
    html_url: `${repositoryWeb(call.base, call.repository)}/deployments/activity_log?environments_filter=${name}`,
    created_at: environment.createdAt,
    updated_at: environment.createdAt,
    protection_rules:
      branches === undefined
        ? []
        : [{ id: environment.id, node_id: nodeId('GA', environment.id), type: 'branch_policy' }],
    deployment_branch_policy:
      branches === undefined
        ? null
        : { protected_branches: branches === 'protected', custom_branch_policies: branches !== 'protected' },
  };
}

const branchPolicies = ({ branches, id }: Environment): readonly Json[] =>
  branches === undefined || branches === 'protected'
    ? []
    : branches.map((name, at) => ({
        id: id * 100 + at,
        node_id: nodeId('DBP', id, at),
        name,
        type: 'branch',
      }));

function pagesJson(call: RepositoryCall): Json {
  const { pages } = call.repository;
  if (pages === undefined) throw notFound();
  return {
    url: `${repositoryApi(call.base, call.repository)}/pages`,
    status: pages.folder === undefined ? null : 'built',
    cname: null,
    custom_404: false,
    html_url: pagesUrl(call.base, call.repository),
    build_type: pages.buildType,
    source: { branch: call.repository.defaultBranch, path: '/' },
    public: true,
    https_enforced: false,
  };
}

/** Where a site is served: GitHub has a host for each owner, we a folder. */
export const pagesUrl = (base: string, repository: Repository): string =>
  `${base}/pages/${repository.fullName}/`;

function createPages(call: RepositoryCall): Json {
  if (call.repository.pages !== undefined) throw new ApiError(409, 'GitHub Pages is already enabled.');
  call.repository.pages = {
    buildType: call.body.string('build_type') === 'workflow' ? 'workflow' : 'legacy',
  };
  return pagesJson(call);
}
