import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type JsonObject, withMembers } from '../../src/json.ts';
import type { KeyOwner, RoleName } from '../../src/metadata/names.ts';
import {
  withDelegation,
  withKey,
  withoutDelegation,
  withoutKeys,
  withThreshold,
} from '../../src/repository/delegator-edits.ts';
import { newOnline, newRoot, newTargets, onlineKey, personKey } from '../../src/repository/documents.ts';
import { Draft, type FileEdits } from '../../src/repository/draft.ts';
import { emptyTree } from '../../src/repository/tree.ts';
import {
  inDays,
  keyOf,
  repositoryOf,
  type TestRepository,
  testNow,
  type WireDocument,
} from '../support/tree-builder.ts';

const [ROOT, TARGETS, DEV] = ['root', 'targets', 'dev'] as RoleName[] as [RoleName, RoleName, RoleName];
const id = (name: string): string => keyOf(name).keyid;

const main = (): TestRepository =>
  repositoryOf({
    signers: ['@alice', '@bob'],
    roles: { dev: { signers: ['@dave', '@erin'], threshold: 1 } },
  });

const draftOn = (event: TestRepository, knownGood: TestRepository = main()): Draft =>
  new Draft(knownGood.tree(), event.tree());

const note = (signed: JsonObject): JsonObject => withMembers(signed, new Map([['x-note', 'changed']]));

function documentIn(files: FileEdits, role: string): WireDocument {
  const bytes = files.get(`metadata/${role}.json`);
  if (bytes === undefined) throw new Error(`the draft writes no ${role}.json`);
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as WireDocument;
}

const signersIn = (files: FileEdits, role: string): readonly string[] =>
  documentIn(files, role).signatures.map(({ keyid }) => keyid);

describe('a draft writes', () => {
  it('nothing where nothing was changed', () => {
    const draft = draftOn(main());
    draft.edit(DEV, signed => ({ ...signed }));
    expect(draft.files(testNow).size).toBe(0);
  });

  it('an edited role with the next version, an expiry from its period, and placeholders', () => {
    const draft = draftOn(main());
    draft.edit(DEV, note);
    const files = draft.files(testNow);
    expect([...files.keys()]).toEqual(['metadata/dev.json']);
    expect(documentIn(files, 'dev')).toMatchObject({
      signatures: [
        { keyid: id('@dave'), sig: '' },
        { keyid: id('@erin'), sig: '' },
      ],
      signed: { version: 2, expires: inDays(365), 'x-note': 'changed' },
    });
  });

  it('a role that is renewed though nothing in it changes', () => {
    const draft = draftOn(main());
    draft.renew(TARGETS);
    expect(documentIn(draft.files(testNow), 'targets').signed.version).toBe(2);
  });

  it("root with its copy in root_history/, and placeholders of main's signers too", () => {
    const draft = draftOn(main());
    draft.edit(ROOT, signed => withoutKeys(signed, ROOT, new Set([keyOf('@bob').keyid])));
    draft.edit(ROOT, signed => withThreshold(signed, ROOT, 1));
    const files = draft.files(testNow);
    expect([...files.keys()]).toEqual(['metadata/root.json', 'metadata/root_history/2.root.json']);
    expect(files.get('metadata/root_history/2.root.json')).toEqual(files.get('metadata/root.json'));
    expect(signersIn(files, 'root')).toEqual([id('@alice'), id('@bob')]);
  });

  it('each role whose keys or threshold changed, but not the ones of the automation', () => {
    const draft = draftOn(main());
    draft.edit(ROOT, signed => withThreshold(signed, TARGETS, 1));
    draft.edit(ROOT, signed => withThreshold(signed, 'snapshot' as RoleName, 2));
    draft.edit(TARGETS, signed => withKey(signed, DEV, keyOf('@frank').raw));
    const files = draft.files(testNow);
    expect([...files.keys()]).toEqual([
      'metadata/root.json',
      'metadata/root_history/2.root.json',
      'metadata/targets.json',
      'metadata/dev.json',
    ]);
    expect(signersIn(files, 'dev')).toEqual([id('@dave'), id('@erin'), id('@frank')]);
  });

  it('no role of a delegation that has no document yet', () => {
    const draft = draftOn(main());
    draft.edit(TARGETS, signed =>
      withDelegation(signed, 'ops' as RoleName, { threshold: 1, paths: ['ops/*'], terminating: true }),
    );
    expect([...draft.files(testNow).keys()]).toEqual(['metadata/targets.json']);
  });

  it('a new role, signed by whom the draft itself delegates to', () => {
    const draft = draftOn(main());
    draft.create('ops' as RoleName, newTargets(testNow, { expiryDays: 30, signingDays: 10 }));
    draft.edit(TARGETS, signed =>
      withDelegation(signed, 'ops' as RoleName, { threshold: 1, paths: ['ops/*'], terminating: true }),
    );
    draft.edit(TARGETS, signed => withKey(signed, 'ops' as RoleName, keyOf('@gina').raw));
    const files = draft.files(testNow);
    expect(documentIn(files, 'ops')).toMatchObject({
      signatures: [{ keyid: id('@gina'), sig: '' }],
      signed: { version: 1, expires: inDays(30) },
    });
  });

  it('a role that nobody delegates without placeholders', () => {
    const draft = draftOn(main());
    draft.create('ops' as RoleName, newTargets(testNow, { expiryDays: 30, signingDays: 10 }));
    expect(signersIn(draft.files(testNow), 'ops')).toEqual([]);
  });

  it('a first repository of all', () => {
    const draft = new Draft(emptyTree, emptyTree);
    const days = { expiryDays: 365, signingDays: 60 };
    draft.create(ROOT, newRoot(testNow, { root: days, snapshot: days, timestamp: days }));
    draft.edit(ROOT, signed => withKey(signed, ROOT, keyOf('@alice').raw));
    draft.create(TARGETS, newTargets(testNow, days));
    const files = draft.files(testNow);
    expect(documentIn(files, 'root')).toMatchObject({
      signatures: [{ keyid: id('@alice'), sig: '' }],
      signed: { version: 1, expires: inDays(365) },
    });
    expect(documentIn(files, 'targets')).toMatchObject({ signatures: [], signed: { version: 1 } });
  });
});

describe('the version that a draft writes', () => {
  const rows: readonly (readonly [string, (event: TestRepository) => void, RoleName, number])[] = [
    ['is the next one after main', () => {}, DEV, 2],
    ['stays where the event has one that nobody has signed', e => void e.edit('dev'), DEV, 2],
    [
      'moves on where somebody has signed what the event had',
      e => void e.edit('dev').sign('dev', '@dave'),
      DEV,
      3,
    ],
    ["is root's next one, signed or not", e => void e.edit('root').sign('root', '@alice'), ROOT, 2],
  ];
  it.each(rows)('%s', (_, change, role, version) => {
    const event = main();
    const fork = event.fork();
    change(fork);
    const draft = draftOn(fork, event);
    draft.edit(role, note);
    expect(documentIn(draft.files(testNow), role).signed.version).toBe(version);
  });
});

describe('a draft refuses', () => {
  const rows: readonly (readonly [string, (draft: Draft) => unknown, string])[] = [
    ['to edit what is not there', d => d.edit('ops' as RoleName, note), 'no readable metadata/ops.json'],
    ['to create what is there', d => d.create(DEV, {}), 'metadata/dev.json is there already'],
    [
      'to create twice',
      d => {
        d.create('ops' as RoleName, {});
        d.create('ops' as RoleName, {});
      },
      'metadata/ops.json is there already',
    ],
    [
      'to write a role without an expiry period',
      d => {
        d.create('ops' as RoleName, { _type: 'targets', targets: {} });
        d.files(testNow);
      },
      'ops has no expiry period',
    ],
  ];
  it.each(rows)('%s', (_, act, message) => {
    const draft = draftOn(main());
    expect(() => act(draft)).toThrowError(expect.objectContaining({ code: 'BAD_EDIT' }));
    expect(() => act(draftOn(main()))).toThrow(message);
  });
});

describe('beside the documents a draft keeps', () => {
  const attestation = (name: string): string => `metadata/attestations/${id(name)}.pem`;
  const pem = Buffer.from('-----BEGIN CERTIFICATE-----\n');

  it('invitations, and drops the file with the last of them', () => {
    const invited = main().invite({ '@zoe': ['root'] });
    const draft = draftOn(invited);
    draft.invite('@yves' as KeyOwner, new Set([DEV]));
    expect([...draft.invites.keys()]).toEqual(['@zoe', '@yves']);
    const bytes = draft.files(testNow).get('metadata/.signing-event-state');
    expect(JSON.parse(Buffer.from(bytes ?? []).toString())).toEqual({
      invites: { '@zoe': ['root'], '@yves': ['dev'] },
    });
    draft.invite('@yves' as KeyOwner, new Set());
    draft.invite('@zoe' as KeyOwner, new Set());
    const files = draft.files(testNow);
    expect(files.has('metadata/.signing-event-state')).toBe(true);
    expect(files.get('metadata/.signing-event-state')).toBeUndefined();
  });

  it('a policy that root names by its digest, and takes both away', () => {
    const bytes = Buffer.from('expiry: {}\n');
    const draft = draftOn(main());
    draft.setPolicy(bytes);
    const files = draft.files(testNow);
    expect(files.get('tuf-signer.yml')).toBe(bytes);
    expect(documentIn(files, 'root').signed).toMatchObject({
      'x-tuf-signer-policy': createHash('sha256').update(bytes).digest('hex'),
    });
    draft.setPolicy(undefined);
    const gone = draft.files(testNow);
    expect(gone.has('tuf-signer.yml')).toBe(true);
    expect(gone.get('tuf-signer.yml')).toBeUndefined();
    expect(documentIn(gone, 'root').signed).not.toHaveProperty('x-tuf-signer-policy');
  });

  it('a new attestation, but never in the place of one', () => {
    const draft = draftOn(main().write(attestation('@erin'), 'old'));
    draft.attest(keyOf('@dave').keyid, pem);
    draft.attest(keyOf('@erin').keyid, pem);
    expect([...draft.files(testNow)]).toEqual([[attestation('@dave'), pem]]);
  });

  it('attestations of keys that are in use, and no others', () => {
    const draft = draftOn(main().write(attestation('@dave'), 'a').write(attestation('@alice'), 'b'));
    draft.edit(TARGETS, signed => withoutKeys(signed, DEV, new Set([keyOf('@dave').keyid])));
    // @alice stays a signer of root, though no longer of targets.
    draft.edit(ROOT, signed => withoutKeys(signed, TARGETS, new Set([keyOf('@alice').keyid])));
    draft.edit(ROOT, signed => withThreshold(signed, TARGETS, 1));
    const files = draft.files(testNow);
    expect(files.has(attestation('@dave'))).toBe(true);
    expect(files.get(attestation('@dave'))).toBeUndefined();
    expect(files.has(attestation('@alice'))).toBe(false);
  });
});

describe('new documents', () => {
  const parts = { keytype: 'ed25519', scheme: 'ed25519', public: '00' };
  it('hold whose key it is', () => {
    expect(personKey(parts, '@alice' as KeyOwner)).toEqual({
      keytype: 'ed25519',
      scheme: 'ed25519',
      keyval: { public: '00' },
      'x-tuf-on-ci-keyowner': '@alice',
    });
    expect(onlineKey(parts, 'gcpkms:k')).toMatchObject({ 'x-tuf-on-ci-online-uri': 'gcpkms:k' });
  });
  it('begin before version 1, which the first signing makes', () => {
    expect(newOnline('timestamp', {})).toEqual({
      _type: 'timestamp',
      expires: '',
      meta: {},
      spec_version: '1.0.31',
      version: 0,
    });
  });
});

describe('a role that goes', () => {
  const without = (): TestRepository => main().fork().undelegate('dev').signAll('targets');

  it('leaves neither file nor placeholder, and can not be read any more', () => {
    const draft = draftOn(main());
    draft.edit(DEV, note);
    draft.edit(TARGETS, signed => withoutDelegation(signed, DEV));
    draft.remove(DEV);
    expect([...draft.files(testNow)].map(([path, bytes]) => [path, bytes === undefined])).toEqual([
      ['metadata/targets.json', false],
      ['metadata/dev.json', true],
    ]);
    expect(() => draft.signed(DEV)).toThrow('there is no readable metadata/dev.json');
  });

  it('is made again above the version that the snapshot keeps of it', () => {
    const draft = draftOn(without(), without());
    draft.create(DEV, newTargets(testNow, { expiryDays: 10, signingDays: 3 }));
    expect(documentIn(draft.files(testNow), 'dev').signed.version).toBe(2);
  });

  it('takes the attestations of keys along that only it delegated to', () => {
    const event = main()
      .fork()
      .delegate('ops', { signers: ['@olga'], by: 'dev' })
      .write(`metadata/attestations/${id('@olga')}.pem`, 'PEM')
      .write(`metadata/attestations/${id('@alice')}.pem`, 'PEM');
    const draft = draftOn(event);
    draft.edit(TARGETS, signed => withoutDelegation(signed, DEV));
    for (const role of ['dev', 'ops'] as RoleName[]) draft.remove(role);
    const gone = [...draft.files(testNow)].filter(([, bytes]) => bytes === undefined);
    expect(gone.map(([path]) => path)).toEqual([
      'metadata/dev.json',
      'metadata/ops.json',
      `metadata/attestations/${id('@olga')}.pem`,
    ]);
  });
});
