import { ApiError, notFound } from '../errors.ts';
import type { Environment, Repository } from '../model.ts';
import {
  created,
  list,
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

// Environments and Pages. Left out: reviewers, wait timers, secrets by API, custom domains.

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
];

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
