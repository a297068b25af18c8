import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as core from '@actions/core';
import { context } from '@actions/github';
import { type TestAPI, vi } from 'vitest';
import type { Action } from '../../actions/lib/run.ts';
import { perform } from '../../actions/lib/run.ts';
import type { JobContext } from '../../actions/lib/world.ts';
import { GithubStub } from './github-stub.ts';
import { type TestWorld, worldTest } from './world.ts';

export interface StepResult {
  readonly exitCode: number;
  /** What the runner was told, line by line. */
  readonly lines: readonly string[];
  readonly errors: readonly string[];
  readonly outputs: ReadonlyMap<string, string>;
  readonly summary: string;
}

/** Inputs and variables of one step, and what its event says. */
export interface Step {
  readonly inputs?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly payload?: Readonly<Record<string, unknown>>;
}

/** Runs actions as a step of a job of a repository whose git is a {@link TestWorld}'s remote and whose API is a stub. */
export class Job {
  readonly world: TestWorld;
  readonly stub: GithubStub;
  readonly #folder: string;
  #steps = 0;

  constructor(world: TestWorld, stub: GithubStub) {
    this.world = world;
    this.stub = stub;
    this.#folder = join(world.folder, 'runner');
    mkdirSync(join(this.#folder, 'server', 'octo'), { recursive: true });
    mkdirSync(join(this.#folder, 'temp'));
    symlinkSync(world.remote.folder, join(this.#folder, 'server', 'octo', 'tuf'));
  }

  async run(action: Action, step: Step = {}): Promise<StepResult> {
    const { environment, output, summary } = this.environment(step);
    const { exitCode, lines } = await asJob(environment, () =>
      perform(action, { environment, context: contextOfJob(), clock: this.world.clock }),
    );
    return {
      exitCode,
      lines,
      errors: lines.filter(line => line.startsWith('::error::')),
      outputs: outputsOf(readFileSync(output, 'utf8')),
      summary: readFileSync(summary, 'utf8'),
    };
  }

  environment({ inputs = {}, environment = {}, payload = {} }: Step = {}): {
    readonly environment: Readonly<Record<string, string>>;
    readonly output: string;
    readonly summary: string;
  } {
    const step = ++this.#steps;
    const [output, summary] = [join(this.#folder, `output-${step}`), join(this.#folder, `summary-${step}`)];
    for (const file of [output, summary]) writeFileSync(file, '');
    const event = join(this.#folder, `event-${step}.json`);
    writeFileSync(event, JSON.stringify(payload));
    const named = Object.entries({ token: 'ghs_s3cret-token', ...inputs }).map(([name, value]) => [
      `INPUT_${name.replaceAll('-', '_').toUpperCase()}`,
      value,
    ]);
    return {
      output,
      summary,
      environment: {
        GITHUB_SERVER_URL: pathToFileURL(join(this.#folder, 'server')).href,
        GITHUB_API_URL: this.stub.url,
        GITHUB_GRAPHQL_URL: `${this.stub.url}/graphql`,
        GITHUB_REPOSITORY: 'octo/tuf',
        GITHUB_REF: 'refs/heads/main',
        GITHUB_EVENT_NAME: 'push',
        GITHUB_EVENT_PATH: event,
        GITHUB_RUN_ID: '7',
        GITHUB_RUN_ATTEMPT: '1',
        GITHUB_WORKFLOW: 'TUF',
        GITHUB_OUTPUT: output,
        GITHUB_STEP_SUMMARY: summary,
        RUNNER_TEMP: join(this.#folder, 'temp'),
        TUF_SIGNER_KEYS: join(this.world.folder, 'keys'),
        ...environment,
        ...(Object.fromEntries(named) as Record<string, string>),
      },
    };
  }
}

/** What the toolkit makes of this process's variables, as it does when an action starts. */
export const contextOfJob = (): JobContext => new (context.constructor as new () => JobContext)();

/** Does it as a process with these variables would, where the toolkit looks for them, and catches what it says. */
export async function asJob<T>(
  environment: Readonly<Record<string, string>>,
  act: () => Promise<T>,
): Promise<{ readonly exitCode: T; readonly lines: readonly string[] }> {
  const names = Object.keys(environment).filter(name => name.startsWith('GITHUB_'));
  let said = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    said += String(text);
    return true;
  });
  for (const name of names) vi.stubEnv(name, environment[name]);
  // It asks for the file's name once in a process.
  Reflect.set(core.summary, '_filePath', undefined);
  try {
    const exitCode = await act();
    return { exitCode, lines: said.split('\n').slice(0, -1) };
  } finally {
    vi.unstubAllEnvs();
    write.mockRestore();
  }
}

/** As the runner reads the file: `NAME<<END`, lines, `END`. */
function outputsOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(/^([a-z-]+)<<(\S+)\n([^]*?)\n\2$/gm)].map(([, name = '', , value = '']) => [
      name,
      value,
    ]),
  );
}

type JobFixtures = (typeof worldTest extends TestAPI<infer Known> ? Known : never) & Jobs;

interface Jobs {
  readonly stub: GithubStub;
  readonly job: Job;
}

/** Tests with a `world` of their own, and a `job` in it. */
export const jobTest: TestAPI<JobFixtures> = worldTest.extend<Jobs>({
  // oxlint-disable-next-line no-empty-pattern
  stub: async ({}, use) => {
    await using stub = await GithubStub.start();
    await use(stub);
  },
  job: async ({ world, stub }, use) => use(new Job(world, stub)),
});
