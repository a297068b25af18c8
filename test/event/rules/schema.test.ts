import { clientLimits } from '../../../src/event/rules/schema.ts';
import { testKey } from '../../support/test-keys.ts';
import { keyOf, type TestRepository, type WireRoot, type WireTargets } from '../../support/tree-builder.ts';
import { readVectors } from '../../support/vectors.ts';
import { type Row, ruleTable, standard } from './rule-table.ts';

const targets = 'metadata/targets.json';
const mlDsaKey = (readVectors('ml-dsa.json') as { cases: readonly { public: string }[] }).cases[0]?.public;

/** Changes the text of targets.json in the event. */
const text =
  (change: (json: string) => string) =>
  (event: TestRepository): void => {
    event.edit('targets');
    event.write(targets, change(Buffer.from(event.bytes(targets)).toString('utf8')));
  };
const signed =
  (change: (signed: WireTargets) => void) =>
  (event: TestRepository): void =>
    void event.edit('targets', change);

const malformed = (when: string, change: (signed: WireTargets) => void, place: string): Row => ({
  when,
  do: signed(change),
  says: [['refuse', 'targets', targets, place]],
});
const set = (object: object, name: string, value: unknown): void =>
  void Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });

ruleTable('schema', [
  { when: 'a document changes and is as it has to be', do: signed(() => {}), says: [] },
  { when: 'nothing changes', says: [] },
  {
    when: 'a member stands twice in one object',
    do: text(json => json.replace('"version":', '"version": 9,\n  "version":')),
    says: [['refuse', 'targets', targets, 'twice']],
  },
  {
    when: 'a number is 2^53 + 1',
    do: text(json => json.replace(/"version": \d+/, '"version": 9007199254740993')),
    says: [['refuse', 'targets', targets, '2^53']],
  },
  {
    when: 'a version has a fraction',
    do: text(json => json.replace(/"version": \d+/, '"version": 2.0')),
    says: [['refuse', 'targets', targets, 'fraction']],
  },
  {
    when: 'a version has an exponent',
    do: text(json => json.replace(/"version": \d+/, '"version": 2e0')),
    says: [['refuse', 'targets', targets, 'exponent']],
  },
  {
    when: 'lists nest a thousand deep',
    do: text(json =>
      json.replace('"signed": {', `"signed": {"x": ${'['.repeat(1_000)}${']'.repeat(1_000)},`),
    ),
    says: [['refuse', 'targets', targets, 'nests deeper']],
  },
  {
    when: 'the file is not UTF-8',
    do: event => void event.write(targets, Buffer.from([0x22, 0xff, 0x22])),
    says: [['refuse', 'targets', targets, 'UTF-8']],
  },
  {
    when: 'the file is empty',
    do: event => void event.write(targets, ''),
    says: [['refuse', 'targets', targets, 'not valid JSON']],
  },
  {
    when: 'the file is no JSON',
    do: event => void event.write(targets, '<html>'),
    says: [['refuse', 'targets', targets, 'not valid JSON']],
  },
  {
    when: 'a file begins with a byte order mark',
    do: text(json => `\ufeff${json}`),
    says: [['refuse', 'targets', targets, 'not valid JSON']],
  },
  {
    when: 'a string holds half of a surrogate pair',
    do: text(json => json.replace('"signed": {', '"signed": {"x": "\\ud800",')),
    says: [['refuse', 'targets', targets, 'surrogate']],
  },
  {
    when: '__proto__ is a member like any other',
    do: text(json => json.replace('"signed": {', '"signed": {"__proto__": {"version": 7},')),
    says: [],
  },
  {
    when: 'the version is a member of __proto__ only',
    do: text(json => json.replace(/"version": \d+/, '"__proto__": {"version": 2}')),
    says: [['refuse', 'targets', targets, 'signed.version']],
  },
  malformed('a version is text', s => set(s, 'version', '2'), 'signed.version has to be an integer'),
  malformed('a version is 0', s => set(s, 'version', 0), 'signed.version has to be at least 1'),
  malformed('a version is negative', s => set(s, 'version', -1), 'signed.version'),
  malformed('expires is a number', s => set(s, 'expires', 1), 'signed.expires'),
  malformed(
    'expires names no day of the calendar',
    s => set(s, 'expires', '2030-02-30T00:00:00Z'),
    'signed.expires',
  ),
  malformed('spec_version is a list', s => set(s, 'spec_version', []), 'signed.spec_version'),
  malformed('_type is missing', s => set(s, '_type', null), 'signed._type'),
  malformed('_type is unknown', s => set(s, '_type', 'mirrors'), 'signed._type'),
  malformed('targets is a list', s => set(s, 'targets', []), 'signed.targets'),
  malformed('a target is a number', s => set(s.targets, 'tool.bin', 7), 'signed.targets.tool.bin'),
  malformed('a length is negative', s => set(s.targets['tool.bin'] ?? {}, 'length', -1), 'tool.bin.length'),
  malformed('there are no hashes', s => set(s.targets['tool.bin'] ?? {}, 'hashes', {}), 'tool.bin.hashes'),
  malformed(
    'a hash is in upper case',
    s => set(s.targets['tool.bin']?.hashes ?? {}, 'sha256', 'AA'),
    'tool.bin.hashes',
  ),
  malformed('delegations is null', s => set(s, 'delegations', null), 'signed.delegations'),
  malformed(
    'a delegation has no keyids',
    s => set(s.delegations.roles[0] ?? {}, 'keyids', 'all'),
    'roles[0].keyids',
  ),
  malformed(
    'a delegation lists one keyid twice',
    s => s.delegations.roles[0]?.keyids.push(keyOf('@dave').keyid),
    'roles[0].keyids has to be free of duplicates',
  ),
  malformed('a threshold is 0', s => set(s.delegations.roles[0] ?? {}, 'threshold', 0), 'roles[0].threshold'),
  malformed(
    'a threshold is text',
    s => set(s.delegations.roles[0] ?? {}, 'threshold', '1'),
    'roles[0].threshold',
  ),
  malformed(
    'two delegations have one name',
    s => s.delegations.roles.push(...s.delegations.roles),
    'roles[1].name',
  ),
  malformed(
    'targets delegates root',
    s => set(s.delegations.roles[0] ?? {}, 'name', 'root'),
    'roles[0].name',
  ),
  malformed(
    'a delegation has paths and prefixes',
    s => set(s.delegations.roles[0] ?? {}, 'path_hash_prefixes', []),
    'roles[0]',
  ),
  malformed(
    'a key is text',
    s => set(s.delegations.keys, keyOf('@dave').keyid, 'key'),
    'a key has to be an object',
  ),
  malformed(
    'a key has no keyval',
    s => set(s.delegations.keys, 'ab', { keytype: 'rsa', scheme: 'x' }),
    'keyval.public',
  ),
  malformed(
    'a period is text',
    s => set(s, 'x-tuf-on-ci-expiry-period', '365'),
    'signed.x-tuf-on-ci-expiry-period',
  ),
  {
    when: 'signatures is no list',
    do: event => void event.rewrite('targets', document => set(document, 'signatures', {})),
    says: [['refuse', 'targets', targets, 'signatures has to be a list']],
  },
  {
    when: 'root delegates a fifth role',
    do: event => void event.edit('root', s => set(s.roles, 'mirrors', s.roles.root)),
    says: [['refuse', 'root', 'metadata/root.json', 'signed.roles']],
  },
  {
    when: 'targets.json holds what is a root',
    do: event => void event.write(targets, event.bytes('metadata/root.json')),
    says: [['refuse', 'targets', '_type is "root" where it has to be targets']],
  },
  {
    when: 'spec_version is 2.0',
    do: signed(s => set(s, 'spec_version', '2.0.0')),
    says: [['refuse', 'targets', 'spec_version "2.0.0"']],
  },
  {
    when: 'spec_version is 21.0.1',
    do: signed(s => set(s, 'spec_version', '21.0.1')),
    says: [['refuse', 'targets', 'spec_version "21.0.1"']],
  },
  {
    when: 'an event takes all metadata away',
    do: e => void e.remove(...[...e.files.keys()].filter(path => path.startsWith('metadata/'))),
    says: [
      ['refuse', 'root', 'metadata/root.json is missing'],
      ['refuse', 'targets', 'metadata/targets.json is missing'],
    ],
  },
  { when: 'spec_version is 1.0', do: signed(s => set(s, 'spec_version', '1.0')), says: [] },
  {
    when: 'spec_version is 1.0.x with a tail',
    do: signed(s => set(s, 'spec_version', '1.0.31-rc')),
    says: [['refuse', 'targets', '1.0.31-rc']],
  },
  {
    when: 'expires has a fraction',
    do: signed(s => set(s, 'expires', '2031-01-01T00:00:00.5Z')),
    says: [['refuse', 'targets', 'expires "2031-01-01T00:00:00.5Z"']],
  },
  ...(['known-good', 'publish'] as const).map(as => ({
    when: `it has one ${as === 'publish' ? 'in what is published' : 'on main, as in a repository that was imported'}`,
    do: signed(s => set(s, 'expires', '2031-01-01T00:00:00.5Z')),
    as,
    says: [[as === 'publish' ? 'refuse' : 'warn', 'targets', 'expires "2031-01-01T00:00:00.5Z"']] as const,
  })),
  {
    when: 'expires has an offset',
    do: signed(s => set(s, 'expires', '2031-01-01T00:00:00+00:00')),
    says: [['refuse', 'targets', 'YYYY-MM-DDTHH:MM:SSZ']],
  },
  {
    when: 'a key is of a type that nobody knows',
    do: event =>
      void event.edit('root', (s: WireRoot) =>
        set(s.keys, 'ab12', { keytype: 'dsa', scheme: 'dsa', keyval: { public: '' } }),
      ),
    says: [['refuse', 'root', 'key ab12', 'keytype dsa']],
  },
  ...(['event', 'known-good', 'publish'] as const).map(as => ({
    when: `a key is of a draft, whatever this Node knows of it (${as})`,
    do: (event: TestRepository) =>
      void event.edit('root', (s: WireRoot) =>
        set(s.keys, 'ab12', {
          keytype: 'ml-dsa',
          scheme: 'ml-dsa-44/1',
          keyval: { public: mlDsaKey },
        }),
      ),
    as,
    says: [['refuse', 'root', 'key ab12', 'ml-dsa-44/1']] as const,
  })),
  ...(['event', 'known-good', 'publish'] as const).map(as => ({
    when: `a key signs by RSA with the old padding, ${as === 'known-good' ? 'on main, as in a repository that was imported' : `in ${as === 'event' ? 'an event' : 'what is published'}`}`,
    do: (event: TestRepository) =>
      void event.edit('root', (s: WireRoot) =>
        set(s.keys, 'ab12', { ...testKey(1, { kind: 'rsa' }).raw, scheme: 'rsa-pkcs1v15-sha256' }),
      ),
    as,
    says: [
      [as === 'known-good' ? 'warn' : 'refuse', 'root', 'key ab12 signs by rsa-pkcs1v15-sha256'],
    ] as const,
  })),
  {
    when: 'a public key is no key',
    do: event =>
      void event.edit('root', (s: WireRoot) =>
        set(s.keys, 'ab12', { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: 'zz' } }),
      ),
    says: [['refuse', 'root', 'key ab12', 'can not be read']],
  },
  {
    when: 'root is larger than clients read',
    do: event => void event.edit('root', s => set(s, 'x-note', 'n'.repeat(clientLimits.get('root') ?? 0))),
    says: [['refuse', 'root', 'metadata/root.json has', 'more than the 512000']],
  },
  {
    when: 'it was larger on main already',
    main: () =>
      standard()
        .edit('root', s => set(s, 'x-note', 'n'.repeat(512_000)))
        .signAll('root')
        .fork(),
    do: event => void event.edit('root'),
    says: [['warn', 'root', 'more than the 512000']],
  },
  {
    when: 'a repository that events stand on is larger',
    do: event => void event.edit('root', s => set(s, 'x-note', 'n'.repeat(512_000))),
    as: 'known-good',
    says: [['warn', 'root', 'more than the 512000']],
  },
  {
    when: 'root.json is removed',
    do: event => void event.remove('metadata/root.json'),
    says: [['refuse', 'root', 'metadata/root.json is missing']],
  },
  {
    when: 'targets.json is removed',
    do: event => void event.remove(targets),
    says: [['refuse', 'targets', 'metadata/targets.json is missing']],
  },
  {
    when: 'targets.json becomes a symlink to something else',
    do: event => void event.write(targets, '../targets/tool.bin', '120000'),
    says: [['refuse', 'targets', 'metadata/targets.json was not read']],
  },
  {
    when: 'there is no metadata yet',
    main: () =>
      standard()
        .remove(...standard().files.keys())
        .fork(),
    do: event => void event.artifact('first.txt', 'first'),
    says: [],
  },
  {
    when: 'what is published has no metadata',
    do: event => void event.remove(...event.files.keys()),
    as: 'publish',
    says: [
      ['refuse', 'root', 'missing'],
      ['refuse', 'targets', 'missing'],
    ],
  },
]);
