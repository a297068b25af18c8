import type { Updater } from '../client/updater.ts';
import type { Delegations } from '../metadata/delegation.ts';
import type { Document } from '../metadata/document.ts';
import { ROOT, type RoleName, SNAPSHOT, TARGETS, TIMESTAMP } from '../metadata/names.ts';

/** Each role of a site once, as a client verifies it: the top-level ones, then those below. Throws {@link ClientError}. */
export async function* siteDocuments(updater: Updater): AsyncIterable<readonly [RoleName, Document]> {
  const { root, timestamp, snapshot, targets } = await updater.refresh();
  yield [ROOT, root];
  yield [TIMESTAMP, timestamp];
  yield [SNAPSHOT, snapshot];
  yield [TARGETS, targets];
  const seen = new Set<RoleName>([TARGETS]);
  const pending: Delegations[] = [targets.signed.delegations];
  for (let delegations = pending.pop(); delegations !== undefined; delegations = pending.pop()) {
    for (const role of delegations.roles.keys()) {
      if (seen.has(role)) continue;
      seen.add(role);
      const document = await updater.loadTargets(delegations, role);
      yield [role, document];
      pending.push(document.signed.delegations);
    }
  }
}
