import type { TestRepository } from '../git-repo.ts';

// What GitHub's database holds beside git. Refs, commits and trees are never held here: git is their only truth.

/** A user, or the app behind GITHUB_TOKEN. */
export interface Account {
  readonly login: string;
  readonly id: number;
  readonly type: 'User' | 'Bot' | 'Organization';
}

/** Who a job's token acts as; the id is GitHub's own. */
export const ACTIONS_BOT: Account = { login: 'github-actions[bot]', id: 41_898_282, type: 'Bot' };
/** The id of the app behind it, as rulesets name it in `bypass_actors`. */
export const ACTIONS_APP_ID = 15_368;

export type Role = 'read' | 'triage' | 'write' | 'maintain' | 'admin';
export type Access = 'none' | 'read' | 'write';

/** The permissions of a job, as `permissions:` spells them, and those that only other tokens can have. */
export const JOB_SCOPES = [
  'actions',
  'attestations',
  'checks',
  'contents',
  'deployments',
  'discussions',
  'id-token',
  'issues',
  'packages',
  'pages',
  'pull-requests',
  'security-events',
  'statuses',
] as const;
export type JobScope = (typeof JOB_SCOPES)[number];
export type Scope = JobScope | 'administration' | 'environments' | 'metadata' | 'workflows';
export type Permissions = ReadonlyMap<Scope, Access>;

export interface Label {
  readonly id: number;
  readonly name: string;
  readonly color: string;
  readonly description: string | null;
}

export interface Comment {
  readonly id: number;
  readonly author: Account;
  readonly createdAt: string;
  body: string;
  updatedAt: string;
}

/** What an issue has besides where it is a pull request. */
export interface PullPart {
  readonly head: { readonly repository: Repository; readonly branch: string };
  base: string;
  draft: boolean;
  /** The head's commit, kept when the branch is gone. */
  headSha: string;
  /** The base's commit when it was last looked at while open. */
  baseSha: string;
  merged?: { readonly at: string; readonly by: Account; readonly sha: string };
}

export interface Issue {
  readonly id: number;
  readonly number: number;
  readonly author: Account;
  readonly createdAt: string;
  title: string;
  body: string | null;
  state: 'open' | 'closed';
  updatedAt: string;
  closedAt: string | null;
  readonly labels: Map<string, Label>;
  readonly comments: Comment[];
  readonly pull?: PullPart;
}

export interface Status {
  readonly id: number;
  readonly sha: string;
  readonly state: 'error' | 'failure' | 'pending' | 'success';
  readonly context: string;
  readonly description: string | null;
  readonly targetUrl: string | null;
  readonly creator: Account;
  readonly createdAt: string;
}

export type RuleType =
  | 'creation'
  | 'update'
  | 'deletion'
  | 'non_fast_forward'
  | 'pull_request'
  | 'required_status_checks';

/** A ruleset, or classic branch protection, which GitHub enforces alike but tells at another place. */
export interface BranchRule {
  readonly kind: 'ruleset' | 'protection';
  readonly name: string;
  /** Patterns as of `fnmatch`; `~DEFAULT_BRANCH` and `~ALL` as in rulesets. */
  readonly branches: readonly string[];
  readonly rules: readonly RuleType[];
  /** Contexts for `required_status_checks`. */
  readonly checks?: readonly string[];
  /** Logins that the rules do not hold for. `github-actions[bot]` is every job's token. */
  readonly bypass?: readonly string[];
  /** Whoever else the rules do not hold for, as the API has them: roles, teams, apps. */
  readonly otherBypass?: readonly Readonly<Record<string, unknown>>[];
  /** Default: `active`. */
  readonly enforcement?: 'active' | 'evaluate' | 'disabled';
}

export interface Environment {
  readonly id: number;
  readonly name: string;
  readonly createdAt: string;
  /** Patterns of branches that may deploy; `protected`: those under a rule; absent: every one. */
  readonly branches?: readonly string[] | 'protected';
  readonly secrets: ReadonlyMap<string, string>;
  readonly variables: ReadonlyMap<string, string>;
}

export interface PagesSite {
  readonly buildType: 'legacy' | 'workflow';
  /** What is served; absent until something was deployed. */
  folder?: string;
}

export interface ActionsSettings {
  enabled: boolean;
  /** What a job gets that says nothing. */
  defaultPermissions: 'read' | 'write';
  /** May a job's token open pull requests? */
  mayOpenPullRequests: boolean;
  /** Default: all. Told, not enforced. */
  allowed?: 'all' | 'local_only' | { readonly githubOwned: boolean; readonly patterns: readonly string[] };
  /** Told, not enforced. */
  pinsRequired?: boolean;
  /** Claims of an OIDC token's subject; absent: the default. */
  subject?: readonly string[];
  /** Workflows that are switched off, by path: told, not enforced. */
  readonly disabled?: Map<string, 'disabled_manually' | 'disabled_inactivity'>;
}

export interface Repository {
  readonly id: number;
  readonly owner: Account;
  readonly name: string;
  readonly fullName: string;
  readonly private: boolean;
  readonly defaultBranch: string;
  readonly parent?: Repository;
  readonly createdAt: string;
  /** The bare repository: the only truth of refs and objects. */
  readonly git: TestRepository;
  readonly collaborators: Map<string, Role>;
  readonly issues: Map<number, Issue>;
  readonly labels: Map<string, Label>;
  readonly statuses: Status[];
  readonly environments: Map<string, Environment>;
  readonly rules: BranchRule[];
  readonly secrets: Map<string, string>;
  readonly variables: Map<string, string>;
  readonly actions: ActionsSettings;
  pages?: PagesSite;
}

/** What a request is made with. */
export interface Token {
  readonly kind: 'user' | 'job' | 'app';
  readonly account: Account;
  /** Absent: a classic token, which may do all that its user may. */
  readonly permissions?: Permissions;
  /** Where it is good for anything but reading what is public; absent: wherever its account is. */
  readonly repository?: Repository;
  expired: boolean;
}
