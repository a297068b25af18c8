import { describe, expect } from 'vitest';
import { binName, binOf } from '../../src/metadata/bins.ts';
import { parseRoleName } from '../../src/metadata/names.ts';
import {
  binSet,
  type DelegateBinsOutcome,
  type DelegateBinsRequest,
  delegateBins,
} from '../../src/operations/delegate-bins.ts';
import { onlineSignTargets } from '../../src/operations/online-sign-targets.ts';
import { verifyCommit } from '../../src/operations/verify.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import { fileSigner } from '../../src/signers/file.ts';
import type { Signer } from '../../src/signers/signer.ts';
import { INIT, owners, type TestWorld, TOOLS, worldTest as test, UPDATE } from '../support/world.ts';

const URI = 'file:bins.pem';

interface Wire {
  readonly signed: {
    readonly version: number;
    readonly targets: Record<string, unknown>;
    readonly delegations?: { readonly roles?: readonly unknown[]; readonly succinct_roles?: unknown };
  };
}
const signed = (world: TestWorld, role: string, branch: string = UPDATE): Wire['signed'] =>
  (world.json(`metadata/${role}.json`, branch) as Wire).signed;

async function bins(
  world: TestWorld,
  request: Partial<DelegateBinsRequest> = {},
): Promise<DelegateBinsOutcome> {
  const online = request.signers === undefined ? { key: await world.onlineKey(URI), uri: URI } : undefined;
  return await world.in(world.person('alice'), workspace =>
    delegateBins(workspace, { event: UPDATE, role: TOOLS, bins: 16, form: 'listed', online, ...request }),
  );
}

/** Counts what a key service would be asked for. */
function automation(world: TestWorld): { readonly signer: Signer; readonly calls: () => number } {
  let calls = 0;
  const sign: Signer['sign'] = async (key, payload) => {
    if (key.onlineUri === undefined) return undefined;
    calls++;
    return fileSigner(key.onlineUri, world.keyOptions()).sign(key, payload);
  };
  return { signer: { sign }, calls: () => calls };
}

const signBins = (
  world: TestWorld,
  signer = automation(world).signer,
): ReturnType<typeof onlineSignTargets> =>
  world.in(world.automation, workspace => onlineSignTargets(workspace, UPDATE, signer));

const verified = (world: TestWorld): Promise<readonly string[]> =>
  world.in(world.automation, async workspace => {
    const { commit } = await fetchMain(workspace);
    const { reasons } = await verifyCommit(workspace, { commit });
    return reasons.filter(({ severity }) => severity !== 'warn').map(({ message }) => message);
  });

/** Those who sign the role sign it anew, the automation its bins; merged and signed online. */
async function inService(world: TestWorld): Promise<void> {
  for (const name of ['bob', 'carol'] as const) await world.sign(name);
  await signBins(world);
  expect((await world.judge()).report.verdict).toBe('accepted');
  world.merge();
  await world.onlineSign();
}

const binOfGreet = (bitLength: number): string =>
  binName({ namePrefix: 'tools', bitLength }, binOf({ bitLength }, 'tools/greet.sh'));

describe.each(['listed', 'succinct'] as const)('%s bins', form => {
  test('take over what the role lists, are signed online, and go into service', async ({ world }) => {
    const outcome = await bins(world, { form });
    expect(outcome).toEqual({ first: 'tools-0', last: 'tools-f', created: 16, moved: 1, voided: [] });
    const role = signed(world, 'tools');
    expect(role.targets).toEqual({});
    expect(role.delegations).toHaveProperty(form === 'listed' ? 'roles.15' : 'succinct_roles.bit_length');
    expect(Object.keys(signed(world, binOfGreet(4)).targets)).toEqual(['tools/greet.sh']);
    expect(world.remote.git('rev-list', '--count', `main..${UPDATE}`)).toBe('1');
    const { report } = await world.judge();
    expect(report.reasons.filter(({ severity }) => severity === 'refuse')).toEqual([]);
    await inService(world);
    expect(await verified(world)).toEqual([]);
  });

  test('an artifact is signed in its bin alone', async ({ world }) => {
    await bins(world, { form });
    await inService(world);
    world.push({ 'targets/tools/greet.sh': 'echo hello again\n' });
    expect((await world.updateTargets()).updated).toEqual([binOfGreet(4)]);
    expect((await signBins(world)).signed).toEqual([binOfGreet(4)]);
    expect((await world.judge()).report.verdict).toBe('accepted');
    const changed = world.remote.git('diff', '--name-only', 'main', UPDATE).split('\n');
    expect(changed).toEqual([`metadata/${binOfGreet(4)}.json`, 'targets/tools/greet.sh']);
    const snapshot = (): Record<string, { version: number }> =>
      (world.json('metadata/snapshot.json') as { signed: { meta: Record<string, { version: number }> } })
        .signed.meta;
    const before = snapshot();
    world.merge();
    await world.onlineSign();
    expect(snapshot()).toEqual({ ...before, [`${binOfGreet(4)}.json`]: { version: 2 } });
    expect(await verified(world)).toEqual([]);
  });
});

describe('bins', () => {
  test('that hold the same are signed once, and told in one row', async ({ world }) => {
    await bins(world, { form: 'succinct', bins: 256 });
    const { report } = await world.judge();
    expect([...report.roles.keys()]).toEqual([TOOLS, 'tools-00']);
    expect(report.reasons.filter(({ rule }) => rule === 'role-quorum')).toHaveLength(2);
    expect(report.reasons.length).toBeLessThan(12);
    for (const name of ['bob', 'carol'] as const) await world.sign(name);
    const { signer, calls } = automation(world);
    expect((await signBins(world, signer)).signed).toHaveLength(256);
    expect(calls()).toBe(2);
    expect(world.remote.git('log', '-1', '--format=%s', UPDATE)).toBe(
      'Online sign (tools-00 & tools-01 and 254 more roles)',
    );
  });

  test('of which several get artifacts are one commit', async ({ world }) => {
    await bins(world);
    await inService(world);
    world.push(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`targets/tools/${i}.txt`, `${i}`])));
    const { updated } = await world.updateTargets();
    expect(updated.length).toBeGreaterThan(8);
    expect(world.remote.git('log', '-1', '--format=%s', UPDATE)).toBe(
      `Update targets metadata for ${updated.length} bins of role tools`,
    );
    expect(world.remote.git('rev-list', '--count', `main..${UPDATE}`)).toBe('2');
  });

  test('are written otherwise without a bin that changes', async ({ world }) => {
    await bins(world);
    await inService(world);
    expect(await bins(world, { form: 'succinct' })).toMatchObject({ created: 0, moved: 0 });
    expect(world.remote.git('diff', '--name-only', 'main', UPDATE)).toBe('metadata/tools.json');
    await expect(bins(world, { form: 'succinct' })).rejects.toThrow('tools has these bins already');
    for (const name of ['bob', 'carol'] as const) await world.sign(name);
    expect((await world.judge()).report.verdict).toBe('accepted');
  });

  test('get another key: each is signed anew', async ({ world }) => {
    await bins(world);
    await inService(world);
    const uri = 'file:other.pem';
    await bins(world, { online: { key: await world.onlineKey(uri), uri } });
    expect([signed(world, 'tools-0').version, signed(world, 'tools-f').version]).toEqual([2, 2]);
    await inService(world);
    expect(await verified(world)).toEqual([]);
  });

  test('may be signed by people who have a key here', async ({ world }) => {
    await bins(world, { bins: 2, signers: owners('bob', 'carol'), threshold: 2 });
    for (const name of ['bob', 'carol'] as const) await world.sign(name);
    expect((await world.judge()).report.verdict).toBe('accepted');
    expect(world.person('bob').signatures).toBe(3);
  });

  test('of targets itself, where it delegates to nobody', async ({ empty: world }) => {
    await world.init('alice', {
      root: { signers: owners('alice'), threshold: 1, periods: { expiryDays: 365, signingDays: 60 } },
      targets: { signers: owners('alice'), threshold: 1, periods: { expiryDays: 365, signingDays: 60 } },
    });
    world.push({ 'targets/deep/er/x.txt': 'x' }, INIT);
    await world.updateTargets(INIT);
    const outcome = await bins(world, { event: INIT, role: parseRoleName('targets'), bins: 2 });
    expect(outcome).toMatchObject({ first: 'targets-0', last: 'targets-1', moved: 1 });
    const { report } = await world.judge(INIT);
    expect(report.reasons.filter(({ severity }) => severity === 'refuse')).toEqual([]);
  });
});

describe('refused, and nothing is written', () => {
  const rows: readonly (readonly [string, Partial<DelegateBinsRequest>, string | RegExp])[] = [
    ['one bin', { bins: 1 }, 'there can not be 1 bins'],
    ['no bin', { bins: 0 }, 'from 2 to 16384, here 2'],
    ['a number that is no power of two', { bins: 1_000 }, 'here 512 or 1024'],
    ['too many', { bins: 32_768 }, 'from 2 to 16384, here 16384'],
    ['a role that is not there', { role: parseRoleName('nothing') }, 'there is no role nothing to share out'],
    [
      'a role that delegates to others',
      { role: parseRoleName('targets') },
      'targets delegates to tools already',
    ],
    ['a threshold that nobody meets', { threshold: 2 }, 'can not be met by 1 signer'],
    ['a threshold of none', { threshold: 0 }, 'has to be 1 to 1'],
    ['people for very many bins', { bins: 512, signers: owners('bob') }, 'people sign 256 bins at most'],
    ['people who have no key', { signers: owners('mallory') }, '@mallory has no key in this repository yet'],
    ['nobody', { signers: [] }, 'say who signs the bins'],
  ];
  for (const [name, request, message] of rows) {
    test(name, async ({ shared: world }) => {
      const before = world.refs();
      await expect(bins(world, request)).rejects.toThrow(message);
      expect(world.refs()).toBe(before);
    });
  }

  test('another number of bins than there are', async ({ world }) => {
    await bins(world);
    await expect(bins(world, { bins: 32 })).rejects.toThrow('tools has 16 bins already');
  });

  test('bins that would take the name of a role', async ({ world }) => {
    await world.delegate('alice', { role: parseRoleName('tools-3'), signers: owners('bob') });
    await expect(bins(world)).rejects.toThrow('there is a role tools-3 already');
  });

  test('a role that an online key signs', async ({ world }) => {
    const online = { key: await world.onlineKey(URI), uri: URI };
    await world.delegate('alice', { role: parseRoleName('nightly'), online });
    await expect(bins(world, { role: parseRoleName('nightly') })).rejects.toThrow(
      'nightly is signed by an online key',
    );
  });

  test('names that are too long', () => {
    expect(() => binSet(parseRoleName('x'.repeat(99)), 16)).toThrow('has to have 1 to 100 characters');
  });

  test('a list that clients would not take', async ({ world }) => {
    const role = parseRoleName('x'.repeat(60));
    await world.delegate('alice', { role, signers: owners('bob') });
    await expect(bins(world, { role, bins: 16_384 })).rejects.toThrow(
      /the list of 16384 bins would make x+ [56]\d{6} bytes long, and clients take 5000000: .*--succinct/,
    );
  });

  test('a snapshot that clients would not take', async ({ world }) => {
    const role = parseRoleName('x'.repeat(90));
    await world.delegate('alice', { role, signers: owners('bob') });
    await expect(bins(world, { role, bins: 16_384, form: 'succinct' })).rejects.toThrow(
      /a snapshot of 16384 bins more would be 2\d{6} bytes long/,
    );
  });
});
