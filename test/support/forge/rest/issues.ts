import { ApiError, invalid, notFound } from '../errors.ts';
import type { Comment, Issue, Label } from '../model.ts';
import { emitIssueEvent, setState } from '../pull-requests.ts';
import {
  contributes,
  created,
  list,
  noContent,
  type Operation,
  ok,
  onRepository,
  param,
  type RepositoryCall,
  reads,
  requireActor,
  writes,
} from './operation.ts';
import { editText, newIssue } from './pulls.ts';
import { commentJson, issueJson, type Json, labelJson } from './render.ts';

// Issues, comments and labels. Left out: assignees, milestones, locks, reactions, search.

/** Source: GitHub's own refusal, "body is too long (maximum is 65536 characters)". */
const MAX_BODY = 65_536;

export const issueOperations: readonly Operation[] = [
  onRepository('issues/list-for-repo', 'GET /issues', reads('issues'), call => list(listed(call))),
  onRepository('issues/create', 'POST /issues', contributes('issues'), call =>
    created(json(call, create(call))),
  ),
  onRepository('issues/get', 'GET /issues/{issue_number}', reads('issues'), call =>
    ok(json(call, requireIssue(call))),
  ),
  onRepository('issues/update', 'PATCH /issues/{issue_number}', writes('issues', 'pull-requests'), call =>
    ok(json(call, update(call))),
  ),
  onRepository('issues/list-comments', 'GET /issues/{issue_number}/comments', reads('issues'), call => {
    const issue = requireIssue(call);
    const since = Date.parse(call.query.get('since') ?? '1970-01-01T00:00:00Z');
    const recent = issue.comments.filter(comment => Date.parse(comment.updatedAt) >= since);
    return list(recent.map(comment => commentJson(call.base, call.repository, issue, comment)));
  }),
  onRepository(
    'issues/create-comment',
    'POST /issues/{issue_number}/comments',
    contributes('issues', 'pull-requests'),
    call => created(comment(call)),
  ),
  onRepository('issues/get-comment', 'GET /issues/comments/{comment_id}', reads('issues'), call => {
    const { issue, comment } = requireComment(call);
    return ok(commentJson(call.base, call.repository, issue, comment));
  }),
  onRepository(
    'issues/update-comment',
    'PATCH /issues/comments/{comment_id}',
    writes('issues', 'pull-requests'),
    call => ok(editComment(call)),
  ),
  onRepository(
    'issues/delete-comment',
    'DELETE /issues/comments/{comment_id}',
    writes('issues', 'pull-requests'),
    call => {
      const { issue, comment } = requireComment(call);
      issue.comments.splice(issue.comments.indexOf(comment), 1);
      return noContent;
    },
  ),
  onRepository('issues/list-labels-for-repo', 'GET /labels', reads('issues'), call =>
    list([...call.repository.labels.values()].map(label => labelJson(call.base, call.repository, label))),
  ),
  onRepository('issues/create-label', 'POST /labels', writes('issues', 'pull-requests'), call =>
    created(labelJson(call.base, call.repository, createLabel(call))),
  ),
  onRepository('issues/get-label', 'GET /labels/{name}', reads('issues'), call => {
    const label = call.repository.labels.get(param(call, 'name').toLowerCase());
    if (label === undefined) throw notFound();
    return ok(labelJson(call.base, call.repository, label));
  }),
  onRepository('issues/list-labels-on-issue', 'GET /issues/{issue_number}/labels', reads('issues'), call =>
    list(labelsOf(call, requireIssue(call))),
  ),
  onRepository(
    'issues/add-labels',
    'POST /issues/{issue_number}/labels',
    writes('issues', 'pull-requests'),
    call => {
      const issue = requireIssue(call);
      addLabels(call, issue, call.body.strings('labels') ?? []);
      return ok(labelsOf(call, issue));
    },
  ),
  onRepository(
    'issues/remove-label',
    'DELETE /issues/{issue_number}/labels/{name}',
    writes('issues', 'pull-requests'),
    call => {
      const issue = requireIssue(call);
      if (!issue.labels.delete(param(call, 'name').toLowerCase()))
        throw new ApiError(404, 'Label does not exist');
      return ok(labelsOf(call, issue));
    },
  ),
];

const json = (call: RepositoryCall, issue: Issue): Json => ({
  ...issueJson(call.base, call.repository, issue),
  closed_by: null,
});

const labelsOf = (call: RepositoryCall, issue: Issue): readonly Json[] =>
  [...issue.labels.values()].map(label => labelJson(call.base, call.repository, label));

function requireIssue(call: RepositoryCall): Issue {
  const issue = call.repository.issues.get(Number(param(call, 'issue_number')));
  if (issue === undefined) throw notFound();
  return issue;
}

/** Pull requests are issues too and are listed with them. */
function listed(call: RepositoryCall): readonly Json[] {
  const { query, repository } = call;
  const state = query.get('state') ?? 'open';
  const labels = (query.get('labels') ?? '').split(',').filter(label => label !== '');
  const creator = query.get('creator');
  return [...repository.issues.values()]
    .filter(issue => state === 'all' || issue.state === state)
    .filter(issue => labels.every(label => issue.labels.has(label.toLowerCase())))
    .filter(issue => creator === null || issue.author.login === creator)
    .sort((a, b) => (query.get('direction') === 'asc' ? a.number - b.number : b.number - a.number))
    .map(issue => issueJson(call.base, repository, issue));
}

function requireLength(text: string | undefined): void {
  if (text !== undefined && text.length > MAX_BODY)
    throw invalid({
      resource: 'IssueComment',
      field: 'body',
      code: 'custom',
      message: `body is too long (maximum is ${MAX_BODY} characters)`,
    });
}

function create(call: RepositoryCall): Issue {
  const { body, repository, database } = call;
  const title = body.required('title', 'Issue');
  requireLength(body.string('body'));
  const issue = newIssue(call, requireActor(call), title, body.string('body') ?? null);
  repository.issues.set(issue.number, issue);
  addLabels(call, issue, body.strings('labels') ?? []);
  emitIssueEvent(database, repository, issue, 'opened', requireActor(call));
  return issue;
}

function update(call: RepositoryCall): Issue {
  const { body, repository, database } = call;
  const issue = requireIssue(call);
  const state = body.string('state');
  requireLength(body.string('body'));
  if (state !== undefined && state !== 'open' && state !== 'closed')
    throw invalid({ resource: 'Issue', field: 'state', code: 'invalid' });
  editText(call, issue);
  const labels = body.strings('labels');
  if (labels !== undefined) {
    issue.labels.clear();
    addLabels(call, issue, labels);
  }
  if (state !== undefined) setState(database, repository, issue, state, requireActor(call));
  return issue;
}

function comment(call: RepositoryCall): Json {
  const { repository, database, base } = call;
  const issue = requireIssue(call);
  const body = commentBody(call);
  const actor = requireActor(call);
  const now = database.timestamp();
  const made: Comment = {
    id: database.nextId(),
    author: actor.account,
    createdAt: now,
    updatedAt: now,
    body,
  };
  issue.comments.push(made);
  issue.updatedAt = now;
  const json = commentJson(base, repository, issue, made);
  emitIssueEvent(database, repository, issue, 'created', actor, { comment: json });
  return json;
}

function commentBody(call: RepositoryCall): string {
  const body = call.body.required('body', 'IssueComment');
  if (body.trim() === '')
    throw invalid({
      resource: 'IssueComment',
      field: 'body',
      code: 'custom',
      message: 'body cannot be blank',
    });
  requireLength(body);
  return body;
}

function requireComment(call: RepositoryCall): { readonly issue: Issue; readonly comment: Comment } {
  const id = Number(param(call, 'comment_id'));
  for (const issue of call.repository.issues.values()) {
    const found = issue.comments.find(comment => comment.id === id);
    if (found !== undefined) return { issue, comment: found };
  }
  throw notFound();
}

/** People with write access may edit anybody's comment, and the author stays: only the text changes. */
function editComment(call: RepositoryCall): Json {
  const { issue, comment } = requireComment(call);
  comment.body = commentBody(call);
  comment.updatedAt = call.database.timestamp();
  const json = commentJson(call.base, call.repository, issue, comment);
  emitIssueEvent(call.database, call.repository, issue, 'edited', requireActor(call), { comment: json });
  return json;
}

function createLabel(call: RepositoryCall): Label {
  const name = call.body.required('name', 'Label');
  if (call.repository.labels.has(name.toLowerCase()))
    throw invalid({ resource: 'Label', field: 'name', code: 'already_exists' });
  const color = call.body.string('color') ?? 'ededed';
  if (!/^[0-9a-f]{6}$/i.test(color)) throw invalid({ resource: 'Label', field: 'color', code: 'invalid' });
  return addLabel(call, name, color, call.body.string('description') ?? null);
}

function addLabel(call: RepositoryCall, name: string, color: string, description: string | null): Label {
  const label: Label = { id: call.database.nextId(), name, color, description };
  call.repository.labels.set(name.toLowerCase(), label);
  return label;
}

/** A label that the repository does not have is made, as GitHub does. */
function addLabels(call: RepositoryCall, issue: Issue, names: readonly string[]): void {
  for (const name of names) {
    const label = call.repository.labels.get(name.toLowerCase()) ?? addLabel(call, name, 'ededed', null);
    issue.labels.set(name.toLowerCase(), label);
  }
}
