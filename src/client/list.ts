import type { Delegations } from '../metadata/delegation.ts';
import type { Document, Targets } from '../metadata/document.ts';
import { type RoleName, TARGETS, type TargetPath } from '../metadata/names.ts';
import { ClientError } from './error.ts';
import { findTarget, type TargetInfo } from './search.ts';
import type { Updater } from './updater.ts';

export interface Listing {
  /** By path, in the order of code units. */
  readonly targets: readonly TargetInfo[];
  /** Delegated roles that can't be had or do not verify, and why: what they list is missing. */
  readonly missing: ReadonlyMap<RoleName, ClientError>;
}

/** Roles asked for at once. */
const AT_ONCE = 8;

/**
 * What a client finds: a path that a role lists without speaking for it, or after a more trusted role, is not that role's.
 * Throws {@link ClientError} where the top-level metadata can't be had.
 */
export async function listTargets(
  updater: Updater,
  maxDelegations: number,
  isWanted: (path: string) => boolean,
): Promise<Listing> {
  const { root } = await updater.refresh();
  const { roles, missing } = await loadAllRoles(updater);
  const paths = new Set<string>();
  for (const role of roles.values()) {
    for (const path of role.signed.targets.keys()) if (isWanted(path)) paths.add(path);
  }
  const targets: TargetInfo[] = [];
  for (const path of [...paths].sort()) {
    const find = findTarget(path as TargetPath, root, updater.loadTargets, maxDelegations);
    const info = await unlessRefusing(find);
    if (info !== undefined && !(info instanceof ClientError)) targets.push(info);
  }
  return { targets, missing };
}

/** Every role by the first delegation that leads to it, some at a time. */
export async function loadAllRoles(updater: Updater): Promise<{
  readonly roles: ReadonlyMap<RoleName, Document<Targets>>;
  readonly missing: ReadonlyMap<RoleName, ClientError>;
}> {
  const { targets } = await updater.refresh();
  const roles = new Map([[TARGETS, targets]]);
  const missing = new Map<RoleName, ClientError>();
  const seen = new Set<RoleName>([TARGETS]);
  let pending: (readonly [Delegations, RoleName])[] = [];
  const follow = ({ signed: { delegations } }: Document<Targets>): void => {
    for (const role of delegations.roles.keys()) {
      if (!seen.has(role)) pending.push([delegations, role]);
      seen.add(role);
    }
  };
  for (follow(targets); pending.length > 0; ) {
    const now = pending.slice(0, AT_ONCE);
    pending = pending.slice(AT_ONCE);
    const loaded = await Promise.all(
      now.map(([delegations, role]) => unlessRefusing(updater.loadTargets(delegations, role))),
    );
    for (const [index, [, role]] of now.entries()) {
      const document = loaded[index];
      if (document instanceof ClientError) missing.set(role, document);
      else if (document !== undefined) {
        roles.set(role, document);
        follow(document);
      }
    }
  }
  return { roles, missing };
}

async function unlessRefusing<T>(outcome: Promise<T>): Promise<T | ClientError> {
  try {
    return await outcome;
  } catch (error) {
    if (error instanceof ClientError && error.code !== 'STORAGE') return error;
    throw error;
  }
}
