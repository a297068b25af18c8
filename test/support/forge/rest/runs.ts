import { ApiError, notFound } from '../errors.ts';
import { emitEvent } from '../manual-events.ts';
import { resolveCommit } from '../refs.ts';
import {
  list,
  noContent,
  type Operation,
  ok,
  onRepository,
  param,
  type RepositoryCall,
  type RunRecord,
  reads,
  requireActor,
  writes,
} from './operation.ts';
import { type Json, nodeId, repositoryApi, repositoryJson, repositoryWeb, userJson } from './render.ts';
import { workflowId } from './workflows.ts';

// Workflow runs and dispatches. Left out: jobs and logs by API (a test reads them from the run), reruns, artifacts by API.

export const runOperations: readonly Operation[] = [
  onRepository(
    'actions/create-workflow-dispatch',
    'POST /actions/workflows/{workflow_id}/dispatches',
    writes('actions'),
    dispatch,
  ),
  onRepository('repos/create-dispatch-event', 'POST /dispatches', writes('contents'), call => {
    const type = call.body.required('event_type', 'RepositoryDispatch');
    const client_payload = call.body.object('client_payload') ?? {};
    emitEvent(call.database, call.repository, 'repository_dispatch', requireActor(call), {
      action: type,
      branch: call.repository.defaultBranch,
      client_payload,
    });
    return noContent;
  }),
  onRepository(
    'actions/list-workflow-runs',
    'GET /actions/workflows/{workflow_id}/runs',
    reads('actions'),
    call => {
      const workflow = param(call, 'workflow_id');
      return list(
        filtered(call)
          .filter(run => isCalled(run, workflow))
          .map(run => runJson(call, run)),
        'workflow_runs',
      );
    },
  ),
  onRepository('actions/list-workflow-runs-for-repo', 'GET /actions/runs', reads('actions'), call =>
    list(
      filtered(call).map(run => runJson(call, run)),
      'workflow_runs',
    ),
  ),
  onRepository('actions/get-workflow-run', 'GET /actions/runs/{run_id}', reads('actions'), call => {
    const run = call.runs.list(call.repository).find(one => one.id === Number(param(call, 'run_id')));
    if (run === undefined) throw notFound();
    return ok(runJson(call, run));
  }),
];

/** 204, or 200 with the run's address where `return_run_details` asks for it. */
function dispatch(call: RepositoryCall): { readonly status: number; readonly body?: unknown } {
  const { body, repository, runs } = call;
  const ref = body.required('ref', 'WorkflowDispatch');
  if (resolveCommit(repository, ref) === undefined) throw new ApiError(422, `No ref found for: ${ref}`);
  const inputs = body.object('inputs') ?? {};
  const outcome = runs.dispatch(repository, param(call, 'workflow_id'), ref, inputs, requireActor(call));
  if ('error' in outcome) throw new ApiError(outcome.status, outcome.error);
  if (body.boolean('return_run_details') !== true) return noContent;
  return ok({
    workflow_run_id: outcome.runId,
    run_url: `${repositoryApi(call.base, repository)}/actions/runs/${outcome.runId}`,
    html_url: `${repositoryWeb(call.base, repository)}/actions/runs/${outcome.runId}`,
  });
}

/** A workflow is named by its file or its id. */
const isCalled = (run: RunRecord, workflow: string): boolean =>
  run.workflow.endsWith(`/${workflow}`) || String(workflowId(run.workflow)) === workflow;

const branchOf = (ref: string): string => ref.replace(/^refs\/(heads|tags)\//, '');

/** Newest first. */
function filtered(call: RepositoryCall): readonly RunRecord[] {
  const { query } = call;
  const is = (name: string, value: string | null): boolean => [null, value].includes(query.get(name));
  return call.runs
    .list(call.repository)
    .filter(
      run =>
        is('branch', branchOf(run.ref)) &&
        is('event', run.event) &&
        is('head_sha', run.sha) &&
        is('actor', run.login),
    )
    .filter(run => [null, run.status, run.conclusion].includes(query.get('status')))
    .toReversed();
}

export function runJson(
  call: Pick<RepositoryCall, 'base' | 'repository' | 'database'>,
  run: RunRecord,
): Json {
  const { base, repository } = call;
  const url = `${repositoryApi(base, repository)}/actions/runs/${run.id}`;
  const actor = call.database.accounts.get(run.login);
  const user = actor === undefined ? undefined : userJson(base, actor);
  return {
    id: run.id,
    node_id: nodeId('WFR', run.id),
    name: run.name,
    display_title: run.name,
    head_branch: branchOf(run.ref),
    head_sha: run.sha,
    path: run.workflow,
    run_number: run.number,
    run_attempt: 1,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: workflowId(run.workflow),
    url,
    html_url: `${repositoryWeb(base, repository)}/actions/runs/${run.id}`,
    created_at: run.createdAt,
    updated_at: run.createdAt,
    run_started_at: run.createdAt,
    ...(user === undefined ? {} : { actor: user, triggering_actor: user }),
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${repositoryApi(base, repository)}/check-suites/${run.id}`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    artifacts_url: `${url}/artifacts`,
    workflow_url: `${repositoryApi(base, repository)}/actions/workflows/${workflowId(run.workflow)}`,
    pull_requests: [],
    head_commit: null,
    repository: repositoryJson(base, repository),
    head_repository: repositoryJson(base, repository),
  };
}
