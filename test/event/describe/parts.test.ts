import { describe, expect, it } from 'vitest';
import { describeFiles } from '../../../src/event/describe/artifacts.ts';
import { fingerprintText, holderText } from '../../../src/event/describe/keys.ts';
import { describeLeaves, describeOthers } from '../../../src/event/describe/leaves.ts';
import { describeRole } from '../../../src/event/describe.ts';
import { type JsonObject, type JsonValue, withMembers } from '../../../src/json.ts';
import { type Document, parseDocument } from '../../../src/metadata/document.ts';
import { computeKeyid, KEYOWNER_MEMBER, type Key } from '../../../src/metadata/key.ts';
import { serializeJson } from '../../../src/metadata/serialize.ts';
import type { BlobDigest, ObjectId, TreeEntry } from '../../../src/repository/tree.ts';
import { keyOf, testNow } from '../../support/tree-builder.ts';

const documentOf = (signed: JsonValue): Document => parseDocument(serializeJson({ signatures: [], signed }));
const said = (before: JsonValue | undefined, after: JsonValue): readonly string[] =>
  describeRole(before === undefined ? undefined : documentOf(before), documentOf(after), testNow);

const id = (name: string): string => keyOf(name).keyid;
const keys = (...names: readonly string[]): JsonObject =>
  Object.fromEntries(names.map(name => [id(name), keyOf(name).raw]));
/** A person's name as descriptions give it. */
const who = (name: string): string => `${name.replace(/#.*/, '')} (key ${fingerprintText(keyOf(name).key)})`;

const common = { spec_version: '1.0.31', version: 3, expires: '2030-07-01T00:00:00Z' };
const TARGETS = { _type: 'targets', ...common, targets: {} };
const with_ = (members: JsonObject): JsonObject => ({ ...TARGETS, ...members });
type Row = readonly [string, JsonValue | undefined, JsonValue, readonly string[]];

describe('the life of a document', () => {
  const days = (expiry: JsonValue, signing: JsonValue): JsonObject => ({
    'x-tuf-on-ci-expiry-period': expiry,
    'x-tuf-on-ci-signing-period': signing,
  });
  const rows: readonly Row[] = [
    [
      'is told in full where it is new',
      undefined,
      with_(days(365, 1)),
      [
        'the role is new',
        'this is version 3',
        'it expires on 2030-07-01T00:00:00Z, in 30 days',
        'the expiry period is 365 days',
        'the signing period is 1 day',
        'spec_version is set to "1.0.31"',
      ],
    ],
    [
      'is told in full where it is another type of document now',
      { _type: 'snapshot', ...common, meta: {} },
      TARGETS,
      [
        'what was a snapshot document is a targets document now',
        'this is version 3',
        'it expires on 2030-07-01T00:00:00Z, in 30 days',
        'spec_version is set to "1.0.31"',
      ],
    ],
    [
      'ends at this very instant',
      TARGETS,
      with_({ expires: '2030-06-01T00:00:00Z' }),
      ['the expiry moves from 2030-07-01T00:00:00Z to 2030-06-01T00:00:00Z, in 0 days'],
    ],
    [
      'ended some days ago',
      TARGETS,
      with_({ expires: '2030-05-20T00:00:00Z' }),
      ['the expiry moves from 2030-07-01T00:00:00Z to 2030-05-20T00:00:00Z, 12 days ago'],
    ],
    [
      'is quoted where it is not in the one form',
      TARGETS,
      with_({ expires: '2030-07-01T00:00:00.5Z' }),
      ['the expiry moves from 2030-07-01T00:00:00Z to "2030-07-01T00:00:00.5Z", in 30 days'],
    ],
    [
      'has no period any more',
      with_(days(365, 1)),
      TARGETS,
      [
        'the expiry period is no longer stated (it was 365 days)',
        'the signing period is no longer stated (it was 1 day)',
      ],
    ],
    [
      'has other periods',
      with_(days(365, 1)),
      with_(days(1, 2)),
      ['the expiry period goes from 365 days to 1 day', 'the signing period goes from 1 day to 2 days'],
    ],
  ];
  it.each(rows)('%s', (_, before, after, expected) => {
    expect(said(before, after)).toEqual(expected);
  });
});

describe('the artifacts of a document', () => {
  const sha = (digit: string): string => digit.repeat(64);
  const files = (targets: JsonObject): JsonObject => with_({ targets });
  const a = { length: 5, hashes: { sha256: sha('a') } };
  const rows: readonly Row[] = [
    [
      'have all digests, by name, and whole',
      files({}),
      files({ a: { length: 5, hashes: { sha512: sha('c').repeat(2), sha256: sha('a') } } }),
      [`artifact "a" is added: 5 bytes, sha256 ${sha('a')}, sha512 ${sha('c').repeat(2)}`],
    ],
    [
      'have digests of a strange name, and too long',
      files({}),
      files({ a: { length: 1, hashes: { 'my hash': 'a'.repeat(130) } } }),
      [
        expect.stringMatching(
          /^artifact "a" is added: 1 byte, "my hash" "a{120}…" \(130 characters, digest /,
        ),
      ],
    ],
    [
      'have another length and the same digest',
      files({ a }),
      files({ a: { ...a, length: 6 } }),
      ['artifact "a" changes: 6 bytes (it had 5 bytes), the same digest'],
    ],
    [
      'have another digest and the same length',
      files({ a }),
      files({ a: { ...a, hashes: { sha256: sha('b') } } }),
      [`artifact "a" changes: 5 bytes, sha256 ${sha('b')} instead of aaaaaaaaaaaaaaaaaaaa`],
    ],
    [
      'had no sha256 to compare with',
      files({ a: { length: 5, hashes: { sha512: sha('c') } } }),
      files({ a }),
      [`artifact "a" changes: 5 bytes, sha256 ${sha('a')}`],
    ],
    [
      'say more than they did',
      files({ a }),
      files({ a: { ...a, custom: { by: 'ci' } }, b: { ...a, custom: 1 } }),
      [
        `artifact "b" is added: 5 bytes, sha256 ${sha('a')}`,
        'artifact "b": custom is set to 1',
        'artifact "a": custom is set to {"by":"ci"}',
      ],
    ],
    [
      'change by the dozen',
      files(Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`f${10 + i}`, a]))),
      files(Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`f${10 + i}`, { ...a, length: 7 }]))),
      [
        ...Array.from(
          { length: 50 },
          (_, i) => `artifact "f${10 + i}" changes: 7 bytes (it had 5 bytes), the same digest`,
        ),
        expect.stringMatching(
          /^and 40 more lines on changed artifacts .*; the changed ones have 630 bytes in all /,
        ),
      ],
    ],
  ];
  it.each(rows)('%s', (_, before, after, expected) => {
    expect(said(before, after)).toEqual(expected);
  });
});

describe('a file below targets/', () => {
  const oid = (name: string): ObjectId => name as ObjectId;
  const at = (mode: string, name = 'one'): TreeEntry => ({ path: 'a', mode, oid: oid(name) });
  const digests = new Map<ObjectId, BlobDigest>([[oid('one'), { length: 1_000, sha256: '' }]]);
  const rows: readonly (readonly [string, TreeEntry | undefined, TreeEntry | undefined, string])[] = [
    ['is added', undefined, at('100644'), 'file "a" is added (1,000 bytes)'],
    ['was not hashed', undefined, at('100644', 'two'), 'file "a" is added'],
    ['is a program', undefined, at('100755'), 'file "a" is added (1,000 bytes), an executable file'],
    ['is a link', undefined, at('120000', 'two'), 'file "a" is added, a symbolic link'],
    ['is a submodule', undefined, at('160000', 'two'), 'file "a" is added, a submodule'],
    ['is something else', undefined, at('040000', 'two'), 'file "a" is added, of mode 040000'],
    ['is removed', at('100644'), undefined, 'file "a" is removed'],
    ['changes', at('100644', 'two'), at('100644'), 'file "a" changes (1,000 bytes)'],
    ['changes and stays a program', at('100755', 'two'), at('100755'), 'file "a" changes (1,000 bytes)'],
    [
      'changes and becomes a program',
      at('100644', 'two'),
      at('100755'),
      'file "a" changes (1,000 bytes), an executable file',
    ],
    ['is no program any more', at('100755'), at('100644'), 'file "a" is now an ordinary file'],
  ];
  it.each(rows)('%s', (_, before, after, sentence) => {
    expect(describeFiles([{ path: 'a', before, after }], digests)).toEqual([sentence]);
  });
});

describe('what a document delegates', () => {
  const dev = { name: 'dev', keyids: [id('@dave')], threshold: 1, paths: ['dev/*'], terminating: true };
  const { paths: _, ...pathless } = dev;
  const hashed = { ...pathless, path_hash_prefixes: ['0', '1'] };
  const to = (...roles: readonly JsonObject[]): JsonObject =>
    with_({ delegations: { keys: keys('@dave', '@erin'), roles } });
  const listed = ['@dave', '@erin'].map(
    name => expect.stringMatching(new RegExp(`^key .{20} of ${name} is new`)) as string,
  );
  const signed = `signed by 1 of 1 signer: ${who('@dave')}`;
  const rows: readonly Row[] = [
    [
      'is an empty list, which is not none',
      TARGETS,
      with_({ delegations: { keys: {}, roles: [] } }),
      ['the list of delegations is empty'],
    ],
    [
      'is no list any more',
      with_({ delegations: { keys: {}, roles: [] } }),
      TARGETS,
      ['the list of delegations is removed'],
    ],
    [
      'is the first role of all',
      TARGETS,
      to(dev),
      [`it delegates to dev: paths "dev/*"; the search ends there; ${signed}`, ...listed],
    ],
    [
      'goes by path hashes',
      to(),
      to({ ...hashed, terminating: false }),
      [
        `it delegates to dev: paths whose SHA-256 begins with "0" and "1"; the search goes on after it; ${signed}`,
      ],
    ],
    [
      'is no path at all',
      to(),
      to({ ...dev, paths: [] }),
      [`it delegates to dev: paths none at all; the search ends there; ${signed}`],
    ],
    [
      'goes by path hashes now',
      to(dev),
      to(hashed),
      ['dev: it now speaks for paths whose SHA-256 begins with "0" and "1", no longer for paths "dev/*"'],
    ],
    [
      'is another path hash',
      to(hashed),
      to({ ...hashed, path_hash_prefixes: ['0', '2'] }),
      ['dev: it now speaks for "2" too', 'dev: it no longer speaks for "1"'],
    ],
    [
      'are the same paths in another order',
      to({ ...dev, paths: ['a', 'b'] }),
      to({ ...dev, paths: ['b', 'a'] }),
      ['dev: its paths are listed as "b" and "a"'],
    ],
    ['ends the search', to({ ...dev, terminating: false }), to(dev), ['dev: the search now ends there']],
    [
      'has more signers, in another order',
      to(dev),
      to({ ...dev, keyids: [id('@erin'), id('@dave')] }),
      [
        `dev: ${who('@erin')} becomes a signer`,
        `dev: the signers are listed in another order: ${who('@erin')} and ${who('@dave')}`,
        'dev: the threshold stays 1, now of 2 signers',
      ],
    ],
    [
      'has another threshold',
      to({ ...dev, keyids: [id('@erin'), id('@dave')] }),
      to({ ...dev, keyids: [id('@erin'), id('@dave')], threshold: 2 }),
      ['dev: the threshold goes from 1 to 2 of 2 signers'],
    ],
    [
      'has a signer whose key is not listed',
      to(dev),
      to({ ...dev, keyids: [id('@dave'), 'abc'] }),
      [
        'dev: key "abc", which is not among the keys becomes a signer',
        'dev: the threshold stays 1, now of 2 signers',
      ],
    ],
    [
      'has a member that nobody knows',
      to(dev),
      to({ ...dev, 'x-note': 1 }),
      ['delegations.roles.dev.x-note is set to 1'],
    ],
    [
      'holds more than keys and roles',
      to(dev),
      with_({ delegations: { keys: keys('@dave', '@erin'), roles: [dev], 'x-note': 1 } }),
      ['delegations.x-note is set to 1'],
    ],
    [
      'is a role by a dangerous name',
      to(),
      to({ ...dev, name: '../root' }),
      [`it delegates to "../root": paths "dev/*"; the search ends there; ${signed}`],
    ],
  ];
  it.each(rows)('%s', (_, before, after, expected) => {
    expect(said(before, after)).toEqual(expected);
  });
});

describe('the roles of a new root', () => {
  it('are told with their signers, periods and what nobody knows', () => {
    const role = (...names: readonly string[]): JsonObject => ({ keyids: names.map(id), threshold: 1 });
    const root = {
      _type: 'root',
      ...common,
      consistent_snapshot: true,
      keys: keys('@alice', 'online'),
      roles: {
        root: role('@alice'),
        targets: { ...role('@alice'), 'x-note': 1 },
        snapshot: { ...role('online'), 'x-tuf-on-ci-expiry-period': 7 },
        timestamp: role('online'),
      },
    };
    const online = `file:online (key ${fingerprintText(keyOf('online').key)})`;
    expect(said(undefined, root).slice(3)).toEqual([
      `root is signed by 1 of 1 signer: ${who('@alice')}`,
      `targets is signed by 1 of 1 signer: ${who('@alice')}`,
      'roles.targets.x-note is set to 1',
      `snapshot is signed by 1 of 1 signer: ${online}`,
      'snapshot: the expiry period is 7 days',
      `timestamp is signed by 1 of 1 signer: ${online}`,
      expect.stringMatching(/^key .{20} of file:online is new: ECDSA P-256, keyid .{20}$/),
      expect.stringMatching(/^key .{20} of @alice is new: ECDSA P-256, keyid .{20}$/),
      'consistent_snapshot is set to true',
      'spec_version is set to "1.0.31"',
    ]);
  });
});

describe('a key', () => {
  const listing = (entries: JsonObject): JsonObject => with_({ delegations: { keys: entries, roles: [] } });
  const none = listing({});
  const under = (raw: JsonObject): JsonObject => listing({ [computeKeyid(raw)]: raw });
  const erin = keyOf('@erin').raw;
  const hex = keyOf('@erin:ed25519').raw;
  const name = `key ${fingerprintText(keyOf('@erin').key)} of @erin`;
  const short = (raw: JsonObject): string => computeKeyid(raw).slice(0, 20);
  const cases: readonly (readonly [string, JsonObject, JsonObject, readonly unknown[]])[] = [
    ['of Ed25519', none, under(hex), [expect.stringContaining('is new: Ed25519, keyid ')]],
    [
      'of a kind that nobody knows',
      none,
      under({ ...erin, scheme: 'x y' }),
      [expect.stringMatching(/^key .{20} of @erin is new: keytype "ecdsa" with scheme "x y", keyid /)],
    ],
    [
      "that is online and a person's",
      none,
      under({ ...erin, 'x-tuf-on-ci-online-uri': 'kms:k' }),
      [expect.stringMatching(/of @erin is new: ECDSA P-256, online at "kms:k", keyid /)],
    ],
    [
      'under an id that is not its own',
      none,
      listing({ abc: erin }),
      [`${name} is new: ECDSA P-256, listed as "abc" although its keyid is ${short(erin)}`],
    ],
    [
      'with members that nobody knows',
      none,
      under({ ...erin, 'x-a': 1, keyval: { ...(erin['keyval'] as JsonObject), private: 'x' } }),
      [
        expect.stringContaining(`${name} is new`),
        `${name}: keyval is set to {"private":"x"}`,
        `${name}: x-a is set to 1`,
      ],
    ],
    [
      'that nobody holds',
      none,
      under(withMembers(erin, new Map([[KEYOWNER_MEMBER, undefined]]))),
      [expect.stringMatching(/^key .{20} is new: ECDSA P-256, keyid /)],
    ],
    ['that is gone', under(erin), none, [`${name} is no longer listed`]],
    [
      'in other words under the same id',
      listing({ abc: erin }),
      listing({ abc: { ...erin, 'x-tuf-on-ci-keyowner': '@mallory' } }),
      [
        `the key listed as "abc" is the same public key ${fingerprintText(keyOf('@erin').key)} in other words`,
        'the key listed as "abc": x-tuf-on-ci-keyowner changes from "@erin" to "@mallory"',
      ],
    ],
    [
      'that can not be read goes by the digest of its object',
      none,
      under({ ...erin, keyval: { public: 'no key' } }),
      [
        expect.stringContaining(
          `key ${computeKeyid({ ...erin, keyval: { public: 'no key' } }).slice(0, 20)} of @erin is new`,
        ),
      ],
    ],
  ];
  it.each(cases)('%s', (_, before, after, expected) => {
    expect(said(before, after)).toEqual(expected);
  });

  it('that is listed twice is told apart by its ids', () => {
    const role = { name: 'dev', keyids: ['abc', 'def'], threshold: 1, paths: [], terminating: true };
    const twins = with_({ delegations: { keys: { abc: erin, def: erin }, roles: [role] } });
    const twin = (listed: string): string =>
      `@erin (key ${fingerprintText(keyOf('@erin').key)} listed as "${listed}")`;
    expect(said(with_({ delegations: { keys: { abc: erin, def: erin }, roles: [] } }), twins)).toEqual([
      `it delegates to dev: paths none at all; the search ends there; signed by 1 of 2 signers: ${twin('abc')} and ${twin('def')}`,
    ]);
  });

  const holders: readonly (readonly [string | undefined, string | undefined, string | undefined])[] = [
    ['@alice', undefined, '@alice'],
    ['@alice', 'kms:k', '@alice'],
    ['@ci[bot]', undefined, '@ci[bot]'],
    [`@${'a'.repeat(64)}`, undefined, `@${'a'.repeat(64)}`],
    [`@${'a'.repeat(65)}`, undefined, `owner "@${'a'.repeat(65)}"`],
    ['alice', undefined, 'owner "alice"'],
    ['x@alice', undefined, 'owner "x@alice"'],
    ['@alice ', undefined, 'owner "@alice "'],
    ['@alice\n[x](y)', undefined, 'owner "@alice\\n[x](y)"'],
    [undefined, 'gcpkms:projects/a-b/c_d@1', 'gcpkms:projects/a-b/c_d@1'],
    [undefined, 'k'.repeat(120), 'k'.repeat(120)],
    [undefined, 'k'.repeat(121), expect.stringMatching(/^the online key at "k{120}…" \(121/) as string],
    [undefined, 'a b', 'the online key at "a b"'],
    [undefined, ' ab', 'the online key at " ab"'],
    [undefined, undefined, undefined],
  ];
  it.each(holders)('of owner %j, online at %j, is held by %j', (owner, onlineUri, expected) => {
    expect(holderText({ ...keyOf('@erin').key, owner, onlineUri } as Key)).toEqual(expected);
  });
});

describe('any value', () => {
  const rows: readonly (readonly [
    string,
    JsonValue | undefined,
    JsonValue | undefined,
    readonly string[],
  ])[] = [
    ['that is the same', { a: 1 }, { a: 1 }, []],
    ['that comes', undefined, 1, ['x is set to 1']],
    ['that goes', 1, undefined, ['x is removed (it was 1)']],
    ['that is null', 1, null, ['x changes from 1 to null']],
    ['of another kind', [], {}, ['x changes from [] to {}']],
    ['in a list', [1, 2], [1, 3, 4], ['x[1] changes from 2 to 3', 'x[2] is set to 4']],
    ['gone from a list', [1, 2], [1], ['x[1] is removed (it was 2)']],
    ['deep within', { a: { b: [1] } }, { a: { b: [2] } }, ['x.a.b[0] changes from 1 to 2']],
  ];
  it.each(rows)('%s', (_, before, after, expected) => {
    expect(describeLeaves(before, after, ['x'])).toEqual(expected);
  });
  it('too long for one piece is told by its parts', () => {
    expect(describeLeaves(undefined, { a: 'y'.repeat(120), b: {}, c: [1] }, ['x'])).toEqual([
      expect.stringMatching(/^x\.a is set to "y{119}… \(122 characters, digest .{32}\)$/),
      'x.b is set to {}',
      'x.c is set to [1]',
    ]);
  });
  it('is not told again where it has been', () => {
    expect(describeOthers({ a: 1, b: 1 }, { a: 2, b: 2 }, ['a'])).toEqual(['b changes from 1 to 2']);
    expect(describeOthers(undefined, { b: 2 }, [], ['p'])).toEqual(['p.b is set to 2']);
    expect(describeOthers({ b: 2 }, undefined, [])).toEqual(['b is removed (it was 2)']);
    expect(describeOthers({ a: 1, b: [] }, { a: 2, b: [] }, ['a'])).toEqual([]);
  });
  it('is cut beyond fifty', () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`k${i}`, i]));
    expect(describeOthers({}, many, []).at(-1)).toMatch(/^and 10 more changes of other members /);
  });
});
