import { listed } from '../event/words.ts';
import { computeKeyid } from '../metadata/key.ts';
import { type Keyid, ROOT, type RoleName, SNAPSHOT, TIMESTAMP } from '../metadata/names.ts';
import { EXPIRY_PERIOD_MEMBER, SIGNING_PERIOD_MEMBER } from '../metadata/periods.ts';
import { withKey, withoutKeys, withTerms } from '../repository/delegator-edits.ts';
import { delegationGraph } from '../repository/delegators.ts';
import { onlineKey } from '../repository/documents.ts';
import type { Draft } from '../repository/draft.ts';
import { invitedTo } from '../repository/state.ts';
import { invitesOf, type RepositoryTree } from '../repository/tree.ts';
import { type Edit, type OnlineKey, type RoleChanges, withdraw } from './delegate-request.ts';
import { OperationError } from './error.ts';

/** What can be said of snapshot and timestamp. */
const KNOWN: ReadonlySet<keyof RoleChanges> = new Set<keyof RoleChanges>(['online', 'periods']);

/**
 * Changes snapshot or timestamp, all of which stands in root: the key of both, which is one, or the periods of the one that is
 * named. Automation signs them anew with the next online signing.
 */
export function editOnlineRoles({ request, draft, tree }: Edit): void {
  const { role, online, periods } = request;
  const foreign = flagsOf(request).filter(name => !KNOWN.has(name));
  if (foreign.length > 0) {
    throw new OperationError(
      'REFUSED',
      `${role} is signed by automation: only its key (--online-key) and its periods (--periods) can be changed`,
    );
  }
  if (online === undefined && periods === undefined) {
    throw new OperationError('MISSING_ANSWER', `say what is to change of ${role}: --online-key or --periods`);
  }
  if (online !== undefined) {
    // Rule `online`: both are signed by the same keys with the same threshold.
    for (const each of [SNAPSHOT, TIMESTAMP]) replaceByOnline(draft, tree, each, ROOT, online);
  }
  if (periods !== undefined) {
    const terms = {
      [EXPIRY_PERIOD_MEMBER]: periods.expiryDays,
      [SIGNING_PERIOD_MEMBER]: periods.signingDays,
    };
    draft.edit(ROOT, signed => withTerms(signed, role, terms));
  }
}

const CHANGES: readonly (keyof RoleChanges)[] = [
  'signers',
  'addSigners',
  'removeSigners',
  'threshold',
  'periods',
  'online',
  'delegator',
  'paths',
  'terminating',
  'before',
];

/** What the request says anything of. */
export const flagsOf = (request: RoleChanges): readonly (keyof RoleChanges)[] =>
  CHANGES.filter(name => request[name] !== undefined);

/** A delegated role gets an online key, in the place of all others and of whoever is invited. */
export function editOnlineKey({ request, draft, tree, graph }: Edit, delegator: RoleName): void {
  const { role, online } = request;
  if (online === undefined) return;
  if (role === ROOT)
    throw new OperationError('REFUSED', 'root is signed by people: an online key can not stand in for them');
  const below = [...graph.roles.values()].filter(found => found.delegator === role).map(found => found.role);
  if (below.length > 0) {
    throw new OperationError(
      'REFUSED',
      `${role} says who signs ${listed(below, 4)}: an online key must not decide that`,
    );
  }
  replaceByOnline(draft, tree, role, delegator, online);
  for (const owner of invitedTo(invitesOf(tree), role)) withdraw(draft, owner, role);
}

function replaceByOnline(
  draft: Draft,
  tree: RepositoryTree,
  role: RoleName,
  delegator: RoleName,
  online: OnlineKey,
): void {
  const key = onlineKey(online.key, online.uri);
  const keyid = computeKeyid(key);
  const known = delegationGraph(tree).roles.get(role)?.definition.keyids ?? [];
  draft.edit(delegator, signed => {
    const added = withKey(signed, role, key);
    const gone = new Set<Keyid>(known.filter(id => id !== keyid));
    return withTerms(withoutKeys(added, role, gone), role, { threshold: 1 });
  });
}
