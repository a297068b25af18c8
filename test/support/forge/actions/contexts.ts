import { dirname } from 'node:path';
import type { ForgeEvent } from '../events.ts';
import type { Run } from './run.ts';

const shortRef = (ref: string): string => ref.replace(/^refs\/(heads|tags|pull)\//, '');

/** The `github` context that a run's jobs share. Source: "Contexts reference". */
export function githubContext(run: Run): Readonly<Record<string, unknown>> {
  const {
    trigger: event,
    file: workflow,
    engine: { database },
  } = run;
  const { repository, pull } = event;
  return {
    event: event.payload,
    event_name: event.name,
    ref: event.ref,
    ref_name: shortRef(event.ref),
    ref_type: event.ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    ref_protected: false,
    head_ref: pull?.pull?.head.branch ?? '',
    base_ref: pull?.pull?.base ?? '',
    sha: event.sha,
    actor: event.actor.login,
    actor_id: String(event.actor.id),
    triggering_actor: event.actor.login,
    repository: repository.fullName,
    repository_id: String(repository.id),
    repository_owner: repository.owner.login,
    repository_owner_id: String(repository.owner.id),
    repository_visibility: repository.private ? 'private' : 'public',
    repositoryUrl: `${database.url}/${repository.fullName}.git`,
    run_id: String(run.id),
    run_number: String(run.number),
    run_attempt: '1',
    workflow: workflow.name,
    workflow_ref: `${repository.fullName}/${workflow.path}@${event.ref}`,
    workflow_sha: event.sha,
    server_url: database.url,
    api_url: `${database.url}/api/v3`,
    graphql_url: `${database.url}/api/graphql`,
    retention_days: '90',
    secret_source: 'Actions',
  };
}

const GITHUB_VARIABLES = [
  'event_name',
  'ref',
  'ref_name',
  'ref_type',
  'ref_protected',
  'head_ref',
  'base_ref',
  'sha',
  'actor',
  'actor_id',
  'triggering_actor',
  'repository',
  'repository_id',
  'repository_owner',
  'repository_owner_id',
  'run_id',
  'run_number',
  'run_attempt',
  'workflow',
  'workflow_ref',
  'workflow_sha',
  'server_url',
  'api_url',
  'graphql_url',
  'retention_days',
] as const;

/** What every process of a job finds in its environment, and nothing else of the machine but PATH. */
export function runnerEnvironment(
  github: Readonly<Record<string, unknown>>,
  folders: {
    readonly workspace: string;
    readonly temp: string;
    readonly tools: string;
    readonly home: string;
  },
  eventPath: string,
  job: string,
): ReadonlyMap<string, string> {
  return new Map([
    ['CI', 'true'],
    ['GITHUB_ACTIONS', 'true'],
    ['HOME', folders.home],
    ['LANG', 'C.UTF-8'],
    ['PATH', `${process.env['PATH'] ?? ''}:${dirname(process.execPath)}`],
    ['GIT_CONFIG_NOSYSTEM', '1'],
    ['GITHUB_EVENT_PATH', eventPath],
    ['GITHUB_WORKSPACE', folders.workspace],
    ['GITHUB_JOB', job],
    ['RUNNER_OS', 'Linux'],
    ['RUNNER_ARCH', 'X64'],
    ['RUNNER_NAME', 'local'],
    ['RUNNER_ENVIRONMENT', 'github-hosted'],
    ['RUNNER_TEMP', folders.temp],
    ['RUNNER_TOOL_CACHE', folders.tools],
    ...GITHUB_VARIABLES.map(name => [`GITHUB_${name.toUpperCase()}`, String(github[name])] as const),
  ]);
}

export const runnerContext = (folders: {
  readonly temp: string;
  readonly tools: string;
}): Readonly<Record<string, unknown>> => ({
  os: 'Linux',
  arch: 'X64',
  name: 'local',
  environment: 'github-hosted',
  temp: folders.temp,
  tool_cache: folders.tools,
});

/** `inputs` of a dispatch, typed as the workflow declares them. */
export const dispatchInputs = (event: ForgeEvent): Readonly<Record<string, unknown>> =>
  event.name === 'workflow_dispatch' ? (event.payload['inputs'] as Readonly<Record<string, unknown>>) : {};
