import { ApiError, notFound } from '../errors.ts';
import type { Environment, Repository } from '../model.ts';
import {
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
  writes,
} from './operation.ts';
import { type Json, nodeId, repositoryApi, repositoryWeb } from './render.ts';

// Environments and Pages. Left out: reviewers, wait timers, tags, secrets by API, custom domains.

export const environmentOperations: readonly Operation[] = [
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
  onRepository('repos/update-information-about-pages-site', 'PUT /pages', writes('administration'), call => {
    if (call.repository.pages === undefined) throw notFound();
    call.repository.pages = { ...call.repository.pages, buildType: buildType(call) };
    return noContent;
  }),
  onRepository(
    'repos/create-or-update-environment',
    'PUT /environments/{environment_name}',
    writes('administration'),
    call => ok(environmentJson(call, putEnvironment(call))),
  ),
  onRepository(
    'repos/create-deployment-branch-policy',
    'POST /environments/{environment_name}/deployment-branch-policies',
    writes('administration'),
    call => {
      const name = call.body.required('name', 'DeploymentBranchPolicy');
      const changed = withBranches(call, branches => [...branches, name]);
      return ok(branchPolicies(changed).at(-1));
    },
  ),
  onRepository(
    'repos/delete-deployment-branch-policy',
    'DELETE /environments/{environment_name}/deployment-branch-policies/{branch_policy_id}',
    writes('administration'),
    call => {
      const id = Number(param(call, 'branch_policy_id'));
      const known = branchPolicies(requireEnvironment(call));
      withBranches(call, branches => branches.filter((_, at) => known[at]?.['id'] !== id));
      return noContent;
    },
  ),
];

function putEnvironment(call: RepositoryCall): Environment {
  const { repository, database, body } = call;
  const name = param(call, 'environment_name');
  const known = repository.environments.get(name.toLowerCase());
  const policy = body.object('deployment_branch_policy');
  const { branches: before, ...rest } = known ?? {
    id: database.nextId(),
    name,
    createdAt: database.timestamp(),
    secrets: new Map<string, string>(),
    variables: new Map<string, string>(),
    branches: undefined,
  };
  const custom = typeof before === 'object' ? before : [];
  const made: Environment =
    policy === undefined
      ? rest
      : { ...rest, branches: policy['protected_branches'] === true ? 'protected' : custom };
  repository.environments.set(name.toLowerCase(), made);
  return made;
}

/** Makes ids that outlast the policies before them. */
const checksum = (text: string): number =>
  Buffer.from(text).reduce((sum, byte) => (sum * 31 + byte) % 999_983, 7);

function withBranches(
  call: RepositoryCall,
  change: (branches: readonly string[]) => readonly string[],
): Environment {
  const environment = requireEnvironment(call);
  if (typeof environment.branches !== 'object') throw notFound();
  const made = { ...environment, branches: change(environment.branches) };
  call.repository.environments.set(environment.name.toLowerCase(), made);
  return made;
}

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
        id: id * 1_000_000 + checksum(name),
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
    buildType: buildType(call),
  };
  return pagesJson(call);
}

const buildType = (call: RepositoryCall): 'workflow' | 'legacy' =>
  call.body.string('build_type') === 'workflow' ? 'workflow' : 'legacy';
