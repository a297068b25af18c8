import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixedClock } from '../../src/clock.ts';
import { type BranchName, parseBranchName } from '../../src/git/names.ts';
import { type KeyOwner, ROOT } from '../../src/metadata/names.ts';
import { delegate } from '../../src/operations/delegate.ts';
import type { LoadedEvent } from '../../src/operations/event.ts';
import { loadRemoteEvent } from '../../src/operations/event.ts';
import { initRepository } from '../../src/operations/init.ts';
import { acceptInvitations } from '../../src/operations/join.ts';
import { folderPins } from '../../src/operations/pin/folder.ts';
import { setPolicy } from '../../src/operations/set-policy.ts';
import { fetchMain, openWorkspace, type Workspace } from '../../src/operations/workspace.ts';
import { formatCertificatePem } from '../../src/policy/pem.ts';
import { publishLayout } from '../../src/repository/layout.ts';
import type { CardAttestation, PersonalSigner } from '../../src/signers/signer.ts';
import { attest, testVendor } from '../support/attestation.ts';
import { type TestFolder, TestRepository, testFolder } from '../support/git-repo.ts';
import { type TestKey, testKey } from '../support/test-keys.ts';
import { keyOf, repositoryOf, type TestRepository as TestFiles, testNow } from '../support/tree-builder.ts';

const standard = (): TestFiles =>
  repositoryOf({
    signers: ['@alice', '@bob', '@carol'],
    threshold: 2,
    artifacts: { 'tool.bin': 'tool one' },
  });
const [alice, bob] = ['@alice' as KeyOwner, '@bob' as KeyOwner];
const event: BranchName = parseBranchName('sign/first');
let folder: TestFolder;
const vendor = testVendor();

beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

async function clone(name: string, user: KeyOwner, remote: string): Promise<Workspace> {
  const path = join(folder.path, `${name}-${user.slice(1)}`);
  const repository = TestRepository.clone(remote, path);
  repository.git('config', 'tuf-signer.user', user);
  return openWorkspace(path, fixedClock(testNow));
}

const signerOf = (key: TestKey, attestation: () => Promise<CardAttestation | undefined>): PersonalSigner => ({
  sign: () => Promise.resolve(undefined),
  readPublicKey: () =>
    Promise.resolve({
      keytype: key.key.keytype,
      scheme: key.key.scheme,
      public: key.key.publicText,
      place: 'a card',
    }),
  readAttestation: attestation,
});

const cardOf = (key: TestKey, serial: string) => async (): Promise<CardAttestation> => {
  const made = await vendor;
  const slot = await attest(made, key.privateKey, { serial });
  return { certificate: slot.der, issuers: [made.card.der] };
};

const yes = (): Promise<boolean> => Promise.resolve(true);
const prompter = { confirm: yes, confirmTrust: yes, show: () => {}, progress: () => {} };

/** Main as somebody sees it who trusts it. */
const fetching = (workspace: Workspace): { fetch(): Promise<void> } => ({
  fetch: async () => void (await fetchMain(workspace)),
});

const begin = async (
  name: string,
  attestation: () => Promise<CardAttestation | undefined>,
): Promise<Workspace> => {
  const remote = join(folder.path, `${name}.git`);
  TestRepository.init(remote, { bare: true });
  const workspace = await clone(name, alice, remote);
  const periods = { expiryDays: 365, signingDays: 60 };
  const key = testKey(1);
  const online = testKey(2);
  await initRepository(workspace, {
    event,
    root: { signers: [alice, bob], threshold: 1, periods },
    targets: { signers: [alice], threshold: 1, periods },
    online: {
      key: { keytype: online.key.keytype, scheme: online.key.scheme, public: online.key.publicText },
      uri: 'file:online.pem',
      snapshot: periods,
      timestamp: { expiryDays: 7, signingDays: 4 },
    },
    ownKey: () => signerOf(key, attestation).readPublicKey(),
    ownAttestation: attestation,
    pins: folderPins(join(folder.path, `${name}.pins`)),
  });
  return workspace;
};

const files = ({ gathered }: LoadedEvent): readonly string[] =>
  [...gathered.event.metadata.keys()].filter(path => path.startsWith('attestations/'));

describe('a joining key', () => {
  it('brings its attestation along, which is verified, told, never published, and goes with the key', async () => {
    await using workspace = await begin('told', cardOf(testKey(1), '020400000011'));
    await using other = await clone('told', bob, join(folder.path, 'told.git'));
    await acceptInvitations(
      other,
      { branch: event, signer: signerOf(testKey(3), cardOf(testKey(3), '020400000012')), prompter },
      bob,
      fetching(other),
    );
    await acceptInvitations(
      workspace,
      { branch: event, signer: signerOf(testKey(1), cardOf(testKey(1), '020400000011')), prompter },
      alice,
      fetching(workspace),
    );
    const joined = await loadRemoteEvent(other, event);
    expect(files(joined)).toHaveLength(2);
    // No policy names this vendor: what is told is that nothing is known.
    expect([...joined.gathered.facts.attestations.values()]).toMatchObject([
      { code: 'UNTRUSTED' },
      { code: 'UNTRUSTED' },
    ]);
    expect(joined.report.roles.get(ROOT)?.changes.join('\n')).toContain(
      'has an attestation that counts for nothing',
    );
    expect([...publishLayout(joined.gathered.event)].filter(({ path }) => path.includes('pem'))).toEqual([]);
    await delegate(workspace, {
      event,
      role: ROOT,
      signers: [alice],
      ownKey: () => Promise.reject(new Error('not asked')),
    });
    expect(files(await loadRemoteEvent(workspace, event))).toHaveLength(1);
  });

  it.each([
    ['none', () => Promise.resolve(undefined)],
    ['one of another key', cardOf(testKey(9), '020400000011')],
    ['garbage', () => Promise.resolve({ certificate: Buffer.from('garbage'), issuers: [] })],
    ['one without its card', async () => ({ ...(await cardOf(testKey(1), '020400000011')()), issuers: [] })],
  ])('joins without where the card has %s', async (what, attestation) => {
    await using workspace = await begin(what.replaceAll(' ', '-'), attestation);
    expect(files(await loadRemoteEvent(workspace, event))).toEqual([]);
  });
});

describe('setPolicy', () => {
  const main = async (name: string): Promise<Workspace> => {
    const remote = join(folder.path, `${name}.git`);
    const bare = TestRepository.init(remote, { bare: true });
    bare.commit(Object.fromEntries([...standard().files].map(([path, { bytes }]) => [path, bytes])));
    return clone(name, alice, remote);
  };
  const strict = Buffer.from('version: 1\nattestation: { default: require }\n');

  it('makes an event of its own, which says what changes and waits for root', async () => {
    await using workspace = await main('strict');
    await setPolicy(workspace, event, strict);
    const { report, gathered } = await loadRemoteEvent(workspace, event);
    expect(report.verdict).toBe('pending');
    expect(report.reasons.map(({ severity, rule }) => `${severity} ${rule}`)).toEqual([
      'await root-quorum',
      'await root-quorum',
    ]);
    expect(report.roles.get(ROOT)?.changes).toContain('policy: attestation is set to {"default":"require"}');
    expect(gathered.policy.attestation.requirement.default).toBe('off');
    await expect(setPolicy(workspace, event, strict)).rejects.toMatchObject({ code: 'REFUSED' });
  });

  it('is what events after it are judged by, with the CA that it names', async () => {
    const { trusted, fingerprint } = await vendor;
    const block = formatCertificatePem([trusted.der])
      .trimEnd()
      .split('\n')
      .map(line => `      ${line}`)
      .join('\n');
    const text = `version: 1\nattestation:\n  roles: { root: require }\n  ca: [${fingerprint}]\n  certificates:\n    - |\n${block}\n`;
    const remote = join(folder.path, 'named.git');
    const ground = standard().policy(text).signAll('root').onlineSign().fork();
    const bare = TestRepository.init(remote, { bare: true });
    bare.commit(Object.fromEntries([...ground.files].map(([path, { bytes }]) => [path, bytes])));
    await using inviter = await clone('named', alice, remote);
    await delegate(inviter, {
      event,
      role: ROOT,
      signers: [alice, bob, '@zoe' as KeyOwner],
      ownKey: () => Promise.reject(new Error('not asked')),
    });
    await using workspace = await clone('named', '@zoe' as KeyOwner, remote);
    await acceptInvitations(
      workspace,
      { branch: event, signer: signerOf(keyOf('@zoe'), cardOf(keyOf('@zoe'), '0204ff000011')), prompter },
      '@zoe' as KeyOwner,
      fetching(workspace),
    );
    const { report, gathered } = await loadRemoteEvent(workspace, event);
    expect([...gathered.facts.attestations.values()]).toMatchObject([
      { ok: true, serial: 0xff000011, ca: fingerprint },
    ]);
    expect(
      report.reasons.filter(({ rule }) => rule === 'attestation').map(({ severity }) => severity),
    ).toEqual(['warn']);
    expect(report.roles.get(ROOT)?.changes.join('\n')).toContain(
      'was made by card 4278190097, firmware 5.7.4',
    );
    expect(report.verdict).toBe('pending');
  });

  it.each([
    ['a file that says nothing', Buffer.from('version: 2\n'), 'POLICY_SCHEMA'],
    ['the absence of a file that is not there', undefined, 'REFUSED'],
  ])('does not take %s', async (what, file, code) => {
    await using workspace = await main(what.replaceAll(' ', '-'));
    await expect(setPolicy(workspace, event, file)).rejects.toMatchObject({ code });
  });
});
