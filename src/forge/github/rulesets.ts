import type { BypassFact, RuleFact } from '../settings.ts';
import type { GithubClient, Rest } from './client.ts';
import { found } from './found.ts';
import { holdsFor } from './ref-pattern.ts';

/** The app that every job's `github.token` acts as. Source: docs.github.com, "github-actions[bot]"; api.github.com/apps/github-actions. */
export const ACTIONS_APP = 15_368;
/** Of the roles that a ruleset can name, those that not everybody has who may push: maintain and admin. */
const FEW_ROLES: ReadonlySet<number> = new Set([2, 5]);

type Ruleset = Awaited<ReturnType<Rest['repos']['getRepoRuleset']>>['data'];
export type Actor = NonNullable<Ruleset['bypass_actors']>[number];

/** All rules for main or for signing events: rulesets of the repository and of those above it, and classic protection. */
export async function readRules(client: GithubClient, main: string): Promise<readonly RuleFact[]> {
  const { here } = client;
  const list = await client.call('list the rulesets', rest =>
    rest.repos.getRepoRulesets({ ...here, includes_parents: true, per_page: 100 }),
  );
  const facts: RuleFact[] = [];
  for (const { id, name, enforcement, target } of list) {
    if ((target ?? 'branch') !== 'branch') continue;
    if (enforcement !== 'active') {
      facts.push(inactive(name));
      continue;
    }
    const ruleset = await client.call('look at a ruleset', rest =>
      rest.repos.getRepoRuleset({ ...here, ruleset_id: id, includes_parents: true }),
    );
    facts.push(rulesetFact(ruleset, main));
  }
  const classic = await readProtection(client, main);
  return classic === undefined ? facts : [...facts, classic];
}

/** It holds for nothing, but its name is taken. */
const inactive = (name: string): RuleFact => ({
  id: undefined,
  name,
  holdsFor: { main: false, events: false },
  types: new Set(),
  requiredChecks: [],
  bypass: [],
});

function rulesetFact(ruleset: Ruleset, main: string): RuleFact {
  const names =
    ruleset.conditions !== null && ruleset.conditions !== undefined && 'ref_name' in ruleset.conditions
      ? ruleset.conditions.ref_name
      : undefined;
  const condition = { include: names?.include ?? [], exclude: names?.exclude ?? [] };
  const rules = ruleset.rules ?? [];
  return {
    id: ruleset.source_type === 'Repository' ? ruleset.id : undefined,
    name: ruleset.name,
    holdsFor: {
      main: holdsFor(condition, main, main),
      events: holdsFor(condition, EXAMPLE_EVENT, main),
    },
    types: new Set(rules.map(({ type }) => type)),
    requiredChecks: rules.flatMap(rule =>
      rule.type === 'required_status_checks'
        ? (rule.parameters?.required_status_checks ?? []).map(({ context }) => context)
        : [],
    ),
    bypass: ruleset.bypass_actors?.map(bypassFact),
  };
}

const EXAMPLE_EVENT = 'sign/example';

function bypassFact(actor: Actor): BypassFact {
  const id = actor.actor_id;
  const name = [actor.actor_type, id].filter(part => typeof part !== 'object').join(' ');
  switch (actor.actor_type) {
    case 'Integration':
      return { who: id === ACTIONS_APP ? 'actions' : 'app', name };
    case 'RepositoryRole':
      // A role of one's own may be anybody's: it is the organisation that knows.
      return { who: typeof id === 'number' && FEW_ROLES.has(id) ? 'people' : 'writers', name };
    case 'DeployKey':
      return { who: 'deploy-key', name };
    case 'Team':
    case 'OrganizationAdmin':
    default:
      return { who: 'people', name };
  }
}

/** May this one stay where Actions and everybody who may push have to go? */
export const mayStay = (actor: Actor): boolean => {
  const { who } = bypassFact(actor);
  return who !== 'actions' && who !== 'writers';
};

/** Classic protection of main. Somebody who does not administer the repository is told that there is none. */
async function readProtection(client: GithubClient, main: string): Promise<RuleFact | undefined> {
  const protection = await found(() =>
    client.call('look at the protection of main', rest =>
      rest.repos.getBranchProtection({ ...client.here, branch: main }),
    ),
  );
  if (protection === undefined) return undefined;
  const reviews = protection.required_pull_request_reviews;
  const checks = protection.required_status_checks;
  const types = [
    ...(reviews === undefined ? [] : ['pull_request']),
    ...(checks === undefined ? [] : ['required_status_checks']),
    ...(protection.allow_force_pushes?.enabled === true ? [] : ['non_fast_forward']),
    ...(protection.allow_deletions?.enabled === true ? [] : ['deletion']),
  ];
  const apps = reviews?.bypass_pull_request_allowances?.apps ?? [];
  const people = [
    ...(reviews?.bypass_pull_request_allowances?.users ?? []).map(({ login }) => login),
    ...(reviews?.bypass_pull_request_allowances?.teams ?? []).map(({ slug }) => slug),
    ...(protection.enforce_admins?.enabled === false ? ['administrators'] : []),
  ];
  return {
    id: undefined,
    name: `protection of ${main}`,
    holdsFor: { main: true, events: false },
    types: new Set(types),
    requiredChecks: checks?.contexts ?? [],
    bypass: [
      ...apps.map(
        app =>
          ({ who: app?.id === ACTIONS_APP ? 'actions' : 'app', name: `app ${app?.slug ?? ''}` }) as const,
      ),
      ...people.map(name => ({ who: 'people', name }) as const),
    ],
  };
}
