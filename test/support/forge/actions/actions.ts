import type { Database } from '../database.ts';
import type { ForgeEvent } from '../events.ts';
import { emitEvent } from '../manual-events.ts';
import { ACTIONS_BOT, type Repository } from '../model.ts';
import type { Actor } from '../pull-requests.ts';
import { readFileAt, resolveCommit, tryGit } from '../refs.ts';
import type { DispatchOutcome, RunBook } from '../rest/operation.ts';
import type { Json } from '../rest/render.ts';
import { runJson } from '../rest/runs.ts';
import { ConcurrencyGroups } from './concurrency.ts';
import { fires } from './cron.ts';
import { readInputs } from './dispatch.ts';
import { asFields, asText, WorkflowError } from './fields.ts';
import { type Engine, Run } from './run.ts';
import type { StandIn } from './stand-ins/stand-in.ts';
import { STAND_INS } from './stand-ins/table.ts';
import { mayStartWorkflows, starts } from './triggers.ts';
import { readWorkflow, type WorkflowFile } from './workflow-file.ts';

export interface ActionsOptions {
  /** Folders of actions that are used as OWNER/REPO, whatever the ref. */
  readonly actionSources?: ReadonlyMap<string, string>;
  /** Stand-ins beside ours, or in their place. */
  readonly standIns?: ReadonlyMap<string, StandIn>;
  /** Variables that every step finds. */
  readonly environment?: ReadonlyMap<string, string>;
  /** Are runs carried out? Default: yes. Else they stay queued, for tests of triggers alone. */
  readonly execute?: boolean;
}

/** GitHub Actions: listens to events, starts the workflows that lie in the event's commit. */
export class Actions implements RunBook {
  /** All runs, in the order of their start. */
  readonly runs: Run[] = [];
  /** Workflow files that were not valid when an event came: `PATH: why`. */
  readonly problems: string[] = [];
  readonly #database: Database;
  readonly #folder: string;
  readonly #engine: Engine;
  readonly #execute: boolean;
  readonly #going = new Set<Promise<void>>();
  readonly #files = new Map<string, WorkflowFile | WorkflowError>();
  readonly #defects: Error[] = [];

  constructor(database: Database, folder: string, options: ActionsOptions) {
    this.#database = database;
    this.#folder = folder;
    this.#execute = options.execute ?? true;
    this.#engine = {
      database,
      groups: new ConcurrencyGroups(),
      actionSources: options.actionSources ?? new Map(),
      standIns: new Map([...STAND_INS, ...(options.standIns ?? [])]),
      environment: options.environment ?? new Map(),
    };
    database.onEvent(event => this.#start(event));
  }

  list(repository: Repository): readonly Run[] {
    return this.runs.filter(run => run.trigger.repository === repository);
  }

  /** The last run of a workflow, by the end of its path. Throws where there is none. */
  last(workflow: string): Run {
    const found = this.runs.findLast(run => run.workflow.endsWith(workflow));
    if (found === undefined) throw new Error(`no run of ${workflow}`);
    return found;
  }

  dispatch(
    repository: Repository,
    workflow: string,
    ref: string,
    inputs: Json,
    actor: Actor,
  ): DispatchOutcome {
    const full = ref.startsWith('refs/')
      ? ref
      : tryGit(repository, 'rev-parse', '-q', '--verify', `refs/heads/${ref}`) === undefined
        ? `refs/tags/${ref}`
        : `refs/heads/${ref}`;
    const sha = resolveCommit(repository, full) ?? '';
    const path = `.github/workflows/${workflow}`;
    const file = this.#workflows(repository, sha).find(one => one.path === path);
    if (file === undefined) return { status: 404, error: 'Not Found' };
    if (!file.on.has('workflow_dispatch'))
      return { status: 422, error: "Workflow does not have 'workflow_dispatch' trigger" };
    const read = readInputs(file.on.get('workflow_dispatch'), inputs);
    if (typeof read === 'string') return { status: 422, error: read };
    const payload = { inputs: read, ref: full, workflow: path };
    const event: ForgeEvent = {
      name: 'workflow_dispatch',
      repository,
      actor: actor.account,
      byJob: actor.byJob,
      ref: full,
      sha,
      only: path,
      payload,
    };
    const before = this.runs.length;
    this.#database.emit(event);
    const run = this.runs[before];
    return run === undefined
      ? { status: 422, error: 'Actions is disabled for this repository' }
      : { runId: run.id };
  }

  /** Fires the schedules of the default branches. Forks have none that fire. */
  tick(instant: number): void {
    for (const repository of this.#database.repositories.values()) {
      const sha = resolveCommit(repository, `refs/heads/${repository.defaultBranch}`);
      const lines = this.#workflows(repository, sha ?? '').flatMap(schedulesOf);
      for (const schedule of new Set(lines)) {
        if (!fires(schedule, instant)) continue;
        const actor = { account: repository.owner, byJob: false };
        emitEvent(this.#database, repository, 'schedule', actor, {
          branch: repository.defaultBranch,
          schedule,
        });
      }
    }
  }

  /** Throws the first defect of this runner that a run met. */
  async settled(): Promise<void> {
    while (this.#going.size > 0) await Promise.all(this.#going);
    const [defect] = this.#defects;
    if (defect !== undefined) throw defect;
  }

  async stop(): Promise<void> {
    for (const run of this.runs) run.cancel();
    while (this.#going.size > 0) await Promise.all(this.#going);
  }

  #start(event: ForgeEvent): void {
    if (!mayStartWorkflows(event)) return;
    for (const file of this.#workflows(event.repository, event.sha)) {
      if (!starts(file, event)) continue;
      const number = this.runs.filter(run => run.workflow === file.path).length + 1;
      const run = new Run(this.#engine, this.#folder, this.#database.nextId(), number, file, event);
      this.runs.push(run);
      if (this.#execute) this.#carryOut(run);
    }
  }

  #carryOut(run: Run): void {
    const going = run
      .execute()
      .catch(
        (error: unknown) =>
          void this.#defects.push(error instanceof Error ? error : new Error(String(error))),
      )
      .then(() => this.#announce(run));
    this.#going.add(going);
    void going.then(() => this.#going.delete(going));
  }

  /** The end of a run is an event; ends of runs that such an event started go no further than GitHub's three. */
  #announce(run: Run): void {
    const { repository, actor } = run.trigger;
    const depth = Number(run.trigger.payload['chain'] ?? 0) + 1;
    if (depth > 3) return;
    const byJob = false;
    const what = {
      branch: repository.defaultBranch,
      action: 'completed',
      origin: run.name,
      origin_branch: run.ref.replace(/^refs\/heads\//, ''),
      chain: depth,
      workflow_run: runJson({ base: this.#database.url, repository, database: this.#database }, run),
    };
    emitEvent(
      this.#database,
      repository,
      'workflow_run',
      { account: actor === ACTIONS_BOT ? ACTIONS_BOT : actor, byJob },
      what,
    );
  }

  /** The valid workflow files of a commit. */
  #workflows(repository: Repository, sha: string): readonly WorkflowFile[] {
    if (sha === '') return [];
    const text = tryGit(repository, 'ls-tree', '-z', sha, '.github/workflows/') ?? '';
    return text.split('\0').flatMap(line => {
      const [, blob = '', path = ''] = /^\d+ blob ([0-9a-f]+)\t(.+\.ya?ml)$/.exec(line) ?? [];
      if (path === '') return [];
      const file = this.#read(repository, sha, path, blob);
      if (!(file instanceof WorkflowError)) return [file];
      this.problems.push(`${path}: ${file.message}`);
      return [];
    });
  }

  #read(repository: Repository, sha: string, path: string, blob: string): WorkflowFile | WorkflowError {
    const known = this.#files.get(`${blob} ${path}`);
    if (known !== undefined) return known;
    const file = readOrError(path, readFileAt(repository, sha, path) ?? '');
    this.#files.set(`${blob} ${path}`, file);
    return file;
  }
}

function readOrError(path: string, text: string): WorkflowFile | WorkflowError {
  try {
    return readWorkflow(path, text);
  } catch (error) {
    if (error instanceof WorkflowError) return error;
    throw error;
  }
}

function schedulesOf(file: WorkflowFile): readonly string[] {
  const value = file.on.get('schedule');
  const lines: readonly unknown[] = Array.isArray(value) ? value : [];
  return lines.map(line => asText(asFields(line, 'schedule').get('cron'), 'cron') ?? '');
}
