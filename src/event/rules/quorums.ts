import { type JsonObject, jsonEqual, withMembers } from '../../json.ts';
import type { Delegations } from '../../metadata/delegation.ts';
import { noDelegations } from '../../metadata/delegation.ts';
import { type Document, signedBytes } from '../../metadata/document.ts';
import { MetadataError } from '../../metadata/error.ts';
import { publicKeyOf } from '../../metadata/key.ts';
import { isOnlineRole, type Keyid, ROOT, type RoleName } from '../../metadata/names.ts';
import { type Quorum, verifyQuorum, verifySignature } from '../../metadata/quorum.ts';
import { documentOf, roleFile, rootOf } from '../../repository/tree.ts';
import type { Context } from '../context.ts';
import { withNames } from '../named-keys.ts';
import { awaits, type Finding, refuse, warn } from '../reason.ts';
import { keyName, keyNames, listed, plural, quoted, shortId } from '../words.ts';
import { historyOf } from './history.ts';
import { always, type Rule } from './rule.ts';

/** A new root is signed by the old quorum, which hands over, and by its own. */
export const rootQuorum: Rule = {
  id: 'root-quorum',
  source: 'TUF 1.0.34 section 5.3.4',
  modes: always,
  *check(context) {
    if (context.mode !== 'event') {
      yield* checkChain(context);
      return;
    }
    const document = context.changed.get(ROOT);
    if (document === undefined) return;
    const old = context.oldRootQuorum();
    const main = rootOf(context.knownGood)?.signed.delegations ?? noDelegations;
    const oldKeys = withNames(main, document.signed.delegations);
    if (rootOf(context.knownGood) === undefined && context.knownGood.metadata.has(roleFile(ROOT))) {
      yield refuse("main's root can not be read, so that nobody can hand over to a new one", ROOT);
    }
    if (old !== undefined && !old.met) yield awaits(shortfall(old, oldKeys, "of main's root"), ROOT);
    const own = context.quorumOf(ROOT);
    if (own !== undefined && !own.met) {
      yield awaits(
        shortfall(own, document.signed.delegations, old === undefined ? '' : 'of the new root'),
        ROOT,
      );
    }
  },
};

/** Every root follows from the one before it, so that a client of any age arrives at this one. */
function* checkChain({ facts, tree }: Context): Iterable<Finding> {
  const current = rootOf(tree);
  if (current === undefined) return; // rule schema says so
  for (const version of new Set([...historyOf(tree).keys(), current.signed.version])) {
    if (facts.history.has(version)) continue;
    yield refuse(`root_history/${version}.root.json was not read`, ROOT);
    return;
  }
  let before: Document | undefined;
  for (const [version, parsed] of [...facts.history].sort(([a], [b]) => a - b)) {
    if (!parsed.ok) {
      yield refuse(`root_history/${version}.root.json: ${parsed.error.message}`, ROOT);
      return;
    }
    const root = parsed.value;
    if (root.signed.version !== version) {
      yield refuse(`root_history/${version}.root.json says that it is version ${root.signed.version}`, ROOT);
    }
    for (const [delegations, whose] of [
      [before?.signed.delegations, `the quorum of version ${version - 1}`],
      [root.signed.delegations, 'its own quorum'],
    ] as const) {
      if (delegations !== undefined && !verifyQuorum(root, delegations, ROOT).met) {
        yield refuse(`root version ${version} is not signed by ${whose}`, ROOT);
      }
    }
    before = root;
  }
}

/** Each role meets what its delegator asks, also where the delegator alone has changed. */
export const roleQuorum: Rule = {
  id: 'role-quorum',
  source: 'TUF 1.0.34 sections 5.4.2, 5.5.3 and 5.6.3',
  modes: always,
  *check(context) {
    for (const [role, { delegations }] of context.graph.roles) {
      if (isOnlineRole(role) || (role === ROOT && context.mode === 'event' && context.changed.has(ROOT)))
        continue;
      if (context.isSettled(role)) continue;
      const quorum = context.quorumOf(role);
      if (quorum === undefined && context.changes.get(role) === 'unchanged')
        yield refuse(`metadata/${roleFile(role)}, as on main, can not be read`, role);
      if (quorum === undefined || quorum.met) continue; // rules orphans and schema: missing or changed and unreadable
      // Where neither has changed, what lacks is main's own fault.
      const handedOn =
        context.mode === 'event' && !context.changed.has(role) && !context.hasSameDelegation(role);
      const why = handedOn ? ', as its keys or threshold changed' : '';
      const message = shortfall(quorum, delegations, '') + why;
      yield context.mode === 'event' ? awaits(message, role) : refuse(message, role);
    }
  },
};

function shortfall(quorum: Quorum, delegations: Delegations, whose: string): string {
  const missing = listed(keyNames(quorum.missing, delegations));
  const of = whose === '' ? '' : ` ${whose}`;
  const from = quorum.missing.length === 0 ? '' : `; can sign: ${missing}`;
  return `${quorum.signed.length} of ${plural(quorum.threshold, 'signature')}${of}${from}`;
}

/** Signatures are unambiguous; stray ones are named. */
export const signatureIds: Rule = {
  id: 'signature-ids',
  source: 'TUF 1.0.34 section 4.2, signatures',
  modes: always,
  *check(context) {
    for (const [role, document] of context.changed) {
      const eligible = eligibleKeys(context, role);
      const seen = new Set<Keyid>();
      for (const { keyid, sig } of document.signatures) {
        if (seen.has(keyid)) yield refuse(`two signatures stand under keyid ${shortId(keyid)}`, role);
        seen.add(keyid);
        const isEligible = eligible.some(({ keys }) => keys.has(keyid));
        if (!isHex(sig) || !(isEligible || isHex(keyid))) {
          const message = `the signature under keyid ${quoted(keyid)} is not in lower-case hex: clients could not read the document`;
          // Main's own has to be mended by an event that stands on it.
          yield context.mode === 'known-good' ? warn(message, role) : refuse(message, role);
        } else if (sig !== '' && !isEligible) {
          yield warn(`the signature of ${shortId(keyid)} counts for nothing: ${role} has no such key`, role);
        }
      }
      yield* invalidSignatures(context, role);
      if (context.changes.get(role) === 'signatures') yield* lostSignatures(context, role, document);
    }
  },
};

/** Nobody takes a signature off main, or writes beside it, while what is signed stays: no quorum is asked about that. */
function* lostSignatures(context: Context, role: RoleName, document: Document): Iterable<Finding> {
  const known = documentOf(context.knownGood, role);
  if (known === undefined) return;
  const kept = new Set(document.signatures.map(({ keyid, sig }) => `${keyid} ${sig}`));
  const eligible = eligibleKeys(context, role);
  for (const { keyid, sig } of known.signatures) {
    if (kept.has(`${keyid} ${sig}`)) continue;
    const key = eligible.map(({ keys }) => keys.get(keyid)).find(found => found !== undefined);
    const publicKey = key === undefined ? undefined : publicKeyOf(key);
    if (key === undefined || publicKey === undefined || publicKey instanceof MetadataError) continue;
    if (!verifySignature(publicKey, signedBytes(document), sig)) continue;
    yield refuse(`the signature of ${keyName(key)}, which main has, is gone while its content stays`, role);
  }
  const beside = ({ raw }: Document): JsonObject => withMembers(raw, new Map([['signatures', undefined]]));
  if (!jsonEqual(beside(known), beside(document)))
    yield refuse('what stands beside signed and signatures changes while the content stays', role);
}

/** Also empty. go-tuf and tough decode before they verify: one signature that they can't ends it, and a root stays for ever. */
const isHex = (text: string): boolean => /^(?:[0-9a-f]{2})*$/.test(text);

function* invalidSignatures(context: Context, role: RoleName): Iterable<Finding> {
  const quorums = [context.quorumOf(role), role === ROOT ? context.oldRootQuorum() : undefined];
  const invalid = new Set(quorums.flatMap(quorum => quorum?.invalid ?? []));
  for (const keyid of invalid) {
    const key = eligibleKeys(context, role)
      .map(({ keys }) => keys.get(keyid))
      .find(found => found !== undefined);
    const name = key === undefined ? shortId(keyid) : keyName(key);
    const again = key?.owner === undefined ? 'it has to be made again' : 'they have to sign again';
    yield warn(`the signature of ${name} was over other bytes and is void: ${again}`, role);
  }
}

/** Whose signatures can count on `role`: its delegator's keys, and for root those of known-good's root. */
function eligibleKeys(context: Context, role: RoleName): readonly Delegations[] {
  const own = context.graph.roles.get(role)?.delegations;
  const old = role === ROOT ? documentOf(context.knownGood, ROOT)?.signed.delegations : undefined;
  return [own, old].filter(delegations => delegations !== undefined);
}
