import { publicRefs } from '../database.ts';
import { ApiError, invalid, notFound } from '../errors.ts';
import type { Issue, Repository } from '../model.ts';
import {
  type Actor,
  emitIssueEvent,
  isPull,
  type PullIssue,
  pullsOf,
  refreshPull,
  setState,
} from '../pull-requests.ts';
import { emitPushes } from '../pushes.ts';
import { branchHead, changedFiles, isAncestor, mergeCommit, tryGit } from '../refs.ts';
import { checksPassed, refusal, rulesFor } from '../rules.ts';
import { roleOf } from '../tokens.ts';
import {
  contributes,
  created,
  list,
  type Operation,
  ok,
  onRepository,
  param,
  type RepositoryCall,
  reads,
  requireActor,
  writes,
} from './operation.ts';
import { type Json, pullJson, repositoryApi, repositoryWeb, userJson } from './render.ts';

// Pull requests. Left out: reviews, review comments, requested reviewers, auto-merge, squash and rebase.

export const pullOperations: readonly Operation[] = [
  onRepository('pulls/list', 'GET /pulls', reads('pull-requests'), call => list(listed(call))),
  onRepository('pulls/create', 'POST /pulls', contributes('pull-requests'), call =>
    created(single(call, create(call))),
  ),
  onRepository('pulls/get', 'GET /pulls/{pull_number}', reads('pull-requests'), call =>
    ok(single(call, requirePull(call))),
  ),
  onRepository('pulls/update', 'PATCH /pulls/{pull_number}', writes('pull-requests'), call =>
    ok(single(call, update(call))),
  ),
  onRepository('pulls/list-files', 'GET /pulls/{pull_number}/files', reads('pull-requests'), call =>
    list(files(call)),
  ),
  onRepository('pulls/merge', 'PUT /pulls/{pull_number}/merge', writes('contents'), call => ok(merge(call))),
];

function listed(call: RepositoryCall): readonly Json[] {
  const { query, repository, base } = call;
  const state = query.get('state') ?? 'open';
  const head = query.get('head');
  const target = query.get('base');
  const ascending = query.get('direction') === 'asc';
  return (
    pullsOf(repository)
      .filter(issue => state === 'all' || issue.state === state)
      .filter(issue => target === null || issue.pull.base === target)
      // GitHub ignores a head that names no owner.
      .filter(issue => head === null || !head.includes(':') || headLabel(issue) === head)
      .sort((a, b) => (ascending ? a.number - b.number : b.number - a.number))
      .map(issue => pullJson(base, repository, issue))
  );
}

const headLabel = ({ pull }: PullIssue): string => `${pull.head.repository.owner.login}:${pull.head.branch}`;

export function requirePull(call: RepositoryCall): PullIssue {
  const issue = call.repository.issues.get(Number(param(call, 'pull_number')));
  if (issue === undefined || !isPull(issue)) throw notFound();
  return issue;
}

/** The form of a single pull request. */
function single(call: RepositoryCall, issue: PullIssue): Json {
  const { repository } = call;
  const { pull } = issue;
  const count = (range: string): number => Number(tryGit(repository, 'rev-list', '--count', range) ?? 0);
  const mergeable = mergeCommit(repository, pull.baseSha, pull.headSha, 'probe') !== undefined;
  return {
    ...pullJson(call.base, repository, issue),
    merged: pull.merged !== undefined,
    merged_by: pull.merged === undefined ? null : userJson(call.base, pull.merged.by),
    mergeable: issue.state === 'open' ? mergeable : null,
    mergeable_state: !mergeable ? 'dirty' : pull.draft ? 'draft' : 'clean',
    rebaseable: null,
    maintainer_can_modify: false,
    review_comments: 0,
    commits: count(`${pull.baseSha}..${pull.headSha}`),
    additions: 0,
    deletions: 0,
    changed_files: changedFiles(repository, forkPoint(repository, issue), pull.headSha).length,
  };
}

const forkPoint = (repository: Repository, { pull }: PullIssue): string | undefined =>
  tryGit(repository, 'merge-base', pull.baseSha, pull.headSha);

function create(call: RepositoryCall): PullIssue {
  const { body, repository, database } = call;
  const actor = requireActor(call);
  if (actor.byJob && !repository.actions.mayOpenPullRequests)
    throw new ApiError(403, 'GitHub Actions is not permitted to create or approve pull requests.');
  const title = body.required('title', 'PullRequest');
  const target = body.required('base', 'PullRequest');
  const head = findHead(call, body.required('head', 'PullRequest'));
  const baseSha = branchHead(repository, target);
  if (baseSha === undefined) throw invalid({ resource: 'PullRequest', field: 'base', code: 'invalid' });
  const issue: PullIssue = {
    ...newIssue(call, actor, title, body.string('body') ?? null),
    pull: { head, base: target, draft: body.boolean('draft') ?? false, headSha: head.sha, baseSha },
  };
  refuseTwice(repository, issue);
  repository.issues.set(issue.number, issue);
  refreshPull(repository, issue);
  if (isAncestor(repository, head.sha, baseSha)) {
    repository.issues.delete(issue.number);
    throw invalid({
      resource: 'PullRequest',
      code: 'custom',
      message: `No commits between ${target} and ${head.branch}`,
    });
  }
  emitIssueEvent(database, repository, issue, 'opened', actor);
  return issue;
}

/** Numbers go through issues and pull requests alike. */
export function newIssue(call: RepositoryCall, actor: Actor, title: string, body: string | null): Issue {
  const now = call.database.timestamp();
  return {
    id: call.database.nextId(),
    number: Math.max(0, ...call.repository.issues.keys()) + 1,
    author: actor.account,
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    title,
    body,
    state: 'open',
    labels: new Map(),
    comments: [],
  };
}

function findHead(
  call: RepositoryCall,
  text: string,
): { repository: Repository; branch: string; sha: string } {
  const [owner, branch] = text.includes(':')
    ? [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)]
    : [call.repository.owner.login, text];
  const repository = [call.repository, ...call.database.repositories.values()].find(
    other =>
      other.owner.login === owner &&
      (other === call.repository || other.parent === call.repository || call.repository.parent === other),
  );
  const sha = repository === undefined ? undefined : branchHead(repository, branch);
  if (repository === undefined || sha === undefined)
    throw invalid({ resource: 'PullRequest', field: 'head', code: 'invalid' });
  return { repository, branch, sha };
}

function refuseTwice(repository: Repository, issue: PullIssue): void {
  const same = (other: PullIssue): boolean =>
    other.state === 'open' && other.pull.base === issue.pull.base && headLabel(other) === headLabel(issue);
  if (pullsOf(repository).some(same))
    throw invalid({
      resource: 'PullRequest',
      code: 'custom',
      message: `A pull request already exists for ${headLabel(issue)}.`,
    });
}

function update(call: RepositoryCall): PullIssue {
  const { body, repository, database } = call;
  const issue = requirePull(call);
  const actor = requireActor(call);
  const state = body.string('state');
  if (state !== undefined && state !== 'open' && state !== 'closed')
    throw invalid({ resource: 'PullRequest', field: 'state', code: 'invalid' });
  // `draft` is no field of this operation: only GraphQL changes it.
  editText(call, issue);
  const target = body.string('base');
  if (target !== undefined && target !== issue.pull.base) {
    if (branchHead(repository, target) === undefined)
      throw invalid({ resource: 'PullRequest', field: 'base', code: 'invalid' });
    issue.pull.base = target;
    refreshPull(repository, issue);
  }
  if (state === 'open' && issue.state === 'closed') reopen(call, issue);
  if (state !== undefined) setState(database, repository, issue, state, actor);
  return issue;
}

function reopen(call: RepositoryCall, issue: PullIssue): void {
  if (issue.pull.merged !== undefined || !refreshPull(call.repository, issue))
    throw invalid({
      resource: 'PullRequest',
      code: 'custom',
      field: 'state',
      message: 'state cannot be changed.',
    });
  refuseTwice(call.repository, issue);
}

/** Title and body, of issues too. An `edited` event is told where they change. */
export function editText(call: RepositoryCall, issue: Issue): void {
  const { body } = call;
  const title = body.string('title') ?? issue.title;
  const text = body.has('body') ? (body.string('body') ?? null) : issue.body;
  if (title === issue.title && text === issue.body) return;
  issue.title = title;
  issue.body = text;
  issue.updatedAt = call.database.timestamp();
  emitIssueEvent(call.database, call.repository, issue, 'edited', requireActor(call));
}

const STATUS = { A: 'added', D: 'removed', M: 'modified', T: 'changed' } as const;

function files(call: RepositoryCall): readonly Json[] {
  const { repository } = call;
  const issue = requirePull(call);
  const from = forkPoint(repository, issue) ?? issue.pull.baseSha;
  const text = repository.git.git('diff-tree', '-r', '-z', '--no-renames', from, issue.pull.headSha);
  const parts = text.split('\0');
  const entries: Json[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [, , , sha = '', letter = 'M'] = (parts[at] ?? '').split(' ');
    const filename = parts[at + 1] ?? '';
    const path = filename.split('/').map(encodeURIComponent).join('/');
    entries.push({
      sha,
      filename,
      status: STATUS[letter as keyof typeof STATUS] ?? 'changed',
      additions: 0,
      deletions: 0,
      changes: 0,
      blob_url: `${repositoryWeb(call.base, repository)}/blob/${issue.pull.headSha}/${path}`,
      raw_url: `${repositoryWeb(call.base, repository)}/raw/${issue.pull.headSha}/${path}`,
      contents_url: `${repositoryApi(call.base, repository)}/contents/${path}?ref=${issue.pull.headSha}`,
    });
  }
  return entries;
}

/** By a merge commit. The rules hold: `pull_request` is met, checks must have passed. */
function merge(call: RepositoryCall): Json {
  const { repository, database, body } = call;
  const issue = requirePull(call);
  const actor = requireActor(call);
  if (issue.state !== 'open' || issue.pull.draft) throw new ApiError(405, 'Pull Request is not mergeable');
  refreshPull(repository, issue);
  const { base, baseSha, headSha } = issue.pull;
  const wanted = body.string('sha');
  if (wanted !== undefined && wanted !== headSha)
    throw new ApiError(409, 'Head branch was modified. Review and try the merge again.');
  refuseMerge(repository, base, headSha, actor);
  const title = body.string('commit_title') ?? `Merge pull request #${issue.number}`;
  const sha = mergeCommit(repository, baseSha, headSha, title);
  if (sha === undefined) throw new ApiError(405, 'Pull Request is not mergeable');
  const before = publicRefs(repository);
  repository.git.git('update-ref', `refs/heads/${base}`, sha, baseSha);
  emitPushes(database, repository, before, publicRefs(repository), actor);
  return { sha, merged: true, message: 'Pull Request successfully merged' };
}

function refuseMerge(repository: Repository, branch: string, head: string, actor: Actor): void {
  const { login } = actor.account;
  for (const rule of rulesFor(repository, branch)) {
    if (rule.bypass?.includes(login) === true) continue;
    const failing = rule.rules.includes('required_status_checks') && !checksPassed(repository, rule, head);
    const locked = rule.rules.includes('update') && !rule.rules.includes('pull_request');
    if (failing || locked)
      throw new ApiError(
        405,
        refusal(repository, branch, login, { before: head, after: head }) ?? 'Not allowed',
      );
  }
  if (!actor.byJob && roleOf(repository, login) === undefined) throw notFound();
}
