import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatInstant } from '../../src/clock.ts';
import type { RuleId } from '../../src/event/reason.ts';
import { type JsonObject, type JsonValue, withMembers } from '../../src/json.ts';
import { type Document, parseDocument, type Signed, signedBytes } from '../../src/metadata/document.ts';
import type { RoleName } from '../../src/metadata/names.ts';
import { verifyQuorum } from '../../src/metadata/quorum.ts';
import { delegationGraph } from '../../src/repository/delegators.ts';
import { documentOf, type Parsed } from '../../src/repository/tree.ts';
import { attempt, documentFaults } from '../support/fuzz-checks.ts';
import { judgeMutant, openDocuments, townScene } from '../support/fuzz-scene.ts';
import { mutate, mutations } from '../support/mutation.ts';
import { delegatorOf, type FuzzRole, fuzzRoles, fuzzSigners } from '../support/mutation-bases.ts';
import { keyOf } from '../support/tree-builder.ts';
import { askPythonTuf, type PeerReading, type Reading } from './support/peer-decoder.ts';

/** Always the same documents: what two decoders say of them is a table, and no lottery. */
const SEED = 20_300_601;
const DOCUMENTS = 5_000;

/** Where parseDocument takes what python-tuf refuses, by its words, and the rule of ours by which no such document is accepted. */
const LOOSER: readonly (readonly [string, RegExp, RuleId])[] = [
  ['any text as spec_version: a better message than "malformed"', /spec_version/, 'schema'],
  ['keys that nobody can use: real roots list some', /Unsupported public key/, 'schema'],
  ['a date with a fraction or an offset: older writers', /does not match format/, 'schema'],
  ['two signatures under one keyid: counted as none', /Multiple signatures found/, 'signature-ids'],
  ['a timestamp without a snapshot', /KeyError: 'snapshot\.json'/, 'online'],
  ['a delegated role without a name', /Delegated roles cannot be empty/, 'ownership'],
  ['the year 0000, which Python has not: expired in any case', /year 0 is out of range/, 'expiry'],
];

/**
 * Where both read a document, and python-tuf finds no valid signature: it verifies what it would write, which is not always
 * what it has read. With the rule of ours by which no such document is accepted.
 */
const UNVERIFIED: readonly (readonly [string, (signed: Signed) => boolean, RuleId])[] = [
  ['a date in small letters', ({ expires }) => /[tz]/.test(expires), 'schema'],
];

const scene = townScene();
const { tree } = scene.published;

interface Mutant {
  readonly name: string;
  readonly role: FuzzRole;
  readonly bytes: Uint8Array;
}

const baseOf = (role: FuzzRole): Uint8Array => documentOf(tree, role as RoleName)?.bytes ?? new Uint8Array();
const parse = (bytes: Uint8Array): Parsed<Document> => attempt(() => parseDocument(bytes), documentFaults);

/** Half of those that can be read are signed anew, so that signatures over the strangest content are compared too. */
function randomMutants(): readonly Mutant[] {
  const donors = openDocuments(scene);
  const drawn = fc.sample(fc.tuple(fc.constantFrom(...fuzzRoles), mutations, fc.boolean()), {
    seed: SEED,
    numRuns: DOCUMENTS,
  });
  return drawn.map(([role, list, signs], i) => {
    const bytes = mutate(baseOf(role), list, donors);
    const name = `number ${i}: ${JSON.stringify(list)} of ${role}`;
    return { name, role, bytes: signs ? signedAnew(role, bytes) : bytes };
  });
}

/** Signed by all who may, where it can be read; else as it is. */
function signedAnew(role: FuzzRole, bytes: Uint8Array): Uint8Array {
  const parsed = parse(bytes);
  if (!parsed.ok) return bytes;
  const payload = signedBytes(parsed.value);
  const signatures = fuzzSigners[role].map((name): JsonValue => {
    const key = keyOf(name);
    return { keyid: key.keyid, sig: Buffer.from(key.sign(payload)).toString('hex') };
  });
  return Buffer.from(JSON.stringify({ signatures, signed: parsed.value.signed.raw }));
}

type Wire = Record<string, JsonValue>;
const without = (signed: Wire, name: string): JsonObject => withMembers(signed, new Map([[name, undefined]]));

/** What chance would not hit on, each signed by its quorum. */
const BY_HAND: readonly (readonly [string, FuzzRole, (signed: Wire) => JsonObject])[] = [
  ['nothing changed', 'targets', signed => signed],
  [
    'names beyond U+FFFF',
    'targets',
    signed => ({ ...signed, '\uffff': 1, '\u{1f600}': 2, '\ud7ff': 3, z: 4 }),
  ],
  [
    'all that JSON escapes',
    'dev',
    signed => ({ ...signed, x: '\0\b\t\n\f\r\u001b"\\/\u007f\u0080\u2028\ufeff' }),
  ],
  [
    'members named as JavaScript does',
    'bin',
    signed => ({ ...signed, ['__proto__']: { a: 1 }, constructor: [] }),
  ],
  ['integer names', 'bin', signed => ({ ...signed, 10: 1, 9: 2, '-1': 3 })],
  ['the largest version', 'dev', signed => ({ ...signed, version: Number.MAX_SAFE_INTEGER })],
  ['negative integers, true, false and null', 'dev', signed => ({ ...signed, x: [-1, true, false, null] })],
  ['a date with a fraction', 'dev', signed => ({ ...signed, expires: '2031-01-01T00:00:00.5Z' })],
  ['a date with an offset', 'dev', signed => ({ ...signed, expires: '2031-01-01T00:00:00+00:00' })],
  ['a date in small letters', 'dev', signed => ({ ...signed, expires: '2031-01-01t00:00:00z' })],
  ['spec_version in two parts', 'dev', signed => ({ ...signed, spec_version: '1.0' })],
  ['spec_version in other digits', 'dev', signed => ({ ...signed, spec_version: '1.\u0660.\u0661' })],
  ['no delegations', 'targets', signed => without(signed, 'delegations')],
  ['empty delegations', 'dev', signed => ({ ...signed, delegations: { keys: {}, roles: [] } })],
  ['no consistent_snapshot', 'root', signed => without(signed, 'consistent_snapshot')],
  [
    'two files in a timestamp',
    'timestamp',
    signed => ({ ...signed, meta: { ...(signed['meta'] as Wire), 'x.json': { version: 1 } } }),
  ],
  ['no file in a snapshot', 'snapshot', signed => ({ ...signed, meta: {} })],
  [
    'a hash of no known kind',
    'snapshot',
    signed => ({ ...signed, meta: { 'targets.json': { version: 1, hashes: { x: 'ab' } } } }),
  ],
  [
    'an empty target path',
    'dev',
    signed => ({ ...signed, targets: { '': { length: 0, hashes: { sha256: 'ab' } } } }),
  ],
  [
    'succinct_roles beside roles',
    'targets',
    signed => ({
      ...signed,
      delegations: {
        ...(signed['delegations'] as Wire),
        succinct_roles: { keyids: [], threshold: 1, bit_length: 8, name_prefix: 'x' },
      },
    }),
  ],
  [
    'succinct_roles alone',
    'targets',
    signed => ({
      ...signed,
      delegations: {
        keys: {},
        succinct_roles: { keyids: ['ab'], threshold: 1, bit_length: 8, name_prefix: 'x' },
      },
    }),
  ],
  [
    'a role without a name',
    'targets',
    signed => ({
      ...signed,
      delegations: {
        keys: {},
        roles: [{ name: '', keyids: [], threshold: 1, paths: [], terminating: true }],
      },
    }),
  ],
  [
    'a role of an empty prefix',
    'targets',
    signed => ({
      ...signed,
      delegations: {
        keys: {},
        roles: [{ name: 'x', keyids: ['y'], threshold: 1, path_hash_prefixes: [''], terminating: false }],
      },
    }),
  ],
  [
    'a key with a private half',
    'dev',
    signed => ({
      ...signed,
      delegations: {
        keys: { y: { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: '00', private: 'x' } } },
        roles: [],
      },
    }),
  ],
];

const handMade = (): readonly Mutant[] =>
  BY_HAND.map(([name, role, change]) => {
    const document = JSON.parse(Buffer.from(baseOf(role)).toString('utf8')) as { signed: Wire };
    const bytes = Buffer.from(JSON.stringify({ signatures: [], signed: change(document.signed) }));
    return { name, role, bytes: signedAnew(role, bytes) };
  });

function ourReading(role: FuzzRole, document: Document): Reading {
  const { signed } = document;
  const delegations = delegationGraph(tree).roles.get(role as RoleName)?.delegations;
  return {
    type: signed.type,
    version: signed.version,
    expires: formatInstant(signed.expiresAt),
    keyids: [...signed.delegations.keys.keys()].sort(),
    verified: delegations !== undefined && verifyQuorum(document, delegations, role as RoleName).met,
  };
}

/** How the two differ, in words: a line that begins with `stricter:` or `by a rule:` is allowed. `undefined`: they agree. */
function difference(mutant: Mutant, theirs: PeerReading): string | undefined {
  const parsed = parse(mutant.bytes);
  if (!parsed.ok) return 'error' in theirs ? undefined : `stricter: ${parsed.error.code}`;
  if ('error' in theirs) {
    const row = LOOSER.find(([, words]) => words.test(theirs.error));
    return row === undefined ? `looser: ${theirs.error}` : byRule(mutant, parsed, row);
  }
  const ours = ourReading(mutant.role, parsed.value);
  if (isSame(ours, theirs)) return undefined;
  if (isSame({ ...ours, verified: true }, theirs)) return 'stricter: signatures';
  const row = UNVERIFIED.find(([, applies]) => applies(parsed.value.signed));
  if (row !== undefined && isSame({ ...ours, verified: false }, theirs)) return byRule(mutant, parsed, row);
  return `${JSON.stringify(ours)} for ${JSON.stringify(theirs)}`;
}

function byRule(
  { role, bytes }: Mutant,
  parsed: Parsed<Document>,
  [why, , wanted]: readonly [string, unknown, RuleId],
): string {
  const [, publish] = judgeMutant(scene, role as RoleName, bytes, parsed).alone;
  const refused = publish?.reasons.some(({ rule, severity }) => rule === wanted && severity === 'refuse');
  return refused === true ? `by a rule: ${why}` : `looser, for rule ${wanted} lets it pass: ${why}`;
}

const isSame = (ours: Reading, theirs: Reading): boolean =>
  ours.type === theirs.type &&
  ours.version === theirs.version &&
  ours.expires === theirs.expires &&
  ours.verified === theirs.verified &&
  ours.keyids.join('\n') === theirs.keyids.join('\n');

describe('what we accept, python-tuf accepts and reads the same', () => {
  const differences = new Map<string, string | undefined>();
  let verified = 0;

  beforeAll(async () => {
    const mutants = [...handMade(), ...randomMutants()];
    const delegators = { root: baseOf('root'), targets: baseOf('targets') };
    const answers = await askPythonTuf(
      delegators,
      mutants.map(({ role, bytes }) => ({ role, delegator: delegatorOf(role), bytes })),
    );
    for (const [i, mutant] of mutants.entries()) {
      const theirs = answers[i] ?? { error: 'no answer' };
      if ('verified' in theirs && theirs.verified) verified++;
      differences.set(mutant.name, difference(mutant, theirs));
    }
  }, 120_000);

  it.each(BY_HAND)('%s', name => {
    expect(differences.get(name) ?? 'agreed').toMatch(/^(agreed|stricter: |by a rule: )/);
  });

  it(`${DOCUMENTS} mutants`, () => {
    const failures = [...differences].filter(
      ([, found]) => found !== undefined && !/^(stricter|by a rule): /.test(found),
    );
    expect(failures.slice(0, 10)).toEqual([]);
    expect(verified).toBeGreaterThan(DOCUMENTS / 20);
  });

  it.each([...LOOSER, ...UNVERIFIED])('a rule refuses %s', why => {
    expect([...differences.values()]).toContain(`by a rule: ${why}`);
  });

  it('and where we are stricter is counted', () => {
    const counts = new Map<string, number>();
    for (const found of differences.values())
      if (found !== undefined) counts.set(found, (counts.get(found) ?? 0) + 1);
    console.info(
      [...counts]
        .map(([what, count]) => `${count} ${what}`)
        .sort()
        .join('\n'),
    );
    expect(counts.get('stricter: JSON_DUPLICATE_KEY')).toBeGreaterThan(0);
  });
});
