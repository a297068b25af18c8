import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isFromFork } from '../events.ts';
import type { Environment, Permissions, Repository } from '../model.ts';
import type { Holder } from './concurrency.ts';
import { runnerContext, runnerEnvironment } from './contexts.ts';
import { mayDeploy } from './environments.ts';
import { interpolate, interpolateAll, type Scope } from './expressions.ts';
import { WorkflowError } from './fields.ts';
import { JobLog } from './job-log.ts';
import type { Combination } from './matrix.ts';
import { jobPermissions } from './permissions.ts';
import type { Conclusion, JobResult, StepResult } from './results.ts';
import type { Run } from './run.ts';
import { type Frame, runSteps } from './steps.ts';
import type { JobSpec } from './workflow-file.ts';

export interface JobFolders {
  readonly workspace: string;
  readonly temp: string;
  readonly tools: string;
  readonly home: string;
}

/** Something that an action left to do when the job ends. */
export type PostStep = () => Promise<StepResult | undefined>;

/** One job of a run on a runner of its own: folders, token, environment, log. */
export class JobRun implements Holder {
  readonly run: Run;
  readonly spec: JobSpec;
  readonly log: JobLog = new JobLog();
  readonly folders: JobFolders;
  readonly permissions: Permissions;
  /** Good until the run ends it. */
  readonly token: string;
  /** What GITHUB_ENV set. */
  readonly variables: Map<string, string> = new Map();
  /** What GITHUB_PATH added, the newest first. */
  readonly paths: string[] = [];
  readonly posts: PostStep[] = [];
  status: 'success' | 'failure' | 'cancelled' = 'success';
  environment: Environment | undefined;
  readonly #scope: Scope;
  readonly #matrix: Combination;
  readonly #abort = new AbortController();
  readonly #base: ReadonlyMap<string, string>;
  #files = 0;

  constructor(run: Run, spec: JobSpec, matrix: Combination, scope: Scope) {
    this.run = run;
    this.spec = spec;
    this.#matrix = matrix;
    this.#scope = scope;
    const at = join(
      run.folder,
      [spec.key, ...matrix.values()].map(part => encodeURIComponent(String(part))).join('-'),
    );
    const repository = this.repository.name;
    this.folders = {
      workspace: join(at, 'work', repository, repository),
      temp: join(at, 'temp'),
      tools: join(at, 'tools'),
      home: join(at, 'home'),
    };
    const { workspace, temp, tools, home } = this.folders;
    for (const folder of [workspace, temp, tools, home]) mkdirSync(folder, { recursive: true });
    const eventPath = join(at, 'event.json');
    writeFileSync(eventPath, JSON.stringify(run.trigger.payload));
    this.permissions = jobPermissions(run, spec);
    this.token = run.engine.database.tokens.issueForJob(this.repository, this.permissions);
    this.log.mask(this.token);
    this.#base = new Map([
      ...runnerEnvironment(run.github, this.folders, eventPath, spec.key),
      ...run.engine.environment,
    ]);
  }

  get repository(): Repository {
    return this.run.trigger.repository;
  }

  get name(): string {
    const own = this.spec.name === undefined ? this.spec.key : interpolate(this.spec.name, this.#scope);
    return this.#matrix.size === 0 || this.spec.name !== undefined
      ? own
      : `${own} (${[...this.#matrix.values()].map(String).join(', ')})`;
  }

  /** Aborted where the job has to end: cancelled, or out of time. */
  get signal(): AbortSignal {
    return AbortSignal.any([this.run.signal, this.#abort.signal]);
  }

  cancel(): void {
    this.#abort.abort();
  }

  /** A new folder below the job's own, for command files and scripts. */
  nextFolder(): string {
    this.#files += 1;
    const folder = join(this.folders.temp, `_runner_${this.#files}`);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** A process's environment before a step adds its own. */
  baseEnvironment(): ReadonlyMap<string, string> {
    const path = [...this.paths, this.#base.get('PATH') ?? ''].join(':');
    return new Map([...this.#base, ['PATH', path]]);
  }

  async execute(): Promise<JobResult> {
    const steps: StepResult[] = [];
    const outputs = new Map<string, string>();
    try {
      this.#enterEnvironment();
      const frame = this.#frame();
      const minutes = Number(
        this.spec.timeoutMinutes === undefined ? 360 : interpolate(this.spec.timeoutMinutes, this.#scope),
      );
      const timer = setTimeout(() => this.cancel(), minutes * 60_000);
      try {
        steps.push(...(await runSteps(this, frame, this.spec.steps)));
        for (const post of this.posts.toReversed()) steps.push(...[await post()].flatMap(step => step ?? []));
      } finally {
        clearTimeout(timer);
      }
      for (const [key, value] of interpolateAll(this.spec.outputs, this.#withSteps(frame))) {
        if (this.log.isSecret(value))
          this.log.annotations.push({
            level: 'warning',
            message: `Skip output '${key}' since it may contain secret.`,
            properties: new Map(),
          });
        else outputs.set(key, value);
      }
    } catch (error) {
      if (!(error instanceof WorkflowError)) throw error;
      this.log.error(error.message);
      this.status = 'failure';
    }
    return {
      key: this.spec.key,
      name: this.name,
      conclusion: this.#conclusion(),
      steps,
      outputs,
      annotations: this.log.annotations,
      permissions: this.permissions,
    };
  }

  #conclusion(): Conclusion {
    if (this.signal.aborted) return 'cancelled';
    const forgiven = this.spec.continueOnError === 'true' && this.status === 'failure';
    return forgiven ? 'success' : this.status;
  }

  /** The environment's rules come before its secrets. One that is not there is made, without rules, as GitHub does. */
  #enterEnvironment(): void {
    if (this.spec.environment === undefined) return;
    const name = interpolate(this.spec.environment, this.#scope);
    const { database } = this.run.engine;
    const { ref } = this.run.trigger;
    const known = this.repository.environments.get(name.toLowerCase());
    const environment = known ?? {
      id: database.nextId(),
      name,
      createdAt: database.timestamp(),
      secrets: new Map(),
      variables: new Map(),
    };
    this.repository.environments.set(name.toLowerCase(), environment);
    if (!mayDeploy(this.repository, environment, ref))
      throw new WorkflowError(
        `Branch "${ref.replace(/^refs\/heads\//, '')}" is not allowed to deploy to ${name} due to environment protection rules.`,
      );
    this.environment = environment;
  }

  #frame(): Frame {
    const { run, environment } = this;
    const hidden = run.trigger.name === 'pull_request' && isFromFork(run.trigger);
    const secrets = new Map<string, string>([
      ...(hidden ? [] : [...this.repository.secrets, ...(environment?.secrets ?? [])]),
      ['GITHUB_TOKEN', this.token],
    ]);
    for (const secret of secrets.values()) this.log.mask(secret);
    const variables = new Map([...this.repository.variables, ...(environment?.variables ?? [])]);
    const contexts = new Map<string, unknown>([
      ...this.#scope.contexts,
      ['github', { ...run.github, token: this.token, job: this.spec.key, workspace: this.folders.workspace }],
      ['matrix', this.#matrix],
      ['strategy', { 'fail-fast': true }],
      ['runner', runnerContext(this.folders)],
      ['vars', variables],
      ['secrets', secrets],
    ]);
    const outer = { contexts, status: 'success', workspace: this.folders.workspace } as const;
    const shared = interpolateAll(run.file.env, outer);
    const withShared = { ...outer, contexts: new Map([...contexts, ['env', shared]]) };
    const env = new Map([...shared, ...interpolateAll(this.spec.env, withShared)]);
    return {
      contexts,
      env,
      steps: new Map(),
      defaults: {
        shell: this.spec.defaults.shell ?? run.file.defaults.shell,
        workingDirectory: this.spec.defaults.workingDirectory ?? run.file.defaults.workingDirectory,
      },
      action: undefined,
      depth: 0,
    };
  }

  #withSteps(frame: Frame): Scope {
    const contexts = new Map([...frame.contexts, ['steps', frame.steps]]);
    return { contexts, status: this.status, workspace: this.folders.workspace };
  }
}
