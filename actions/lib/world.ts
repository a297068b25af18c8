import type { Clock } from '../../src/clock.ts';
import { ActionError } from './error.ts';

/** What an action knows of the outside: the variables of its job, a clock, and where its words go. */
export interface ActionWorld {
  /** As the job set them. Those that hold secrets are not in `process.env` any more: git has no business with them. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** One line for the runner. */
  readonly write: (line: string) => void;
}

/** A variable that GitHub sets for every job. Throws {@link ActionError} `NOT_ON_GITHUB`. */
export function variable({ environment }: ActionWorld, name: string): string {
  const value = optionalVariable(environment, name);
  if (value !== undefined) return value;
  throw new ActionError('NOT_ON_GITHUB', `${name} is not set: this runs as a step of a GitHub workflow`);
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
