import { describe, expect } from 'vitest';
import { parseRoleName } from '../../src/metadata/names.ts';
import { type OnlineTargetsOutcome, onlineSignTargets } from '../../src/operations/online-sign-targets.ts';
import { fileSigner } from '../../src/signers/file.ts';
import type { Signer } from '../../src/signers/signer.ts';
import { containing, type TestWorld, worldTest as test, UPDATE, YEAR } from '../support/world.ts';

const NIGHTLY = parseRoleName('nightly');
const URI = 'file:nightly.pem';

const keys = (world: TestWorld): Signer => ({
  sign: async (key, payload) =>
    key.onlineUri === undefined
      ? undefined
      : fileSigner(key.onlineUri, world.keyOptions()).sign(key, payload),
});

const sign = (
  world: TestWorld,
  signer = keys(world),
  trustedRoot?: Uint8Array,
): Promise<OnlineTargetsOutcome> =>
  world.in(world.automation, workspace =>
    onlineSignTargets(workspace, UPDATE, signer, undefined, trustedRoot),
  );

/** An event that brings a role which an online key signs, with one artifact. */
async function delegated(world: TestWorld): Promise<void> {
  const online = { key: await world.onlineKey(URI), uri: URI };
  await world.delegate('alice', { role: NIGHTLY, online, periods: YEAR });
  world.push({ 'targets/nightly/build.txt': 'monday' });
  await world.updateTargets();
}

/** That role in service. */
async function inService(world: TestWorld): Promise<void> {
  await delegated(world);
  for (const name of ['alice', 'bob'] as const) await world.sign(name);
  await sign(world);
  world.merge();
}

const nightly = async (world: TestWorld, content: string): Promise<void> => {
  world.push({ 'targets/nightly/build.txt': content });
  await world.updateTargets();
};

describe('signing the online roles of an event', () => {
  test('waits for the quorum of who names the key, then signs; the event is accepted', async ({ world }) => {
    await delegated(world);
    const before = world.refs();
    expect(await sign(world)).toEqual({
      signed: [],
      waiting: containing('something else is missing first (role-quorum)'),
    });
    await world.sign('alice');
    expect(await sign(world)).toMatchObject({ signed: [] });
    await world.sign('bob');
    expect(before).not.toBe(world.refs());
    expect(await sign(world)).toEqual({ signed: [NIGHTLY], waiting: undefined });
    expect((await world.judge()).report.verdict).toBe('accepted');
    expect(world.remote.git('log', '-1', '--format=%s', UPDATE)).toBe('Online sign (nightly)');
  });

  test('a change of its artifacts alone needs nobody else; again, nothing is signed', async ({ world }) => {
    await inService(world);
    await nightly(world, 'tuesday');
    expect(await sign(world)).toMatchObject({ signed: [NIGHTLY] });
    expect((await world.judge()).report.verdict).toBe('accepted');
    const before = world.refs();
    expect(await sign(world)).toEqual({ signed: [], waiting: 'sign/update is accepted' });
    expect(world.refs()).toBe(before);
  });

  test.for([
    ['is rejected', { 'metadata/stray.json': '{}' }, 'sign/update is rejected'],
    ['has metadata that does not agree with its files', { 'targets/nightly/build.txt': 'evil' }, 'artifacts'],
    [
      'asks people for something',
      { 'targets/tools/greet.sh': 'echo new\n' },
      'something else is missing first',
    ],
  ] as const)('signs nothing of an event that %s', async ([, files, words], { world }) => {
    await inService(world);
    await nightly(world, 'tuesday');
    world.push(files);
    const before = world.refs();
    expect(await sign(world)).toEqual({ signed: [], waiting: containing(words) });
    expect(world.refs()).toBe(before);
  });

  test('a key that one person alone brings is not used, whatever its URI opens', async ({ world }) => {
    await inService(world);
    const uri = 'file:other.pem';
    await world.delegate('alice', { role: NIGHTLY, online: { key: await world.onlineKey(uri), uri } });
    const opened: (string | undefined)[] = [];
    const spy: Signer = { sign: async key => void opened.push(key.onlineUri) };
    await world.sign('alice');
    expect(await sign(world, spy)).toMatchObject({ signed: [] });
    expect(opened).toEqual([]);
  });

  test('roles of people are left to people', async ({ world }) => {
    world.push({ 'targets/tools/greet.sh': 'echo new\n' });
    await world.updateTargets();
    expect(await sign(world)).toEqual({ signed: [], waiting: 'no role waits for an online key' });
  });

  test('without the key, with a wrong signature, or on a main that is not trusted nothing is written', async ({
    world,
  }) => {
    await inService(world);
    await nightly(world, 'tuesday');
    const before = world.refs();
    await expect(sign(world, { sign: async () => undefined })).rejects.toMatchObject({ code: 'NO_SIGNER' });
    await expect(sign(world, { sign: async () => Buffer.from('00', 'hex') })).rejects.toMatchObject({
      code: 'REFUSED',
    });
    await expect(sign(world, keys(world), Buffer.from('{}'))).rejects.toMatchObject({ code: 'REFUSED' });
    expect(world.refs()).toBe(before);
  });

  test('signs nothing on a main that does not go on from what it was', async ({ world }) => {
    await inService(world);
    await world.onlineSign();
    const old = world.remote.git('show', 'main:metadata/tools.json');
    world.push({ 'targets/tools/greet.sh': 'echo new\n' });
    await world.updateTargets();
    for (const name of ['bob', 'carol'] as const) await world.sign(name);
    world.merge();
    await world.onlineSign();
    world.remote.commit(
      { 'metadata/tools.json': old, 'targets/tools/greet.sh': 'echo hello\n' },
      { branch: 'main' },
    );
    await nightly(world, 'tuesday');
    const before = world.refs();
    await expect(sign(world)).rejects.toMatchObject({
      code: 'REFUSED',
      message: containing('tools goes back from version 2 to 1'),
    });
    expect(world.refs()).toBe(before);
  });
});
