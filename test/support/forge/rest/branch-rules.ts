import { ApiError, notFound } from '../errors.ts';
import { ACTIONS_APP_ID, ACTIONS_BOT, type BranchRule, type Repository } from '../model.ts';
import { rulesFor } from '../rules.ts';
import { roleOf } from '../tokens.ts';
import {
  list,
  type Operation,
  ok,
  onRepository,
  param,
  type RepositoryCall,
  reads,
  readsSettings,
} from './operation.ts';
import { type Json, nodeId, repositoryApi, userJson } from './render.ts';

// Branch protection and rulesets, read only. Left out: organisations' rulesets, teams, tag rules.

export const ruleOperations: readonly Operation[] = [
  onRepository(
    'repos/get-branch-protection',
    'GET /branches/{branch}/protection',
    readsSettings('administration'),
    call => ok(protection(call)),
  ),
  onRepository('repos/get-branch-rules', 'GET /rules/branches/{branch}', reads('metadata'), call =>
    list(branchRules(call)),
  ),
  onRepository('repos/get-repo-rulesets', 'GET /rulesets', reads('metadata'), call =>
    list(rulesets(call.repository).map(rule => rulesetJson(call, rule, false))),
  ),
  onRepository('repos/get-repo-ruleset', 'GET /rulesets/{ruleset_id}', reads('metadata'), call => {
    const found = rulesets(call.repository).find(
      rule => rulesetId(call, rule) === Number(param(call, 'ruleset_id')),
    );
    if (found === undefined) throw notFound();
    return ok(rulesetJson(call, found, true));
  }),
];

function protection(call: RepositoryCall): Json {
  const branch = param(call, 'branch');
  const rules = rulesFor(call.repository, branch).filter(rule => rule.kind === 'protection');
  if (rules.length === 0) throw new ApiError(404, 'Branch not protected');
  const has = (type: string): boolean => rules.some(rule => rule.rules.some(one => one === type));
  const bypass = rules.flatMap(rule => rule.bypass ?? []);
  const url = `${repositoryApi(call.base, call.repository)}/branches/${encodeURIComponent(branch)}/protection`;
  const users = bypass
    .flatMap(login => call.database.accounts.get(login) ?? [])
    .filter(one => one !== ACTIONS_BOT);
  const contexts = rules.flatMap(rule => rule.checks ?? []);
  return {
    url,
    enforce_admins: { url: `${url}/enforce_admins`, enabled: true },
    allow_force_pushes: { enabled: !has('non_fast_forward') },
    allow_deletions: { enabled: !has('deletion') },
    block_creations: { enabled: has('creation') },
    ...(has('pull_request')
      ? {
          required_pull_request_reviews: {
            url: `${url}/required_pull_request_reviews`,
            dismiss_stale_reviews: false,
            require_code_owner_reviews: false,
            required_approving_review_count: 0,
          },
        }
      : {}),
    ...(has('required_status_checks')
      ? {
          required_status_checks: {
            url: `${url}/required_status_checks`,
            strict: false,
            contexts,
            checks: contexts.map(context => ({ context, app_id: null })),
            contexts_url: `${url}/required_status_checks/contexts`,
          },
        }
      : {}),
    ...(has('update')
      ? {
          restrictions: {
            url: `${url}/restrictions`,
            users_url: `${url}/restrictions/users`,
            teams_url: `${url}/restrictions/teams`,
            apps_url: `${url}/restrictions/apps`,
            users: users.map(account => userJson(call.base, account)),
            teams: [],
            apps: bypass.includes(ACTIONS_BOT.login)
              ? [{ id: ACTIONS_APP_ID, slug: 'github-actions', name: 'GitHub Actions' }]
              : [],
          },
        }
      : {}),
  };
}

const rulesets = (repository: Repository): readonly BranchRule[] =>
  repository.rules.filter(rule => rule.kind === 'ruleset');
const rulesetId = (call: RepositoryCall, rule: BranchRule): number =>
  call.repository.id * 100 + call.repository.rules.indexOf(rule);

function ruleJson(rule: BranchRule, type: string): Json {
  switch (type) {
    case 'update':
      return { type, parameters: { update_allows_fetch_and_merge: false } };
    case 'pull_request':
      return {
        type,
        parameters: {
          dismiss_stale_reviews_on_push: false,
          require_code_owner_review: false,
          require_last_push_approval: false,
          required_approving_review_count: 0,
          required_review_thread_resolution: false,
        },
      };
    case 'required_status_checks':
      return {
        type,
        parameters: {
          required_status_checks: (rule.checks ?? []).map(context => ({ context })),
          strict_required_status_checks_policy: false,
        },
      };
    default:
      return { type };
  }
}

const branchRules = (call: RepositoryCall): readonly Json[] =>
  rulesFor(call.repository, param(call, 'branch'))
    .filter(rule => rule.kind === 'ruleset')
    .flatMap(rule =>
      rule.rules.map(type => ({
        ...ruleJson(rule, type),
        ruleset_source_type: 'Repository',
        ruleset_source: call.repository.fullName,
        ruleset_id: rulesetId(call, rule),
      })),
    );

/** Who may bypass is told to those alone who may write the ruleset. */
function rulesetJson(call: RepositoryCall, rule: BranchRule, whole: boolean): Json {
  const id = rulesetId(call, rule);
  const isAdmin =
    call.token?.kind === 'user' && roleOf(call.repository, call.token.account.login) === 'admin';
  const include = rule.branches.map(pattern => (pattern.startsWith('~') ? pattern : `refs/heads/${pattern}`));
  return {
    id,
    name: rule.name,
    target: 'branch',
    source_type: 'Repository',
    source: call.repository.fullName,
    enforcement: rule.enforcement ?? 'active',
    node_id: nodeId('RRS', id),
    created_at: call.repository.createdAt,
    updated_at: call.repository.createdAt,
    ...(whole
      ? {
          conditions: { ref_name: { include, exclude: [] } },
          rules: rule.rules.map(type => ruleJson(rule, type)),
          ...(isAdmin ? { bypass_actors: (rule.bypass ?? []).map(login => bypassActor(call, login)) } : {}),
        }
      : {}),
  };
}

const bypassActor = (call: RepositoryCall, login: string): Json =>
  login === ACTIONS_BOT.login
    ? { actor_id: ACTIONS_APP_ID, actor_type: 'Integration', bypass_mode: 'always' }
    : { actor_id: call.database.accounts.get(login)?.id ?? null, actor_type: 'User', bypass_mode: 'always' };
