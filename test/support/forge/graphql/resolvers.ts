import type { Database } from '../database.ts';
import { inaccessible } from '../errors.ts';
import type { Account, Repository, Token } from '../model.ts';
import { actorOf, emitIssueEvent, isPull, type PullIssue } from '../pull-requests.ts';
import { readRefs, resolveCommit, tryGit } from '../refs.ts';
import { nodeId, pullNodeId, readNodeId, repositoryWeb } from '../rest/render.ts';
import { accessOf, allows, maySee } from '../tokens.ts';
import { QueryError } from './error.ts';

// What of GitHub's schema is answered. A field that an object here does not have is "not supported here".

export interface QueryContext {
  readonly database: Database;
  readonly base: string;
  readonly token: Token;
}

type Fields = Readonly<Record<string, unknown>>;
interface Input {
  readonly input: { readonly pullRequestId: string; readonly clientMutationId?: string | null };
}

/** The root of queries and of mutations. */
export const rootValue = (context: QueryContext): Fields => ({
  viewer: () => actorFields(context, context.token.account),
  repository: ({ owner, name }: { owner: string; name: string }) => {
    const repository = context.database.repository(`${owner}/${name}`);
    if (repository === undefined || !maySee(context.token, repository))
      throw new QueryError(
        'NOT_FOUND',
        `Could not resolve to a Repository with the name '${owner}/${name}'.`,
      );
    return repositoryFields(context, repository);
  },
  node: ({ id }: { id: string }) => {
    const found = findPull(context, id);
    return { __typename: 'PullRequest', ...pullFields(context, found.repository, found.issue) };
  },
  convertPullRequestToDraft: (args: Input) => setDraft(context, args, true),
  markPullRequestReadyForReview: (args: Input) => setDraft(context, args, false),
});

function findPull(
  context: QueryContext,
  id: string,
): { readonly repository: Repository; readonly issue: PullIssue } {
  const [name = '', number = ''] = readNodeId('PR', id) ?? [];
  const repository = context.database.repository(name);
  const issue = repository?.issues.get(Number(number));
  if (repository === undefined || !maySee(context.token, repository) || issue === undefined || !isPull(issue))
    throw new QueryError('NOT_FOUND', `Could not resolve to a node with the global id of '${id}'`);
  return { repository, issue };
}

/** A job's token needs `contents: write` for it as well, which the documentation does not say. */
function setDraft(context: QueryContext, { input }: Input, draft: boolean): Fields {
  const { token, database } = context;
  const { repository, issue } = findPull(context, input.pullRequestId);
  for (const scope of ['pull-requests', 'contents'] as const) {
    if (!allows(accessOf(token, repository, scope), 'write'))
      throw new QueryError('FORBIDDEN', inaccessible(token));
  }
  if (issue.state !== 'open') throw new QueryError('UNPROCESSABLE', 'Pull request is closed');
  if (issue.pull.draft !== draft) {
    issue.pull.draft = draft;
    issue.updatedAt = database.timestamp();
    const action = draft ? 'converted_to_draft' : 'ready_for_review';
    emitIssueEvent(database, repository, issue, action, actorOf(token.account, token.kind));
  }
  return {
    clientMutationId: input.clientMutationId ?? null,
    pullRequest: pullFields(context, repository, issue),
  };
}

const actorFields = ({ base }: QueryContext, account: Account): Fields => ({
  // GraphQL names a bot without the brackets that REST adds.
  __typename: account.type,
  login: account.login.replace(/\[bot\]$/, ''),
  id: nodeId('U', account.id),
  databaseId: account.id,
  url: `${base}/${account.login}`,
});

const repositoryFields = (context: QueryContext, repository: Repository): Fields => ({
  id: nodeId('R', repository.fullName),
  databaseId: repository.id,
  name: repository.name,
  nameWithOwner: repository.fullName,
  isPrivate: repository.private,
  isFork: repository.parent !== undefined,
  url: repositoryWeb(context.base, repository),
  owner: () => actorFields(context, repository.owner),
  defaultBranchRef: () => refFields(repository, `refs/heads/${repository.defaultBranch}`),
  ref: ({ qualifiedName }: { qualifiedName: string }) =>
    refFields(repository, qualifiedName.startsWith('refs/') ? qualifiedName : `refs/heads/${qualifiedName}`),
  object: ({ expression, oid }: { expression?: string; oid?: string }) =>
    objectFields(repository, oid ?? expression ?? ''),
  pullRequest: ({ number }: { number: number }) => {
    const issue = repository.issues.get(number);
    if (issue === undefined || !isPull(issue))
      throw new QueryError('NOT_FOUND', `Could not resolve to a PullRequest with the number of ${number}.`);
    return pullFields(context, repository, issue);
  },
});

function refFields(repository: Repository, name: string): Fields | null {
  const sha = readRefs(repository, name).get(name);
  if (sha === undefined) return null;
  const prefix = /^refs\/(heads|tags)\//.exec(name)?.[0] ?? 'refs/';
  return {
    id: nodeId('REF', repository.fullName, name),
    name: name.slice(prefix.length),
    prefix,
    target: objectFields(repository, sha),
  };
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['commit', 'Commit'],
  ['tree', 'Tree'],
  ['blob', 'Blob'],
  ['tag', 'Tag'],
]);

function objectFields(repository: Repository, expression: string): Fields | null {
  const oid = expression.includes(':')
    ? tryGit(repository, 'rev-parse', '--verify', '-q', '--end-of-options', expression)
    : resolveCommit(repository, expression);
  const type = TYPES.get(oid === undefined ? '' : (tryGit(repository, 'cat-file', '-t', oid) ?? ''));
  if (oid === undefined || type === undefined) return null;
  return {
    __typename: type,
    id: nodeId('O', repository.fullName, oid),
    oid,
    abbreviatedOid: oid.slice(0, 7),
    ...(type === 'Blob' ? { text: () => tryGit(repository, 'cat-file', 'blob', oid) ?? null } : {}),
    ...(type === 'Commit'
      ? { message: () => tryGit(repository, 'show', '-s', '--format=%B', oid) ?? '' }
      : {}),
  };
}

const pullFields = (context: QueryContext, repository: Repository, issue: PullIssue): Fields => ({
  id: pullNodeId(repository, issue),
  databaseId: issue.id,
  number: issue.number,
  title: issue.title,
  body: issue.body ?? '',
  isDraft: issue.pull.draft,
  state: issue.pull.merged === undefined ? issue.state.toUpperCase() : 'MERGED',
  merged: issue.pull.merged !== undefined,
  closed: issue.state === 'closed',
  url: `${repositoryWeb(context.base, repository)}/pull/${issue.number}`,
  headRefName: issue.pull.head.branch,
  headRefOid: issue.pull.headSha,
  baseRefName: issue.pull.base,
  baseRefOid: issue.pull.baseSha,
  author: () => actorFields(context, issue.author),
  repository: () => repositoryFields(context, repository),
});
