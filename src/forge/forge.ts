import type { ObjectId } from '../repository/tree.ts';

export type PullRequestState = 'open' | 'merged' | 'closed';

export interface PullRequest {
  readonly number: number;
  /** The branch that it asks to merge. */
  readonly branch: string;
  readonly title: string;
  readonly draft: boolean;
  readonly state: PullRequestState;
  /** Where a person looks at it. */
  readonly url: string;
}

export interface PullRequestRequest {
  readonly branch: string;
  /** Plain text. */
  readonly title: string;
  /** Markdown, as every body here; escaped where it quotes anything. */
  readonly body: string;
  readonly draft: boolean;
}

/** As GitHub has them. */
export type StatusState = 'pending' | 'success' | 'failure' | 'error';

/** A push to a branch. A commit names whom it likes as its author; the account of a push is the forge's own word. */
export interface Push {
  /** What the branch was; `undefined` where the push made it. */
  readonly before: ObjectId | undefined;
  readonly after: ObjectId;
  /** As in `@alice`, lower case; of automation `@name[bot]`. */
  readonly account: string;
}

export interface IssueRequest {
  /** An invisible line of the body, unique among our issues with this label. */
  readonly marker: string;
  /** Made where it is missing. */
  readonly label: string;
  readonly title: string;
  readonly body: string;
}

export interface Issue {
  readonly number: number;
  readonly url: string;
}

/** Which of our issues is meant. */
export type IssueName = Pick<IssueRequest, 'marker' | 'label'>;

/**
 * Where signing events are shown and talked about. Nothing it says is believed: it only shows what was judged from git
 * objects. Every call may be made again with the same effect, except for {@link Forge.postMention}. All throw a coded error
 * where the forge fails.
 */
export interface Forge {
  /**
   * The branch's open pull request, made where there is none, with this title, body and draft state. What a person
   * opened keeps the title and body that they gave it.
   */
  openOrUpdatePullRequest(request: PullRequestRequest): Promise<PullRequest>;
  /**
   * What the one comment that `marker` stands for says now; `undefined` where there is none. One by another account is
   * never taken for ours, whatever it says; but whoever may write to the repository may edit ours.
   */
  readComment(pullRequest: PullRequest, marker: string): Promise<string | undefined>;
  /** Writes the one comment that `marker` (an invisible line, unique among our comments) stands for. */
  upsertComment(pullRequest: PullRequest, marker: string, body: string): Promise<void>;
  /** Adds a comment. This one notifies people: call it when somebody's turn begins, and not again. */
  postMention(pullRequest: PullRequest, body: string): Promise<void>;
  /** Sets the status `tuf-signer` of a commit. `description` is plain text of at most 140 characters. */
  setStatus(commit: ObjectId, state: StatusState, description: string): Promise<void>;
  /** The open ones. */
  listPullRequests(): Promise<readonly PullRequest[]>;
  /** The newest pushes to a branch, newest first, at most a hundred. */
  listPushes(branch: string): Promise<readonly Push[]>;
  /** Our open issue of this marker and label, made where there is none, with this title and body. */
  openOrUpdateIssue(request: IssueRequest): Promise<Issue>;
  /** Closes our open issue with a last word; `undefined` where there is none. */
  closeIssue(name: IssueName, lastWord: string): Promise<Issue | undefined>;
  /** Starts a workflow (`publish.yml`) on a branch. One that is started once too often has to find nothing to do. */
  dispatchWorkflow(workflow: string, branch: string, inputs: Readonly<Record<string, string>>): Promise<void>;
}
