import type { context } from '@actions/github';
import type { Clock } from '../../src/clock.ts';
import { ActionError } from './error.ts';

/** What its runner tells a job: what happened, where, and as which run. As `@actions/github` reads it. */
export type JobContext = typeof context;

/** What an action knows of the outside: its job, the job's variables, and a clock. */
export interface ActionWorld {
  /** As the job set them. Those that hold secrets are not in `process.env` any more: git has no business with them. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Sound, as {@link requireJob} has looked. What its payload holds is untrusted. */
  readonly context: JobContext;
}

/** A variable that GitHub sets for every job. Throws {@link ActionError} `NOT_ON_GITHUB`. */
export function variable({ environment }: Pick<ActionWorld, 'environment'>, name: string): string {
  const value = optionalVariable(environment, name);
  if (value !== undefined) return value;
  throw new ActionError('NOT_ON_GITHUB', `${name} is not set: this runs as a step of a GitHub workflow`);
}

/** The variables that {@link JobContext} is made of. It takes a missing one for github.com's, or for NaN. */
const OF_A_JOB = [
  'GITHUB_SERVER_URL',
  'GITHUB_API_URL',
  'GITHUB_GRAPHQL_URL',
  'GITHUB_REPOSITORY',
  'GITHUB_REF',
  'GITHUB_EVENT_NAME',
  'GITHUB_RUN_ID',
  'GITHUB_RUN_ATTEMPT',
  'GITHUB_WORKFLOW',
] as const;

/** Throws {@link ActionError} `NOT_ON_GITHUB` where this is no step of a job. */
export function requireJob(world: Pick<ActionWorld, 'environment'>): void {
  for (const name of OF_A_JOB) variable(world, name);
  const repository = variable(world, 'GITHUB_REPOSITORY');
  if (/^[A-Za-z0-9-]+\/[A-Za-z0-9._-]+$/.test(repository)) return;
  throw new ActionError(
    'NOT_ON_GITHUB',
    `GITHUB_REPOSITORY is ${JSON.stringify(repository)}, not OWNER/NAME`,
  );
}

/** `OWNER/NAME`. */
export function repositoryName({ context }: ActionWorld): string {
  const { owner, repo } = context.repo;
  return `${owner}/${repo}`;
}

/** An input, which action.yml hands on as `INPUT_NAME`. `undefined` where it is empty. */
export const input = ({ environment }: ActionWorld, name: string): string | undefined =>
  optionalVariable(environment, inputVariable(name));

/** Throws {@link ActionError} `BAD_INPUT` where it is empty. */
export function requiredInput(world: ActionWorld, name: string): string {
  const value = input(world, name);
  if (value !== undefined) return value;
  throw new ActionError('BAD_INPUT', `input ${name} is empty: set it under "with"`);
}

/** A whole number from `least` on, or `undefined`. Throws {@link ActionError} `BAD_INPUT`. */
export function numberInput(world: ActionWorld, name: string, least: number): number | undefined {
  const text = input(world, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : -1;
  if (value >= least) return value;
  throw new ActionError('BAD_INPUT', `input ${name} has to be a whole number from ${least} on`);
}

/** `true` or `false`. Throws {@link ActionError} `BAD_INPUT` for anything else. */
export function booleanInput(world: ActionWorld, name: string): boolean {
  const text = requiredInput(world, name);
  if (text === 'true' || text === 'false') return text === 'true';
  throw new ActionError('BAD_INPUT', `input ${name} has to be true or false`);
}

const inputVariable = (name: string): string => `INPUT_${name.replaceAll('-', '_').toUpperCase()}`;

function optionalVariable(environment: ActionWorld['environment'], name: string): string | undefined {
  const value = Object.hasOwn(environment, name) ? environment[name]?.trim() : undefined;
  return value === '' ? undefined : value;
}
