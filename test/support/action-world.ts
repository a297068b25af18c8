import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TestAPI } from 'vitest';
import type { Action } from '../../actions/lib/run.ts';
import { perform } from '../../actions/lib/run.ts';
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

/** Inputs and variables of one step. */
export interface Step {
  readonly inputs?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
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
    const lines: string[] = [];
    const write = (line: string): void => void lines.push(line);
    const exitCode = await perform(action, { environment, clock: this.world.clock, write });
    return {
      exitCode,
      lines,
      errors: lines.filter(line => line.startsWith('::error::')),
      outputs: outputsOf(readFileSync(output, 'utf8')),
      summary: readFileSync(summary, 'utf8'),
    };
  }

  environment({ inputs = {}, environment = {} }: Step = {}): {
    readonly environment: Readonly<Record<string, string>>;
    readonly output: string;
    readonly summary: string;
  } {
    const step = ++this.#steps;
    const [output, summary] = [join(this.#folder, `output-${step}`), join(this.#folder, `summary-${step}`)];
    for (const file of [output, summary]) writeFileSync(file, '');
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
