import { longId, plural } from '../../event/words.ts';
import type { Delegations, RoleDefinition } from '../../metadata/delegation.ts';
import { computeKeyid, decodeKey, type Key, requirePublicKey } from '../../metadata/key.ts';
import { isOnlineRole, type Keyid, type KeyOwner, ROOT, type RoleName } from '../../metadata/names.ts';
import type { KeyObject } from '../../repository/delegator-edits.ts';
import { onlineKey, type PublicKeyParts, personKey, type RolePeriods } from '../../repository/documents.ts';
import { algorithmOf, publicPartsOf } from '../../signers/file-algorithms.ts';
import type { OnlineKey } from '../delegate.ts';
import { OperationError } from '../error.ts';
import type { Published } from './read-published.ts';

/** Who holds a key: a person, or automation under a URI. */
export type KeyHolder = { readonly owner: KeyOwner } | { readonly onlineUri: string };

/** What the published repository does not say of itself, and one of ours has to. */
export interface Adoption {
  /** By keyid as published. A key that nobody is named for, here or by its own tag, is not carried on. */
  readonly holders: ReadonlyMap<Keyid, KeyHolder>;
  /** Who joins a role with a new key. */
  readonly invites: ReadonlyMap<RoleName, readonly KeyOwner[]>;
  /** What is left out stays as it is. */
  readonly thresholds: ReadonlyMap<RoleName, number>;
  readonly periods: ReadonlyMap<RoleName, RolePeriods>;
  /** What signs snapshot and timestamp from now on; needed unless their key says already where it is. */
  readonly online: OnlineKey | undefined;
}

/** Who will sign a role. */
export interface PlannedRole {
  readonly role: RoleName;
  readonly delegator: RoleName;
  readonly keys: readonly KeyObject[];
  readonly threshold: number;
  readonly invites: readonly KeyOwner[];
}

/** A key that does not say whose it is, and what it signs. */
export interface NamelessKey {
  readonly key: Key;
  readonly fingerprint: string;
  readonly roles: readonly RoleName[];
}

/** The keys of roles that people sign which have to be given a holder, each public key once. */
export function namelessKeys(published: Published): readonly NamelessKey[] {
  const found = new Map<string, { key: Key; roles: RoleName[] }>();
  for (const { definition, delegations } of delegatedRoles(published)) {
    if (isOnlineRole(definition.name)) continue;
    for (const key of keysOf(definition, delegations)) {
      if (key.owner !== undefined || key.onlineUri !== undefined) continue;
      const { fingerprint } = requirePublicKey(key);
      const known = found.get(fingerprint) ?? { key, roles: [] };
      found.set(fingerprint, known);
      known.roles.push(definition.name);
    }
  }
  return [...found].map(([fingerprint, { key, roles }]) => ({
    key,
    fingerprint,
    roles: [...new Set(roles)],
  }));
}

/** A role that the keys carried on can't sign. */
export interface ShortRole {
  readonly role: RoleName;
  readonly keys: number;
  readonly threshold: number;
}

/** The roles that people have to join with new keys, if their thresholds are to stay as they are. */
export const shortRoles = (published: Published, holders: Adoption['holders']): readonly ShortRole[] =>
  delegatedRoles(published)
    .filter(({ definition }) => !isOnlineRole(definition.name))
    .map(({ definition, delegations }) => ({
      role: definition.name,
      keys: carriedOn(definition, delegations, holders).length,
      threshold: definition.threshold,
    }))
    .filter(({ keys, threshold }) => keys < threshold);

/**
 * Who signs which role after the import. Throws {@link OperationError} `REFUSED` where a quorum would be out of reach, where
 * something is said of a key or role that is not there, or where nobody says what signs online.
 */
export function planRoles(published: Published, adoption: Adoption): readonly PlannedRole[] {
  const roles = delegatedRoles(published).map(({ delegator, definition, delegations }): PlannedRole => {
    const role = definition.name;
    const given = isOnlineRole(role) ? adoption.online : undefined;
    return {
      role,
      delegator,
      keys:
        given === undefined
          ? carriedOn(definition, delegations, adoption.holders)
          : [onlineKey(given.key, given.uri)],
      threshold: adoption.thresholds.get(role) ?? (given === undefined ? definition.threshold : 1),
      invites: adoption.invites.get(role) ?? [],
    };
  });
  requireKnown(published, adoption, roles);
  const bins = binsOf(published);
  for (const planned of roles) requireReach(planned, published, bins.has(planned.role));
  return roles;
}

interface DelegatedRole {
  readonly delegator: RoleName;
  readonly definition: RoleDefinition;
  readonly delegations: Delegations;
}

const delegatedRoles = ({ root, documents }: Published): readonly DelegatedRole[] =>
  [[ROOT, root] as const, ...documents].flatMap(
    ([
      delegator,
      {
        signed: { delegations },
      },
    ]) => [...delegations.roles.values()].map(definition => ({ delegator, definition, delegations })),
  );

/** The bins of `succinct_roles`, which share one set of signers. */
const binsOf = (published: Published): ReadonlySet<RoleName> =>
  new Set(
    delegatedRoles(published)
      .filter(({ delegations }) => delegations.succinct !== undefined)
      .map(({ definition }) => definition.name),
  );

const keysOf = (definition: RoleDefinition, { keys }: Delegations): readonly Key[] =>
  definition.keyids.flatMap(keyid => keys.get(keyid) ?? []);

/** Each public key once, in today's form and with its holder's name, which gives it a keyid of its own. */
function carriedOn(
  definition: RoleDefinition,
  delegations: Delegations,
  holders: Adoption['holders'],
): readonly KeyObject[] {
  const byFingerprint = new Map<string, KeyObject>();
  const named = new Map(
    keysOf(definition, delegations).flatMap(key => {
      const holder = holders.get(key.keyid);
      return holder === undefined ? [] : [[requirePublicKey(key).fingerprint, holder] as const];
    }),
  );
  for (const key of keysOf(definition, delegations)) {
    const { fingerprint } = requirePublicKey(key);
    const holder = named.get(fingerprint);
    if (byFingerprint.has(fingerprint)) continue;
    if (holder !== undefined) byFingerprint.set(fingerprint, withHolder(key, holder));
    else if (key.owner !== undefined || key.onlineUri !== undefined) byFingerprint.set(fingerprint, key.raw);
  }
  return [...byFingerprint.values()];
}

function withHolder(key: Key, holder: KeyHolder): KeyObject {
  const parts = partsOf(key);
  return 'owner' in holder ? personKey(parts, holder.owner) : onlineKey(parts, holder.onlineUri);
}

/** As a key of today is written: PEM rather than a bare point, `ecdsa` rather than the name of the scheme. */
function partsOf(key: Key): PublicKeyParts {
  const { keyObject } = requirePublicKey(key);
  const algorithm = algorithmOf(keyObject);
  return algorithm === undefined
    ? { keytype: key.keytype, scheme: key.scheme, public: key.publicText }
    : publicPartsOf(keyObject, algorithm);
}

function requireKnown(
  published: Published,
  { holders, invites, thresholds, periods }: Adoption,
  planned: readonly PlannedRole[],
): void {
  const roles = new Set(planned.map(({ role }) => role));
  for (const role of [...invites.keys(), ...thresholds.keys(), ...periods.keys()]) {
    if (!roles.has(role)) throw refused(`the published repository has no role ${role}`);
  }
  const bins = binsOf(published);
  for (const role of [...invites.keys(), ...thresholds.keys()]) {
    if (bins.has(role))
      throw refused(
        `${role} is one of the bins of succinct_roles, which share their signers: they come over with the keys and the threshold that they have`,
      );
  }
  for (const role of invites.keys()) {
    if (isOnlineRole(role)) throw refused(`${role} is signed by automation: nobody is invited to it`);
  }
  const keyids = new Set(delegatedRoles(published).flatMap(({ definition }) => definition.keyids));
  for (const keyid of holders.keys()) {
    if (!keyids.has(keyid)) throw refused(`no role has a key ${longId(keyid)}`);
  }
}

function requireReach(
  { role, keys, threshold, invites }: PlannedRole,
  published: Published,
  ofBin: boolean,
): void {
  if (isOnlineRole(role) && (keys.length === 0 || threshold > keys.length)) {
    throw refused(
      `nothing says where the key of ${role} is: name the one that automation is to sign with (--online-key URI)`,
    );
  }
  const owners = new Set(invites);
  if (owners.size !== invites.length) throw refused(`somebody is invited to ${role} twice`);
  if (threshold >= 1 && threshold <= keys.length + invites.length) return;
  const carried = new Set(keys.map(fingerprintOf));
  const nameless = namelessKeys(published)
    .filter(({ fingerprint, roles }) => roles.includes(role) && !carried.has(fingerprint))
    .map(({ key }) => longId(key.keyid));
  const signers = keys.length + invites.length;
  const remedies = [
    ...(nameless.length === 0 ? [] : [`--owner KEYID=@account for ${nameless.join(', ')}`]),
    ...(ofBin ? [] : [`--invite ${role}=@account`]),
    ...(signers === 0 || ofBin ? [] : [`--threshold ${role}=NUMBER, at most ${signers}`]),
  ];
  throw refused(
    `${role} asks for ${plural(threshold, 'signature')} and would have ${plural(keys.length, 'key')} and ${plural(invites.length, 'invitation')}: give ${remedies.join('; or ')}`,
  );
}

/** Do snapshot and timestamp go on with a key that they had? Then their versions have to go on as well. */
export function keepsOnlineKey(published: Published, planned: readonly PlannedRole[]): boolean {
  const before = new Set(
    delegatedRoles(published)
      .filter(({ definition }) => isOnlineRole(definition.name))
      .flatMap(({ definition, delegations }) => keysOf(definition, delegations))
      .map(key => requirePublicKey(key).fingerprint),
  );
  return planned
    .filter(({ role }) => isOnlineRole(role))
    .some(({ keys }) => keys.some(key => before.has(fingerprintOf(key))));
}

const fingerprintOf = (raw: KeyObject): string =>
  requirePublicKey(decodeKey(computeKeyid(raw), raw, 'key')).fingerprint;

const refused = (message: string): OperationError => new OperationError('REFUSED', message);
