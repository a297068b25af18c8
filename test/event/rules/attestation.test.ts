import { describe, expect, it } from 'vitest';
import { MetadataError } from '../../../src/metadata/error.ts';
import { publicKeyOf } from '../../../src/metadata/key.ts';
import type { Keyid } from '../../../src/metadata/names.ts';
import type { AttestationResult, Attested } from '../../../src/policy/attestation.ts';
import { parsePolicyFile } from '../../../src/policy/parse.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { type JudgeOptions, judgeEvent, keyOf, type TestRepository } from '../../support/tree-builder.ts';
import { type Row, ruleTable, standard } from './rule-table.ts';

const terms = (yaml: string): Policy =>
  parsePolicyFile(Buffer.from(`version: 1\nattestation: ${yaml}\n`)).policy;
const off = terms('{ default: off }');
const warned = terms('{ default: warn }');
const required = terms('{ default: require }');
const onRoot = terms('{ roles: { root: require } }');

const fileOf = (name: string): string => `metadata/attestations/${keyOf(name).keyid}.pem`;
const fingerprintOf = (name: string): string => {
  const publicKey = publicKeyOf(keyOf(name).key);
  return publicKey instanceof MetadataError ? '' : publicKey.fingerprint;
};

/** What verifying the attestation of `name` gave. */
const attested = (name: string, card: Partial<Attested> = {}): readonly [Keyid, AttestationResult] => [
  keyOf(name).keyid,
  {
    ok: true,
    fingerprint: fingerprintOf(name),
    serial: 1000 + name.length,
    firmware: [5, 7, 4],
    pinPolicy: 'always',
    touchPolicy: 'always',
    formFactor: 'usb-c-keychain',
    ca: 'yubico',
    ...card,
  },
];

const judgedBy = (
  policy: Policy,
  ...results: readonly (readonly [Keyid, AttestationResult])[]
): JudgeOptions => ({
  policy,
  facts: { attestations: new Map(results) },
});

const joins = (event: TestRepository, ...attestedNames: readonly string[]): void => {
  event.rootRole('root', ['@alice', '@bob', '@zoe'], 2);
  for (const name of attestedNames) event.write(fileOf(name), `of ${name}`);
};
const known =
  (...names: readonly string[]) =>
  (): TestRepository => {
    const main = standard();
    for (const name of names) main.write(fileOf(name), `of ${name}`);
    return main.fork();
  };

const short = (when: string, yaml: string, card: Partial<Attested>, ...words: readonly string[]): Row => ({
  when,
  main: known('@alice', '@bob'),
  do: e => joins(e, '@zoe'),
  options: judgedBy(terms(`{ roles: { root: require }, ${yaml} }`), attested('@zoe', card)),
  says: [
    ['refuse', 'root', `the attestation of @zoe's key ${fingerprintOf('@zoe').slice(0, 20)}: its`, ...words],
  ],
});

ruleTable('attestation', [
  { when: 'nothing is asked and nobody attests', do: e => joins(e), options: judgedBy(off), says: [] },
  {
    when: 'nothing is asked, and what is there is good',
    do: e => joins(e, '@zoe'),
    options: judgedBy(off, attested('@zoe')),
    says: [],
  },
  {
    when: 'nothing is asked, and what is there is bad',
    do: e => joins(e, '@zoe'),
    options: judgedBy(off, [
      keyOf('@zoe').keyid,
      { ok: false, code: 'UNTRUSTED', reason: 'nobody knows it' },
    ]),
    says: [['warn', 'root', 'does not verify: nobody knows it']],
  },
  {
    when: 'a key joins without one and a warning is asked',
    do: e => joins(e),
    options: judgedBy(terms('{ roles: { root: warn } }')),
    says: [
      ['warn', 'root', '@zoe joins without the attestation'],
      ['warn', 'root', 'has keys without the attestation that the policy asks for: @alice and @bob'],
    ],
  },
  {
    when: 'a key joins without one where it is required',
    main: known('@alice', '@bob'),
    do: e => joins(e),
    options: judgedBy(onRoot),
    says: [['refuse', 'root', '@zoe joins without the attestation', 'generate the key on the card']],
  },
  {
    when: 'a key joins with a good one where it is required',
    main: known('@alice', '@bob'),
    do: e => joins(e, '@zoe'),
    options: judgedBy(onRoot, attested('@zoe')),
    says: [],
  },
  {
    when: 'keys that were there before have none',
    do: e => void e.edit('root'),
    options: judgedBy(onRoot),
    says: [['warn', 'root', '@alice, @bob and @carol']],
  },
  {
    when: 'it was not verified',
    main: known('@alice', '@bob'),
    do: e => joins(e, '@zoe'),
    options: judgedBy(onRoot),
    says: [['refuse', 'root', 'was not verified']],
  },
  {
    when: 'it does not verify',
    main: known('@alice', '@bob'),
    do: e => joins(e, '@zoe'),
    options: judgedBy(onRoot, [keyOf('@zoe').keyid, { ok: false, code: 'BAD_SIGNATURE', reason: 'forged' }]),
    says: [['refuse', 'root', 'does not verify: forged']],
  },
  {
    when: 'it is of another key',
    main: known('@alice', '@bob'),
    do: e => joins(e, '@zoe'),
    options: judgedBy(onRoot, [keyOf('@zoe').keyid, attested('@mallory')[1]]),
    says: [['refuse', 'root', 'is of another key', fingerprintOf('@mallory').slice(0, 20)]],
  },
  short(
    'the firmware is old',
    'min-firmware: 5.8.0',
    { firmware: [5, 7, 255] },
    'firmware 5.7.255 is older than 5.8.0',
  ),
  short(
    'the PIN policy is loose',
    'pin-policy: [once, always]',
    { pinPolicy: 'never' },
    'PIN policy is never, not once or always',
  ),
  short(
    'the touch policy is loose',
    'touch-policy: [always]',
    { touchPolicy: 'cached' },
    'touch policy is cached',
  ),
  short('the form factor is another', 'form-factors: [usb-a-nano]', {}, 'form factor is usb-c-keychain'),
  short(
    'the form factor is not stated',
    'form-factors: [usb-a-nano]',
    { formFactor: undefined },
    'not stated',
  ),
  short(
    'the CA is not that of the policy',
    'pin-policy: [always]',
    { ca: 'ab'.repeat(32) },
    'is not one that the policy trusts',
  ),
  {
    when: 'the firmware is under an advisory, and nothing else is wrong',
    main: known('@alice', '@bob'),
    do: e => joins(e, '@zoe'),
    options: judgedBy(onRoot, attested('@zoe', { firmware: [5, 2, 7] })),
    says: [['warn', 'root', 'firmware 5.2.7 is under advisory YSA-2024-03', 'fixed in 5.7.0']],
  },
  {
    when: 'a card of another vendor has an old number',
    main: known('@alice', '@bob'),
    do: e => joins(e, '@zoe'),
    options: judgedBy(
      { ...onRoot, attestation: { ...onRoot.attestation, cas: new Set(['ab'.repeat(32)]) } },
      attested('@zoe', { firmware: [1, 0, 0], ca: 'ab'.repeat(32) }),
    ),
    says: [],
  },
  {
    when: 'an online key joins a role of which attestation is required',
    do: e => void e.delegate('bins', { signers: ['cloud'] }),
    options: judgedBy(terms('{ roles: { bins: require } }')),
    says: [['refuse', 'bins', 'cloud', 'it is no card']],
  },
  {
    when: 'an online key joins snapshot and timestamp, and all is required',
    main: known('@alice', '@bob', '@carol', '@dave', '@erin', '@frank'),
    do: e => void e.rootRole('snapshot', ['cloud']).rootRole('timestamp', ['cloud']),
    options: judgedBy(required),
    says: [],
  },
  {
    when: 'a key of a role that asks for nothing joins root',
    main: known('@alice', '@bob'),
    do: e => void e.rootRole('root', ['@alice', '@bob', '@dave'], 2),
    options: judgedBy(onRoot),
    says: [['refuse', 'root', '@dave joins without']],
  },
  {
    when: 'a known key comes back under another tag',
    main: known('@alice', '@bob', '@carol'),
    do: e => {
      e.edit('root', signed => {
        const { [keyOf('@carol').keyid]: carol = {}, ...others } = signed.keys;
        signed.keys = { ...others, ['cd'.repeat(32)]: { ...carol, 'x-note': 'tagged' } };
        for (const role of [signed.roles.root, signed.roles.targets]) {
          role.keyids = role.keyids.map(id => (id === keyOf('@carol').keyid ? 'cd'.repeat(32) : id));
        }
      });
      e.remove(fileOf('@carol'));
    },
    options: judgedBy(onRoot),
    says: [['refuse', 'root', '@carol joins without']],
  },
  {
    when: 'the attestation of a live key is removed',
    main: known('@alice'),
    do: e => void e.edit('targets').remove(fileOf('@alice')),
    options: judgedBy(off),
    says: [['refuse', undefined, 'was removed while the key is in use']],
  },
  {
    when: 'the attestation of a live key is changed',
    main: known('@alice'),
    do: e => void e.write(fileOf('@alice'), 'another'),
    options: judgedBy(off, attested('@alice')),
    says: [['refuse', undefined, 'was changed while the key is in use']],
  },
  {
    when: 'the attestation goes with its key',
    main: known('@carol'),
    do: e =>
      void e
        .rootRole('root', ['@alice', '@bob'], 2)
        .rootRole('targets', ['@alice', '@bob'], 2)
        .remove(fileOf('@carol')),
    options: judgedBy(off),
    says: [],
  },
  {
    when: 'the attestation outlives its key',
    main: known('@carol'),
    do: e => void e.rootRole('root', ['@alice', '@bob'], 2).rootRole('targets', ['@alice', '@bob'], 2),
    options: judgedBy(off),
    says: [['warn', undefined, 'is of a key that no role has']],
  },
  {
    when: 'an attestation of nobody is added',
    do: e => void e.write(fileOf('@zoe'), 'of @zoe'),
    options: judgedBy(off),
    says: [['refuse', undefined, 'is of a key that no role has']],
  },
  {
    when: 'a known key brings its attestation later',
    main: known('@bob', '@carol'),
    do: e => void e.write(fileOf('@alice'), 'of @alice'),
    options: judgedBy(onRoot, attested('@alice')),
    says: [],
  },
  {
    when: 'a known key brings a bad attestation later',
    main: known('@bob', '@carol'),
    do: e => void e.write(fileOf('@alice'), 'of @alice'),
    options: judgedBy(onRoot, [keyOf('@alice').keyid, { ok: false, code: 'EXPIRED', reason: 'too old' }]),
    says: [['refuse', 'root', 'too old']],
  },
  {
    when: 'one card is in two names',
    main: known('@alice', '@bob'),
    do: e => joins(e, '@zoe'),
    options: judgedBy(onRoot, attested('@zoe', { serial: 7 }), attested('@bob', { serial: 7 })),
    says: [['refuse', undefined, 'card 7 holds keys of more than one owner: @bob and @zoe']],
  },
  {
    when: 'one card is in two names where nothing is asked',
    main: known('@alice', '@bob'),
    do: e => joins(e, '@zoe'),
    options: judgedBy(off, attested('@zoe', { serial: 7 }), attested('@bob', { serial: 7 })),
    says: [['warn', undefined, 'card 7']],
  },
  {
    when: 'two cards of two vendors have one number',
    main: known('@alice', '@bob'),
    do: e => joins(e, '@zoe'),
    options: judgedBy(
      off,
      attested('@zoe', { serial: 7 }),
      attested('@bob', { serial: 7, ca: 'ab'.repeat(32) }),
    ),
    says: [],
  },
  {
    when: 'one card holds two keys of one owner',
    main: known('@alice', '@bob'),
    do: e => {
      e.rootRole('root', ['@alice', '@alice#2', '@bob'], 2).write(fileOf('@alice#2'), 'second');
    },
    options: judgedBy(onRoot, attested('@alice', { serial: 7 }), attested('@alice#2', { serial: 7 })),
    says: [],
  },
  {
    when: 'what is to be published falls short of a policy that came later',
    main: known('@bob', '@carol'),
    as: 'publish',
    options: judgedBy(onRoot, attested('@bob'), [
      keyOf('@carol').keyid,
      { ok: false, code: 'EXPIRED', reason: 'too old' },
    ]),
    says: [
      ['warn', 'root', 'too old'],
      ['warn', 'root', 'has keys without the attestation', '@alice'],
    ],
  },
  {
    when: 'what is to be published has a bad attestation, and nothing is asked',
    main: known('@carol'),
    as: 'publish',
    options: judgedBy(off, [keyOf('@carol').keyid, { ok: false, code: 'EXPIRED', reason: 'too old' }]),
    says: [],
  },
  {
    when: 'a warning is asked of all roles and a new role has no attestation',
    main: known('@alice', '@bob', '@carol', '@dave', '@erin', '@frank'),
    do: e => void e.delegate('ops', { signers: ['@gina'] }),
    options: judgedBy(warned),
    says: [['warn', 'ops', '@gina joins without']],
  },
]);

describe('a policy that switches its own checks off', () => {
  const strict = 'version: 1\nattestation: { roles: { root: require } }\n';
  const main = known('@alice', '@bob', '@carol')().policy(strict).signAll('root').onlineSign().fork();

  it('is in force no sooner than main has it', () => {
    const event = main.fork().policy('version: 1\n');
    joins(event);
    const told = judgeEvent(main, event).reasons.map(({ severity, rule }) => `${severity} ${rule}`);
    expect(told).toContain('refuse policy');
    expect(told).toContain('refuse attestation');
  });

  it('asks of the event after it', () => {
    const event = main.fork();
    joins(event);
    expect(judgeEvent(main, event).verdict).toBe('rejected');
    const loosened = main.fork().policy('version: 1\n').signAll('root').onlineSign().fork();
    const after = loosened.fork();
    joins(after);
    after.signAll('root').sign('root', '@zoe');
    expect(judgeEvent(loosened, after).reasons.filter(({ severity }) => severity === 'refuse')).toEqual([]);
  });
});
