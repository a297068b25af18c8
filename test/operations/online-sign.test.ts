import { describe, expect } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { parseSigningEvent } from '../../src/git/names.ts';
import type { JsonObject } from '../../src/json.ts';
import { parseDocument, signedBytes } from '../../src/metadata/document.ts';
import { serializeJson } from '../../src/metadata/serialize.ts';
import { onlineSign } from '../../src/operations/online-sign.ts';
import { withSignatures } from '../../src/repository/signature-edits.ts';
import { fileSigner } from '../../src/signers/file.ts';
import { replaceOnlineKey, signSnapshot } from '../support/online-documents.ts';
import { testKey } from '../support/test-keys.ts';
import {
  containing,
  NOW,
  owners,
  type TestWorld,
  TOOLS,
  worldTest as test,
  UPDATE,
} from '../support/world.ts';

interface Online {
  readonly signatures: readonly { readonly keyid: string }[];
  readonly signed: { version: number; expires: string; meta: Record<string, Record<string, unknown>> };
}

const online = (world: TestWorld, role: 'snapshot' | 'timestamp'): Online =>
  world.json(`metadata/${role}.json`) as Online;

const later = (world: TestWorld, days: number): void => {
  world.clock.time = (NOW + days * DAY_MS) as typeof NOW;
};

/** Puts a change of the artifacts of `tools` on main, signed as it has to be. */
async function mergeTools(world: TestWorld, content: string): Promise<void> {
  world.push({ 'targets/tools/greet.sh': content });
  await world.updateTargets();
  await world.sign('bob');
  await world.sign('carol');
  world.merge();
}

describe('online signing', () => {
  test('the first one lists every role', ({ world }) => {
    expect(online(world, 'snapshot').signed).toMatchObject({
      version: 1,
      meta: { 'targets.json': { version: 1 }, 'tools.json': { version: 1 } },
    });
    expect(online(world, 'timestamp').signed.meta).toEqual({ 'snapshot.json': { version: 1 } });
  });

  test('again: nothing is signed, nothing is written', async ({ world }) => {
    const before = world.refs();
    expect(await world.onlineSign()).toEqual({ signed: [], refusals: [] });
    expect(world.refs()).toBe(before);
  });

  test('what was taken away comes back, and is not begun again at version 1', async ({ world }) => {
    const before = online(world, 'snapshot');
    const clone = world.clone('vandal');
    clone.git('rm', '--quiet', 'metadata/snapshot.json', 'metadata/timestamp.json');
    clone.git('commit', '--quiet', '--message', 'Tidy up');
    clone.git('push', '--quiet', 'origin', 'HEAD:main');
    expect((await world.onlineSign()).signed).toEqual(['snapshot', 'timestamp']);
    expect(online(world, 'snapshot')).toEqual(before);
  });

  test('an old pair that was put back gives way to the newest', async ({ world }) => {
    const old = ['snapshot', 'timestamp'].map(role => world.remote.git('show', `main:metadata/${role}.json`));
    await mergeTools(world, 'echo new\n');
    await world.onlineSign();
    const newest = online(world, 'timestamp');
    world.remote.commit(
      { 'metadata/snapshot.json': old[0] ?? '', 'metadata/timestamp.json': old[1] ?? '' },
      { branch: 'main' },
    );
    expect((await world.onlineSign()).signed).toEqual(['snapshot', 'timestamp']);
    expect(online(world, 'timestamp')).toEqual(newest);
  });

  test('another content of a version that was published is refused, whoever signed it', async ({ world }) => {
    world.push({ 'targets/tools/greet.sh': 'echo one\n' }, 'sign/abandoned');
    await world.updateTargets(parseSigningEvent('sign/abandoned'));
    for (const name of ['bob', 'carol'] as const) await world.sign(name, parseSigningEvent('sign/abandoned'));
    await mergeTools(world, 'echo two\n');
    await world.onlineSign();
    const abandoned = world.remote.git('show', 'sign/abandoned:metadata/tools.json');
    world.remote.commit(
      { 'metadata/tools.json': abandoned, 'targets/tools/greet.sh': 'echo one\n' },
      { branch: 'main' },
    );
    expect((await world.onlineSign()).refusals).toEqual([
      expect.objectContaining({
        rule: 'version',
        role: 'tools',
        message: containing('something else than before'),
      }),
    ]);
  });

  test('within the signing period, the timestamp alone', async ({ world }) => {
    later(world, 2.9);
    expect((await world.onlineSign()).signed).toEqual([]);
    later(world, 3.1);
    expect((await world.onlineSign()).signed).toEqual(['timestamp']);
    expect(online(world, 'timestamp').signed).toMatchObject({ version: 2, expires: '2030-06-11T02:24:00Z' });
    expect(world.remote.git('log', '-1', '--format=%s', 'main')).toBe('Online sign (timestamp)');
  });

  test('long after both expired: both are signed again', async ({ world }) => {
    later(world, 364);
    expect((await world.onlineSign()).signed).toEqual(['snapshot', 'timestamp']);
  });

  test('after a merge, a new snapshot; entries that did not move stay byte for byte', async ({ world }) => {
    await mergeTools(world, 'echo new\n');
    expect((await world.onlineSign()).signed).toEqual(['snapshot', 'timestamp']);
    expect(online(world, 'snapshot').signed.meta).toEqual({
      'targets.json': { version: 1 },
      'tools.json': { version: 2 },
    });
  });

  test('entries of dead roles stay for ever, as they are', async ({ world }) => {
    // A snapshot as another tool left it, signed by the same online key.
    const dead = { 'dead.json': { hashes: { sha256: 'ab'.repeat(32) }, length: 12, version: 7 } };
    await signSnapshot(world, meta => ({ ...meta, ...dead }));
    await mergeTools(world, 'echo new\n');
    await world.onlineSign();
    expect(online(world, 'snapshot').signed.meta).toMatchObject(dead);
    expect(world.remote.git('show', 'main:metadata/snapshot.json')).toContain(
      '"dead.json": {\n    "hashes": {\n     "sha256"',
    );
  });

  test('a role that goes back is refused: clients would refuse it', async ({ world }) => {
    await signSnapshot(world, meta => ({ ...meta, 'tools.json': { version: 9 } }));
    const before = world.refs();
    await expect(world.onlineSign()).rejects.toMatchObject({ code: 'REFUSED' });
    expect(world.refs()).toBe(before);
  });

  test('a new online key in root signs both anew', async ({ world }) => {
    const before = online(world, 'timestamp').signatures[0]?.keyid;
    await replaceOnlineKey(world, 'file:second.pem');
    expect((await world.onlineSign()).signed).toEqual(['snapshot', 'timestamp']);
    expect(online(world, 'timestamp').signatures[0]?.keyid).not.toBe(before);
    expect(await world.onlineSign()).toEqual({ signed: [], refusals: [] });
  });

  test('a key that nobody here has: nothing is written', async ({ world }) => {
    later(world, 5);
    const before = world.refs();
    const signing = world.in(world.automation, workspace =>
      onlineSign(workspace, { sign: async () => undefined }),
    );
    await expect(signing).rejects.toMatchObject({ code: 'NO_SIGNER' });
    expect(world.refs()).toBe(before);
  });

  test('main moves while we sign: looked at again', async ({ world }) => {
    later(world, 5);
    let raced = false;
    const outcome = await world.in(world.automation, workspace =>
      onlineSign(workspace, {
        sign: async (key, payload) => {
          if (!raced) world.remote.commit({ 'README.md': 'hello' }, { branch: 'main' });
          raced = true;
          return fileSigner(key.onlineUri ?? '', world.keyOptions()).sign(key, payload);
        },
      }),
    );
    expect(outcome.signed).toEqual(['timestamp']);
    expect(world.remote.git('show', 'main:README.md')).toBe('hello');
  });
});

/** Another repository in the place of main's: roots and targets of mallory's own, the online key that of main. */
function replaceRepository(world: TestWorld, targetsVersion: number): void {
  const mallory = testKey(999, { owner: '@mallory' });
  const seal = (file: string, change: (signed: JsonObject) => JsonObject): Uint8Array => {
    const { signed } = world.json(`metadata/${file}`) as { readonly signed: JsonObject };
    const document = parseDocument(serializeJson({ signatures: [], signed: change(signed) }));
    const sig = Buffer.from(mallory.sign(signedBytes(document))).toString('hex');
    return withSignatures(document, new Map([[mallory.keyid, sig]]));
  };
  const root = seal('root.json', signed => {
    const [keys, roles] = [signed['keys'], signed['roles']] as [JsonObject, Record<string, JsonObject>];
    const own = { keyids: [mallory.keyid], threshold: 1 };
    return {
      ...signed,
      keys: { ...keys, [mallory.keyid]: mallory.raw },
      roles: { ...roles, root: own, targets: own },
    };
  });
  const targets = seal('targets.json', signed => ({ ...signed, version: targetsVersion }));
  world.remote.commit(
    {
      'metadata/root.json': root,
      'metadata/root_history/1.root.json': root,
      'metadata/targets.json': targets,
    },
    { branch: 'main' },
  );
}

describe('whoever can push to main', () => {
  test('gets nothing signed for a chain that does not lead through the trusted root', async ({ world }) => {
    const trusted = Buffer.from(world.remote.git('show', 'main:metadata/root.json'));
    expect(await world.onlineSign(trusted)).toEqual({ signed: [], refusals: [] });
    replaceRepository(world, 2);
    const before = world.refs();
    await expect(world.onlineSign(trusted)).rejects.toMatchObject({ code: 'REFUSED' });
    expect(world.refs()).toBe(before);
  });

  test('gets nothing signed without that root either: main once held another first root', async ({
    world,
  }) => {
    replaceRepository(world, 9_007_199_254_740_000);
    const before = world.refs();
    expect((await world.onlineSign()).refusals.map(({ rule }) => rule)).toEqual(['version']);
    expect(world.refs()).toBe(before);
  });
});

describe('main that is not fit is refused, and nothing is written', () => {
  const rows: readonly (readonly [string, string, Parameters<TestWorld['push']>[0]])[] = [
    ['an artifact that was swapped', 'artifacts', { 'targets/tools/greet.sh': 'evil' }],
    ['an artifact that nobody signed', 'artifacts', { 'targets/new.txt': 'new' }],
    ['an artifact that is gone', 'artifacts', { 'targets/tools/greet.sh': null }],
    ['a role whose file is gone', 'orphans', { 'metadata/tools.json': null }],
    ['a root that can not be read', 'schema', { 'metadata/root.json': '{' }],
    ['a snapshot that can not be read', 'schema', { 'metadata/snapshot.json': '{' }],
    ["a file that is no role's", 'metadata-names', { 'metadata/other.txt': 'x' }],
  ];
  for (const [name, rule, files] of rows) {
    test(name, async ({ world }) => {
      world.remote.commit(files, { branch: 'main' });
      later(world, 5);
      const before = world.refs();
      const { signed, refusals } = await world.onlineSign();
      expect(signed).toEqual([]);
      expect(refusals.map(reason => [reason.rule, reason.severity])).toContainEqual([rule, 'refuse']);
      expect(world.refs()).toBe(before);
    });
  }

  test('content changed under the signatures', async ({ world }) => {
    const tools = world.remote.git('show', 'main:metadata/tools.json');
    world.remote.commit({ 'metadata/tools.json': tools.replace('"version": 1', '"version": 2') });
    expect((await world.onlineSign()).refusals.map(({ rule }) => rule)).toContain('role-quorum');
  });

  test('an expired role warns and does not stop the timestamp', async ({ world }) => {
    await world.delegate('alice', { role: TOOLS, periods: { expiryDays: 10, signingDays: 2 } });
    for (const name of ['bob', 'carol'] as const) await world.sign(name);
    world.merge(UPDATE);
    await world.onlineSign();
    later(world, 20);
    expect((await world.onlineSign()).signed).toEqual(['timestamp']);
  });

  test('signers who left: their role is signed anew before anything moves', async ({ world }) => {
    await world.delegate('alice', { signers: owners('bob', 'alice') });
    world.merge(UPDATE);
    expect((await world.onlineSign()).refusals.map(({ rule }) => rule)).toContain('role-quorum');
  });
});
