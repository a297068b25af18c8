import type { Delegations, RoleDefinition } from '../metadata/delegation.ts';
import type { Document } from '../metadata/document.ts';
import { ROOT, type RoleName, TARGETS } from '../metadata/names.ts';
import { isUnreadLeaf, type ObjectId, type RepositoryTree, roleFile, rootOf, targetsOf } from './tree.ts';

/** Where a role gets its keys from. */
export interface Delegated {
  readonly role: RoleName;
  /** The role whose document delegates: `root` for the four top-level roles, itself included. */
  readonly delegator: RoleName;
  readonly definition: RoleDefinition;
  readonly delegations: Delegations;
}

export interface DelegationGraph {
  /** Every role that somebody delegates, each after its delegator. A tree: a role has the delegator that came first. */
  readonly roles: ReadonlyMap<RoleName, Delegated>;
  /** Roles with more than one delegator, each with the ones beyond the first. */
  readonly contested: ReadonlyMap<RoleName, readonly RoleName[]>;
  /** Roles whose bins are left out, as all bins together are more than any repository's: rule `ownership` refuses them. */
  readonly overgrown: readonly RoleName[];
}

/** Bins by succinct_roles that are followed in one tree. A thousand small documents could name 65,536 each. */
const MAX_BINS = 2 ** 17;

const graphs = new WeakMap<RepositoryTree, DelegationGraph>();

/** Walks the delegations from root down, each role once, so that a cycle ends. Remembered for each tree. */
export function delegationGraph(tree: RepositoryTree): DelegationGraph {
  const known = graphs.get(tree);
  if (known !== undefined) return known;
  const roles = new Map<RoleName, Delegated>();
  const contested = new Map<RoleName, RoleName[]>();
  // A queue and no recursion: a chain of delegations may be longer than the stack.
  const queue: RoleName[] = [];
  const overgrown: RoleName[] = [];
  let bins = 0;
  const visit = (delegator: RoleName, delegations: Delegations): void => {
    if (delegations.succinct !== undefined) bins += delegations.roles.size;
    if (delegations.succinct !== undefined && bins > MAX_BINS) {
      overgrown.push(delegator);
      return;
    }
    for (const [role, definition] of delegations.roles) {
      if (!roles.has(role)) {
        roles.set(role, { role, delegator, definition, delegations });
        queue.push(role);
        continue;
      }
      const others = contested.get(role);
      if (others === undefined) contested.set(role, [delegator]);
      else others.push(delegator);
    }
  };
  const root = rootOf(tree);
  if (root !== undefined) visit(ROOT, root.signed.delegations);
  for (const role of queue) {
    const document = role === ROOT || isUnreadLeaf(tree, role) ? undefined : targetsOf(tree, role);
    if (document !== undefined) visit(role, document.signed.delegations);
  }
  const graph = { roles, contested, overgrown };
  graphs.set(tree, graph);
  return graph;
}

/** The roles that hold artifacts: `targets` and every role below it that is delegated. */
export const artifactRoles = (tree: RepositoryTree): readonly RoleName[] =>
  [...delegationGraph(tree).roles.values()]
    .filter(({ role, delegator }) => role === TARGETS || delegator !== ROOT)
    .map(({ role }) => role);

/** The blobs of `tree` that are documents which delegate to nobody: who walks the delegations need not read them again. */
export function leavesOf(tree: RepositoryTree): ReadonlySet<ObjectId> {
  const leaves = new Set<ObjectId>();
  for (const [role, parsed] of tree.documents) {
    const entry = tree.metadata.get(roleFile(role));
    if (role === ROOT || entry === undefined || !parsed.ok || !delegatesNothing(parsed.value)) continue;
    leaves.add(entry.oid);
  }
  return leaves;
}

const delegatesNothing = ({ signed: { delegations } }: Document): boolean =>
  delegations.roles.size === 0 && delegations.keys.size === 0;
