import { jsonEqual } from '../../json.ts';
import {
  type Delegations,
  noDelegations,
  type RoleDefinition,
  writtenRoles,
} from '../../metadata/delegation.ts';
import { type Document, isRoot } from '../../metadata/document.ts';
import { MetadataError } from '../../metadata/error.ts';
import { computeKeyid, type Key, publicKeyOf } from '../../metadata/key.ts';
import { isOnlineRole, type Keyid, parseKeyOwner, ROOT, type RoleName } from '../../metadata/names.ts';
import { distinctKeys } from '../../metadata/quorum.ts';
import { invitedTo } from '../../repository/state.ts';
import { documentOf, invitesOf } from '../../repository/tree.ts';
import type { Context } from '../context.ts';
import { type Finding, refuse, warn } from '../reason.ts';
import { keyName, listed, longId, plural, quoted, shortId } from '../words.ts';
import { always, type Rule } from './rule.ts';

/** Each key says who holds it: a person or the automation, and root's are held by people. */
export const keyTags: Rule = {
  id: 'key-tags',
  source: 'tuf-on-ci format, x-tuf-on-ci-keyowner and x-tuf-on-ci-online-uri',
  modes: ['event'],
  *check({ changed }) {
    for (const [delegator, document] of changed) {
      for (const key of document.signed.delegations.keys.values()) yield* checkTags(delegator, key);
      if (isRoot(document)) yield* checkHolders(document);
      yield* checkUse(delegator, document.signed.delegations);
    }
  },
};

function* checkTags(delegator: RoleName, key: Key): Iterable<Finding> {
  const where = `key ${shortId(key.keyid)}`;
  if (key.owner === undefined && key.onlineUri === undefined) {
    yield refuse(`${where} names neither an owner nor an online URI`, delegator);
  } else if (key.owner !== undefined && key.onlineUri !== undefined) {
    yield refuse(`${where} names both an owner and an online URI`, delegator);
  } else if (key.owner !== undefined && !isOwner(key.owner)) {
    yield refuse(`${where}: its owner is no account name in lower case, as in @name`, delegator);
  } else if (key.onlineUri !== undefined && !ONLINE_URI.test(key.onlineUri)) {
    yield refuse(`${where}: its online URI ${quoted(key.onlineUri)} is none, as in gcpkms:NAME`, delegator);
  }
}

/** A scheme and something after it, in printable ASCII. Which schemes may be used is the policy's. Source: RFC 3986, section 3.1. */
const ONLINE_URI = /^[a-z][a-z0-9+.-]{1,30}:[!-~]{1,1000}$/;

function isOwner(owner: string): boolean {
  try {
    return parseKeyOwner(owner) === owner;
  } catch (error) {
    if (error instanceof MetadataError) return false;
    throw error;
  }
}

function* checkHolders(root: Document): Iterable<Finding> {
  const { keys, roles } = root.signed.delegations;
  for (const role of roles.values()) {
    for (const keyid of role.keyids) {
      const key = keys.get(keyid);
      if (role.name === ROOT && key?.onlineUri !== undefined) {
        yield refuse(`key ${shortId(keyid)} of root is online: root is signed by people`, ROOT);
      }
      if (isOnlineRole(role.name) && key?.owner !== undefined) {
        yield refuse(`key ${shortId(keyid)} of ${role.name} is a person's: it is signed by automation`, ROOT);
      }
    }
  }
}

function* checkUse(delegator: RoleName, delegations: Delegations): Iterable<Finding> {
  const used = new Set(writtenRoles(delegations).flatMap(role => role.keyids));
  for (const key of delegations.keys.values()) {
    if (!used.has(key.keyid)) {
      yield warn(`key ${shortId(key.keyid)} (${keyName(key)}) is listed but no role uses it`, delegator);
    }
  }
}

/** A key's id is the digest of the key: else one could be swapped under a name that people have learned. */
export const keyid: Rule = {
  id: 'keyid',
  source: 'TUF 1.0.34 section 4.2, KEYID; TAP 12 is not in use here',
  modes: ['event'],
  *check({ changed, knownGood }) {
    for (const [delegator, document] of changed) {
      const known = documentOf(knownGood, delegator)?.signed.delegations.keys;
      for (const key of document.signed.delegations.keys.values()) {
        const computed = computeKeyid(key.raw);
        if (computed === key.keyid) continue;
        const message = `key ${longId(key.keyid)} (${keyName(key)}) is listed under a keyid that is not its digest ${longId(computed)}`;
        const before = known?.get(key.keyid);
        if (before !== undefined && jsonEqual(before.raw, key.raw))
          yield warn(`${message}, as on main`, delegator);
        else yield refuse(message, delegator);
      }
    }
  },
};

/** A quorum counts distinct public keys, and it can be reached. */
export const distinctKeysRule: Rule = {
  id: 'distinct-keys',
  source: 'TUF 1.0.34 section 4.3, threshold; GHSA-fphv-w9fq-2525',
  modes: always,
  *check(context) {
    const delegators = context.mode === 'event' ? context.changed.keys() : context.tree.documents.keys();
    for (const delegator of delegators) {
      const delegations = documentOf(context.tree, delegator)?.signed.delegations ?? noDelegations;
      for (const role of writtenRoles(delegations)) yield* checkReach(context, delegator, role, delegations);
    }
  },
};

function* checkReach(
  context: Context,
  delegator: RoleName,
  definition: RoleDefinition,
  delegations: Delegations,
): Iterable<Finding> {
  const role = definition.name;
  for (const id of definition.keyids) {
    if (!delegations.keys.has(id))
      yield refuse(`${role} names key ${shortId(id)}, which ${delegator} does not list`, role);
  }
  for (const twins of twinKeys(delegations, definition.keyids)) {
    const message = `${role} lists one public key under ${twins.length} keyids: ${listed(twins.map(longId))}`;
    // It counts once, wherever it is counted; an imported main has it until its delegator is signed anew.
    yield context.mode === 'known-good' ? warn(message, role) : refuse(message, role);
  }
  const keys = distinctKeys(delegations, definition).size;
  const invited = invitedTo(invitesOf(context.tree), role).length;
  if (definition.threshold > keys + invited) {
    const open = invited === 0 ? '' : ` and ${plural(invited, 'open invitation')}`;
    yield refuse(
      `${role} asks for ${plural(definition.threshold, 'signature')} but has ${plural(keys, 'key')}${open}`,
      role,
    );
  }
}

function twinKeys(delegations: Delegations, keyids: readonly Keyid[]): readonly (readonly Keyid[])[] {
  const byFingerprint = new Map<string, Keyid[]>();
  for (const id of keyids) {
    const key = delegations.keys.get(id);
    const publicKey = key === undefined ? undefined : publicKeyOf(key);
    if (publicKey === undefined || publicKey instanceof MetadataError) continue;
    const twins = byFingerprint.get(publicKey.fingerprint);
    if (twins === undefined) byFingerprint.set(publicKey.fingerprint, [id]);
    else twins.push(id);
  }
  return [...byFingerprint.values()].filter(ids => ids.length > 1);
}

/** A quorum of one person is none. */
export const distinctOwners: Rule = {
  id: 'distinct-owners',
  source: 'shared design, rule table',
  modes: ['event'],
  *check({ changed }) {
    for (const document of changed.values()) {
      const { delegations } = document.signed;
      for (const role of writtenRoles(delegations)) {
        const counts = new Map<string, number>();
        for (const key of distinctKeys(delegations, role).values()) {
          if (key.owner !== undefined) counts.set(key.owner, (counts.get(key.owner) ?? 0) + 1);
        }
        for (const [owner, count] of counts) {
          if (role.threshold > 1 && count >= role.threshold) {
            yield warn(
              `${owner} alone holds ${count} keys of ${role.name}, enough for its threshold`,
              role.name,
            );
          }
        }
      }
    }
  },
};
