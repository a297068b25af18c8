import type { Permissions } from '../model.ts';

export type Conclusion = 'success' | 'failure' | 'cancelled' | 'skipped';

export interface Annotation {
  readonly level: 'error' | 'warning' | 'notice';
  readonly message: string;
  /** `file`, `line`, `title` and the like, as the command named them. */
  readonly properties: ReadonlyMap<string, string>;
}

export interface StepResult {
  readonly id: string | undefined;
  readonly name: string;
  /** Before `continue-on-error`, as `steps.ID.outcome`. */
  readonly outcome: Conclusion;
  readonly conclusion: Conclusion;
  /** Secrets masked. Steps of a composite action are within. */
  readonly log: string;
  /** What it wrote to GITHUB_STEP_SUMMARY. */
  readonly summary: string;
  readonly outputs: ReadonlyMap<string, string>;
}

export interface JobResult {
  readonly key: string;
  /** With the values of its matrix. */
  readonly name: string;
  readonly conclusion: Conclusion;
  readonly steps: readonly StepResult[];
  readonly annotations: readonly Annotation[];
  readonly outputs: ReadonlyMap<string, string>;
  /** What its token could do. */
  readonly permissions: Permissions;
}

/** Everything that a job wrote, for a test that fails. */
export const logOf = (job: JobResult): string =>
  job.steps.map(step => `== ${step.name}: ${step.outcome}\n${step.log}`).join('');
