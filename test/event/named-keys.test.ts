import { expect, it } from 'vitest';
import { isNameless, withNames } from '../../src/event/named-keys.ts';
import type { Delegations } from '../../src/metadata/delegation.ts';
import { decodeKey } from '../../src/metadata/key.ts';
import { asWrittenIn2019 } from '../support/legacy-repository.ts';
import { type TestKey, testKey } from '../support/test-keys.ts';

const listing = (...keys: readonly TestKey[]): Delegations => ({
  keys: new Map(keys.map(({ keyid, raw }) => [keyid, decodeKey(keyid, raw, 'key')])),
  roles: new Map(),
});
const [old, other] = [asWrittenIn2019(testKey(1)), asWrittenIn2019(testKey(2))];
const named = testKey(1, { owner: '@alice' });

it('names a key by its owner in the next root, and leaves the rest as it is', () => {
  const { keys } = withNames(listing(old, other), listing(named, testKey(3, { owner: '@bob' })));
  expect(keys.get(old.keyid)).toMatchObject({ owner: '@alice', raw: old.raw, keyid: old.keyid });
  expect(keys.get(other.keyid)).toMatchObject({ owner: undefined });
});

it.each([
  ['the next root leaves it nameless as well', listing(testKey(1))],
  ['the next root makes it an online key', listing(testKey(1, { onlineUri: 'file:a.pem' }))],
  ['the next root has other keys', listing(testKey(9, { owner: '@alice' }))],
])('names nobody where %s', (_name, now) => {
  expect(withNames(listing(old), now).keys.get(old.keyid)?.owner).toBeUndefined();
});

it('does not take one name for another', () => {
  const before = listing(testKey(1, { owner: '@bob' }));
  expect(withNames(before, listing(named))).toBe(before);
});

it('passes over a key that can not be read', () => {
  const broken = { ...old, raw: { keytype: 'dsa', scheme: 'dsa', keyval: { public: '' } } };
  expect(withNames(listing(broken), listing(named)).keys.get(broken.keyid)?.owner).toBeUndefined();
});

it.each([
  [named, false],
  [testKey(1, { onlineUri: 'file:a.pem' }), false],
  [old, true],
] as const)("knows which keys are nobody's by name", (key, nameless) => {
  expect(isNameless(key.key.keyid === key.keyid ? key.key : decodeKey(key.keyid, key.raw, 'key'))).toBe(
    nameless,
  );
});
