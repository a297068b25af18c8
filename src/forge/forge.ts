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

/**
 * Where signing events are shown and talked about. Nothing it says is believed: it only shows what was judged from git
 * objects. Every call may be made again with the same effect, except for {@link Forge.postMention}. All throw a coded error
 * where the forge fails.
 */
export interface Forge {
  /** The branch's open pull request, made where there is none, with this title, body and draft state. */
  openOrUpdatePullRequest(request: PullRequestRequest): Promise<PullRequest>;
  /** Writes the one comment that `marker` (an invisible line, unique among our comments) stands for. */
  upsertComment(pullRequest: PullRequest, marker: string, body: string): Promise<void>;
  /** Adds a comment. This one notifies people: call it when somebody's turn begins, and not again. */
  postMention(pullRequest: PullRequest, body: string): Promise<void>;
  /** Sets the status `tuf-signer` of a commit. `description` is plain text of at most 140 characters. */
  setStatus(commit: ObjectId, state: StatusState, description: string): Promise<void>;
  /** The open ones. */
  listPullRequests(): Promise<readonly PullRequest[]>;
}
