import { publicRefs } from '../database.ts';
import { ApiError, invalid, notFound } from '../errors.ts';
import type { Repository, Status } from '../model.ts';
import { emitPushes } from '../pushes.ts';
import { branchHead, readRefs, resolveCommit, tryGit } from '../refs.ts';
import { refusal, rulesFor } from '../rules.ts';
import {
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
import {
  type Json,
  nodeId,
  repositoryApi,
  repositoryJson,
  repositoryWeb,
  statusJson,
  userJson,
} from './render.ts';

// Commits, their statuses, branches and refs. Left out: check runs, verification of signatures, diffs.

const STATES: ReadonlySet<string> = new Set(['error', 'failure', 'pending', 'success']);
/** Source: REST documentation of commit statuses: a limit of 1000 per sha and context. */
const MAX_STATUSES = 1000;

export const commitOperations: readonly Operation[] = [
  onRepository('repos/create-commit-status', 'POST /statuses/{sha}', writes('statuses'), call =>
    created(createStatus(call)),
  ),
  onRepository('repos/list-commit-statuses-for-ref', 'GET /commits/{ref}/statuses', reads('statuses'), call =>
    list(
      statusesOf(call, requireCommit(call)).map(status => ({
        ...statusJson(call.base, call.repository, status),
        creator: userJson(call.base, status.creator),
      })),
    ),
  ),
  onRepository('repos/get-combined-status-for-ref', 'GET /commits/{ref}/status', reads('statuses'), call =>
    ok(combined(call)),
  ),
  onRepository('repos/get-commit', 'GET /commits/{ref}', reads('contents'), call =>
    ok(commitJson(call.base, call.repository, requireCommit(call))),
  ),
  onRepository('repos/list-branches', 'GET /branches', reads('contents'), call =>
    list(
      [...readRefs(call.repository, 'refs/heads')].map(([ref, sha]) => ({
        name: ref.slice('refs/heads/'.length),
        commit: { sha, url: `${repositoryApi(call.base, call.repository)}/commits/${sha}` },
        protected: rulesFor(call.repository, ref.slice('refs/heads/'.length)).length > 0,
      })),
    ),
  ),
  onRepository('repos/get-branch', 'GET /branches/{branch}', reads('contents'), call => ok(branch(call))),
  onRepository('repos/list-activities', 'GET /activity', reads('contents'), call => list(activity(call))),
  onRepository('git/get-ref', 'GET /git/ref/{ref}', reads('contents'), call => {
    const name = `refs/${param(call, 'ref')}`;
    const sha = readRefs(call.repository, name).get(name);
    if (sha === undefined) throw notFound();
    return ok(refJson(call, name, sha));
  }),
  onRepository('git/list-matching-refs', 'GET /git/matching-refs/{ref}', reads('contents'), call => {
    const prefix = `refs/${param(call, 'ref')}`;
    const found = [...readRefs(call.repository)].filter(([name]) => name.startsWith(prefix));
    return list(found.map(([name, sha]) => refJson(call, name, sha)));
  }),
  onRepository('git/delete-ref', 'DELETE /git/refs/{ref}', writes('contents'), deleteRef),
];

/** Newest first. Left out: the filters but `ref`, merges told apart from pushes, and cursors instead of pages. */
function activity(call: RepositoryCall): readonly Json[] {
  const { database, repository, base, query } = call;
  const asked = query.get('ref');
  const wanted = (ref: string): boolean => asked === null || ref === asked || ref === `refs/heads/${asked}`;
  return database.events
    .flatMap((event, at) => {
      if (event.name !== 'push' || event.repository !== repository || !wanted(event.ref)) return [];
      const { before, after, created: isNew, deleted, forced } = event.payload;
      const type = isNew === true ? 'branch_creation' : deleted === true ? 'branch_deletion' : undefined;
      return {
        id: at + 1,
        node_id: nodeId('PSH', repository.id, at),
        before,
        after,
        ref: event.ref,
        timestamp: event.at,
        activity_type: type ?? (forced === true ? 'force_push' : 'push'),
        actor: userJson(base, event.actor),
      };
    })
    .reverse();
}

function requireCommit(call: RepositoryCall): string {
  const name = param(call, 'ref');
  const sha = resolveCommit(call.repository, name);
  if (sha === undefined) throw new ApiError(422, `No commit found for SHA: ${name}`);
  return sha;
}

function createStatus(call: RepositoryCall): Json {
  const { body, repository, database, base } = call;
  const sha = param(call, 'sha');
  const state = body.required('state', 'Status');
  if (!STATES.has(state)) throw invalid({ resource: 'Status', field: 'state', code: 'invalid' });
  if (!/^[0-9a-f]{40}$/.test(sha) || tryGit(repository, 'cat-file', '-e', `${sha}^{commit}`) === undefined)
    throw new ApiError(422, `No commit found for SHA: ${sha}`);
  const description = body.string('description') ?? null;
  if (description !== null && description.length > 140)
    throw invalid({
      resource: 'Status',
      field: 'description',
      code: 'custom',
      message: 'description is too long (maximum is 140 characters)',
    });
  const context = body.string('context') ?? 'default';
  if (
    repository.statuses.filter(status => status.sha === sha && status.context === context).length >=
    MAX_STATUSES
  )
    throw invalid({
      resource: 'Status',
      code: 'custom',
      message: 'This SHA and context has reached the maximum number of statuses.',
    });
  const creator = requireActor(call).account;
  const status: Status = {
    id: database.nextId(),
    sha,
    state: state as Status['state'],
    context,
    description,
    creator,
    targetUrl: body.string('target_url') ?? null,
    createdAt: database.timestamp(),
  };
  repository.statuses.push(status);
  return { ...statusJson(base, repository, status), creator: userJson(base, creator) };
}

/** Newest first. */
const statusesOf = (call: RepositoryCall, sha: string): readonly Status[] =>
  call.repository.statuses.filter(status => status.sha === sha).reverse();

function combined(call: RepositoryCall): Json {
  const { repository, base } = call;
  const sha = requireCommit(call);
  const latest = new Map<string, Status>();
  for (const status of statusesOf(call, sha)) {
    if (!latest.has(status.context)) latest.set(status.context, status);
  }
  const states = [...latest.values()].map(status => status.state);
  const failed = states.some(state => state === 'error' || state === 'failure');
  const pending = states.length === 0 || states.includes('pending');
  return {
    state: failed ? 'failure' : pending ? 'pending' : 'success',
    sha,
    total_count: latest.size,
    statuses: [...latest.values()].map(status => statusJson(base, repository, status)),
    repository: repositoryJson(base, repository),
    commit_url: `${repositoryApi(base, repository)}/commits/${sha}`,
    url: `${repositoryApi(base, repository)}/commits/${sha}/status`,
  };
}

export function commitJson(base: string, repository: Repository, sha: string): Json {
  const text = repository.git.git('show', '-s', '--format=%T%n%P%n%an%n%ae%n%aI%n%cn%n%ce%n%cI%n%B', sha);
  const [tree = '', parents = '', an, ae, ad, cn, ce, cd, ...message] = text.split('\n');
  const url = `${repositoryApi(base, repository)}/commits/${sha}`;
  const git = `${repositoryApi(base, repository)}/git`;
  return {
    url,
    sha,
    node_id: nodeId('C', repository.fullName, sha),
    html_url: `${repositoryWeb(base, repository)}/commit/${sha}`,
    comments_url: `${url}/comments`,
    commit: {
      url: `${git}/commits/${sha}`,
      author: { name: an, email: ae, date: ad },
      committer: { name: cn, email: ce, date: cd },
      message: message.join('\n').trim(),
      comment_count: 0,
      tree: { sha: tree, url: `${git}/trees/${tree}` },
      verification: {
        verified: false,
        reason: 'unsigned',
        payload: null,
        signature: null,
        verified_at: null,
      },
    },
    author: null,
    committer: null,
    parents: parents
      .split(' ')
      .filter(parent => parent !== '')
      .map(parent => ({
        sha: parent,
        url: `${repositoryApi(base, repository)}/commits/${parent}`,
        html_url: `${repositoryWeb(base, repository)}/commit/${parent}`,
      })),
  };
}

function branch(call: RepositoryCall): Json {
  const name = param(call, 'branch');
  const sha = branchHead(call.repository, name);
  if (sha === undefined) throw new ApiError(404, 'Branch not found');
  const url = `${repositoryApi(call.base, call.repository)}/branches/${encodeURIComponent(name)}`;
  const isProtected = rulesFor(call.repository, name).length > 0;
  return {
    name,
    commit: commitJson(call.base, call.repository, sha),
    _links: { self: url, html: `${repositoryWeb(call.base, call.repository)}/tree/${name}` },
    protected: isProtected,
    protection: { enabled: isProtected },
    protection_url: `${url}/protection`,
  };
}

function refJson(call: RepositoryCall, name: string, sha: string): Json {
  const git = `${repositoryApi(call.base, call.repository)}/git`;
  const type = call.repository.git.git('cat-file', '-t', sha);
  return {
    ref: name,
    node_id: nodeId('REF', call.repository.fullName, name),
    url: `${git}/${name}`,
    object: { type, sha, url: `${git}/${type}s/${sha}` },
  };
}

function deleteRef(call: RepositoryCall): typeof noContent {
  const { repository, database } = call;
  const name = `refs/${param(call, 'ref')}`;
  const before = publicRefs(repository);
  const was = before.get(name);
  if (was === undefined) throw new ApiError(422, 'Reference does not exist');
  const actor = requireActor(call);
  const [, short] = /^refs\/heads\/(.+)$/.exec(name) ?? [];
  const why =
    short === undefined
      ? undefined
      : refusal(repository, short, actor.account.login, { before: was, after: undefined });
  if (why !== undefined) throw new ApiError(422, why);
  if (short === repository.defaultBranch) throw new ApiError(422, 'Cannot delete the default branch');
  repository.git.git('update-ref', '-d', name, was);
  emitPushes(database, repository, before, publicRefs(repository), actor);
  return noContent;
}
