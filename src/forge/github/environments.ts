import type { EnvironmentFact } from '../settings.ts';
import type { GithubClient } from './client.ts';

/** The environments, and which branches may deploy to each. A policy for tags opens an environment as one for branches does. */
export async function readEnvironments(client: GithubClient): Promise<readonly EnvironmentFact[]> {
  const { environments = [] } = await client.call('list the environments', rest =>
    rest.repos.getAllEnvironments({ ...client.here, per_page: 100 }),
  );
  const facts: EnvironmentFact[] = [];
  for (const { name, deployment_branch_policy: policy } of environments) {
    if (policy === null || policy === undefined) facts.push({ name, branches: 'all' });
    else if (policy.protected_branches) facts.push({ name, branches: 'protected' });
    else facts.push({ name, branches: (await readPolicies(client, name)).map(described) });
  }
  return facts;
}

interface Policy {
  readonly id?: number;
  readonly name?: string;
  readonly type?: string;
}

const readPolicies = async (client: GithubClient, environment: string): Promise<readonly Policy[]> =>
  (
    await client.call('see which branches may deploy', rest =>
      rest.repos.listDeploymentBranchPolicies({
        ...client.here,
        environment_name: environment,
        per_page: 100,
      }),
    )
  ).branch_policies;

const described = ({ name = '', type }: Policy): string => (type === 'tag' ? `tag ${name}` : name);

/**
 * Lets `branch` alone deploy to the environment, and makes it if it is not there. The whole of an environment is
 * written at once, so its reviewers and its wait go with it.
 */
export async function restrictEnvironment(client: GithubClient, name: string, branch: string): Promise<void> {
  const at = { ...client.here, environment_name: name };
  const { environments = [] } = await client.call('list the environments', rest =>
    rest.repos.getAllEnvironments({ ...client.here, per_page: 100 }),
  );
  const known = environments.find(one => one.name.toLowerCase() === name.toLowerCase());
  if (known?.deployment_branch_policy?.custom_branch_policies !== true) {
    await client.call(`restrict the environment ${JSON.stringify(name)}`, rest =>
      rest.repos.createOrUpdateEnvironment({
        ...at,
        ...kept(known?.protection_rules ?? []),
        deployment_branch_policy: { protected_branches: false, custom_branch_policies: true },
      }),
    );
  }
  const policies = await readPolicies(client, name);
  if (!policies.some(policy => described(policy) === branch)) {
    await client.call(`let ${JSON.stringify(branch)} deploy`, rest =>
      rest.repos.createDeploymentBranchPolicy({ ...at, name: branch, type: 'branch' }),
    );
  }
  for (const policy of policies) {
    const { id } = policy;
    if (described(policy) === branch || id === undefined) continue;
    await client.call('take back who else may deploy', rest =>
      rest.repos.deleteDeploymentBranchPolicy({ ...at, branch_policy_id: id }),
    );
  }
}

interface ProtectionRule {
  readonly type: string;
  readonly wait_timer?: number;
  readonly prevent_self_review?: boolean;
  readonly reviewers?: readonly {
    readonly type?: 'User' | 'Team';
    readonly reviewer?: { readonly id?: number };
  }[];
}

/** The protection that an environment has already, as it is written. */
function kept(rules: readonly ProtectionRule[]): {
  readonly wait_timer?: number;
  readonly prevent_self_review?: boolean;
  readonly reviewers?: { type: 'User' | 'Team'; id: number }[];
} {
  const wait = rules.find(rule => rule.wait_timer !== undefined)?.wait_timer;
  const review = rules.find(rule => rule.reviewers !== undefined);
  const reviewers = (review?.reviewers ?? []).flatMap(({ type, reviewer }) =>
    type === undefined || reviewer?.id === undefined ? [] : [{ type, id: reviewer.id }],
  );
  return {
    ...(wait === undefined ? {} : { wait_timer: wait }),
    ...(review === undefined ? {} : { reviewers, prevent_self_review: review.prevent_self_review ?? false }),
  };
}
