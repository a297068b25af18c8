import { longId } from '../../event/words.ts';
import type { BranchName } from '../../git/names.ts';
import { MetadataError } from '../../metadata/error.ts';
import { publicKeyOf } from '../../metadata/key.ts';
import { isOnlineRole, type Keyid, type KeyOwner, type RoleName } from '../../metadata/names.ts';
import { delegationGraph } from '../../repository/delegators.ts';
import type { RepositoryTree } from '../../repository/tree.ts';
import { OperationError } from '../error.ts';

/** One role's listing of a key: the same public key may stand under several keyids. */
export interface Seat {
  readonly role: RoleName;
  /** Whose document lists it. */
  readonly delegator: RoleName;
  readonly keyid: Keyid;
  /** Of the public key. */
  readonly fingerprint: string;
}

/** Where `owner`'s keys stand in a tree, in the order of delegation. Keys that can't be read are passed over. */
export function seatsOf(tree: RepositoryTree, owner: KeyOwner): readonly Seat[] {
  return [...delegationGraph(tree).roles.values()].flatMap(({ role, delegator, definition, delegations }) => {
    if (isOnlineRole(role)) return [];
    return definition.keyids.flatMap((keyid): readonly Seat[] => {
      const key = delegations.keys.get(keyid);
      const publicKey = key?.owner === owner ? publicKeyOf(key) : undefined;
      if (publicKey === undefined || publicKey instanceof MetadataError) return [];
      return [{ role, delegator, keyid, fingerprint: publicKey.fingerprint }];
    });
  });
}

export const fingerprintsOf = (seats: readonly Seat[]): ReadonlySet<string> =>
  new Set(seats.map(({ fingerprint }) => fingerprint));

export const rolesOf = (seats: readonly Seat[]): readonly RoleName[] => [
  ...new Set(seats.map(({ role }) => role)),
];

/** The person's places in the event, in the roles that are meant. Throws {@link OperationError} `NOT_FOUND`. */
export function seatsIn(
  tree: RepositoryTree,
  user: KeyOwner,
  roles: readonly RoleName[] | undefined,
  branch: BranchName,
): readonly Seat[] {
  const all = seatsOf(tree, user);
  const stranger = roles?.find(role => !all.some(seat => seat.role === role));
  if (stranger === undefined && all.length > 0)
    return roles === undefined ? all : all.filter(({ role }) => roles.includes(role));
  const where = stranger === undefined ? 'no role' : `no key of ${stranger}`;
  throw new OperationError(
    'NOT_FOUND',
    `${user} holds ${where} in ${branch}: there is nothing to replace; who signs a role invites others by tuf-signer delegate`,
  );
}

/** The places of the one key that goes. Throws {@link OperationError} `MISSING_ANSWER`, `NOT_FOUND`. */
export function goneSeats(
  seats: readonly Seat[],
  fresh: string,
  replace: string | undefined,
): readonly Seat[] {
  const others = seats.filter(({ fingerprint }) => fingerprint !== fresh);
  const meant = others.filter(({ fingerprint }) => fingerprint.startsWith(replace ?? ''));
  const keys = [...fingerprintsOf(meant)];
  if (keys.length === 1 || others.length === 0) return meant;
  const list = [...fingerprintsOf(others)]
    .map(
      key =>
        `${longId(key)} (${rolesOf(others.filter(({ fingerprint }) => fingerprint === key)).join(', ')})`,
    )
    .join('; ');
  if (keys.length === 0)
    throw new OperationError(
      'NOT_FOUND',
      `you have no key whose fingerprint begins with ${replace ?? ''}: yours are ${list}`,
    );
  throw new OperationError(
    'MISSING_ANSWER',
    `you have several keys: say which one goes by --replace FINGERPRINT: ${list}`,
  );
}

/** Which keys are no new ones: those that main has, and those that the event has put in their place. */
export function newnessOf(
  knownGood: RepositoryTree,
  seats: readonly Seat[],
  user: KeyOwner,
): { readonly present: ReadonlySet<string>; readonly placed: ReadonlySet<string> } {
  const known = fingerprintsOf(seatsOf(knownGood, user));
  // In an event that starts a repository, or in which the person joins, main has no key of theirs.
  const present = known.size > 0 ? known : fingerprintsOf(seats);
  const isReplaced = seats.every(({ fingerprint }) => !present.has(fingerprint));
  return { present, placed: isReplaced ? fingerprintsOf(seats) : new Set() };
}
