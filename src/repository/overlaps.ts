import type { Delegations, RoleDefinition } from '../metadata/delegation.ts';
import type { RoleName } from '../metadata/names.ts';
import { patternsOverlap } from '../metadata/pattern.ts';

/** Two delegations of one delegator that can speak for the same path. */
export interface Overlap {
  /** Whom clients ask first. */
  readonly first: RoleName;
  readonly second: RoleName;
  /** A pattern of each that match a path in common; none where one of them goes by hashes. */
  readonly patterns: readonly [string, string] | undefined;
  /** Do clients end their search with the first one? */
  readonly terminating: boolean;
}

/** What `role` shares with others of its delegator, in the order of search. Linear in their patterns. */
export function overlapsOf({ roles }: Delegations, role: RoleName): readonly Overlap[] {
  const own = roles.get(role);
  if (own === undefined) return [];
  const overlaps: Overlap[] = [];
  let isAfter = false;
  for (const other of roles.values()) {
    if (other === own) isAfter = true;
    const shared = other === own ? undefined : sharedOf(own, other);
    if (shared === undefined) continue;
    const [first, second] = isAfter ? [own, other] : [other, own];
    overlaps.push({
      first: first.name,
      second: second.name,
      patterns: shared === 'hashes' ? undefined : shared,
      terminating: first.terminating,
    });
  }
  return overlaps;
}

function sharedOf(a: RoleDefinition, b: RoleDefinition): 'hashes' | readonly [string, string] | undefined {
  if (a.pathHashPrefixes.length > 0 && b.pathHashPrefixes.length > 0) {
    const others = b.pathHashPrefixes;
    const isShared = a.pathHashPrefixes.some(prefix =>
      others.some(other => other.startsWith(prefix) || prefix.startsWith(other)),
    );
    return isShared ? 'hashes' : undefined;
  }
  // A path may have any hash.
  if (a.pathHashPrefixes.length > 0 || b.pathHashPrefixes.length > 0) return 'hashes';
  for (const pattern of a.paths) {
    const other = b.paths.find(candidate => patternsOverlap(pattern, candidate));
    if (other !== undefined) return [pattern, other];
  }
  return undefined;
}
