import { notFound } from '../errors.ts';
import {
  list,
  noContent,
  type Operation,
  onRepository,
  param,
  type RepositoryCall,
  reads,
  writes,
} from './operation.ts';
import { type Json, nodeId, repositoryApi, repositoryWeb } from './render.ts';

// The workflows on the default branch, and whether they are switched off. Left out: switching off by API.

export const workflowOperations: readonly Operation[] = [
  onRepository('actions/list-repo-workflows', 'GET /actions/workflows', reads('actions'), call =>
    list(
      paths(call).map(path => workflowJson(call, path)),
      'workflows',
    ),
  ),
  onRepository(
    'actions/enable-workflow',
    'PUT /actions/workflows/{workflow_id}/enable',
    writes('actions'),
    call => {
      const path = paths(call).find(one => one.endsWith(`/${param(call, 'workflow_id')}`));
      if (path === undefined) throw notFound();
      call.repository.actions.disabled?.delete(path);
      return noContent;
    },
  ),
];

const paths = ({ repository: { git, defaultBranch } }: RepositoryCall): readonly string[] =>
  git
    .git('ls-tree', '-r', '--name-only', defaultBranch, '.github/workflows')
    .split('\n')
    .filter(path => /\.ya?ml$/.test(path));

function workflowJson(call: RepositoryCall, path: string): Json {
  const { base, repository } = call;
  const id = workflowId(path);
  const file = path.split('/').at(-1) ?? '';
  return {
    id,
    node_id: nodeId('W', id),
    name: file,
    path,
    state: repository.actions.disabled?.get(path) ?? 'active',
    created_at: repository.createdAt,
    updated_at: repository.createdAt,
    url: `${repositoryApi(base, repository)}/actions/workflows/${id}`,
    html_url: `${repositoryWeb(base, repository)}/blob/${repository.defaultBranch}/${path}`,
    badge_url: `${repositoryWeb(base, repository)}/workflows/${file}/badge.svg`,
  };
}

export const workflowId = (path: string): number =>
  Buffer.from(path).reduce((sum, byte) => (sum * 31 + byte) % 1_000_000_007, 7);
