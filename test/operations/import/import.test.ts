import { createHash, sign as signBy } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directoryFetcher } from '../../../src/client/directory.ts';
import { ClientError } from '../../../src/client/error.ts';
import { below, siteOf } from '../../../src/client/fetcher.ts';
import { memoryStore } from '../../../src/client/store.ts';
import { verifyRepository } from '../../../src/client/verify-repository.ts';
import { parseSigningEvent } from '../../../src/git/names.ts';
import { parseDocument, signedBytes } from '../../../src/metadata/document.ts';
import { type Keyid, type KeyOwner, parseRoleName, ROOT, TARGETS } from '../../../src/metadata/names.ts';
import { bringSignatures } from '../../../src/operations/bring-signatures.ts';
import { openDrill } from '../../../src/operations/drill/open.ts';
import type { Adoption } from '../../../src/operations/import/adoption.ts';
import {
  type ImportOutcome,
  type ImportRequest,
  importRepository,
} from '../../../src/operations/import/import.ts';
import { folderPins } from '../../../src/operations/pin/folder.ts';
import { publishSite } from '../../../src/operations/publish.ts';
import { answerRequest } from '../../../src/operations/request/answer.ts';
import { exportRequest } from '../../../src/operations/request/export.ts';
import { importResponse } from '../../../src/operations/request/import.ts';
import { openRequest } from '../../../src/operations/request/open.ts';
import { decodeResponse, encodeResponse, type Response } from '../../../src/operations/request/response.ts';
import { withChecksum } from '../../../src/operations/request/strict.ts';
import { signEvent } from '../../../src/operations/sign.ts';
import { pendingEvents } from '../../../src/operations/status.ts';
import { findMain } from '../../../src/operations/workspace.ts';
import { fileSigner } from '../../../src/signers/file.ts';
import { legacyKey, legacyRepository } from '../../support/legacy-repository.ts';
import { RepositorySimulator, sha256, simPast } from '../../support/repository-simulator.ts';
import { testKey, testSignature } from '../../support/test-keys.ts';
import { containing, ONLINE_URI, owners, prompter, TestWorld, worldTest } from '../../support/world.ts';

const IMPORT = parseSigningEvent('sign/import');

async function adoptionIn(world: TestWorld, change: Partial<Adoption> = {}): Promise<Adoption> {
  const holders = owners('alice', 'bob', 'carol').map(
    (owner, i) => [legacyKey(i as 0 | 1 | 2).keyid, { owner }] as const,
  );
  return {
    holders: new Map(holders),
    invites: new Map(),
    thresholds: new Map(),
    periods: new Map(),
    online: { key: await world.onlineKey(ONLINE_URI), uri: ONLINE_URI },
    ...change,
  };
}

async function importInto(
  world: TestWorld,
  site: RepositorySimulator,
  change: Partial<ImportRequest> = {},
  adoption: Partial<Adoption> = {},
): Promise<ImportOutcome> {
  const alice = world.person('alice');
  const adopted = await adoptionIn(world, adoption);
  return world.in(alice, workspace =>
    importRepository(workspace, {
      source: siteOf(site.fetcher),
      trustedRoot: 'trustedRoot' in change ? change.trustedRoot : site.trustedRoot,
      fromTrustedRoot: false,
      allowExpired: false,
      event: IMPORT,
      adoption: async () => Promise.resolve(adopted),
      dryRun: false,
      prompter: prompter(),
      pins: alice.pins,
      ...change,
    }),
  );
}

describe('an old repository', () => {
  worldTest('comes over whole, and a client that knew it follows', async ({ empty: world }) => {
    const site = legacyRepository();
    const store = memoryStore();
    const before = await verifyRepository(site.fetcher, site.trustedRoot, world.clock.now(), { store });
    expect(before).toMatchObject({ root: 2, targetCount: 2 });

    const { report, became } = await importInto(world, site);
    expect(became).toBe('new');
    expect(report?.verdict).toBe('pending');
    const show = (path: string): string => world.remote.git('show', `main:${path}`);
    for (const [name, file] of [
      ['root_history/1.root.json', '1.root.json'],
      ['root_history/2.root.json', '2.root.json'],
      ['root.json', '2.root.json'],
      ['targets.json', 'targets.json'],
      ['tools.json', 'tools.json'],
      ['snapshot.json', 'snapshot.json'],
      ['timestamp.json', 'timestamp.json'],
    ]) {
      expect(show(`metadata/${name}`), name).toBe(
        Buffer.from(site.files.get(`metadata/${file}`) ?? '').toString(),
      );
    }
    for (const name of ['alice', 'bob', 'carol'] as const) await world.sign(name, IMPORT);
    const judged = await world.judge(IMPORT);
    expect(judged.report.reasons.filter(({ severity }) => severity !== 'warn')).toEqual([]);
    expect(judged.report.verdict).toBe('accepted');
    world.merge(IMPORT);
    expect(await world.onlineSign()).toMatchObject({ refusals: [], signed: ['snapshot', 'timestamp'] });

    const out = join(world.folder, 'site');
    const published = await world.in(world.automation, async workspace =>
      publishSite(workspace, {
        commit: (await findMain(workspace)).commit,
        out,
        previous: { files: below(site.fetcher, 'metadata'), name: 'where it was' },
      }),
    );
    expect(published).toMatchObject({ published: true });
    const layout = { metadata: '', targets: 'targets' };
    for (const cache of [store, memoryStore()]) {
      const after = await verifyRepository(directoryFetcher(out), site.trustedRoot, world.clock.now(), {
        store: cache,
        layout,
        everyTarget: true,
      });
      expect(after).toMatchObject({ root: 3, targetCount: 2, unreachable: [], snapshot: 2, timestamp: 2 });
    }
    expect(world.json('metadata/snapshot.json')).toMatchObject({
      signed: { meta: { 'targets.json': { version: 2 }, 'tools.json': { version: 2 } } },
    });
    await rm(out, { recursive: true });
  });

  worldTest('pins what the importer trusted', async ({ empty: world }) => {
    const site = legacyRepository();
    await importInto(world, site);
    expect(await world.person('alice').pins.list()).toMatchObject([{ state: 'trusted' }]);
  });
});

describe('who signs', () => {
  /** Carol holds targets as published, and is a new signer of root; bob leaves both, and hands over. */
  async function takenOver(world: TestWorld): Promise<ImportOutcome> {
    const outcome = await importInto(
      world,
      legacyRepository(),
      {},
      {
        holders: new Map([[legacyKey(0).keyid, { owner: owners('alice')[0] ?? ('' as never) }]]),
        invites: new Map([
          [ROOT, owners('carol')],
          [TARGETS, owners('carol')],
          [parseRoleName('tools'), owners('carol')],
        ]),
      },
    );
    expect([...(outcome.report?.invites.keys() ?? [])]).toEqual(owners('carol'));
    for (const name of ['carol', 'alice'] as const) await world.sign(name, IMPORT);
    return outcome;
  }

  worldTest('new people may take over from keys that are left behind', async ({ empty: world }) => {
    await takenOver(world);
    expect((await world.judge(IMPORT)).report).toMatchObject({
      verdict: 'pending',
      awaited: [{ name: `key ${legacyKey(1).keyid.slice(0, 12)}`, owner: undefined, roles: [ROOT] }],
    });
    // Nobody says whose that key is, so whoever asks hears that it is awaited.
    const asked = async (name: 'bob' | 'mallory'): Promise<unknown> =>
      (await world.in(world.person(name), pendingEvents)).events;
    const waits = { branch: IMPORT, invited: [], toSign: [], nameless: [ROOT], toProve: false };
    for (const name of ['bob', 'mallory'] as const) expect(await asked(name)).toMatchObject([waits]);
    expect((await world.sign('mallory', IMPORT)).signed).toEqual([]);
    expect((await world.sign('bob', IMPORT)).signed).toEqual([ROOT]);
    expect((await world.judge(IMPORT)).report.verdict).toBe('accepted');
    expect(await asked('bob')).toMatchObject([{ ...waits, nameless: [] }]);
  });

  worldTest('such a key may sign on a machine without network', async ({ empty: world }) => {
    await takenOver(world);
    const bob = world.person('bob');
    const out = join(world.folder, 'import.request');
    const { asks } = await world.in(bob, workspace =>
      exportRequest(workspace, { branch: IMPORT, out, prompter: prompter(), trust: { pins: bob.pins } }),
    );
    expect(asks).toEqual({ invited: [], toSign: [], nameless: [ROOT], toProve: false });
    const answer = async (name: 'bob' | 'mallory'): Promise<Response> => {
      await using request = await openRequest(out, join(world.folder, 'there', name), world.clock);
      await using signer = world.person(name).signer();
      const pins = folderPins(join(world.folder, 'there', 'pins', name));
      return await answerRequest(request, { signer, prompter: prompter(), trust: { pins } });
    };
    await expect(answer('mallory')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const response = decodeResponse(encodeResponse(await answer('bob')));
    expect(response.signatures).toMatchObject([{ role: ROOT, keyid: legacyKey(1).keyid }]);
    const bring = (brought: Response): ReturnType<typeof importResponse> =>
      world.in(world.person('alice'), workspace =>
        importResponse(workspace, {
          response: brought,
          prompter: prompter(),
          trust: { pins: world.person('alice').pins },
        }),
      );
    const refs = world.refs();
    const forged = response.signatures.map(made => ({ ...made, sig: '00' }));
    await expect(bring({ ...response, signatures: forged })).rejects.toMatchObject({ code: 'NO_SIGNER' });
    expect((await bring({ ...response, signatures: [] })).signed).toEqual([]);
    expect(world.refs()).toBe(refs);
    expect((await bring(response)).signed).toEqual([ROOT]);
    expect((await world.judge(IMPORT)).report.verdict).toBe('accepted');
  });

  worldTest('no drill can ask them by name before they have one', async ({ empty: world }) => {
    await importInto(world, legacyRepository());
    const opened = world.in(world.person('alice'), workspace => openDrill(workspace, { days: 14 }));
    await expect(opened).rejects.toMatchObject({ code: 'REFUSED', message: containing('merge') });
  });

  worldTest('a key that signs under its old and its new id is asked once', async ({ empty: world }) => {
    await importInto(world, legacyRepository());
    await world.sign('alice', IMPORT);
    expect(world.person('alice').signatures).toBe(1);
    const root = world.json('metadata/root.json', IMPORT) as { signatures: { sig: string }[] };
    expect(root.signatures.filter(({ sig }) => sig !== '')).toHaveLength(2);
  });

  worldTest(
    'what was signed without network comes in, though keys are left that nobody is named for',
    async ({ empty: world }) => {
      const [, bob] = owners('alice', 'bob');
      const holders = new Map(
        owners('bob', 'carol').map((owner, i) => [legacyKey((i + 1) as 1 | 2).keyid, { owner }] as const),
      );
      await importInto(world, legacyRepository(), {}, { holders, thresholds: new Map([[ROOT, 1]]) });
      const document = parseDocument(Buffer.from(world.remote.git('show', `${IMPORT}:metadata/root.json`)));
      const payload = signedBytes(document);
      const own = [...document.signed.delegations.keys.values()].find(({ owner }) => owner === bob)?.keyid;
      const bring = (person: 0 | 1, user: KeyOwner | undefined, keyids: readonly (Keyid | undefined)[]) =>
        world.in(world.person('alice'), workspace =>
          importResponse(workspace, {
            response: decodeResponse(
              Buffer.from(
                JSON.stringify(
                  withChecksum({
                    format: 'tuf-signer response 1',
                    event: IMPORT,
                    user,
                    signatures: keyids.map(keyid => ({
                      role: ROOT,
                      version: document.signed.version,
                      keyid,
                      payload: createHash('sha256').update(payload).digest('hex'),
                      sig: testSignature(legacyKey(person), payload)['sig'],
                    })),
                  }),
                ),
              ),
            ),
            prompter: prompter(),
            trust: { pins: world.person('alice').pins },
          }),
        );
      expect((await bring(1, bob, [legacyKey(1).keyid, own])).signed).toContain(ROOT);
      // Nobody is named for alice's old key: whoever holds it signed with it there.
      expect((await bring(0, owners('alice')[0], [legacyKey(0).keyid])).signed).toEqual([ROOT]);
      expect((await world.judge(IMPORT)).report.roles.get(ROOT)?.quorums[0]).toMatchObject({ missing: [] });
    },
  );

  worldTest('signatures of other tools count where they verify', async ({ empty: world }) => {
    await importInto(world, legacyRepository());
    const bring = (file: unknown): ReturnType<typeof bringSignatures> => {
      const { pins } = world.person('alice');
      return world.in(world.person('alice'), workspace =>
        bringSignatures(workspace, {
          branch: IMPORT,
          signatures: Buffer.from(JSON.stringify(file)),
          prompter: prompter(),
          trust: { pins },
        }),
      );
    };
    const payload = signedBytes(
      parseDocument(Buffer.from(world.remote.git('show', `${IMPORT}:metadata/root.json`))),
    );
    const bob = testSignature(legacyKey(1), payload);
    const foreign = { keyid: legacyKey(0).keyid, sig: bob['sig'] ?? '' };
    const refs = world.refs();
    for (const file of [[foreign], { signatures: [foreign] }, { signed: {} }, [], 'text', [1]])
      await expect(bring(file)).rejects.toMatchObject({ code: 'REFUSED' });
    // A file that somebody carried: two megabytes that no key here has signed take no longer than they have to.
    const many = Array.from({ length: 40_000 }, (_, i) => ({ keyid: `${i}`, sig: '00' }));
    const start = performance.now();
    await expect(bring(many)).rejects.toMatchObject({ code: 'REFUSED' });
    expect(performance.now() - start).toBeLessThan(10_000);
    const again = Array.from({ length: 40_000 }, (_, i) => ({
      keyid: bob['keyid'],
      sig: `${i}`.padStart(8, '0'),
    }));
    await expect(bring(again)).rejects.toMatchObject({ message: containing('under one keyid') });
    expect(world.refs()).toBe(refs);
    // What stands under the keyid before and after it is in nobody's way.
    const other = { keyid: bob['keyid'], sig: '00' };
    expect(
      (await bring({ signatures: [foreign, other, bob, other], signed: { version: 99 } })).roles,
    ).toEqual([ROOT]);
    await expect(bring([bob])).rejects.toMatchObject({ message: containing('still waits for') });
    expect((await bring(testSignature(legacyKey(0), payload))).roles).toEqual([ROOT]);
    expect((await world.judge(IMPORT)).report.roles.get(ROOT)?.quorums[0]).toMatchObject({
      of: 'old',
      missing: [],
    });
  });
});

describe('running it again', () => {
  worldTest('goes on where main was pushed and the event was not', async ({ empty: world }) => {
    const site = legacyRepository();
    await importInto(world, site);
    world.remote.git('update-ref', '-d', `refs/heads/${IMPORT}`);
    const main = world.remote.sha('main');
    expect(await importInto(world, site)).toMatchObject({ became: 'same', report: { verdict: 'pending' } });
    expect(world.remote.sha('main')).toBe(main);
  });

  worldTest('brings main up to what the old automation signed since', async ({ empty: world }) => {
    const site = legacyRepository();
    await importInto(world, site);
    site.bump();
    const event = world.remote.sha(IMPORT);
    expect(await importInto(world, site)).toMatchObject({ became: 'newer', report: { verdict: 'pending' } });
    expect(world.json('metadata/timestamp.json')).toMatchObject({ signed: { version: 2 } });
    expect(world.remote.sha(IMPORT)).toBe(event);
    for (const name of ['alice', 'bob', 'carol'] as const) await world.sign(name, IMPORT);
    world.merge(IMPORT);
    expect((await world.onlineSign()).refusals).toEqual([]);
    expect(world.json('metadata/timestamp.json')).toMatchObject({ signed: { version: 3 } });
  });

  worldTest('never takes main back', async ({ empty: world }) => {
    const [site, older] = [legacyRepository(s => s.bump('targets')), legacyRepository()];
    await importInto(world, site);
    const refs = world.refs();
    await expect(importInto(world, older)).rejects.toMatchObject({
      code: 'REFUSED',
      message: containing('targets goes back from version 2 to 1'),
    });
    expect(world.refs()).toBe(refs);
  });

  worldTest('pushes nothing in a dry run', async ({ empty: world }) => {
    const shown = prompter();
    const outcome = await importInto(world, legacyRepository(), { dryRun: true, prompter: shown });
    expect(outcome).toMatchObject({ became: 'new', report: { verdict: 'pending' } });
    expect(world.refs()).toBe('');
    expect(await world.person('alice').pins.list()).toEqual([]);
    expect(shown.said.join('\n')).toContain('fetched and checked 2 of 2 artifacts');
  });
});

describe('what is published', () => {
  worldTest('may be consistent, versioned, in several forms of names', async ({ empty: world }) => {
    const site = new RepositorySimulator();
    site.rotate('root', legacyKey(0), legacyKey(1));
    site.rotate('targets', legacyKey(2));
    site.files.clear();
    site.publishRoot();
    site.addTarget('targets', 'deep/er/tool.bin', 'tool');
    site.publish();
    const trusted = site.trustedRoot;
    // Versioned names for some, plain ones for others; root as root.json alone.
    for (const name of ['root', 'targets']) {
      site.files.set(`metadata/${name}.json`, site.files.get(`metadata/1.${name}.json`) ?? Buffer.alloc(0));
      site.files.delete(`metadata/1.${name}.json`);
    }
    const content = Buffer.from('tool');
    site.files.delete(site.artifactFile('deep/er/tool.bin', content));
    site.files.set('targets/deep/er/tool.bin', content);
    await importInto(world, site, { trustedRoot: trusted });
    expect(world.remote.git('show', 'main:targets/deep/er/tool.bin')).toBe('tool');
  });

  worldTest('may state no sha256, which the event adds', async ({ empty: world }) => {
    const sha512 = createHash('sha512').update('read me\n').digest('hex');
    const site = legacyRepository(s => {
      s.targets.targets['readme.txt'] = { length: 8, hashes: { sha512 } };
    });
    const { report } = await importInto(world, site);
    expect(report?.reasons.filter(({ severity }) => severity === 'refuse')).toEqual([]);
    expect(world.json('metadata/targets.json', IMPORT)).toMatchObject({
      signed: { targets: { 'readme.txt': { hashes: { sha256: sha256(Buffer.from('read me\n')) } } } },
    });
  });

  worldTest(
    'may be signed by RSA with the old padding, which ends with the event',
    async ({ empty: world }) => {
      const site = legacyRepository(s => {
        const rsa = testKey(1, { kind: 'rsa' });
        const raw = { ...rsa.raw, scheme: 'rsa-pkcs1v15-sha256' };
        const sign = (payload: Uint8Array): Uint8Array => signBy('sha256', payload, rsa.privateKey);
        const old = { ...rsa, raw, keyid: 'ab'.repeat(32) as Keyid, sign };
        const [, bob = legacyKey(1)] = s.signers.get('root') ?? [];
        s.bumpRoot(() => s.rotate('root', old, bob));
      });
      const holders = new Map([
        ['ab'.repeat(32) as Keyid, { owner: owners('mallory')[0] ?? ('' as never) }],
        ...(await adoptionIn(world)).holders,
      ]);
      holders.delete(legacyKey(0).keyid);
      const { report } = await importInto(world, site, {}, { holders });
      expect(report?.verdict).toBe('pending');
      const { signed } = world.json('metadata/root.json', IMPORT) as {
        signed: { keys: Record<string, { scheme: string }> };
      };
      expect(new Set(Object.values(signed.keys).map(({ scheme }) => scheme))).toEqual(
        new Set(['rsassa-pss-sha256', 'ecdsa-sha2-nistp256']),
      );
      const mallory = world.person('mallory');
      const pem = testKey(1, { kind: 'rsa' }).privatePem;
      const signer = fileSigner('file:env=KEY', { folder: world.folder, environment: { KEY: pem } });
      const { signed: roles } = await world.in(mallory, workspace =>
        signEvent(workspace, { branch: IMPORT, signer, prompter: prompter(), trust: { pins: mallory.pins } }),
      );
      expect(roles).toEqual([ROOT]);
      expect((await world.judge(IMPORT)).report.roles.get(ROOT)?.quorums).toMatchObject([
        { of: 'old', signed: ['@mallory'] },
        { of: 'new', signed: ['@mallory'] },
      ]);
    },
  );

  worldTest('may list a key twice in two forms, which counts once', async ({ empty: world }) => {
    const site = legacyRepository(s => {
      const [alice, modern] = [legacyKey(0), testKey(100)];
      s.signers.set('root', [alice, modern, legacyKey(1)]);
      s.bumpRoot(() => s.nameKeys('root'));
    });
    const { published } = await importInto(world, site);
    expect(published.root.signed.version).toBe(3);
    for (const name of ['alice', 'bob', 'carol'] as const) await world.sign(name, IMPORT);
    expect((await world.judge(IMPORT)).report.verdict).toBe('accepted');
  });

  worldTest('may delegate by hash bins and end the search, which stays', async ({ empty: world }) => {
    const site = legacyRepository(s => {
      s.delegate(
        'tools',
        'bin',
        { path_hash_prefixes: ['0', '1', '2', '3', '4', '5', '6', '7'], terminating: true },
        legacyKey(1),
      );
      delete s.role('tools').delegations.roles[0]?.paths;
    });
    await importInto(world, site);
    expect(world.json('metadata/tools.json', IMPORT)).toMatchObject({
      signed: {
        delegations: {
          roles: [
            { name: 'bin', terminating: true, path_hash_prefixes: ['0', '1', '2', '3', '4', '5', '6', '7'] },
          ],
        },
      },
    });
  });

  /** Two bins, signed by bob, stand in the place of `tools`. */
  const withSuccinctBins = (): RepositorySimulator =>
    legacyRepository(s => {
      s.delegateBins('targets', 'bin', 1, legacyKey(1));
      s.delegated.delete('tools');
      delete s.targets.targets['readme.txt'];
      const names = Array.from({ length: 99 }, (_, i) => `packages/${i}`);
      s.addTarget('bin-0', names.find(name => /^[0-7]/.test(sha256(Buffer.from(name)))) ?? '', 'one');
    });

  worldTest('may delegate by succinct bins, which stay so and are signed anew', async ({ empty: world }) => {
    await importInto(world, withSuccinctBins());
    for (const name of ['alice', 'bob', 'carol'] as const) await world.sign(name, IMPORT);
    expect((await world.judge(IMPORT)).report.verdict).toBe('accepted');
    const { signed } = world.json('metadata/targets.json', IMPORT) as {
      signed: { delegations: { keys: Record<string, object> } };
    };
    expect(signed.delegations).toMatchObject({
      succinct_roles: {
        bit_length: 1,
        name_prefix: 'bin',
        threshold: 1,
        keyids: Object.keys(signed.delegations.keys),
      },
    });
    expect(Object.values(signed.delegations.keys)).toMatchObject([{ 'x-tuf-on-ci-keyowner': '@bob' }]);
  });

  worldTest('no bin of those can have signers of its own', async ({ empty: world }) => {
    const bin = parseRoleName('bin-1');
    for (const change of [
      { invites: new Map([[bin, owners('alice')]]) },
      { thresholds: new Map([[bin, 2]]) },
    ] satisfies Partial<Adoption>[])
      await expect(importInto(world, withSuccinctBins(), { dryRun: true }, change)).rejects.toMatchObject({
        code: 'REFUSED',
        message: containing('bin-1 is one of the bins of succinct_roles'),
      });
    const none = importInto(world, withSuccinctBins(), { dryRun: true }, { holders: new Map() });
    await expect(none).rejects.toMatchObject({ code: 'REFUSED' });
  });

  worldTest('may have an expired role of its own, and it is signed anew', async ({ empty: world }) => {
    const said = prompter();
    const site = legacyRepository(s => void (s.role('tools').expires = simPast));
    await importInto(world, site, { prompter: said });
    expect(said.said.join('\n')).toContain(`expired: tools on ${simPast}`);
    for (const name of ['alice', 'bob', 'carol'] as const) await world.sign(name, IMPORT);
    expect((await world.judge(IMPORT)).report.verdict).toBe('accepted');
  });

  worldTest('may have expired where a person says that it is the last state', async ({ empty: world }) => {
    const site = legacyRepository(s => void (s.timestamp.expires = simPast));
    await expect(importInto(world, site)).rejects.toMatchObject({
      code: 'REFUSED',
      message: containing(`timestamp on ${simPast}`),
    });
    expect(world.refs()).toBe('');
    await importInto(world, site, { allowExpired: true });
    expect(world.refs()).toContain(IMPORT);
  });
});

const CLIENT = 'ClientError';
const NONE = Promise.resolve(undefined);

describe('refuses', () => {
  type Refusal = readonly [
    name: string,
    edit: (site: RepositorySimulator) => void,
    expected: { readonly name?: string; readonly code: string; readonly message: unknown },
    change?: Partial<ImportRequest>,
    adoption?: Partial<Adoption>,
  ];
  const refusals: readonly Refusal[] = [
    [
      'a root that does not verify',
      s => void s.bumpRoot(root => void (root.roles.root.keyids = [testKey(9).keyid])),
      { name: CLIENT, code: 'QUORUM', message: containing('do not trust it') },
    ],
    [
      'a trusted root of another repository',
      () => undefined,
      { name: CLIENT, code: 'QUORUM', message: containing('root version 2') },
      { trustedRoot: new RepositorySimulator().trustedRoot },
    ],
    [
      'a trusted root that is none',
      () => undefined,
      { code: 'REFUSED', message: containing('the trusted root can not be read') },
      { trustedRoot: Buffer.from('{') },
    ],
    [
      'an artifact that is not there',
      s => void s.files.delete('targets/readme.txt'),
      { name: CLIENT, code: 'NOT_FOUND', message: containing('readme.txt') },
    ],
    [
      'an artifact of another content',
      s => void s.files.set('targets/tools/greet.sh', Buffer.from('echo jello\n')),
      { name: CLIENT, code: 'HASH_MISMATCH', message: containing('tools/greet.sh') },
    ],
    [
      'an artifact that is longer',
      s => void s.files.set('targets/readme.txt', Buffer.from('read me\n and more')),
      { name: CLIENT, code: 'TOO_LARGE', message: containing('readme.txt') },
    ],
    [
      'a key of a type that is not supported, by its name',
      s =>
        void s.bumpRoot(
          root =>
            void (root.keys['ab12'] = {
              keytype: 'rsa',
              scheme: 'rsa-pkcs1v15-sha512',
              keyval: { public: '' },
            }),
        ),
      { code: 'REFUSED', message: containing('rsa-pkcs1v15-sha512') },
    ],
    [
      'a role of an unsafe name',
      s => void s.delegate('targets', '../etc', { paths: ['x/*'] }),
      { code: 'REFUSED', message: containing('the role name "../etc" may hold only') },
    ],
    [
      'a path that starts with a dot, which git keeps for other things',
      s => s.addTarget('targets', '.well-known/x', 'x'),
      { code: 'REFUSED', message: containing('".well-known/x" has a segment that begins with a dot') },
    ],
    [
      'an unsafe path',
      s => s.addTarget('targets', 'a\u202Eb', 'x'),
      { code: 'REFUSED', message: containing('can not be seen') },
    ],
    [
      'a file name that leaves no room for its digest',
      s => s.addTarget('targets', 'x'.repeat(200), 'x'),
      { code: 'REFUSED', message: containing('a file name of 265 bytes') },
    ],
    [
      'a segment that no file system takes',
      s => s.addTarget('targets', `${'x'.repeat(256)}/x`, 'x'),
      { code: 'REFUSED', message: containing('a segment of more than 255 bytes') },
    ],
    [
      'a folder where another artifact is published',
      s => s.addTarget('targets', `${sha256(Buffer.from('read me\n'))}.readme.txt/x`, 'x'),
      { code: 'REFUSED', message: containing('"readme.txt" is published as') },
    ],
    [
      'a path that two roles list with different contents',
      s => {
        s.targets.targets['tools/greet.sh'] = { length: 1, hashes: { sha256: sha256(Buffer.from('x')) } };
      },
      { code: 'REFUSED', message: containing('"tools/greet.sh" with different contents') },
    ],
    [
      'a path that another role speaks for',
      s => s.addTarget('targets', 'tools/other', 'x'),
      { code: 'REFUSED', message: containing('tools/other') },
    ],
    [
      'a delegation to a role that is not published',
      s => {
        s.targets.delegations.roles.push({
          name: 'ghost',
          keyids: [legacyKey(1).keyid],
          threshold: 1,
          terminating: false,
          paths: ['g'],
        });
      },
      { name: CLIENT, code: 'ROLE_UNKNOWN', message: containing('ghost') },
    ],
    [
      'a site that is not there',
      () => undefined,
      { code: 'TRANSPORT', message: 'no route' },
      { source: siteOf({ fetch: () => Promise.reject(new ClientError('TRANSPORT', 'no route')) }) },
    ],
    [
      'a root that nobody vouches for',
      () => undefined,
      { code: 'DECLINED', message: containing('--trusted-root FILE') },
      { trustedRoot: undefined, prompter: prompter(() => false) },
    ],
    [
      'a site without a root to look at',
      () => undefined,
      { code: 'NOT_FOUND', message: containing('shows no first root') },
      { trustedRoot: undefined, source: siteOf({ fetch: () => NONE }) },
    ],
    [
      'keys that are given to nobody where that leaves a role without a quorum',
      () => undefined,
      {
        code: 'REFUSED',
        message: containing(
          `root asks for 2 signatures and would have 0 keys and 0 invitations: give --owner KEYID=@account for ${legacyKey(0).keyid.slice(0, 20)}`,
        ),
      },
      {},
      { holders: new Map() },
    ],
    [
      'no word on what signs online',
      () => undefined,
      { code: 'REFUSED', message: containing('nothing says where the key of') },
      {},
      { online: undefined },
    ],
    [
      'a holder of a key that is not there',
      () => undefined,
      { code: 'REFUSED', message: containing('no role has a key') },
      {},
      { holders: new Map([['ab' as Keyid, { owner: owners('alice')[0] ?? ('' as never) }]]) },
    ],
    [
      'a threshold of a role that is not there',
      () => undefined,
      { code: 'REFUSED', message: containing('no role ghost') },
      {},
      { thresholds: new Map([[parseRoleName('ghost'), 1]]) },
    ],
    [
      'an online key of root, by the rules',
      () => undefined,
      { code: 'REFUSED', message: containing('would be rejected') },
      {},
      {
        holders: new Map([
          [legacyKey(0).keyid, { onlineUri: 'file:a.pem' }],
          [legacyKey(1).keyid, { owner: owners('bob')[0] ?? ('' as never) }],
          [legacyKey(2).keyid, { owner: owners('carol')[0] ?? ('' as never) }],
        ]),
      },
    ],
  ];
  // Nothing is ever pushed here: one world is enough.
  let world: TestWorld;
  beforeAll(async () => {
    world = await TestWorld.create(await mkdtemp(join(tmpdir(), 'tuf-signer-import-')));
  });
  afterAll(() => rm(world.folder, { recursive: true, force: true }));
  it.for(refusals)('%s', async ([, edit, expected, change, adoption]) => {
    const site = legacyRepository(edit);
    await expect(importInto(world, site, change, adoption)).rejects.toMatchObject(expected);
    expect(world.refs()).toBe('');
    expect(world.person('alice').git.git('for-each-ref')).toBe('');
  });

  worldTest('older roots that nobody vouches for, unless they are left behind', async ({ empty: world }) => {
    const site = legacyRepository();
    const second = site.files.get('metadata/2.root.json');
    await expect(importInto(world, site, { trustedRoot: second })).rejects.toMatchObject({
      code: 'REFUSED',
      message: containing('give the first of them instead (version 1, SHA-256'),
    });
    await importInto(world, site, { trustedRoot: second, fromTrustedRoot: true });
    expect(world.remote.git('ls-tree', '--name-only', 'main:metadata/root_history')).toBe('2.root.json');
  });

  worldTest('a repository that holds something else', async ({ shared }) => {
    const world = shared;
    const refs = world.refs();
    await expect(importInto(world, legacyRepository())).rejects.toMatchObject({ code: 'ALREADY_THERE' });
    expect(world.refs()).toBe(refs);
  });

  worldTest('an event whose name is taken', async ({ empty: world }) => {
    const site = legacyRepository();
    world.remote.commit({ 'README.md': 'hello\n' });
    world.remote.commit({ x: 'y' }, { branch: IMPORT, parents: [world.remote.sha('main')] });
    const refs = world.refs();
    await expect(importInto(world, site)).rejects.toMatchObject({ code: 'ALREADY_THERE' });
    expect(world.refs()).toBe(refs);
  });
});
