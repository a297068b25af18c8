import { join } from 'node:path';
import type { Database } from '../database.ts';
import type { ForgeEvent } from '../events.ts';
import type { RunRecord } from '../rest/operation.ts';
import type { ConcurrencyGroups, Holder } from './concurrency.ts';
import { dispatchInputs, githubContext } from './contexts.ts';
import { interpolate, isMet, resolveValue, type Scope } from './expressions.ts';
import { WorkflowError } from './fields.ts';
import { JobRun } from './job.ts';
import { expandMatrix } from './matrix.ts';
import type { Conclusion, JobResult } from './results.ts';
import type { StandIn } from './stand-ins/stand-in.ts';
import type { ConcurrencySpec, JobSpec, WorkflowFile } from './workflow-file.ts';

/** What all runs share. */
export interface Engine {
  readonly database: Database;
  readonly groups: ConcurrencyGroups;
  readonly actionSources: ReadonlyMap<string, string>;
  readonly standIns: ReadonlyMap<string, StandIn>;
  /** Variables that every step finds, as if the machine had them. */
  readonly environment: ReadonlyMap<string, string>;
}

/** One run of one workflow, from its event to its conclusion. */
export class Run implements RunRecord, Holder {
  readonly engine: Engine;
  readonly id: number;
  readonly number: number;
  readonly file: WorkflowFile;
  readonly trigger: ForgeEvent;
  readonly folder: string;
  readonly createdAt: string;
  readonly jobs: JobResult[] = [];
  /** Folders by the name of the artifact. */
  readonly artifacts: Map<string, string> = new Map();
  status: RunRecord['status'] = 'queued';
  conclusion: Conclusion | 'startup_failure' | null = null;
  /** Why it did not start. */
  problem: string | undefined;
  readonly #abort = new AbortController();
  readonly #active = new Set<JobRun>();
  #github: Readonly<Record<string, unknown>> | undefined;

  constructor(
    engine: Engine,
    folder: string,
    id: number,
    number: number,
    file: WorkflowFile,
    trigger: ForgeEvent,
  ) {
    this.engine = engine;
    this.folder = join(folder, String(id));
    this.id = id;
    this.number = number;
    this.file = file;
    this.trigger = trigger;
    this.createdAt = engine.database.timestamp();
  }

  get workflow(): string {
    return this.file.path;
  }
  get name(): string {
    return this.file.name;
  }
  get event(): string {
    return this.trigger.name;
  }
  get ref(): string {
    return this.trigger.ref;
  }
  get sha(): string {
    return this.trigger.sha;
  }
  get login(): string {
    return this.trigger.actor.login;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The `github` context, which every job has. */
  get github(): Readonly<Record<string, unknown>> {
    this.#github ??= githubContext(this);
    return this.#github;
  }

  cancel(): void {
    this.#abort.abort();
    for (const holder of [this, ...this.#active]) this.engine.groups.withdraw(holder);
  }

  /** Where expressions of the workflow, outside of its jobs, are evaluated. */
  get scope(): Scope {
    return {
      contexts: new Map<string, unknown>([
        ['github', this.github],
        ['inputs', dispatchInputs(this.trigger)],
        ['vars', this.trigger.repository.variables],
      ]),
    };
  }

  /** Runs all jobs. Never throws for what a workflow does: a broken one is a conclusion. */
  async execute(): Promise<void> {
    try {
      this.conclusion = await this.#inGroup(this.file.concurrency, this.scope, this, () => this.#runJobs());
    } catch (error) {
      if (!(error instanceof WorkflowError)) throw error;
      this.problem = error.message;
      this.conclusion = 'startup_failure';
    } finally {
      this.status = 'completed';
    }
  }

  async #inGroup(
    spec: ConcurrencySpec | undefined,
    scope: Scope,
    holder: Holder,
    work: () => Promise<Conclusion>,
  ): Promise<Conclusion> {
    if (spec === undefined) return work();
    const name = `${this.trigger.repository.fullName} ${interpolate(spec.group, scope)}`;
    const cancels = resolveValue(spec.cancelInProgress, scope);
    const { groups } = this.engine;
    if (!(await groups.acquire(name, holder, cancels === true || cancels === 'true'))) return 'cancelled';
    try {
      return await work();
    } finally {
      groups.release(name, holder);
    }
  }

  async #runJobs(): Promise<Conclusion> {
    this.status = 'in_progress';
    const started = new Map<string, Promise<readonly JobResult[]>>();
    // Those that others need come first in `ordered`, so that each finds its needs started.
    for (const spec of ordered(this.file.jobs)) {
      const needs = Promise.all(
        spec.needs.map(async need => [need, (await started.get(need)) ?? []] as const),
      );
      started.set(
        spec.key,
        needs.then(results => this.#runJob(spec, new Map(results))),
      );
    }
    const results = (await Promise.all(started.values())).flat();
    if (this.signal.aborted) return 'cancelled';
    if (results.some(job => job.conclusion === 'failure')) return 'failure';
    if (results.some(job => job.conclusion === 'cancelled')) return 'cancelled';
    return results.every(job => job.conclusion === 'skipped') ? 'skipped' : 'success';
  }

  async #runJob(
    spec: JobSpec,
    needs: ReadonlyMap<string, readonly JobResult[]>,
  ): Promise<readonly JobResult[]> {
    const scope = this.#jobScope(spec, needs);
    if (!isMet(spec.if, scope)) return [this.#keep(skipped(spec, 'skipped'))];
    const matrix = spec.matrix === undefined ? undefined : resolveValue(spec.matrix, scope);
    const results = expandMatrix(matrix).map(async combination => {
      const inMatrix = { ...scope, contexts: new Map([...scope.contexts, ['matrix', combination]]) };
      const job = new JobRun(this, spec, combination, inMatrix);
      this.#active.add(job);
      let result: JobResult | undefined;
      const conclusion = await this.#inGroup(spec.concurrency, inMatrix, job, async () => {
        result = await job.execute();
        return result.conclusion;
      });
      this.#active.delete(job);
      this.engine.database.tokens.expire(job.token);
      return this.#keep(result ?? skipped(spec, conclusion));
    });
    return Promise.all(results);
  }

  #keep(result: JobResult): JobResult {
    this.jobs.push(result);
    return result;
  }

  #jobScope(spec: JobSpec, needs: ReadonlyMap<string, readonly JobResult[]>): Scope {
    const own = [...needs].map(([key, results]) => [key, needContext(results)] as const);
    const conclusions = this.#ancestors(spec)
      .flatMap(key => this.jobs.filter(job => job.key === key))
      .map(job => job.conclusion);
    const failed = conclusions.includes('failure');
    const status = this.signal.aborted
      ? 'cancelled'
      : failed
        ? 'failure'
        : conclusions.every(one => one === 'success')
          ? 'success'
          : 'skipped';
    return {
      ...this.scope,
      contexts: new Map<string, unknown>([...this.scope.contexts, ['needs', new Map(own)]]),
      status,
    };
  }

  /** Needs, and what they need. */
  #ancestors(spec: JobSpec): readonly string[] {
    const found = new Set(spec.needs);
    for (const key of found) {
      for (const need of this.file.jobs.find(job => job.key === key)?.needs ?? []) found.add(need);
    }
    return [...found];
  }
}

function ordered(jobs: readonly JobSpec[]): readonly JobSpec[] {
  const done: JobSpec[] = [];
  while (done.length < jobs.length) {
    const ready = jobs.filter(
      job => !done.includes(job) && job.needs.every(need => done.some(one => one.key === need)),
    );
    if (ready.length === 0) throw new WorkflowError('the needs of jobs go in a circle');
    done.push(...ready);
  }
  return done;
}

/** A matrix's outputs are those of the last of its jobs that set them. */
function needContext(results: readonly JobResult[]): ReadonlyMap<string, unknown> {
  const conclusions = new Set(results.map(job => job.conclusion));
  const worst = (['failure', 'cancelled', 'skipped'] as const).find(one => conclusions.has(one));
  const outputs = new Map(results.flatMap(job => [...job.outputs]));
  return new Map<string, unknown>([
    ['result', worst ?? 'success'],
    ['outputs', outputs],
  ]);
}

const skipped = (spec: JobSpec, conclusion: Conclusion): JobResult => ({
  key: spec.key,
  name: spec.name ?? spec.key,
  conclusion,
  steps: [],
  annotations: [],
  outputs: new Map(),
  permissions: new Map(),
});
