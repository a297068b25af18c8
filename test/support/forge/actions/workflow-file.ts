import { parse } from 'yaml';
import { JOB_SCOPES, type Permissions } from '../model.ts';
import { asFields, asKnownFields, asText, asTextMap, asTexts, type Fields, WorkflowError } from './fields.ts';

// A workflow file as typed values, nothing evaluated. Left out: reusable workflows, services, containers, run-name.

export interface StepSpec {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly if: string | undefined;
  readonly uses: string | undefined;
  readonly run: string | undefined;
  readonly with: ReadonlyMap<string, string>;
  readonly env: ReadonlyMap<string, string>;
  readonly shell: string | undefined;
  readonly workingDirectory: string | undefined;
  readonly continueOnError: string | undefined;
  readonly timeoutMinutes: string | undefined;
}

export interface ConcurrencySpec {
  readonly group: string;
  readonly cancelInProgress: string;
}

export interface Defaults {
  readonly shell: string | undefined;
  readonly workingDirectory: string | undefined;
}

export interface JobSpec {
  readonly key: string;
  readonly name: string | undefined;
  readonly needs: readonly string[];
  readonly if: string | undefined;
  readonly permissions: Permissions | undefined;
  readonly environment: string | undefined;
  readonly env: ReadonlyMap<string, string>;
  readonly defaults: Defaults;
  readonly outputs: ReadonlyMap<string, string>;
  readonly matrix: unknown;
  readonly steps: readonly StepSpec[];
  readonly timeoutMinutes: string | undefined;
  readonly continueOnError: string | undefined;
  readonly concurrency: ConcurrencySpec | undefined;
}

export interface WorkflowFile {
  readonly path: string;
  readonly name: string;
  readonly on: ReadonlyMap<string, unknown>;
  readonly permissions: Permissions | undefined;
  readonly env: ReadonlyMap<string, string>;
  readonly defaults: Defaults;
  readonly concurrency: ConcurrencySpec | undefined;
  readonly jobs: readonly JobSpec[];
}

const WORKFLOW_KEYS = new Set([
  'name',
  'run-name',
  'on',
  'permissions',
  'env',
  'defaults',
  'concurrency',
  'jobs',
]);
const JOB_KEYS = new Set([
  'name',
  'needs',
  'if',
  'permissions',
  'environment',
  'env',
  'defaults',
  'outputs',
  'strategy',
  'steps',
  'runs-on',
  'timeout-minutes',
  'continue-on-error',
  'concurrency',
  'uses',
  'with',
  'secrets',
  'container',
  'services',
]);
const STEP_KEYS = new Set([
  'id',
  'name',
  'if',
  'uses',
  'run',
  'with',
  'env',
  'shell',
  'working-directory',
  'continue-on-error',
  'timeout-minutes',
]);

/** Throws {@link WorkflowError} where GitHub would say that the workflow is not valid. */
export function readWorkflow(path: string, text: string): WorkflowFile {
  const root = asKnownFields(readYaml(text), path, WORKFLOW_KEYS);
  const jobs = [...asFields(root.get('jobs'), `${path}: jobs`)].map(([key, job]) => readJob(key, job));
  if (!root.has('on')) throw new WorkflowError(`${path}: required property is missing: on`);
  if (jobs.length === 0) throw new WorkflowError(`${path}: required property is missing: jobs`);
  const keys = new Set(jobs.map(job => job.key));
  for (const job of jobs)
    for (const need of job.needs)
      if (!keys.has(need)) throw new WorkflowError(`job '${job.key}' depends on unknown job '${need}'`);
  requireNoCycle(jobs);
  return {
    path,
    name: asText(root.get('name'), 'name') ?? path,
    on: readOn(root.get('on')),
    permissions: readPermissions(root.get('permissions')),
    env: asTextMap(root.get('env'), 'env'),
    defaults: readDefaults(root.get('defaults')),
    concurrency: readConcurrency(root.get('concurrency')),
    jobs,
  };
}

function requireNoCycle(jobs: readonly JobSpec[]): void {
  const done = new Set<string>();
  for (let left = jobs; left.length > 0; ) {
    const next = left.filter(job => !job.needs.every(need => done.has(need)));
    if (next.length === left.length)
      throw new WorkflowError('the workflow must contain a job without a cycle of needs');
    for (const job of left) if (!next.includes(job)) done.add(job.key);
    left = next;
  }
}

export function readYaml(text: string): unknown {
  try {
    return parse(text, { mapAsMap: true });
  } catch (error) {
    if (error instanceof Error && error.name === 'YAMLParseError')
      throw new WorkflowError(error.message, { cause: error });
    throw error;
  }
}

function readOn(value: unknown): ReadonlyMap<string, unknown> {
  if (value instanceof Map) return value as Fields;
  return new Map(asTexts(value, 'on').map(name => [name, undefined]));
}

function readJob(key: string, value: unknown): JobSpec {
  const fields = asKnownFields(value, `jobs.${key}`, JOB_KEYS);
  for (const unsupported of ['uses', 'container', 'services'])
    if (fields.has(unsupported)) throw new WorkflowError(`jobs.${key}.${unsupported} is not supported here`);
  if (!fields.has('runs-on')) throw new WorkflowError(`jobs.${key}: required property is missing: runs-on`);
  const environment = fields.get('environment');
  return {
    key,
    name: asText(fields.get('name'), `jobs.${key}.name`),
    needs: asTexts(fields.get('needs'), `jobs.${key}.needs`),
    if: asText(fields.get('if'), `jobs.${key}.if`),
    permissions: readPermissions(fields.get('permissions')),
    environment:
      environment instanceof Map
        ? asText((environment as Fields).get('name'), 'environment.name')
        : asText(environment, `jobs.${key}.environment`),
    env: asTextMap(fields.get('env'), `jobs.${key}.env`),
    defaults: readDefaults(fields.get('defaults')),
    outputs: asTextMap(fields.get('outputs'), `jobs.${key}.outputs`),
    matrix: asFields(fields.get('strategy'), `jobs.${key}.strategy`).get('matrix'),
    steps: readSteps(fields.get('steps'), `jobs.${key}.steps`),
    timeoutMinutes: asText(fields.get('timeout-minutes'), 'timeout-minutes'),
    continueOnError: asText(fields.get('continue-on-error'), 'continue-on-error'),
    concurrency: readConcurrency(fields.get('concurrency')),
  };
}

/** Steps of a job or of a composite action. */
export function readSteps(value: unknown, what: string): readonly StepSpec[] {
  if (!Array.isArray(value)) throw new WorkflowError(`${what}: a list was expected`);
  return value.map((item, at) => {
    const name = `${what}[${at}]`;
    const fields = asKnownFields(item, name, STEP_KEYS);
    if (fields.has('uses') === fields.has('run')) throw new WorkflowError(`${name}: either uses or run`);
    const text = (key: string): string | undefined => asText(fields.get(key), `${name}.${key}`);
    return {
      id: text('id'),
      name: text('name'),
      if: text('if'),
      uses: text('uses'),
      run: text('run'),
      with: asTextMap(fields.get('with'), `${name}.with`),
      env: asTextMap(fields.get('env'), `${name}.env`),
      shell: text('shell'),
      workingDirectory: text('working-directory'),
      continueOnError: text('continue-on-error'),
      timeoutMinutes: text('timeout-minutes'),
    };
  });
}

function readDefaults(value: unknown): Defaults {
  const run = asFields(asFields(value, 'defaults').get('run'), 'defaults.run');
  return {
    shell: asText(run.get('shell'), 'defaults.run.shell'),
    workingDirectory: asText(run.get('working-directory'), 'defaults.run.working-directory'),
  };
}

function readConcurrency(value: unknown): ConcurrencySpec | undefined {
  if (value === undefined) return undefined;
  if (!(value instanceof Map))
    return { group: asText(value, 'concurrency') ?? '', cancelInProgress: 'false' };
  const fields = asKnownFields(value, 'concurrency', new Set(['group', 'cancel-in-progress']));
  return {
    group: asText(fields.get('group'), 'concurrency.group') ?? '',
    cancelInProgress: asText(fields.get('cancel-in-progress'), 'concurrency.cancel-in-progress') ?? 'false',
  };
}

/** What is not named gets nothing. Source: workflow syntax, "permissions". */
function readPermissions(value: unknown): Permissions | undefined {
  if (value === undefined || value === null) return undefined;
  if (value === 'read-all' || value === 'write-all') {
    const access = value === 'read-all' ? 'read' : 'write';
    return new Map(
      JOB_SCOPES.map(scope => [scope, scope === 'id-token' && access === 'read' ? 'none' : access]),
    );
  }
  return new Map(
    [...asFields(value, 'permissions')].map(([key, access]) => {
      const scope = JOB_SCOPES.find(one => one === key);
      if (scope === undefined || (access !== 'read' && access !== 'write' && access !== 'none'))
        throw new WorkflowError(`permissions: unexpected value '${key}: ${asText(access, key)}'`);
      return [scope, access];
    }),
  );
}
