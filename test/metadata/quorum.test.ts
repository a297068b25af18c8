import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../src/json.ts';
import { membersOf } from '../../src/metadata/decode.ts';
import {
  type Delegations,
  decodeKeys,
  decodeRoleDefinition,
  type RoleDefinition,
} from '../../src/metadata/delegation.ts';
import { type Document, parseDocument, signedBytes } from '../../src/metadata/document.ts';
import { MetadataError } from '../../src/metadata/error.ts';
import type { Key } from '../../src/metadata/key.ts';
import { type Keyid, ROOT, type RoleName, TARGETS } from '../../src/metadata/names.ts';
import { distinctKeys, type Quorum, requireQuorum, verifyQuorum } from '../../src/metadata/quorum.ts';
import { serializeJson } from '../../src/metadata/serialize.ts';
import { type TestKey, testKey, testSignature } from '../support/test-keys.ts';

const SIGNED: JsonObject = {
  _type: 'targets',
  expires: '2030-01-01T00:00:00Z',
  spec_version: '1.0.31',
  targets: {},
  version: 3,
};

const unsignedDocument = (signatures: JsonValue): Document =>
  parseDocument(serializeJson({ signatures, signed: SIGNED }));
const payload = signedBytes(unsignedDocument([]));

const [alice, bob, carol, mallory] = [0, 1, 2, 9].map(i => testKey(i, { owner: `@user${i}` })) as [
  TestKey,
  TestKey,
  TestKey,
  TestKey,
];
/** Alice's key once more, under another keyid. */
const aliceAgain = testKey(0, { owner: '@other' });
const legacyAlice: JsonObject = { ...alice.raw, keytype: 'ecdsa-sha2-nistp256' };
const placeholder = (by: TestKey): JsonObject => ({ keyid: by.keyid, sig: '' });
const sign = (by: TestKey): JsonObject => testSignature(by, payload);

function delegations(
  keys: readonly (readonly [string, JsonObject])[],
  threshold: number,
  keyids: readonly string[] = keys.map(([id]) => id),
): Delegations {
  const raw = Object.fromEntries(keys) as JsonObject;
  const role = decodeRoleDefinition('targets', membersOf({ keyids, threshold: 1 }, 'role'));
  return {
    keys: decodeKeys(membersOf(raw, 'keys')),
    roles: new Map<RoleName, RoleDefinition>([[TARGETS, { ...role, threshold }]]),
  };
}
const of = (...keys: TestKey[]): [string, JsonObject][] => keys.map(k => [k.keyid, k.raw]);

const summary = (q: Quorum): Record<string, unknown> => ({
  met: q.met,
  signed: [...q.signed],
  missing: [...q.missing],
  invalid: [...q.invalid],
});

interface Row {
  readonly name: string;
  readonly by: Delegations;
  readonly signatures: readonly JsonObject[];
  readonly met: boolean;
  readonly signed: readonly string[];
  readonly missing?: readonly string[];
  readonly invalid?: readonly string[];
}

const rows: readonly Row[] = [
  {
    name: 'one of one is met',
    by: delegations(of(alice), 1),
    signatures: [sign(alice)],
    met: true,
    signed: [alice.keyid],
  },
  {
    name: 'two of three is met, and the third may still sign',
    by: delegations(of(alice, bob, carol), 2),
    signatures: [sign(carol), sign(alice)],
    met: true,
    signed: [alice.keyid, carol.keyid],
    missing: [bob.keyid],
  },
  {
    name: 'one of two is not met',
    by: delegations(of(alice, bob), 2),
    signatures: [sign(alice)],
    met: false,
    signed: [alice.keyid],
    missing: [bob.keyid],
  },
  {
    name: 'a placeholder is a signature that is missing',
    by: delegations(of(alice, bob), 2),
    signatures: [sign(alice), placeholder(bob)],
    met: false,
    signed: [alice.keyid],
    missing: [bob.keyid],
  },
  {
    name: 'a signature that does not verify counts as none and is named',
    by: delegations(of(alice, bob), 1),
    signatures: [{ keyid: alice.keyid, sig: 'ff' }],
    met: false,
    signed: [],
    missing: [alice.keyid, bob.keyid],
    invalid: [alice.keyid],
  },
  {
    name: "another's signature under one's keyid counts as none",
    by: delegations(of(alice, bob), 1),
    signatures: [{ ...sign(mallory), keyid: alice.keyid }],
    met: false,
    signed: [],
    missing: [alice.keyid, bob.keyid],
    invalid: [alice.keyid],
  },
  {
    name: 'one public key under two keyids counts once, though both have signed',
    by: delegations(of(alice, aliceAgain), 2),
    signatures: [sign(alice), sign(aliceAgain)],
    met: false,
    signed: [alice.keyid],
  },
  {
    name: 'one public key under two keytypes counts once',
    by: delegations([...of(alice), ['legacy', legacyAlice]], 2),
    signatures: [sign(alice), { ...sign(alice), keyid: 'legacy' }],
    met: false,
    signed: [alice.keyid],
  },
  {
    name: 'a twin that has not signed is not missing',
    by: delegations(of(aliceAgain, alice, bob), 2),
    signatures: [sign(alice), placeholder(aliceAgain)],
    met: false,
    signed: [alice.keyid],
    missing: [bob.keyid],
  },
  {
    name: 'of two twins that have not signed the first stands for both',
    by: delegations(of(alice, aliceAgain), 1),
    signatures: [placeholder(aliceAgain)],
    met: false,
    signed: [],
    missing: [alice.keyid],
  },
  {
    name: 'an invalid signature beside a twin that signed is named and does no harm',
    by: delegations(of(aliceAgain, alice), 1),
    signatures: [{ keyid: aliceAgain.keyid, sig: '00' }, sign(alice)],
    met: true,
    signed: [alice.keyid],
    invalid: [aliceAgain.keyid],
  },
  {
    name: 'two signatures under one keyid count as none',
    by: delegations(of(alice), 1),
    signatures: [sign(alice), sign(alice)],
    met: false,
    signed: [],
    missing: [alice.keyid],
  },
  {
    name: 'a signature and a placeholder under one keyid count as none',
    by: delegations(of(alice), 1),
    signatures: [placeholder(alice), sign(alice)],
    met: false,
    signed: [],
    missing: [alice.keyid],
  },
  {
    name: 'three signatures under one keyid count as none',
    by: delegations(of(alice), 1),
    signatures: [sign(alice), sign(alice), sign(alice)],
    met: false,
    signed: [],
    missing: [alice.keyid],
  },
  {
    name: 'a threshold beyond the keys is never met',
    by: delegations(of(alice, bob), 3),
    signatures: [sign(alice), sign(bob)],
    met: false,
    signed: [alice.keyid, bob.keyid],
  },
  {
    name: 'a threshold of zero is never met',
    by: delegations(of(alice), 0),
    signatures: [sign(alice)],
    met: false,
    signed: [alice.keyid],
  },
  {
    name: 'a key that the role does not list does not count',
    by: delegations(of(alice, mallory), 2, [alice.keyid]),
    signatures: [sign(alice), sign(mallory)],
    met: false,
    signed: [alice.keyid],
  },
  {
    name: 'a keyid without a key does not count',
    by: delegations(of(alice), 2, [alice.keyid, mallory.keyid]),
    signatures: [sign(alice), sign(mallory)],
    met: false,
    signed: [alice.keyid],
  },
  {
    name: 'a key of an unknown scheme does not count and does not hinder the others',
    by: delegations([['x', { ...bob.raw, scheme: 'else' }], ...of(alice)], 1),
    signatures: [{ ...sign(bob), keyid: 'x' }, sign(alice)],
    met: true,
    signed: [alice.keyid],
  },
  {
    name: 'a role without keys is never met',
    by: delegations([], 1),
    signatures: [sign(alice)],
    met: false,
    signed: [],
  },
  {
    name: 'a keyid named __proto__ is a keyid like any other',
    by: delegations([['__proto__', alice.raw]], 1),
    signatures: [{ ...sign(alice), keyid: '__proto__' }],
    met: true,
    signed: ['__proto__'],
  },
  {
    name: 'keys of every scheme count together',
    by: delegations(
      (['p256', 'p384', 'ed25519', 'rsa'] as const).flatMap(kind => of(testKey(5, { kind }))),
      4,
    ),
    signatures: (['p256', 'p384', 'ed25519', 'rsa'] as const).map(kind => sign(testKey(5, { kind }))),
    met: true,
    signed: (['p256', 'p384', 'ed25519', 'rsa'] as const).map(kind => testKey(5, { kind }).keyid),
  },
];

describe('a quorum', () => {
  it.each(rows)('$name', ({ by, signatures, met, signed, missing = [], invalid = [] }) => {
    const document = unsignedDocument(signatures);
    expect(summary(verifyQuorum(document, by, TARGETS))).toEqual({ met, signed, missing, invalid });
    if (met) requireQuorum(document, by, TARGETS);
    else expect(() => requireQuorum(document, by, TARGETS)).toThrow(MetadataError);
  });

  it('of a role that nobody defines is never met', () => {
    const quorum = verifyQuorum(unsignedDocument([sign(alice)]), delegations(of(alice), 1), ROOT);
    expect(summary(quorum)).toEqual({ met: false, signed: [], missing: [], invalid: [] });
  });

  it('is over the content: a signature of another version does not count', () => {
    const other = parseDocument(
      serializeJson({ signatures: [sign(alice)], signed: { ...SIGNED, version: 4 } }),
    );
    expect(verifyQuorum(other, delegations(of(alice), 1), TARGETS).met).toBe(false);
  });

  it('is over canonical bytes: white space and the order of members do not count', () => {
    const reordered = Object.fromEntries(Object.entries(SIGNED).toReversed());
    const text = JSON.stringify({ signed: reordered, signatures: [sign(alice)] }, null, 7);
    expect(verifyQuorum(parseDocument(Buffer.from(text)), delegations(of(alice), 1), TARGETS).met).toBe(true);
  });

  it('that is not met says how far it is', () => {
    const act = (): void => requireQuorum(unsignedDocument([]), delegations(of(alice), 1), TARGETS);
    expect(act).toThrow('targets version 3 has 0 of 1 signatures');
  });
});

describe('distinct keys', () => {
  const keyids = (by: Delegations): (Keyid | string)[] => {
    const role = by.roles.get(TARGETS);
    if (role === undefined) throw new Error('no role');
    return [...distinctKeys(by, role).values()].map((key: Key) => key.keyid);
  };

  it.each<[string, Delegations, string[]]>([
    ['are all keys where none is a twin', delegations(of(alice, bob), 1), [alice.keyid, bob.keyid]],
    ['are the first of twins', delegations(of(aliceAgain, alice), 1), [aliceAgain.keyid]],
    ['are not those that can not be used', delegations([['x', { ...bob.raw, scheme: '' }]], 1), []],
    ['are not those that are not there', delegations(of(alice), 1, [bob.keyid]), []],
  ])('%s', (_, by, expected) => expect(keyids(by)).toEqual(expected));
});
