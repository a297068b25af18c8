import { CommandFiles } from './command-files.ts';
import { interpolate, interpolateAll, isMet, resolveValue, type Scope } from './expressions.ts';
import { WorkflowError } from './fields.ts';
import type { JobRun } from './job.ts';
import type { Conclusion, StepResult } from './results.ts';
import { runScript } from './script.ts';
import { useAction } from './uses.ts';
import type { Defaults, StepSpec } from './workflow-file.ts';

/** Where steps run: a job, or a composite action within one. */
export interface Frame {
  readonly contexts: ReadonlyMap<string, unknown>;
  readonly env: ReadonlyMap<string, string>;
  /** The `steps` context, which grows. */
  readonly steps: Map<string, ReadonlyMap<string, unknown>>;
  readonly defaults: Defaults;
  /** The composite action whose steps these are. */
  readonly action: { readonly folder: string; readonly repository: string; readonly ref: string } | undefined;
  readonly depth: number;
}

/** One step while it runs. */
export interface StepRun {
  readonly job: JobRun;
  readonly frame: Frame;
  readonly spec: StepSpec;
  readonly scope: Scope;
  readonly files: CommandFiles;
  /** The whole environment of its process. */
  readonly environment: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
  /** Outputs beyond GITHUB_OUTPUT: those of actions. */
  readonly outputs: Map<string, string>;
  /** Summaries of steps within. */
  readonly summaries: string[];
}

/** Runs steps in order. After a failure only those run whose `if:` asks for it. */
export async function runSteps(
  job: JobRun,
  frame: Frame,
  specs: readonly StepSpec[],
): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  let status: 'success' | 'failure' = 'success';
  for (const [at, spec] of specs.entries()) {
    const result = await runStep(job, frame, spec, at, job.signal.aborted ? 'cancelled' : status);
    if (result.conclusion === 'failure') status = 'failure';
    results.push(result);
  }
  if (frame.depth === 0) job.status = job.signal.aborted ? 'cancelled' : status;
  return results;
}

async function runStep(
  job: JobRun,
  frame: Frame,
  spec: StepSpec,
  at: number,
  status: 'success' | 'failure' | 'cancelled',
): Promise<StepResult> {
  const id = spec.id ?? `__${at}`;
  let step: StepRun | undefined;
  let outcome: Conclusion;
  let name = spec.name ?? spec.uses ?? `Run ${spec.run?.split('\n')[0] ?? ''}`;
  try {
    const scope = scopeOf(job, frame, status);
    if (!isMet(spec.if, scope)) return keep(frame, id, empty(spec.id, name, 'skipped'));
    step = prepare(job, frame, spec, scope, status);
    name = spec.name === undefined ? name : interpolate(spec.name, step.scope);
    outcome = (await perform(step))
      ? 'success'
      : step.signal.aborted && job.signal.aborted
        ? 'cancelled'
        : 'failure';
    applyFiles(step);
  } catch (error) {
    if (!(error instanceof WorkflowError)) throw error;
    job.log.error(error.message);
    outcome = 'failure';
  }
  const forgiven =
    outcome === 'failure' && spec.continueOnError !== undefined && isForgiven(spec.continueOnError, step);
  return keep(frame, id, {
    id: spec.id,
    name: job.log.hide(name),
    outcome,
    conclusion: forgiven ? 'success' : outcome,
    // A composite action's log is one with that of its steps: only the outermost takes it.
    log: frame.depth === 0 ? job.log.take() : '',
    summary: step === undefined ? '' : [...step.summaries, step.files.summary()].join(''),
    outputs: step?.outputs ?? new Map(),
  });
}

const isForgiven = (text: string, step: StepRun | undefined): boolean =>
  step !== undefined && [true, 'true'].includes(resolveValue(text, step.scope) as boolean | string);

const empty = (id: string | undefined, name: string, conclusion: Conclusion): StepResult => ({
  id,
  name,
  outcome: conclusion,
  conclusion,
  log: '',
  summary: '',
  outputs: new Map(),
});

function keep(frame: Frame, id: string, result: StepResult): StepResult {
  const { outputs, outcome, conclusion } = result;
  frame.steps.set(
    id,
    new Map<string, unknown>([
      ['outputs', outputs],
      ['outcome', outcome],
      ['conclusion', conclusion],
    ]),
  );
  return result;
}

function scopeOf(
  job: JobRun,
  frame: Frame,
  status: 'success' | 'failure' | 'cancelled',
  env = currentEnv(job, frame),
): Scope {
  return {
    contexts: new Map<string, unknown>([
      ...frame.contexts,
      ['env', env],
      ['steps', frame.steps],
      ['job', { status }],
    ]),
    status,
    workspace: job.folders.workspace,
  };
}

/** What was declared, then what earlier steps put into GITHUB_ENV. */
const currentEnv = (job: JobRun, frame: Frame): ReadonlyMap<string, string> =>
  new Map([...frame.env, ...job.variables]);

function prepare(
  job: JobRun,
  frame: Frame,
  spec: StepSpec,
  scope: Scope,
  status: 'success' | 'failure' | 'cancelled',
): StepRun {
  const env = new Map([...currentEnv(job, frame), ...interpolateAll(spec.env, scope)]);
  const inner = scopeOf(job, frame, status, env);
  const files = new CommandFiles(job.nextFolder());
  const minutes =
    spec.timeoutMinutes === undefined ? undefined : Number(interpolate(spec.timeoutMinutes, inner));
  // A cancelled job's `always()` steps still run: they have to, to clean up.
  const own = job.signal.aborted ? new AbortController().signal : job.signal;
  const signal = minutes === undefined ? own : AbortSignal.any([own, AbortSignal.timeout(minutes * 60_000)]);
  const action = frame.action;
  const environment = new Map([
    ...job.baseEnvironment(),
    ...env,
    ...files.environment,
    ...(action === undefined
      ? []
      : ([
          ['GITHUB_ACTION_PATH', action.folder],
          ['GITHUB_ACTION_REPOSITORY', action.repository],
          ['GITHUB_ACTION_REF', action.ref],
        ] as const)),
  ]);
  return { job, frame, spec, scope: inner, files, environment, signal, outputs: new Map(), summaries: [] };
}

const perform = (step: StepRun): Promise<boolean> =>
  step.spec.run === undefined ? useAction(step, step.spec.uses ?? '') : runScript(step, step.spec.run);

/** Reads what the step left in its command files. */
export function applyFiles(step: StepRun): void {
  const { job, files, outputs } = step;
  for (const [key, value] of files.outputs()) outputs.set(key, value);
  for (const [key, value] of files.variables()) job.variables.set(key, value);
  job.paths.unshift(...files.paths().toReversed());
}
