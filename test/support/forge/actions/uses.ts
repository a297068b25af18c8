import { existsSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { CommandFiles } from './command-files.ts';
import { interpolate, interpolateAll, isMet } from './expressions.ts';
import { asFields, asText, asTextMap, type Fields, WorkflowError } from './fields.ts';
import { runProcess } from './process.ts';
import { type Frame, runSteps, type StepRun } from './steps.ts';
import { readSteps, readYaml } from './workflow-file.ts';

/** Source: "Creating a composite action": actions may be nested ten deep. */
const MAX_DEPTH = 10;

interface ActionPlace {
  readonly folder: string;
  readonly repository: string;
  readonly ref: string;
}

/** Runs a `uses:` step: `./PATH` of the workspace, an action that the test gives a folder for, or a stand-in. */
export async function useAction(step: StepRun, uses: string): Promise<boolean> {
  const place = locate(step, uses);
  if (place === undefined) return useStandIn(step, uses);
  const text = ['action.yml', 'action.yaml']
    .map(name => join(place.folder, name))
    .find(path => existsSync(path));
  if (text === undefined)
    throw new WorkflowError(
      `Can't find 'action.yml' under '${uses}'. Did you forget to run actions/checkout before running your local action?`,
    );
  const action = asFields(readYaml(readFileSync(text, 'utf8')), uses);
  const runs = asFields(action.get('runs'), `${uses}: runs`);
  const using = asText(runs.get('using'), 'runs.using') ?? '';
  const inputs = readInputs(step, uses, action);
  if (using === 'composite') return useComposite(step, place, action, runs, inputs);
  if (/^node(20|24)$/.test(using)) return useNode(step, place, runs, inputs);
  throw new WorkflowError(`${uses}: actions that run ${using} are not supported here`);
}

function locate(step: StepRun, uses: string): ActionPlace | undefined {
  const { job, frame } = step;
  if (uses.startsWith('./') || uses === '.') {
    const { workspace } = job.folders;
    const folder = resolve(workspace, uses);
    if (folder !== workspace && !folder.startsWith(workspace + sep))
      throw new WorkflowError(`'${uses}' leaves the workspace`);
    return { folder, repository: frame.action?.repository ?? '', ref: frame.action?.ref ?? '' };
  }
  const [, repository = '', path = '', ref = ''] = /^([^/@]+\/[^/@]+)(\/[^@]+)?@(.+)$/.exec(uses) ?? [];
  if (repository === '') throw new WorkflowError(`'${uses}': expected OWNER/REPO@REF or ./PATH`);
  const source = job.run.engine.actionSources.get(repository);
  return source === undefined ? undefined : { folder: join(source, path), repository, ref };
}

async function useStandIn(step: StepRun, uses: string): Promise<boolean> {
  const name = uses.slice(0, uses.indexOf('@'));
  const standIn = step.job.run.engine.standIns.get(name);
  if (standIn === undefined) throw new WorkflowError(`${uses}: there is no stand-in for this action here`);
  const inputs = interpolateAll(step.spec.with, step.scope);
  const outputs = await standIn({ step, job: step.job, inputs });
  for (const [key, value] of outputs) step.outputs.set(key, value);
  return true;
}

/** What `with:` gives, else each input's default. An input that the action does not have is warned of, and not passed. */
function readInputs(step: StepRun, uses: string, action: Fields): ReadonlyMap<string, string> {
  const { log } = step.job;
  const given = new Map(
    [...interpolateAll(step.spec.with, step.scope)].map(([key, value]) => [key.toLowerCase(), value]),
  );
  const inputs = new Map<string, string>();
  for (const [key, declared] of asFields(action.get('inputs'), 'inputs')) {
    const fallback =
      asText(asFields(declared, `inputs.${key}`).get('default'), `inputs.${key}.default`) ?? '';
    inputs.set(key, given.get(key.toLowerCase()) ?? interpolate(fallback, step.scope));
    given.delete(key.toLowerCase());
  }
  for (const key of given.keys()) log.line(`::warning::Unexpected input(s) '${key}' of ${uses}`);
  return inputs;
}

async function useComposite(
  step: StepRun,
  place: ActionPlace,
  action: Fields,
  runs: Fields,
  inputs: ReadonlyMap<string, string>,
): Promise<boolean> {
  const { job, frame, scope } = step;
  if (frame.depth >= MAX_DEPTH)
    throw new WorkflowError(`composite actions are nested more than ${MAX_DEPTH} deep`);
  const outer = frame.contexts.get('github') ?? {};
  const github = {
    ...outer,
    action_path: place.folder,
    action_repository: place.repository,
    action_ref: place.ref,
  };
  // Secrets reach an action by its inputs alone.
  const contexts = new Map([...frame.contexts, ['github', github], ['inputs', inputs]]);
  for (const hidden of ['secrets', 'needs', 'vars']) contexts.delete(hidden);
  const inner: Frame = {
    contexts,
    env: new Map(scope.contexts.get('env') as ReadonlyMap<string, string>),
    steps: new Map(),
    defaults: { shell: undefined, workingDirectory: undefined },
    action: place,
    depth: frame.depth + 1,
  };
  const results = await runSteps(job, inner, readSteps(runs.get('steps'), 'runs.steps'));
  step.summaries.push(...results.map(result => result.summary));
  const outputScope = { ...scope, contexts: new Map([...contexts, ['steps', inner.steps]]) };
  for (const [key, declared] of asFields(action.get('outputs'), 'outputs')) {
    const value = asText(asFields(declared, `outputs.${key}`).get('value'), `outputs.${key}.value`);
    step.outputs.set(key, interpolate(value ?? '', outputScope));
  }
  return results.every(result => result.conclusion === 'success' || result.conclusion === 'skipped');
}

/** A JavaScript action, on the Node that runs the tests. Its `post` runs when the job ends. */
async function useNode(
  step: StepRun,
  place: ActionPlace,
  runs: Fields,
  inputs: ReadonlyMap<string, string>,
): Promise<boolean> {
  const { job } = step;
  const scripts = asTextMap(new Map([...runs].filter(([key]) => key !== 'steps')), 'runs');
  const asInputs = [...inputs].map(
    ([key, value]) => [`INPUT_${key.replaceAll(' ', '_').toUpperCase()}`, value] as const,
  );
  const environment = new Map([
    ...step.environment,
    ...asInputs,
    ['GITHUB_ACTION_PATH', place.folder],
    ['GITHUB_ACTION_REPOSITORY', place.repository],
    ['GITHUB_ACTION_REF', place.ref],
  ]);
  const start = (script: string, more: ReadonlyMap<string, string>): Promise<number> =>
    runProcess({
      command: process.execPath,
      args: [join(place.folder, script)],
      folder: job.folders.workspace,
      environment: new Map([...environment, ...more]),
      signal: step.signal,
      onLine: line => job.log.line(line),
    });
  const code = await start(scripts.get('main') ?? '', new Map());
  const post = scripts.get('post');
  if (post !== undefined) {
    job.posts.push(async () => {
      const { status } = job;
      if (!isMet(scripts.get('post-if') ?? 'always()', { ...step.scope, status })) return undefined;
      const files = new CommandFiles(job.nextFolder());
      const state = [...step.files.state()].map(([key, value]) => [`STATE_${key}`, value] as const);
      const outcome =
        (await start(post, new Map([...files.environment, ...state]))) === 0 ? 'success' : 'failure';
      if (outcome === 'failure') job.status = 'failure';
      return {
        id: undefined,
        name: `Post ${step.spec.uses}`,
        outcome,
        conclusion: outcome,
        log: job.log.take(),
        summary: files.summary(),
        outputs: new Map(),
      };
    });
  }
  return code === 0;
}
