import { ApiError, requiresAuthentication } from '../errors.ts';
import { roleOf } from '../tokens.ts';
import {
  type Call,
  created,
  list,
  noContent,
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
import { type Json, repositoryJson, userJson } from './render.ts';

// Repositories, people, and what Actions may do. Left out: organisations.

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
    'actions/get-github-actions-permissions-repository',
    'GET /actions/permissions',
    readsSettings('administration'),
    call => ok(actionsPermissions(call)),
  ),
  onRepository(
    'actions/set-github-actions-permissions-repository',
    'PUT /actions/permissions',
    writes('administration'),
    call => {
      const { actions } = call.repository;
      actions.enabled = call.body.boolean('enabled') ?? actions.enabled;
      actions.pinsRequired = call.body.boolean('sha_pinning_required') ?? actions.pinsRequired ?? false;
      return noContent;
    },
  ),
  onRepository(
    'actions/get-allowed-actions-repository',
    'GET /actions/permissions/selected-actions',
    readsSettings('administration'),
    ({ repository: { actions } }) => {
      if (typeof actions.allowed !== 'object') throw new ApiError(409, 'Not selected');
      const { githubOwned, patterns } = actions.allowed;
      return ok({ github_owned_allowed: githubOwned, verified_allowed: false, patterns_allowed: patterns });
    },
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
  onRepository(
    'actions/set-github-actions-default-workflow-permissions-repository',
    'PUT /actions/permissions/workflow',
    writes('administration'),
    ({ body, repository: { actions } }) => {
      if (body.string('default_workflow_permissions') !== undefined)
        actions.defaultPermissions =
          body.string('default_workflow_permissions') === 'write' ? 'write' : 'read';
      actions.mayOpenPullRequests =
        body.boolean('can_approve_pull_request_reviews') ?? actions.mayOpenPullRequests;
      return noContent;
    },
  ),
  onRepository(
    'actions/get-custom-oidc-sub-claim-for-repo',
    'GET /actions/oidc/customization/sub',
    reads('actions'),
    ({ repository: { actions } }) =>
      ok(
        actions.subject === undefined
          ? { use_default: true }
          : { use_default: false, include_claim_keys: actions.subject },
      ),
  ),
  onRepository(
    'actions/set-custom-oidc-sub-claim-for-repo',
    'PUT /actions/oidc/customization/sub',
    writes('actions'),
    ({ body, repository: { actions } }) => {
      if (body.boolean('use_default') === true) delete actions.subject;
      else actions.subject = body.strings('include_claim_keys') ?? [];
      return created({});
    },
  ),
];

function actionsPermissions({ repository: { actions } }: RepositoryCall): Json {
  const { enabled, allowed = 'all', pinsRequired } = actions;
  return {
    enabled,
    allowed_actions: typeof allowed === 'object' ? 'selected' : allowed,
    ...(pinsRequired === undefined ? {} : { sha_pinning_required: pinsRequired }),
  };
}

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
