import { ApiError, notFound } from '../errors.ts';
import { ACTIONS_APP_ID, ACTIONS_BOT, type BranchRule, type Repository, type RuleType } from '../model.ts';
import { rulesFor } from '../rules.ts';
import { roleOf } from '../tokens.ts';
import {
  created,
  list,
  type Operation,
  ok,
  onRepository,
  param,
  type RepositoryCall,
  reads,
  readsSettings,
  writes,
} from './operation.ts';
import { type Json, nodeId, repositoryApi, userJson } from './render.ts';

// Branch protection, read only, and rulesets. Left out: organisations' rulesets, tag rules, parameters of rules.

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
  onRepository('repos/create-repo-ruleset', 'POST /rulesets', writes('administration'), call => {
    const made: BranchRule = {
      kind: 'ruleset',
      branches: [],
      rules: [],
      ...rulesetParts(call),
      name: newName(call),
    };
    call.repository.rules.push(made);
    return created(rulesetJson(call, made, true));
  }),
  onRepository('repos/update-repo-ruleset', 'PUT /rulesets/{ruleset_id}', writes('administration'), call => {
    const { rules } = call.repository;
    const at = rules.findIndex(rule => rulesetId(call, rule) === Number(param(call, 'ruleset_id')));
    const known = rules[at];
    if (known?.kind !== 'ruleset') throw notFound();
    const made = { ...known, ...rulesetParts(call) };
    rules[at] = made;
    return ok(rulesetJson(call, made, true));
  }),
];

function newName(call: RepositoryCall): string {
  const name = call.body.required('name', 'RepositoryRuleset');
  if (rulesets(call.repository).some(rule => rule.name === name))
    throw new ApiError(422, 'Validation Failed: Name must be unique');
  return name;
}

/** What a body says of a ruleset, in the words of the model. */
function rulesetParts({ body, database }: RepositoryCall): Partial<Omit<BranchRule, 'kind' | 'name'>> {
  const conditions = body.object('conditions') as { ref_name?: { include?: string[] } } | undefined;
  const rules = body.objects('rules') as readonly RuleBody[] | undefined;
  const actors = body.objects('bypass_actors');
  if (actors?.some(actor => actor['actor_id'] === 0) === true)
    throw new ApiError(
      422,
      'Validation Failed: Actor must be part of the ruleset source or owner organization',
    );
  const logins = new Map([...database.accounts.values()].map(({ id, login }) => [id, login]));
  const loginOf = (actor: Json): string | undefined => {
    if (actor['actor_id'] === ACTIONS_APP_ID) return ACTIONS_BOT.login;
    return actor['actor_type'] === 'User' ? logins.get(Number(actor['actor_id'])) : undefined;
  };
  return {
    ...(conditions === undefined
      ? {}
      : {
          branches: (conditions.ref_name?.include ?? []).map(one => one.replace(/^refs\/heads\//, '')),
        }),
    ...(rules === undefined
      ? {}
      : {
          rules: rules.map(({ type }) => type),
          checks: rules.flatMap(({ parameters }) =>
            (parameters?.required_status_checks ?? []).map(({ context }) => context),
          ),
        }),
    ...(actors === undefined
      ? {}
      : {
          bypass: actors.flatMap(actor => loginOf(actor) ?? []),
          otherBypass: actors.filter(actor => loginOf(actor) === undefined),
        }),
  };
}

interface RuleBody {
  readonly type: RuleType;
  readonly parameters?: { readonly required_status_checks?: readonly { readonly context: string }[] };
}

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
          ...(isAdmin
            ? {
                bypass_actors: [
                  ...(rule.bypass ?? []).map(login => bypassActor(call, login)),
                  ...(rule.otherBypass ?? []),
                ],
              }
            : {}),
        }
      : {}),
  };
}

const bypassActor = (call: RepositoryCall, login: string): Json =>
  login === ACTIONS_BOT.login
    ? { actor_id: ACTIONS_APP_ID, actor_type: 'Integration', bypass_mode: 'always' }
    : { actor_id: call.database.accounts.get(login)?.id ?? null, actor_type: 'User', bypass_mode: 'always' };
