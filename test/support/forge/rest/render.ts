import type { Account, Comment, Issue, Label, Repository, Status } from '../model.ts';
import type { PullIssue } from '../pull-requests.ts';

/** JSON that this server writes. */
export type Json = Readonly<Record<string, unknown>>;

/** GitHub's node ids are opaque; ours tell what they name, so that GraphQL finds it again. */
export const nodeId = (type: string, ...parts: readonly (string | number)[]): string =>
  `${type}_${Buffer.from(parts.join(' ')).toString('base64url')}`;

export const readNodeId = (type: string, id: string): readonly string[] | undefined =>
  id.startsWith(`${type}_`)
    ? Buffer.from(id.slice(type.length + 1), 'base64url')
        .toString('utf8')
        .split(' ')
    : undefined;

const links = (base: string, names: Readonly<Record<string, string>>): Json =>
  Object.fromEntries(Object.entries(names).map(([name, tail]) => [name, `${base}${tail}`]));

// `base` is the server's URL without a slash at its end, everywhere here.
const api = (base: string): string => `${base}/api/v3`;
export const repositoryApi = (base: string, repository: Repository): string =>
  `${api(base)}/repos/${repository.fullName}`;
export const repositoryWeb = (base: string, repository: Repository): string =>
  `${base}/${repository.fullName}`;

export function userJson(base: string, account: Account): Json {
  const path = `/users/${encodeURIComponent(account.login)}`;
  return {
    login: account.login,
    id: account.id,
    node_id: nodeId('U', account.id),
    avatar_url: `${base}/avatars/u/${account.id}`,
    gravatar_id: '',
    ...links(`${api(base)}${path}`, {
      url: '',
      followers_url: '/followers',
      following_url: '/following{/other_user}',
      gists_url: '/gists{/gist_id}',
      starred_url: '/starred{/owner}{/repo}',
      subscriptions_url: '/subscriptions',
      organizations_url: '/orgs',
      repos_url: '/repos',
      events_url: '/events{/privacy}',
      received_events_url: '/received_events',
    }),
    html_url: `${base}/${account.login}`,
    type: account.type,
    site_admin: false,
  };
}

const REPOSITORY_LINKS: Readonly<Record<string, string>> = {
  url: '',
  forks_url: '/forks',
  keys_url: '/keys{/key_id}',
  collaborators_url: '/collaborators{/collaborator}',
  teams_url: '/teams',
  hooks_url: '/hooks',
  issue_events_url: '/issues/events{/number}',
  events_url: '/events',
  assignees_url: '/assignees{/user}',
  branches_url: '/branches{/branch}',
  tags_url: '/tags',
  blobs_url: '/git/blobs{/sha}',
  git_tags_url: '/git/tags{/sha}',
  git_refs_url: '/git/refs{/sha}',
  trees_url: '/git/trees{/sha}',
  statuses_url: '/statuses/{sha}',
  languages_url: '/languages',
  stargazers_url: '/stargazers',
  contributors_url: '/contributors',
  subscribers_url: '/subscribers',
  subscription_url: '/subscription',
  commits_url: '/commits{/sha}',
  git_commits_url: '/git/commits{/sha}',
  comments_url: '/comments{/number}',
  issue_comment_url: '/issues/comments{/number}',
  contents_url: '/contents/{+path}',
  compare_url: '/compare/{base}...{head}',
  merges_url: '/merges',
  archive_url: '/{archive_format}{/ref}',
  downloads_url: '/downloads',
  issues_url: '/issues{/number}',
  pulls_url: '/pulls{/number}',
  milestones_url: '/milestones{/number}',
  notifications_url: '/notifications{?since,all,participating}',
  labels_url: '/labels{/name}',
  releases_url: '/releases{/id}',
  deployments_url: '/deployments',
};

/** A repository in every form that the API has of it; `full-repository` asks for the most. */
export function repositoryJson(base: string, repository: Repository): Json {
  const web = repositoryWeb(base, repository);
  const openIssues = [...repository.issues.values()].filter(issue => issue.state === 'open').length;
  return {
    id: repository.id,
    node_id: nodeId('R', repository.fullName),
    name: repository.name,
    full_name: repository.fullName,
    private: repository.private,
    visibility: repository.private ? 'private' : 'public',
    owner: userJson(base, repository.owner),
    html_url: web,
    description: null,
    fork: repository.parent !== undefined,
    ...links(repositoryApi(base, repository), REPOSITORY_LINKS),
    git_url: `${web}.git`,
    ssh_url: `${web}.git`,
    clone_url: `${web}.git`,
    svn_url: web,
    mirror_url: null,
    homepage: null,
    language: null,
    license: null,
    default_branch: repository.defaultBranch,
    forks: 0,
    forks_count: 0,
    stargazers_count: 0,
    watchers: 0,
    watchers_count: 0,
    size: 1,
    network_count: 0,
    subscribers_count: 0,
    open_issues: openIssues,
    open_issues_count: openIssues,
    has_issues: true,
    has_projects: false,
    has_wiki: false,
    has_discussions: false,
    has_downloads: false,
    has_pages: repository.pages !== undefined,
    archived: false,
    disabled: false,
    created_at: repository.createdAt,
    updated_at: repository.createdAt,
    pushed_at: repository.createdAt,
    ...(repository.parent === undefined
      ? {}
      : { parent: repositoryJson(base, repository.parent), source: repositoryJson(base, repository.parent) }),
  };
}

export const labelJson = (base: string, repository: Repository, label: Label): Json => ({
  id: label.id,
  node_id: nodeId('LA', label.id),
  url: `${repositoryApi(base, repository)}/labels/${encodeURIComponent(label.name)}`,
  name: label.name,
  color: label.color,
  default: false,
  description: label.description,
});

function association(repository: Repository, author: Account): string {
  if (author === repository.owner) return 'OWNER';
  return repository.collaborators.has(author.login) ? 'COLLABORATOR' : 'NONE';
}

export function issueJson(base: string, repository: Repository, issue: Issue): Json {
  const url = `${repositoryApi(base, repository)}/issues/${issue.number}`;
  const pull = `${repositoryWeb(base, repository)}/pull/${issue.number}`;
  return {
    ...threadJson(base, repository, issue),
    url,
    repository_url: repositoryApi(base, repository),
    labels_url: `${url}/labels{/name}`,
    events_url: `${url}/events`,
    html_url: issue.pull === undefined ? `${repositoryWeb(base, repository)}/issues/${issue.number}` : pull,
    state_reason: issue.state === 'closed' ? 'completed' : null,
    ...(issue.pull === undefined
      ? {}
      : {
          draft: issue.pull.draft,
          pull_request: {
            url: `${repositoryApi(base, repository)}/pulls/${issue.number}`,
            html_url: pull,
            diff_url: `${pull}.diff`,
            patch_url: `${pull}.patch`,
            merged_at: issue.pull.merged?.at ?? null,
          },
        }),
  };
}

/** What issues and pull requests have in common. */
function threadJson(base: string, repository: Repository, issue: Issue): Json {
  return {
    id: issue.id,
    node_id:
      issue.pull === undefined
        ? nodeId('I', repository.fullName, issue.number)
        : pullNodeId(repository, issue),
    number: issue.number,
    title: issue.title,
    body: issue.body,
    user: userJson(base, issue.author),
    state: issue.state,
    locked: false,
    comments: issue.comments.length,
    comments_url: `${repositoryApi(base, repository)}/issues/${issue.number}/comments`,
    labels: [...issue.labels.values()].map(label => labelJson(base, repository, label)),
    assignee: null,
    assignees: [],
    milestone: null,
    author_association: association(repository, issue.author),
    active_lock_reason: null,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
  };
}

export const pullNodeId = (repository: Repository, issue: Issue): string =>
  nodeId('PR', repository.fullName, issue.number);

/** The form of lists; {@link pullDetails} adds what only a single one tells. */
export function pullJson(base: string, repository: Repository, issue: PullIssue): Json {
  const url = `${repositoryApi(base, repository)}/pulls/${issue.number}`;
  const issueUrl = `${repositoryApi(base, repository)}/issues/${issue.number}`;
  const web = `${repositoryWeb(base, repository)}/pull/${issue.number}`;
  const statuses = `${repositoryApi(base, repository)}/statuses/${issue.pull.headSha}`;
  const end = (where: Repository, branch: string, sha: string): Json => ({
    label: `${where.owner.login}:${branch}`,
    ref: branch,
    sha,
    user: userJson(base, where.owner),
    repo: repositoryJson(base, where),
  });
  return {
    ...threadJson(base, repository, issue),
    url,
    html_url: web,
    issue_url: issueUrl,
    diff_url: `${web}.diff`,
    patch_url: `${web}.patch`,
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: `${repositoryApi(base, repository)}/pulls/comments{/number}`,
    statuses_url: statuses,
    draft: issue.pull.draft,
    head: end(issue.pull.head.repository, issue.pull.head.branch, issue.pull.headSha),
    base: end(repository, issue.pull.base, issue.pull.baseSha),
    merged_at: issue.pull.merged?.at ?? null,
    merge_commit_sha: issue.pull.merged?.sha ?? null,
    auto_merge: null,
    requested_reviewers: [],
    requested_teams: [],
    _links: {
      self: { href: url },
      html: { href: web },
      issue: { href: issueUrl },
      comments: { href: `${issueUrl}/comments` },
      review_comments: { href: `${url}/comments` },
      review_comment: { href: `${repositoryApi(base, repository)}/pulls/comments{/number}` },
      commits: { href: `${url}/commits` },
      statuses: { href: statuses },
    },
  };
}

export function commentJson(base: string, repository: Repository, issue: Issue, comment: Comment): Json {
  const kind = issue.pull === undefined ? 'issues' : 'pull';
  return {
    id: comment.id,
    node_id: nodeId('IC', comment.id),
    url: `${repositoryApi(base, repository)}/issues/comments/${comment.id}`,
    html_url: `${repositoryWeb(base, repository)}/${kind}/${issue.number}#issuecomment-${comment.id}`,
    issue_url: `${repositoryApi(base, repository)}/issues/${issue.number}`,
    user: userJson(base, comment.author),
    body: comment.body,
    author_association: association(repository, comment.author),
    performed_via_github_app: null,
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
  };
}

export const statusJson = (base: string, repository: Repository, status: Status): Json => ({
  url: `${repositoryApi(base, repository)}/statuses/${status.sha}`,
  id: status.id,
  node_id: nodeId('SC', status.id),
  avatar_url: `${base}/avatars/u/${status.creator.id}`,
  state: status.state,
  context: status.context,
  description: status.description,
  target_url: status.targetUrl,
  created_at: status.createdAt,
  updated_at: status.createdAt,
});
