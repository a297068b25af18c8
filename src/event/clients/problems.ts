import { isStrictInstant } from '../../clock.ts';
import { isJsonArray, isJsonObject, member } from '../../json.ts';
import { listedRoles, writtenRoles } from '../../metadata/delegation.ts';
import { type Document, documentType, isTargets } from '../../metadata/document.ts';
import { computeKeyid } from '../../metadata/key.ts';
import { ROOT, type RoleName } from '../../metadata/names.ts';
import type { DelegationGraph } from '../../repository/delegators.ts';
import { isAmbiguousPattern } from '../rules/delegations.ts';
import { historyOf } from '../rules/history.ts';
import { keyName, quoted } from '../words.ts';
import { crossings } from './globs.ts';
import { type Hit, hit, type View } from './hit.ts';
import { unknownKeys, unknownSignatures } from './keys.ts';
import { type Client, commonLimits, type ProblemId } from './matrix.ts';

/** One kind of problem. */
export interface Problem {
  /** What the client does, to be followed by a colon and places. */
  says(client: Client): string;
  /** Where `role`'s document gives the client this problem. Pure. */
  find(client: Client, view: View, role: RoleName, document: Document): Iterable<Hit>;
}

/** Targets in one document from which on tuf-js takes half a minute. Source: FIELD notes, "The incumbent's cost". */
const MANY_TARGETS = 10_000;

export const problems: Readonly<Record<ProblemId, Problem>> = {
  keys: {
    says: ({ unknownKey }) => {
      switch (unknownKey) {
        case 'rejects-document':
          return 'rejects a document that lists a key of a kind it is not known to verify';
        case 'rejects-role':
          return 'can not verify a role that has a key of a kind it is not known to verify';
        case 'skips-key':
          return 'is not known to verify some keys, and counts the others alone';
        default:
          return unknownKey satisfies never;
      }
    },
    find: (client, _view, role, document) => unknownKeys(client, role, document.signed.delegations),
  },
  signatures: {
    says: () => 'is known to verify too few of the signatures that are there',
    find: (client, view, role) => unknownSignatures(client, view, role),
  },
  keyids: {
    says: () => 'rejects a document with a keyid that is not the digest of the whole key',
    *find(_client, _view, role, document) {
      for (const key of document.signed.delegations.keys.values()) {
        if (computeKeyid(key.raw) !== key.keyid)
          yield hit(`${role} ${key.keyid}`, `${role} (the key of ${keyName(key)})`);
      }
    },
  },
  'hash-prefixes': {
    says: () => 'goes wrong at roles by path_hash_prefixes',
    *find(_client, _view, _role, document) {
      for (const { name, pathHashPrefixes } of listedRoles(document.signed.delegations).values()) {
        if (pathHashPrefixes.length > 0) yield hit(name);
      }
    },
  },
  'succinct-roles': {
    says: () => 'does not follow succinct_roles',
    *find(_client, _view, role, document) {
      if (document.signed.delegations.succinct !== undefined) yield hit(role);
    },
  },
  'crossing-globs': {
    says: () =>
      'lets * and ? in a path pattern stand for / too, so that a role also takes what is not its own',
    find: (_client, _view, _role, document) => crossings(document.signed.delegations),
  },
  'extended-globs': {
    says: () => 'reads more than * and ? into path patterns',
    *find(_client, _view, _role, document) {
      for (const { name, paths } of listedRoles(document.signed.delegations).values()) {
        const pattern = paths.find(isAmbiguousPattern);
        if (pattern !== undefined) yield hit(`${name} ${pattern}`, `${name} (${quoted(pattern)})`);
      }
    },
  },
  'role-members': {
    says: () => 'can not verify a document whose delegations have x-… members',
    *find(_client, _view, role, document) {
      const delegations = member(document.signed.raw, 'delegations');
      const roles = isJsonObject(delegations) ? member(delegations, 'roles') : undefined;
      if (!isJsonArray(roles) || !roles.some(hasExtension)) return;
      yield hit(role);
    },
  },
  delegations: {
    says: () => 'follows no delegations',
    *find(_client, _view, role, document) {
      const roles = role === ROOT ? [] : writtenRoles(document.signed.delegations);
      // One place for all: it is the first delegation that such a client is lost at.
      for (const { name } of roles) yield hit('delegations', name);
    },
  },
  dates: {
    says: () => 'reads no date but of the form YYYY-MM-DDTHH:MM:SSZ',
    *find(_client, _view, role, document) {
      if (!isStrictInstant(document.signed.expires)) yield hit(role, role, 'breaks', true);
    },
  },
  size: {
    says: () => 'takes no document that is larger than its limit',
    *find({ limits }, _view, role, document) {
      const type = documentType(role);
      const size = document.bytes.length;
      if (size <= limits[type]) return;
      const text = `${role} (${size} bytes of at most ${limits[type]})`;
      yield hit(role, text, 'breaks', size > commonLimits[type]);
    },
  },
  depth: {
    says: ({ limits }) => `follows no more than ${limits.delegations} delegations one after the other`,
    *find({ limits }, { graph }, _role, document) {
      for (const { name } of writtenRoles(document.signed.delegations)) {
        if (isDeeper(graph, name, limits.delegations)) yield hit(name);
      }
    },
  },
  'root-rotations': {
    says: ({ limits }) => `takes no more than ${limits.rootRotations} new roots in one update`,
    *find({ limits }, { tree }, role, document) {
      if (role !== ROOT) return;
      const now = document.signed.version;
      const first = [...historyOf(tree).keys()].reduce((a, b) => Math.min(a, b), now);
      if (now - first > limits.rootRotations)
        yield hit(ROOT, `${ROOT} (from version ${first} to ${now} there are ${now - first})`);
    },
  },
  slow: {
    says: () => 'takes half a minute or more for a role of so many artifacts',
    *find(_client, _view, role, document) {
      const count = isTargets(document) ? document.signed.targets.size : 0;
      if (count >= MANY_TARGETS) yield hit(role, `${role} (${count})`, 'weakens');
    },
  },
};

const hasExtension = (role: unknown): boolean =>
  isJsonObject(role as never) && Object.keys(role as object).some(name => name.startsWith('x-'));

/** Does `role` lie more than `most` delegations below `targets`? Never walks further than that. */
function isDeeper(graph: DelegationGraph, role: RoleName, most: number): boolean {
  let at = graph.roles.get(role);
  for (let depth = 0; at !== undefined && at.delegator !== ROOT; depth++) {
    if (depth === most) return true;
    at = graph.roles.get(at.delegator);
  }
  return false;
}
