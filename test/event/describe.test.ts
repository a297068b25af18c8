import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../../src/errors.ts';
import { describeArtifacts, describePolicy, describeRole } from '../../src/event/describe.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue, jsonEqual } from '../../src/json.ts';
import { type Document, parseDocument } from '../../src/metadata/document.ts';
import { requirePublicKey } from '../../src/metadata/key.ts';
import { serializeJson } from '../../src/metadata/serialize.ts';
import type { AttestationResult } from '../../src/policy/attestation.ts';
import { PolicyError } from '../../src/policy/error.ts';
import { parsePolicyFile } from '../../src/policy/parse.ts';
import { noPolicyFile, type PolicyFile } from '../../src/policy/policy.ts';
import type { Parsed } from '../../src/repository/tree.ts';
import { arbitraryJson } from '../support/arbitrary-json.ts';
import { judgeEvent, keyOf, repositoryOf, testNow } from '../support/tree-builder.ts';

const documentOf = (signed: JsonValue): Document => parseDocument(serializeJson({ signatures: [], signed }));

const keys = (...names: readonly string[]): JsonObject =>
  Object.fromEntries(names.map(name => [keyOf(name).keyid, keyOf(name).raw]));
const keyids = (...names: readonly string[]): readonly string[] => names.map(name => keyOf(name).keyid);

const common = { spec_version: '1.0.31', version: 3, expires: '2030-07-01T00:00:00Z' };
const periods = { 'x-tuf-on-ci-expiry-period': 365, 'x-tuf-on-ci-signing-period': 60 };
const online = {
  keyids: keyids('online'),
  threshold: 1,
  'x-tuf-on-ci-expiry-period': 7,
  'x-tuf-on-ci-signing-period': 3,
};

const ROOT = {
  _type: 'root',
  ...common,
  ...periods,
  consistent_snapshot: true,
  keys: keys('@alice', '@bob', '@carol', '@carol#2', 'online'),
  roles: {
    root: { keyids: keyids('@alice', '@bob', '@carol'), threshold: 2 },
    targets: { keyids: keyids('@alice', '@carol#2'), threshold: 1, 'x-note': { deep: ['a', { b: 1 }] } },
    snapshot: { ...online },
    timestamp: online,
  },
};
const sha256 = (digit: string): string => digit.repeat(64);
const DEV = {
  name: 'dev',
  keyids: keyids('@dave', '@erin'),
  threshold: 1,
  paths: ['dev/*', 'dev/*/*'],
  terminating: true,
};
const BINS = {
  name: 'bins',
  keyids: keyids('@erin'),
  threshold: 1,
  path_hash_prefixes: ['0', '1f'],
  terminating: false,
};
const TARGETS = {
  _type: 'targets',
  ...common,
  ...periods,
  'x-policy': { list: [1, 2, 3], text: 'y'.repeat(300) },
  delegations: { keys: { ...keys('@dave', '@erin'), odd: keyOf('@frank').raw }, roles: [DEV, BINS] },
  targets: {
    'a.txt': { length: 1, hashes: { sha256: sha256('a') } },
    'b/c.txt': {
      length: 2_000,
      hashes: { sha256: sha256('b'), sha512: sha256('c').repeat(2) },
      custom: { build: { by: 'ci', tags: ['x', 'y'] } },
    },
  },
};
const SNAPSHOT = {
  _type: 'snapshot',
  ...common,
  meta: {
    'targets.json': { version: 3 },
    'dev.json': { version: 9, length: 10, hashes: { sha256: sha256('d') } },
  },
};

type Edit = (signed: Record<string, never> & typeof ROOT & typeof TARGETS) => void;

/** What is said of `signed` after `edit`, against `signed`. */
function changes(signed: JsonValue, edit: Edit): readonly string[] {
  const edited = structuredClone(signed) as unknown as Parameters<Edit>[0];
  edit(edited);
  return describeRole(documentOf(signed), documentOf(edited), testNow);
}

const fingerprint = (name: string): string =>
  describeRole(undefined, documentOf({ ...ROOT, keys: { ...ROOT.keys, ...keys(name) } }), testNow)
    .map(line => new RegExp(`^key ([0-9a-f]{20}).*keyid ${keyOf(name).keyid.slice(0, 20)}`).exec(line)?.[1])
    .find(found => found !== undefined) ?? 'none';

describe('describeRole says', () => {
  const rows: readonly (readonly [string, JsonValue, Edit, readonly string[]])[] = [
    ['nothing of what is the same', ROOT, () => {}, []],
    ['the version', ROOT, signed => void (signed.version = 4), ['the version goes from 3 to 4']],
    [
      'the expiry, with the days that are left',
      ROOT,
      signed => void (signed.expires = '2030-06-11T00:00:00Z'),
      ['the expiry moves from 2030-07-01T00:00:00Z to 2030-06-11T00:00:00Z, in 10 days'],
    ],
    [
      'an expiry that is past',
      ROOT,
      signed => void (signed.expires = '2030-05-31T00:00:00Z'),
      ['the expiry moves from 2030-07-01T00:00:00Z to 2030-05-31T00:00:00Z, 1 day ago'],
    ],
    [
      'periods',
      ROOT,
      signed => {
        signed['x-tuf-on-ci-expiry-period'] = 30;
        Object.assign(signed.roles.snapshot, { 'x-tuf-on-ci-signing-period': 1 });
      },
      [
        'the expiry period goes from 365 days to 30 days',
        'snapshot: the signing period goes from 3 days to 1 day',
      ],
    ],
    [
      'a signer who joins',
      ROOT,
      signed => {
        Object.assign(signed.keys, keys('@dave'));
        signed.roles.root.keyids = [...ROOT.roles.root.keyids, ...keyids('@dave')] as never;
      },
      [
        `root: @dave (key ${fingerprint('@dave')}) becomes a signer`,
        'root: the threshold stays 2, now of 4 signers',
        `key ${fingerprint('@dave')} of @dave is new: ECDSA P-256, keyid ${keyOf('@dave').keyid.slice(0, 20)}`,
      ],
    ],
    [
      'a signer who leaves, and the threshold',
      ROOT,
      signed => Object.assign(signed.roles.root, { keyids: keyids('@alice', '@bob'), threshold: 1 }),
      [
        `root: @carol (key ${fingerprint('@carol')}) is no longer a signer`,
        'root: the threshold goes from 2 to 1 of 2 signers',
      ],
    ],
    [
      'a key that is replaced',
      ROOT,
      signed => Object.assign(signed.roles.root, { keyids: keyids('@alice', '@bob', '@carol#2') }),
      [`root: @carol signs with another key: ${fingerprint('@carol#2')} instead of ${fingerprint('@carol')}`],
    ],
    [
      'a key that is swapped under its old id',
      TARGETS,
      signed => Object.assign(signed.delegations.keys, { [keyOf('@dave').keyid]: keyOf('@dave#2').raw }),
      [
        expect.stringMatching(
          /^the key listed as "[0-9a-f]{64}" is another public key now: [0-9a-f]{20}, not [0-9a-f]{20}$/,
        ),
        expect.stringMatching(/keyval\.public changes from/),
      ],
    ],
    [
      'a delegation that is removed',
      TARGETS,
      signed => void signed.delegations.roles.pop(),
      ['it no longer delegates to bins'],
    ],
    [
      'a new delegation',
      TARGETS,
      signed =>
        void signed.delegations.roles.push({ ...DEV, name: 'qa', paths: ['qa/*'], terminating: false }),
      [
        expect.stringMatching(
          /^it delegates to qa: paths "qa\/\*"; the search goes on after it; signed by 1 of 2 signers: @dave \(key .{20}\) and @erin \(key .{20}\)$/,
        ),
      ],
    ],
    [
      'the paths of a delegation',
      TARGETS,
      signed =>
        Object.assign(signed.delegations.roles[0] ?? {}, { paths: ['dev/*', 'ops/*'], terminating: false }),
      [
        'dev: it now speaks for "ops/*" too',
        'dev: it no longer speaks for "dev/*/*"',
        'dev: the search now goes on after it',
      ],
    ],
    [
      'the order of delegations',
      TARGETS,
      signed => void signed.delegations.roles.reverse(),
      ['delegated roles are searched in another order: bins and dev'],
    ],
    [
      'artifacts',
      TARGETS,
      signed => {
        Reflect.deleteProperty(signed.targets, 'a.txt');
        Object.assign(signed.targets['b/c.txt'], { length: 1, hashes: { sha256: sha256('e') } });
        Object.assign(signed.targets, {
          'new @here': { length: 1_234_567, hashes: { sha256: sha256('f') } },
        });
      },
      [
        `artifact "new @here" is added: 1,234,567 bytes, sha256 ${sha256('f')}`,
        `artifact "b/c.txt" changes: 1 byte (it had 2,000 bytes), sha256 ${sha256('e')} instead of ${'b'.repeat(20)}`,
        'artifact "a.txt" is removed',
      ],
    ],
    [
      'custom fields of an artifact',
      TARGETS,
      signed => void (signed.targets['b/c.txt'].custom.build.tags[1] = 'z'),
      ['artifact "b/c.txt": custom.build.tags[1] changes from "y" to "z"'],
    ],
    [
      'members that nobody knows',
      TARGETS,
      signed => Object.assign(signed['x-policy'], { 'a b': [{}], list: [1, 2] }),
      ['x-policy["a b"] is set to [{}]', 'x-policy.list[2] is removed (it was 3)'],
    ],
    [
      'the entries of a snapshot',
      SNAPSHOT,
      signed => Object.assign(signed, { meta: { ...SNAPSHOT.meta, 'targets.json': { version: 4 } } }),
      ['meta["targets.json"].version changes from 3 to 4'],
    ],
  ];
  for (const [name, signed, edit, expected] of rows) {
    it(name, () => {
      expect(changes(signed, edit)).toEqual(expected);
    });
  }

  it('that a role is removed', () => {
    expect(describeRole(documentOf(TARGETS), undefined, testNow)).toEqual(['the role is removed']);
  });

  it('all of a new document', () => {
    const said = describeRole(undefined, documentOf(TARGETS), testNow).join('\n');
    for (const part of [
      'the role is new',
      'version 3',
      '2030-07-01T00:00:00Z',
      '365 days',
      'dev/*',
      '@dave',
      'a.txt',
      'listed as "odd"',
    ]) {
      expect(said).toContain(part);
    }
  });

  it('of a thousand artifacts the first, and how many more', () => {
    const targets = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, i) => [`f${i}`, { length: 10, hashes: { sha256: sha256('a') } }]),
    );
    const said = changes({ ...TARGETS, targets: {} }, signed => Object.assign(signed, { targets }));
    expect(said).toHaveLength(51);
    expect(said.at(-1)).toMatch(/^and 950 more .* 10,000 bytes in all \(digest of that list [0-9a-f]{32}\)$/);
  });
});

describe('nothing signed goes unmentioned', () => {
  const samples = Object.entries({ ROOT, TARGETS, SNAPSHOT });

  for (const [name, signed] of samples) {
    it(`in any one change to ${name}`, () => {
      let tried = 0;
      for (const mutant of mutantsOf(signed)) {
        if (!jsonEqual(mutant, signed)) tried += expectTold(signed, mutant);
      }
      expect(tried).toBeGreaterThan(30);
    });
  }

  it('in random values put in random places, several at once', () => {
    const places = samples.map(([, signed]) => [signed, placesOf(signed)] as const);
    const edit = fc.tuple(
      fc.nat(),
      fc.constantFrom('x', '__proto__', 'terminating', 'custom', '0'),
      arbitraryJson,
    );
    fc.assert(
      fc.property(
        fc.nat(samples.length - 1),
        fc.array(edit, { minLength: 1, maxLength: 3 }),
        (which, edits) => {
          const [signed, paths] = places[which] ?? [ROOT, []];
          let mutant: JsonValue = signed;
          for (const [index, name, value] of edits) {
            mutant = withPut(mutant, paths[index % paths.length] ?? [], name, value);
          }
          if (!jsonEqual(mutant, signed)) expectTold(signed, mutant);
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** 1 where the mutant is a document at all, and is told apart in all three ways; 0 where clients would refuse it. */
function expectTold(signed: JsonValue, mutant: JsonValue): number {
  let document: Document;
  try {
    document = documentOf(mutant);
  } catch (error) {
    if (error instanceof CodedError) return 0;
    throw error;
  }
  const before = documentOf(signed);
  const other = documentOf({ ...(signed as JsonObject), version: 1 });
  const told = (from: Document | undefined, to: Document): string =>
    describeRole(from, to, testNow).join('\n');
  const silent =
    told(before, document) === '' ||
    told(document, before) === '' ||
    told(undefined, document) === told(undefined, before) ||
    told(other, document) === told(other, before);
  if (silent) expect.fail(`says nothing of ${JSON.stringify(mutant)}`);
  return 1;
}

type Path = readonly (string | number)[];

/** The places of all objects in a value. */
function placesOf(value: JsonValue, path: Path = []): readonly Path[] {
  const children: readonly (readonly [string | number, JsonValue])[] = isJsonArray(value)
    ? [...value.entries()]
    : isJsonObject(value)
      ? Object.entries(value)
      : [];
  const inner = children.flatMap(([step, child]) => placesOf(child, [...path, step]));
  return isJsonObject(value) ? [path, ...inner] : inner;
}

function withPut(value: JsonValue, [step, ...rest]: Path, name: string, put: JsonValue): JsonValue {
  if (step === undefined)
    return isJsonObject(value) ? entries([...Object.entries(value), [name, put]]) : value;
  if (isJsonArray(value)) return value.map((item, i) => (i === step ? withPut(item, rest, name, put) : item));
  if (!isJsonObject(value)) return value;
  return entries(
    Object.entries(value).map(([key, item]) => [key, key === step ? withPut(item, rest, name, put) : item]),
  );
}

const entries = (members: readonly (readonly [string, JsonValue])[]): JsonObject =>
  Object.fromEntries(new Map(members));

/** Every value with one leaf changed, one member or item gone, added, renamed or moved. */
function* mutantsOf(value: JsonValue): Iterable<JsonValue> {
  if (typeof value === 'string') {
    yield* [
      `${value}0`,
      value.slice(0, -1),
      `${value}aa`,
      flipped(value, value.length - 1),
      flipped(value, 40),
      '',
    ];
    yield* [1, true, null, [value], { value }];
  } else if (typeof value === 'number') yield* [value + 1, value - 1, `${value}`, [], {}];
  else if (typeof value === 'boolean') yield* [!value, `${value}`, 1];
  else if (isJsonArray(value)) yield* listMutants(value);
  else if (isJsonObject(value)) yield* objectMutants(value);
}

function* listMutants(list: readonly JsonValue[]): Iterable<JsonValue> {
  for (const [index, item] of list.entries()) {
    yield list.toSpliced(index, 1);
    yield [...list.slice(1), ...list.slice(0, 1)];
    yield [...list, item];
    for (const mutant of mutantsOf(item)) yield list.with(index, mutant);
  }
  yield [];
  yield [...list, 'new'];
  yield ['new', ...list];
}

function* objectMutants(object: JsonObject): Iterable<JsonValue> {
  const members = Object.entries(object);
  yield {};
  for (const added of ['x-new', '__proto__', 'a"b\n']) yield entries([...members, [added, {}]]);
  for (const [index, [name, item]] of members.entries()) {
    yield entries(members.toSpliced(index, 1));
    yield entries(members.with(index, [`${name}x`, item]));
    yield entries(members.with(index, [flipped(name, name.length - 1), item]));
    for (const mutant of mutantsOf(item)) yield entries(members.with(index, [name, mutant]));
  }
}

/** The character there replaced by another hex digit. */
const flipped = (text: string, index: number): string =>
  text.slice(0, index) + (text[index] === '0' ? '1' : '0') + text.slice(index + 1);

describe('the description of what is not in a document says', () => {
  const zoe = keyOf('@zoe');
  const withZoe = { ...ROOT, keys: { ...ROOT.keys, ...keys('@zoe') } };
  const said = (result: AttestationResult): readonly string[] =>
    describeRole(documentOf(ROOT), documentOf(withZoe), testNow, new Map([[zoe.keyid, result]]));
  const card: AttestationResult = {
    ok: true,
    fingerprint: requirePublicKey(zoe.key).fingerprint,
    serial: 4242,
    firmware: [5, 7, 4],
    pinPolicy: 'once',
    touchPolicy: 'always',
    formFactor: 'usb-c-nano',
    ca: 'yubico',
  };
  const name = `key ${fingerprint('@zoe')} of @zoe`;

  it.each<readonly [string, AttestationResult, string]>([
    [
      'which card made a new key',
      card,
      'was made by YubiKey 4242, firmware 5.7.4, PIN policy once, touch policy always, usb-c-nano',
    ],
    [
      'whose word that is, where it is not that of Yubico',
      { ...card, formFactor: undefined, ca: 'ab'.repeat(32) },
      `was made by card 4242, firmware 5.7.4, PIN policy once, touch policy always, attested by CA ${'ab'.repeat(10)}`,
    ],
    [
      'that an attestation is of another key',
      { ...card, fingerprint: '0'.repeat(64) },
      'has an attestation that counts for nothing: it is of another key',
    ],
    [
      'that an attestation does not verify',
      { ok: false, code: 'EXPIRED', reason: 'too old' },
      'has an attestation that counts for nothing: too old',
    ],
  ])('%s', (_, result, sentence) => expect(said(result)).toContain(`${name} ${sentence}`));

  const file = (text: string): Parsed<PolicyFile> => ({
    ok: true,
    value: parsePolicyFile(Buffer.from(text)),
  });
  const none: Parsed<PolicyFile> = { ok: true, value: noPolicyFile };
  const before = file('version: 1\nattestation: { default: warn, pin-policy: [once] }\n');
  it.each<readonly [string, Parsed<PolicyFile>, readonly string[]]>([
    ['nothing of the same policy', before, []],
    [
      'what a policy asks otherwise',
      file('version: 1\nattestation: { default: off, pin-policy: [once, never] }\n'),
      [
        'policy: attestation.default changes from "warn" to "off"',
        'policy: attestation.pin-policy[1] is set to "never"',
      ],
    ],
    [
      'that nothing is asked otherwise',
      file('version: 1 # the first\nattestation: { default: warn, pin-policy: [once] }\n'),
      ['policy: only comments and spelling change'],
    ],
    [
      'that the policy goes',
      none,
      [
        'policy: the policy file is removed',
        'policy: version is removed (it was "1")',
        'policy: attestation is removed (it was {"default":"warn","pin-policy":["once"]})',
      ],
    ],
    [
      'that a policy can not be read',
      { ok: false, error: new PolicyError('POLICY_SYNTAX', 'no') },
      ['the policy file can not be read, so nothing can be said of what it changes'],
    ],
  ])('%s', (_, after, expected) => expect(describePolicy(before, after)).toEqual(expected));
});

describe('describeArtifacts says', () => {
  const main = repositoryOf({ signers: ['@alice'], artifacts: { 'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c' } });
  it('which files are new, changed, gone and of another kind', () => {
    const event = main
      .fork()
      .artifact('a.txt', 'aa')
      .artifact('b.txt', undefined)
      .artifact('new.txt', 'new')
      .chmod('targets/c.txt', '100755')
      .write('targets/link', 'a.txt', '120000');
    expect([...describeArtifacts(judgeEvent(main, event).context)].sort()).toEqual([
      'file "a.txt" changes (2 bytes)',
      'file "b.txt" is removed',
      'file "c.txt" is now an executable file',
      'file "link" is added, a symbolic link',
      'file "new.txt" is added (3 bytes)',
    ]);
  });

  it('nothing where nothing changes', () => {
    expect(describeArtifacts(judgeEvent(main, main.fork()).context)).toEqual([]);
  });
});

describe('a change of more things than a call takes arguments', () => {
  const many = Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`k${i}`, i]));
  const places: readonly (readonly [string, (signed: Record<string, JsonValue>) => void])[] = [
    [
      'in an artifact',
      s => void (s['targets'] = { 'a.bin': { length: 1, hashes: { sha256: sha256('1') }, custom: many } }),
    ],
    ['beside the artifacts', s => void (s['x'] = many)],
    ['in the delegations', s => void (s['delegations'] = { ...TARGETS.delegations, x: many })],
    [
      'in a key',
      s =>
        void (s['delegations'] = {
          ...TARGETS.delegations,
          keys: { odd: { ...keyOf('@frank').raw, x: many } },
        }),
    ],
  ];
  for (const [where, change] of places) {
    it(`${where} is told, and cut`, () => {
      const after: Record<string, JsonValue> = { ...TARGETS };
      change(after);
      const sentences = describeRole(documentOf(TARGETS), documentOf(after), testNow);
      expect(sentences.length).toBeLessThan(200);
      expect(sentences.join('\n')).toMatch(/digest of that list/);
    });
  }
});

it('fifty new delegations do not hide that another role needs one signer less', () => {
  const main = repositoryOf({ signers: ['@alice'], roles: { dev: { signers: ['@dave', '@erin'] } } });
  const event = main.fork();
  for (let i = 10; i < 70; i++) event.delegate(`a${i}`, { signers: ['@alice'] });
  event.delegate('dev', { signers: ['@dave', '@erin'], threshold: 1 });
  const [before, after] = [main, event].map(found => parseDocument(found.bytes('metadata/targets.json')));
  const sentences = describeRole(before, after, testNow);
  expect(sentences).toContain('dev: the threshold goes from 2 to 1 of 2 signers');
  expect(sentences.length).toBeLessThan(150);
});
