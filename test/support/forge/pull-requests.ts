import type { Database } from './database.ts';
import type { EventName } from './events.ts';
import { ACTIONS_BOT, type Account, type Issue, type PullPart, type Repository } from './model.ts';
import { branchHead, isAncestor, mergeCommit } from './refs.ts';
import { issueJson, pullJson, repositoryJson, userJson } from './rest/render.ts';

// What follows for pull requests when refs move or people act: their refs, their state, their events.

/** Who does something, and whether by a job's token. */
export interface Actor {
  readonly account: Account;
  readonly byJob: boolean;
}

export const actorOf = (account: Account, kind?: 'user' | 'job' | 'app'): Actor => ({
  account,
  byJob: kind === 'job' || account === ACTIONS_BOT,
});

export type PullIssue = Issue & { readonly pull: PullPart };
export const isPull = (issue: Issue): issue is PullIssue => issue.pull !== undefined;
export const pullsOf = (repository: Repository): readonly PullIssue[] =>
  [...repository.issues.values()].filter(isPull);

/** Brings `refs/pull/N/head` and `refs/pull/N/merge` up to the branches. Gives false where a branch is gone. */
export function refreshPull(base: Repository, issue: PullIssue): boolean {
  const { pull } = issue;
  const head = branchHead(pull.head.repository, pull.head.branch);
  const target = branchHead(base, pull.base);
  if (head === undefined || target === undefined) return false;
  const ref = `refs/pull/${issue.number}/head`;
  if (pull.head.repository === base) base.git.git('update-ref', ref, head);
  else
    base.git.git(
      'fetch',
      '-q',
      '--',
      pull.head.repository.git.folder,
      `+refs/heads/${pull.head.branch}:${ref}`,
    );
  pull.headSha = head;
  pull.baseSha = target;
  return true;
}

/** The commit that a `pull_request` workflow runs on, made anew; `undefined`: in conflict. */
export function testMerge(base: Repository, issue: PullIssue): string | undefined {
  const commit = mergeCommit(base, issue.pull.baseSha, issue.pull.headSha, `Merge #${issue.number}`);
  if (commit !== undefined) base.git.git('update-ref', `refs/pull/${issue.number}/merge`, commit);
  return commit;
}

/** Tells of something done to an issue or pull request. */
export function emitIssueEvent(
  database: Database,
  repository: Repository,
  issue: Issue,
  action: string,
  actor: Actor,
  more: Readonly<Record<string, unknown>> = {},
): void {
  const common = { repository, actor: actor.account, byJob: actor.byJob, action };
  const payload = {
    action,
    number: issue.number,
    repository: repositoryJson(database.url, repository),
    sender: userJson(database.url, actor.account),
    ...more,
  };
  const onDefault = {
    ref: `refs/heads/${repository.defaultBranch}`,
    sha: branchHead(repository, repository.defaultBranch) ?? '',
  };
  if (!isPull(issue) || 'comment' in more) {
    const name: EventName = 'comment' in more ? 'issue_comment' : 'issues';
    const told = { ...payload, issue: issueJson(database.url, repository, issue) };
    database.emit({ ...common, ...onDefault, name, payload: told });
    return;
  }
  const withPull = { ...payload, pull_request: pullJson(database.url, repository, issue) };
  const base = { ref: `refs/heads/${issue.pull.base}`, sha: issue.pull.baseSha };
  const sha = testMerge(repository, issue) ?? '';
  const ref = `refs/pull/${issue.number}/merge`;
  const before = issue.pull.baseSha;
  database.emit({ ...common, name: 'pull_request', ref, sha, before, pull: issue, payload: withPull });
  database.emit({ ...common, ...base, name: 'pull_request_target', pull: issue, payload: withPull });
}

/** Sets an issue's state, with the event where that changes something. */
export function setState(
  database: Database,
  repository: Repository,
  issue: Issue,
  state: 'open' | 'closed',
  actor: Actor,
): void {
  if (issue.state === state) return;
  issue.state = state;
  issue.updatedAt = database.timestamp();
  issue.closedAt = state === 'closed' ? issue.updatedAt : null;
  emitIssueEvent(database, repository, issue, state === 'closed' ? 'closed' : 'reopened', actor);
}

/** After `branch` of `repository` moved or went: heads follow, merged requests are closed, so are those without head. */
export function afterBranchChange(
  database: Database,
  repository: Repository,
  branch: string,
  actor: Actor,
): void {
  for (const base of database.repositories.values()) {
    for (const issue of pullsOf(base)) {
      if (issue.state !== 'open') continue;
      const { pull } = issue;
      const isHead = pull.head.repository === repository && pull.head.branch === branch;
      const isBase = base === repository && pull.base === branch;
      if (!isHead && !isBase) continue;
      const before = pull.headSha;
      if (!refreshPull(base, issue)) setState(database, base, issue, 'closed', actor);
      else if (isBase && isAncestor(base, pull.headSha, pull.baseSha)) {
        markMerged(database, base, issue, pull.baseSha, actor);
      } else if (isHead && before !== pull.headSha) {
        issue.updatedAt = database.timestamp();
        emitIssueEvent(database, base, issue, 'synchronize', actor, { before, after: pull.headSha });
      }
    }
  }
}

export function markMerged(
  database: Database,
  base: Repository,
  issue: PullIssue,
  sha: string,
  actor: Actor,
): void {
  issue.pull.merged = { at: database.timestamp(), by: actor.account, sha };
  setState(database, base, issue, 'closed', actor);
}
