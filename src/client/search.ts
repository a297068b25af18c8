import { type Delegations, rolesSpeakingFor } from '../metadata/delegation.ts';
import type { Document, Root, TargetFile, Targets } from '../metadata/document.ts';
import { type RoleName, TARGETS, type TargetPath } from '../metadata/names.ts';

/** A target as the most trusted role that lists it describes it. */
export interface TargetInfo {
  readonly path: TargetPath;
  /** The role that lists it. */
  readonly role: RoleName;
  readonly file: TargetFile;
}

/** Gives a role's metadata, verified against the `delegations` that lead to it. */
export type LoadTargets = (delegations: Delegations, role: RoleName) => Promise<Document<Targets>>;

/** A role, as the delegations that lead to it name it. */
export interface Visit {
  readonly role: RoleName;
  readonly delegations: Delegations;
}

/**
 * TUF 5.6.7: the pre-order depth-first search for a target, step by step: yields each role that it looks into, and is given that
 * role's metadata. `undefined`: no role that may speak for `path` lists it, or not within `maxDelegations` delegated roles.
 */
export function* searchTarget(
  path: TargetPath,
  root: Document<Root>,
  maxDelegations: number,
): Generator<Visit, TargetInfo | undefined, Document<Targets>> {
  const visited = new Set<RoleName>();
  // The last one is the next one.
  const pending: Visit[] = [{ role: TARGETS, delegations: root.signed.delegations }];
  for (let visit = pending.pop(); visit !== undefined; visit = pending.pop()) {
    // 5.6.7.1: cycles are cut, and so is a search that goes on and on.
    if (visited.has(visit.role)) continue;
    if (visited.size > maxDelegations) return undefined;
    visited.add(visit.role);
    const { signed } = yield visit;
    const file = signed.targets.get(path);
    if (file !== undefined) return { path, role: visit.role, file };
    // 5.6.7.2: in order of appearance.
    const children: Visit[] = [];
    for (const role of rolesSpeakingFor(signed.delegations, path)) {
      children.push({ role: role.name, delegations: signed.delegations });
      if (role.terminating) {
        // 5.6.7.2.1: nobody after this one is asked, neither its siblings nor its elders'.
        pending.length = 0;
        break;
      }
    }
    for (const child of children.reverse()) pending.push(child);
  }
  return undefined;
}

/** As {@link searchTarget}, each role loaded when its turn comes. What `load` throws ends the search. */
export async function findTarget(
  path: TargetPath,
  root: Document<Root>,
  load: LoadTargets,
  maxDelegations: number,
): Promise<TargetInfo | undefined> {
  const search = searchTarget(path, root, maxDelegations);
  let step = search.next();
  while (step.done !== true) step = search.next(await load(step.value.delegations, step.value.role));
  return step.value;
}
