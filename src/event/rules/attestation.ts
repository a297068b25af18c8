import type { Key } from '../../metadata/key.ts';
import { isOnlineRole, type Keyid, type RoleName } from '../../metadata/names.ts';
import { advisoriesOn, unmetTerms } from '../../policy/attestation.ts';
import { forRole } from '../../policy/policy.ts';
import { attestationsOf, liveKeyids, roleKeys } from '../../repository/attestations.ts';
import { attestationFile, type TreeEntry } from '../../repository/tree.ts';
import { cardOf, fingerprintOf } from '../cards.ts';
import type { Context } from '../context.ts';
import { type Finding, refuse, warn } from '../reason.ts';
import { keyName, listed, longId } from '../words.ts';
import type { Rule } from './rule.ts';

/**
 * A key that joins is one that a card made and keeps, as far as the policy asks for it. Keys that were there before are named
 * where they fall short and never refused: a policy must not stop the renewal that would mend it.
 */
export const attestation: Rule = {
  id: 'attestation',
  source: 'Yubico, "PIV attestation"; advisory YSA-2024-03; shared design, rule table',
  modes: ['event', 'publish'],
  *check(context) {
    const files = attestationsOf(context.tree);
    if (context.mode === 'event') yield* keptFiles(context, files);
    const judged = new Map<Keyid, Severe>();
    const said = new Set<string>();
    for (const role of context.graph.roles.keys()) {
      if (!isOnlineRole(role)) yield* checkRole(context, role, { files, judged, said });
    }
    if (files.size > 1) yield* sharedCards(context, files, judged);
  },
};

type Severe = typeof refuse;

/** What one run of the rule goes along with. */
interface Course {
  readonly files: ReadonlyMap<Keyid, TreeEntry>;
  /** How hard a key's attestation was judged: as its hardest role asks. */
  readonly judged: Map<Keyid, Severe>;
  /** What was told of attestations: a key of several roles is told about once, unless a later role asks for more. */
  readonly said: Set<string>;
}

/** What was attested once stays as it is while the key is in use; and nothing else lies among the attestations. */
function* keptFiles(context: Context, files: ReadonlyMap<Keyid, TreeEntry>): Iterable<Finding> {
  const known = attestationsOf(context.knownGood);
  if (files.size === 0 && known.size === 0) return;
  const live = liveKeyids(context.graph);
  for (const [keyid, { oid }] of known) {
    if (!live.has(keyid)) continue;
    const now = files.get(keyid);
    const what = now === undefined ? 'was removed' : now.oid === oid ? undefined : 'was changed';
    if (what !== undefined)
      yield refuse(`metadata/${attestationFile(keyid)} ${what} while the key is in use`);
  }
  for (const keyid of files.keys()) {
    if (live.has(keyid)) continue;
    const message = `metadata/${attestationFile(keyid)} is of a key that no role has`;
    yield known.has(keyid) ? warn(message) : refuse(message);
  }
}

function* checkRole(context: Context, role: RoleName, { files, judged, said }: Course): Iterable<Finding> {
  const requirement = forRole(context.policy.attestation.requirement, role);
  const isEvent = context.mode === 'event';
  if (!isEvent && requirement === 'off') return;
  const known = attestationsOf(context.knownGood);
  const severe = requirement === 'require' && isEvent ? refuse : warn;
  const unattested: Key[] = [];
  for (const { key, joins } of roleKeys(context.knownGraph, context.graph, role)) {
    const file = files.get(key.keyid);
    if (isEvent && !joins && file !== undefined && known.get(key.keyid)?.oid === file.oid) continue;
    if (file !== undefined) {
      if (judged.get(key.keyid) !== refuse) judged.set(key.keyid, severe);
      for (const finding of checkKey(context, role, key, severe)) {
        if (finding.severity !== 'warn' || !said.has(finding.message)) yield finding;
        said.add(finding.message);
      }
    } else if (requirement !== 'off') {
      if (isEvent && joins) yield severe(joinsWithout(key), role);
      else unattested.push(key);
    }
  }
  if (unattested.length > 0) {
    yield warn(
      `has keys without the attestation that the policy asks for: ${listed(unattested.map(keyName))}`,
      role,
    );
  }
}

const joinsWithout = (key: Key): string =>
  key.owner === undefined
    ? `${keyName(key)} joins and can have no attestation, which the policy asks for: it is no card's`
    : `${keyName(key)} joins without the attestation that the policy asks for: generate the key on the card, and join anew`;

function* checkKey(context: Context, role: RoleName, key: Key, severe: Severe): Iterable<Finding> {
  const whose = `the attestation of ${keyName(key)}'s key ${longId(fingerprintOf(key) ?? key.keyid)}`;
  const result = context.facts.attestations.get(key.keyid);
  if (result === undefined) {
    yield severe(`${whose} was not verified`, role);
  } else if (!result.ok) {
    yield severe(`${whose} does not verify: ${result.reason}`, role);
  } else if (cardOf(key, context.facts.attestations) === undefined) {
    yield severe(`${whose} is of another key, ${longId(result.fingerprint)}`, role);
  } else {
    for (const unmet of unmetTerms(result, context.policy.attestation))
      yield severe(`${whose}: ${unmet}`, role);
    for (const advisory of advisoriesOn(result, key.keytype)) yield warn(`${whose}: ${advisory}`, role);
  }
}

/** One card in two people's names is one person, or one drawer. */
function* sharedCards(
  context: Context,
  files: ReadonlyMap<Keyid, TreeEntry>,
  judged: ReadonlyMap<Keyid, Severe>,
): Iterable<Finding> {
  const cards = new Map<string, { readonly serial: number; readonly keys: Map<string, Key> }>();
  for (const { role, definition, delegations } of context.graph.roles.values()) {
    if (isOnlineRole(role)) continue;
    for (const keyid of definition.keyids) {
      const key = files.has(keyid) ? delegations.keys.get(keyid) : undefined;
      const card = key === undefined ? undefined : cardOf(key, context.facts.attestations);
      if (key === undefined || card === undefined) continue;
      const id = `${card.ca} ${card.serial}`;
      const entry = cards.get(id) ?? { serial: card.serial, keys: new Map<string, Key>() };
      cards.set(id, entry);
      // Of one owner's keys on the card the one that is judged the hardest speaks for them.
      const name = keyName(key);
      if (!entry.keys.has(name) || judged.get(keyid) === refuse) entry.keys.set(name, key);
    }
  }
  for (const { serial, keys } of cards.values()) {
    if (keys.size < 2) continue;
    const severe = [...keys.values()].some(({ keyid }) => judged.get(keyid) === refuse) ? refuse : warn;
    yield severe(`card ${serial} holds keys of more than one owner: ${listed([...keys.keys()])}`);
  }
}
