import type { Account, Issue, Repository } from './model.ts';

export type EventName =
  | 'push'
  | 'create'
  | 'delete'
  | 'pull_request'
  | 'pull_request_target'
  | 'issues'
  | 'issue_comment'
  | 'workflow_dispatch'
  | 'repository_dispatch'
  | 'schedule'
  | 'workflow_run';

/** Something that happened: what a webhook would tell, and what a workflow may start from. */
export interface ForgeEvent {
  readonly name: EventName;
  /** The activity type, such as `opened`. */
  readonly action?: string;
  readonly repository: Repository;
  readonly actor: Account;
  /** Made with a job's token: starts nothing but the two dispatches. */
  readonly byJob: boolean;
  /** As GITHUB_REF: a full ref. */
  readonly ref: string;
  /** As GITHUB_SHA. Workflow files are read from this commit's tree. Empty: nothing can start. */
  readonly sha: string;
  /** The commit that `paths:` compares with, where there is one. */
  readonly before?: string;
  readonly pull?: Issue;
  /** The one workflow that it is meant for: its path. */
  readonly only?: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** An event, and when it was. */
export interface DatedEvent extends ForgeEvent {
  readonly at: string;
}

export const isFromFork = (event: ForgeEvent): boolean =>
  event.pull?.pull !== undefined && event.pull.pull.head.repository !== event.repository;
