import { describe, expect, it } from 'vitest';
import {
  isJsonArray,
  isJsonObject,
  JsonError,
  type JsonObject,
  type JsonValue,
  jsonEqual,
} from '../../src/json.ts';
import { speaksFor } from '../../src/metadata/delegation.ts';
import {
  type Document,
  documentType,
  isRoot,
  isTargets,
  parseDocument,
  parseDocumentOf,
  signedBytes,
  targetHash,
} from '../../src/metadata/document.ts';
import { MetadataError } from '../../src/metadata/error.ts';
import { publicKeyOf } from '../../src/metadata/key.ts';
import { ROOT, type RoleName, SNAPSHOT, TARGETS, TIMESTAMP } from '../../src/metadata/names.ts';
import { effectivePeriods } from '../../src/metadata/periods.ts';
import { verifyQuorum } from '../../src/metadata/quorum.ts';
import { serializeJson } from '../../src/metadata/serialize.ts';
import { testKey } from '../support/test-keys.ts';

const alice = testKey(0, { owner: '@alice' });
const online = testKey(1, { onlineUri: 'file:online.pem' });
const SHA256 = 'ab'.repeat(32);

const common = (type: string): Record<string, JsonValue> => ({
  _type: type,
  expires: '2030-01-01T00:00:00Z',
  spec_version: '1.0.31',
  version: 7,
});
const role = (keyid: string, more: Record<string, JsonValue> = {}): JsonObject => ({
  keyids: [keyid],
  threshold: 1,
  ...more,
});
const PERIODS = { 'x-tuf-on-ci-expiry-period': 365, 'x-tuf-on-ci-signing-period': 60 };
const envelope = (signed: JsonObject): JsonObject => ({
  signatures: [{ keyid: alice.keyid, sig: 'abcd', 'x-kept': 1 }],
  signed,
});

const samples: Readonly<Record<'root' | 'targets' | 'snapshot' | 'timestamp', JsonObject>> = {
  root: envelope({
    ...common('root'),
    ...PERIODS,
    consistent_snapshot: true,
    keys: { [alice.keyid]: alice.raw, [online.keyid]: online.raw },
    roles: {
      root: role(alice.keyid),
      snapshot: role(online.keyid, PERIODS),
      targets: role(alice.keyid),
      timestamp: role(online.keyid, PERIODS),
    },
  }),
  targets: envelope({
    ...common('targets'),
    ...PERIODS,
    delegations: {
      keys: { [alice.keyid]: alice.raw },
      roles: [
        role(alice.keyid, { name: 'rekor', paths: ['rekor/*', 'rekor/*/*'], terminating: true }),
        role(alice.keyid, { name: 'bin', path_hash_prefixes: ['00', '01'], terminating: false }),
      ],
    },
    targets: { 'a/b.txt': { custom: { any: [1] }, hashes: { sha256: SHA256 }, length: 3 } },
  }),
  snapshot: envelope({
    ...common('snapshot'),
    meta: {
      'targets.json': { version: 7 },
      'rekor.json': { hashes: { sha256: SHA256 }, length: 9, version: 1 },
    },
  }),
  timestamp: envelope({ ...common('timestamp'), meta: { 'snapshot.json': { version: 7 } } }),
};

type Path = readonly (string | number)[];

const allPaths = (value: JsonValue, at: Path = []): Path[] => {
  if (isJsonArray(value)) return [at, ...value.flatMap((item, i) => allPaths(item, [...at, i]))];
  if (!isJsonObject(value)) return [at];
  return [at, ...Object.entries(value).flatMap(([name, item]) => allPaths(item, [...at, name]))];
};

/** `value` with what lies at `path` replaced; `undefined` removes it. */
function replaced(value: JsonValue, path: Path, by: JsonValue | undefined): JsonValue | undefined {
  const [head, ...rest] = path;
  if (head === undefined) return by;
  if (isJsonArray(value)) {
    return value.flatMap((item, i) => {
      const next = i === head ? replaced(item, rest, by) : item;
      return next === undefined ? [] : [next];
    });
  }
  const members = Object.entries(value as JsonObject).map(([name, item]) => [
    name,
    name === head ? replaced(item, rest, by) : item,
  ]);
  return Object.fromEntries(members.filter(([, item]) => item !== undefined)) as JsonObject;
}

const WRONG: readonly (readonly [string, JsonValue | undefined])[] = [
  ['nothing', undefined],
  ['null', null],
  ['true', true],
  ['false', false],
  ['zero', 0],
  ['a negative number', -1],
  ['one', 1],
  ['the largest integer', Number.MAX_SAFE_INTEGER],
  ['the empty text', ''],
  ['text', 'x'],
  ['text of a number', '1'],
  ['long text', 'a'.repeat(10_000)],
  ['hostile text', '\u0000\u202e../\\\u001b[2J'],
  ['the name of JavaScript', '__proto__'],
  ['an empty list', []],
  ['a list of null', [null]],
  ['a list of lists', [[]]],
  ['a list with a twin', ['x', 'x']],
  ['an empty object', {}],
  ['an object of null', { x: null }],
  ['an object of __proto__', JSON.parse('{"__proto__":{"length":1,"hashes":{"sha256":"ab"}}}') as JsonObject],
  ['an object that looks like a list', { length: 1, '0': 'x' }],
  ['the names of Object', { toString: 1, constructor: 1, hasOwnProperty: 1, toJSON: 1 }],
];

/** What rooms above do with a document, in short. None of it may throw anything without a code. */
function use(document: Document): void {
  signedBytes(document);
  const { delegations, periods } = document.signed;
  effectivePeriods(periods);
  for (const key of delegations.keys.values()) publicKeyOf(key);
  for (const definition of delegations.roles.values()) {
    speaksFor(definition, 'rekor/x');
    effectivePeriods(definition.periods);
    verifyQuorum(document, delegations, definition.name);
  }
}

describe.each(Object.entries(samples))('a document of type %s', (type, sample) => {
  it('is read as what it is, and without loss', () => {
    const bytes = serializeJson(sample);
    const document = parseDocument(bytes);
    expect(document.signed).toMatchObject({ type, version: 7, specVersion: '1.0.31' });
    expect(document.bytes).toBe(bytes);
    expect(Buffer.from(serializeJson(document.raw)).equals(bytes)).toBe(true);
    expect(document.signatures[0]?.raw).toEqual({ keyid: alice.keyid, sig: 'abcd', 'x-kept': 1 });
  });

  it.each(WRONG)('holds with %s in every place: a coded error or a faithful document', (_, wrong) => {
    for (const path of allPaths(sample)) {
      const json = replaced(sample, path, wrong);
      const bytes = json === undefined ? new Uint8Array() : serializeJson(json);
      try {
        const document = parseDocument(bytes);
        use(document);
        expect(Buffer.from(serializeJson(document.raw)).equals(bytes), path.join('.')).toBe(true);
        expect(jsonEqual(document.raw, json), path.join('.')).toBe(true);
      } catch (error) {
        if (error instanceof JsonError) continue;
        if (!(error instanceof MetadataError)) throw error;
        expect(error.code, `${path.join('.')}: ${error.message}`).toBe('MALFORMED');
        expect(error.message).toMatch(/^[ -~]{1,400}$/);
      }
    }
  });
});

describe('a refusal names the place', () => {
  it.each<[string, keyof typeof samples, string, JsonValue | undefined, string]>([
    ['no signatures', 'root', 'signatures', undefined, 'document.signatures has to be a list'],
    ['no signed', 'root', 'signed', undefined, 'signed has to be an object'],
    ['signatures by keyid', 'root', 'signatures', {}, 'document.signatures has to be a list'],
    [
      'a signature without a keyid',
      'root',
      'signatures.0.keyid',
      undefined,
      'signatures[0].keyid has to be a string',
    ],
    ['a signature that is null', 'root', 'signatures.0.sig', null, 'signatures[0].sig has to be a string'],
    [
      'an unknown type',
      'root',
      'signed._type',
      'mirrors',
      'signed._type has to be root, targets, snapshot or timestamp',
    ],
    ['a type in capitals', 'root', 'signed._type', 'Root', 'signed._type has to be'],
    ['a type of JavaScript', 'root', 'signed._type', 'constructor', 'signed._type has to be'],
    ['version 0', 'root', 'signed.version', 0, 'signed.version has to be at least 1'],
    ['a version that is text', 'root', 'signed.version', '1', 'signed.version has to be an integer'],
    ['a version that is true', 'root', 'signed.version', true, 'signed.version has to be an integer'],
    ['an expiry that is no date', 'root', 'signed.expires', 'never', 'signed.expires has to be a date'],
    ['an expiry without a zone', 'root', 'signed.expires', '2030-01-01T00:00:00', 'signed.expires has to be'],
    ['an expiry that is a number', 'root', 'signed.expires', 1, 'signed.expires has to be a string'],
    [
      'a spec version that is a number',
      'root',
      'signed.spec_version',
      1,
      'signed.spec_version has to be a string',
    ],
    [
      'a negative period',
      'root',
      'signed.x-tuf-on-ci-expiry-period',
      -1,
      'expiry-period has to be at least 0',
    ],
    [
      'a period of centuries',
      'root',
      'signed.x-tuf-on-ci-expiry-period',
      36_526,
      'expiry-period has to be at most 36525',
    ],
    [
      'a role period of text',
      'root',
      'signed.roles.snapshot.x-tuf-on-ci-signing-period',
      '1',
      'signed.roles.snapshot.x-tuf-on-ci-signing-period has to be an integer',
    ],
    [
      'consistent_snapshot of 1',
      'root',
      'signed.consistent_snapshot',
      1,
      'signed.consistent_snapshot has to be true or false',
    ],
    ['a root without keys', 'root', 'signed.keys', undefined, 'signed.keys has to be an object'],
    [
      'a key that is null',
      'root',
      `signed.keys.${alice.keyid}`,
      null,
      `signed.keys.${alice.keyid}: a key has to be an object`,
    ],
    [
      'a root without a timestamp role',
      'root',
      'signed.roles.timestamp',
      undefined,
      'signed.roles has to be an object of root',
    ],
    [
      'threshold 0',
      'root',
      'signed.roles.root.threshold',
      0,
      'signed.roles.root.threshold has to be at least 1',
    ],
    [
      'a threshold of text',
      'root',
      'signed.roles.root.threshold',
      '1',
      'signed.roles.root.threshold has to be an integer',
    ],
    [
      'one keyid twice',
      'root',
      'signed.roles.root.keyids',
      ['a', 'a'],
      'signed.roles.root.keyids has to be free of duplicates',
    ],
    [
      'a keyid that is a number',
      'root',
      'signed.roles.root.keyids',
      ['a', 1],
      'signed.roles.root.keyids[1] has to be a string',
    ],
    ['no targets', 'targets', 'signed.targets', undefined, 'signed.targets has to be an object'],
    ['a list of targets', 'targets', 'signed.targets', [], 'signed.targets has to be an object'],
    [
      'a negative length',
      'targets',
      'signed.targets.a/b.txt.length',
      -1,
      'signed.targets.a/b.txt.length has to be a number of bytes',
    ],
    [
      'no length',
      'targets',
      'signed.targets.a/b.txt.length',
      undefined,
      'signed.targets.a/b.txt.length has to be',
    ],
    ['no digest', 'targets', 'signed.targets.a/b.txt.hashes', {}, 'signed.targets.a/b.txt.hashes has to be'],
    [
      'a digest in capitals',
      'targets',
      'signed.targets.a/b.txt.hashes.sha256',
      'AB',
      'signed.targets.a/b.txt.hashes has to be',
    ],
    [
      'a digest of odd length',
      'targets',
      'signed.targets.a/b.txt.hashes.sha256',
      'abc',
      'signed.targets.a/b.txt.hashes has to be',
    ],
    [
      'delegations that are null',
      'targets',
      'signed.delegations',
      null,
      'signed.delegations has to be an object',
    ],
    [
      'delegations without roles',
      'targets',
      'signed.delegations.roles',
      undefined,
      'signed.delegations.roles has to be a list',
    ],
    [
      'a delegation by both',
      'targets',
      'signed.delegations.roles.0',
      role('a', { name: 'r', paths: [], path_hash_prefixes: [], terminating: true }),
      'signed.delegations.roles[0] has to be a delegation by either',
    ],
    [
      'a delegation by neither',
      'targets',
      'signed.delegations.roles.0',
      role('a', { name: 'r', terminating: true }),
      'signed.delegations.roles[0] has to be a delegation by either',
    ],
    [
      'a delegation that does not say whether it ends',
      'targets',
      'signed.delegations.roles.0.terminating',
      undefined,
      'signed.delegations.roles[0].terminating has to be true or false',
    ],
    [
      'one delegation twice',
      'targets',
      'signed.delegations.roles.1.name',
      'rekor',
      'signed.delegations.roles[1].name has to be a name that no other',
    ],
    [
      'a delegated root',
      'targets',
      'signed.delegations.roles.0.name',
      'root',
      'signed.delegations.roles[0].name has to be no name of a top-level role',
    ],
    [
      'a delegated timestamp',
      'targets',
      'signed.delegations.roles.0.name',
      'timestamp',
      'signed.delegations.roles[0].name has to be no name',
    ],
    [
      'a path that is null',
      'targets',
      'signed.delegations.roles.0.paths.1',
      null,
      'signed.delegations.roles[0].paths[1] has to be a string',
    ],
    ['no meta', 'snapshot', 'signed.meta', undefined, 'signed.meta has to be an object'],
    [
      'version 0 in meta',
      'snapshot',
      'signed.meta.targets.json.version',
      0,
      'signed.meta.targets.json.version has to be at least 1',
    ],
    [
      'a negative length in meta',
      'snapshot',
      'signed.meta.rekor.json.length',
      -1,
      'signed.meta.rekor.json.length has to be at least 0',
    ],
    [
      'no digest in meta',
      'snapshot',
      'signed.meta.rekor.json.hashes',
      {},
      'signed.meta.rekor.json.hashes has to hold digests',
    ],
    [
      'a timestamp of two files',
      'timestamp',
      'signed.meta',
      { 'snapshot.json': { version: 7 }, 'targets.json': { version: 7 } },
      'signed.meta has to be an object of snapshot.json alone',
    ],
    [
      'a timestamp of another file',
      'timestamp',
      'signed.meta',
      { 'targets.json': { version: 7 } },
      'signed.meta has to be an object of snapshot.json alone',
    ],
  ])('%s', (_, type, place, wrong, message) => {
    const json = replaced(samples[type], pathOf(samples[type], place), wrong);
    expect(() => parseDocument(serializeJson(json ?? null))).toThrow(message);
  });

  it('and escapes it where it is hostile', () => {
    const json = replaced(samples.targets, ['signed', 'targets'], { '\u001b[2J\u202e': null });
    expect(() => parseDocument(serializeJson(json ?? null))).toThrow(
      String.raw`signed.targets."\u001b[2J\u202e" has to be an object`,
    );
  });

  /** Splits `place` at its dots, but for those inside names. */
  function pathOf(value: JsonValue, place: string): Path {
    if (place === '') return [];
    if (isJsonArray(value)) {
      const [index = '', ...rest] = place.split('.');
      return [Number(index), ...pathOf(value[Number(index)] ?? null, rest.join('.'))];
    }
    if (!isJsonObject(value)) throw new Error(`nothing at ${place}`);
    const name = Object.keys(value).find(n => place === n || place.startsWith(`${n}.`));
    if (name === undefined) throw new Error(`nothing at ${place}`);
    return [name, ...pathOf(value[name] ?? null, place.slice(name.length + 1))];
  }
});

describe('parseDocument', () => {
  it('tolerates what older writers did', () => {
    const text = JSON.stringify(samples.root, null, '\t').replace('00:00:00Z', '00:00:00.123456+01:00');
    const document = parseDocument(Buffer.from(text));
    expect(new Date(document.signed.expiresAt).toISOString()).toBe('2029-12-31T23:00:00.123Z');
    expect(document.signed.expires).toBe('2030-01-01T00:00:00.123456+01:00');
  });

  it('passes the limits on', () => {
    const bytes = serializeJson(samples.root);
    expect(() => parseDocument(bytes, { maxBytes: 10, maxDepth: 64 })).toThrow(JsonError);
    expect(() => parseDocument(bytes, { maxBytes: 1e6, maxDepth: 2 })).toThrow(JsonError);
  });

  it('keeps a target named __proto__', () => {
    const file = { hashes: { sha256: SHA256 }, length: 1 };
    const targets = JSON.parse(`{"__proto__":${JSON.stringify(file)}}`) as JsonObject;
    const document = parseDocumentOf('targets', serializeJson(envelope({ ...common('targets'), targets })));
    expect([...document.signed.targets.keys()]).toEqual(['__proto__']);
    expect(Buffer.from(signedBytes(document)).toString()).toContain('"__proto__":{"hashes"');
  });

  it.each<[string, string]>([
    ['a duplicate of signed', '{"signatures":[],"signed":{},"signed":{}}'],
    ['a duplicate in a place nobody reads', '{"signatures":[],"signed":{},"x":[{"y":1,"y":2}]}'],
    ['a version with a fraction', '{"signatures":[],"signed":{"version":1.0}}'],
  ])('refuses %s', (_, text) => expect(() => parseDocument(Buffer.from(text))).toThrow(JsonError));
});

describe('parseDocumentOf', () => {
  it.each(Object.entries(samples))('takes a document of type %s as that alone', (type, sample) => {
    const bytes = serializeJson(sample);
    for (const wanted of ['root', 'targets', 'snapshot', 'timestamp'] as const) {
      if (wanted === type) expect(parseDocumentOf(wanted, bytes).signed.type).toBe(type);
      else expect(() => parseDocumentOf(wanted, bytes)).toThrow(`signed._type has to be "${wanted}"`);
    }
    const document = parseDocument(bytes);
    expect([isRoot(document), isTargets(document)]).toEqual([type === 'root', type === 'targets']);
  });
});

describe('documentType', () => {
  it.each<[RoleName, string]>([
    [ROOT, 'root'],
    [TARGETS, 'targets'],
    [SNAPSHOT, 'snapshot'],
    [TIMESTAMP, 'timestamp'],
    ['rekor' as RoleName, 'targets'],
    ['__proto__' as RoleName, 'targets'],
  ])('of %s is %s', (name, type) => expect(documentType(name)).toBe(type));
});

describe('the digest of a target', () => {
  const document = parseDocumentOf('targets', serializeJson(samples.targets));
  const file = document.signed.targets.get('a/b.txt');
  it.each<[string, string, string | undefined]>([
    ['is found by its algorithm', 'sha256', SHA256],
    ['is not made up', 'sha512', undefined],
    ['is not inherited', 'constructor', undefined],
  ])('%s', (_, algorithm, expected) => {
    expect(file === undefined ? 'no file' : targetHash(file, algorithm)).toBe(expected);
  });
});

describe('the bytes that are signed', () => {
  it('are the canonical form of what was received, and made once', () => {
    const document = parseDocument(serializeJson(samples.timestamp));
    expect(Buffer.from(signedBytes(document)).toString()).toBe(
      '{"_type":"timestamp","expires":"2030-01-01T00:00:00Z","meta":{"snapshot.json":{"version":7}},"spec_version":"1.0.31","version":7}',
    );
    expect(signedBytes(document)).toBe(signedBytes(document));
  });
});

describe('periods', () => {
  it.each<[string, number | undefined, number | undefined, unknown]>([
    ['are as found', 365, 60, { expiryDays: 365, signingDays: 60 }],
    [
      'sign in the second half where nothing else is said',
      365,
      undefined,
      { expiryDays: 365, signingDays: 182 },
    ],
    ['are none without an expiry period', undefined, 60, undefined],
    ['may be zero, which rules refuse', 0, undefined, { expiryDays: 0, signingDays: 0 }],
  ])('%s', (_, expiryDays, signingDays, expected) => {
    expect(effectivePeriods({ expiryDays, signingDays })).toEqual(expected);
  });
});
