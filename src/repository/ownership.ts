import { type RoleDefinition, speaksFor } from '../metadata/delegation.ts';
import { ROOT, type RoleName, TARGETS } from '../metadata/names.ts';
import { delegationGraph } from './delegators.ts';
import type { RepositoryTree } from './tree.ts';

/** Finds the role that an artifact belongs to. */
export interface Ownership {
  /** The roles whose own delegator lets them speak for `path`, the deepest of each branch. Several: it is contested. */
  ownersOf(path: string): readonly RoleName[];
}

const WILDCARD = /[*?]/;

/**
 * Indexes the delegations by their first literal path segment, so that a look-up does not try thousands of patterns. An
 * artifact that no delegation covers belongs to `targets`.
 */
export function ownershipOf(tree: RepositoryTree): Ownership {
  const children = new Map<RoleName, ChildIndex>();
  for (const { role, delegator, definition } of delegationGraph(tree).roles.values()) {
    if (delegator === ROOT) continue;
    const index = children.get(delegator) ?? { bySegment: new Map(), unindexed: [] };
    children.set(delegator, index);
    addToIndex(index, role, definition);
  }
  const descend = (role: RoleName, path: string, seen: ReadonlySet<RoleName>): readonly RoleName[] => {
    const below = matching(children.get(role), path).filter(child => !seen.has(child));
    if (below.length === 0) return [role];
    return below.flatMap(child => descend(child, path, new Set([...seen, child])));
  };
  return { ownersOf: path => [...new Set(descend(TARGETS, path, new Set([TARGETS])))] };
}

interface ChildIndex {
  readonly bySegment: Map<string, [RoleName, RoleDefinition][]>;
  /** Delegations whose first segment has a wildcard, or that go by hash. */
  readonly unindexed: [RoleName, RoleDefinition][];
}

function addToIndex(index: ChildIndex, role: RoleName, definition: RoleDefinition): void {
  const segments = new Set(definition.paths.map(pattern => pattern.split('/')[0] ?? ''));
  if (definition.pathHashPrefixes.length > 0 || [...segments].some(segment => WILDCARD.test(segment))) {
    index.unindexed.push([role, definition]);
    return;
  }
  for (const segment of segments) {
    const list = index.bySegment.get(segment);
    if (list === undefined) index.bySegment.set(segment, [[role, definition]]);
    else list.push([role, definition]);
  }
}

function matching(index: ChildIndex | undefined, path: string): readonly RoleName[] {
  if (index === undefined) return [];
  const slash = path.indexOf('/');
  const segment = slash < 0 ? path : path.slice(0, slash);
  return [...(index.bySegment.get(segment) ?? []), ...index.unindexed]
    .filter(([, definition]) => speaksFor(definition, path))
    .map(([role]) => role);
}
