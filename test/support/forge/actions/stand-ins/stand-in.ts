import type { JobRun } from '../job.ts';
import type { StepRun } from '../steps.ts';

export interface StandInCall {
  readonly step: StepRun;
  readonly job: JobRun;
  /** What `with:` gave, evaluated. Defaults are the stand-in's. */
  readonly inputs: ReadonlyMap<string, string>;
}

/**
 * A small honest implementation of somebody else's action. Gives its outputs; throws `WorkflowError` where the real one
 * fails the step. The ref after `@` is not looked at: linters see to pins.
 */
export type StandIn = (call: StandInCall) => Promise<ReadonlyMap<string, string>>;

export const input = ({ inputs }: StandInCall, name: string, fallback = ''): string => {
  const value = inputs.get(name) ?? '';
  return value === '' ? fallback : value;
};

export const flag = (call: StandInCall, name: string, fallback: boolean): boolean =>
  input(call, name, String(fallback)).toLowerCase() === 'true';

export const NO_OUTPUTS: ReadonlyMap<string, string> = new Map();
