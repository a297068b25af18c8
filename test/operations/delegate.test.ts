import { describe, expect } from 'vitest';
import { roleNameProblem } from '../../src/metadata/names.ts';
import { onlineKey } from '../../src/repository/documents.ts';
import {
  ONLINE_URI,
  owners,
  type TestWorld,
  type TOOLS,
  worldTest as test,
  UPDATE,
  YEAR,
} from '../support/world.ts';

interface Targets {
  readonly signed: {
    readonly version: number;
    readonly delegations: {
      readonly keys: Record<string, Record<string, unknown>>;
      readonly roles: { name: string; threshold: number; keyids: string[]; paths: string[] }[];
    };
  };
}

const targetsOf = (world: TestWorld): Targets['signed'] =>
  (world.json('metadata/targets.json', UPDATE) as Targets).signed;

const keyOwners = (world: TestWorld, role: string): unknown[] => {
  const { keys, roles } = targetsOf(world).delegations;
  return (roles.find(({ name }) => name === role)?.keyids ?? []).map(
    id => keys[id]?.['x-tuf-on-ci-keyowner'],
  );
};

const thresholdOf = (world: TestWorld, role: string): number | undefined =>
  targetsOf(world).delegations.roles.find(({ name }) => name === role)?.threshold;

const DOCS = 'docs' as typeof TOOLS;

describe('a new role', () => {
  test("gets its folder, invitations and the maintainer's own key", async ({ world }) => {
    const outcome = await world.delegate('alice', {
      role: DOCS,
      signers: owners('alice', 'bob'),
      threshold: 2,
    });
    expect(outcome).toMatchObject({ created: true, invited: owners('bob'), voided: [] });
    expect(keyOwners(world, 'docs')).toEqual(['@alice']);
    expect(targetsOf(world).delegations.roles.at(-1)?.paths).toEqual([
      'docs/*',
      'docs/*/*',
      'docs/*/*/*',
      'docs/*/*/*/*',
    ]);
    const { report } = await world.judge();
    expect(report.reasons.filter(({ severity }) => severity === 'refuse')).toEqual([]);
    expect(report.verdict).toBe('pending');
  });

  test('is accepted once it and its delegator are signed', async ({ world }) => {
    await world.delegate('alice', { role: DOCS, signers: owners('alice') });
    await world.sign('alice');
    expect((await world.sign('bob')).event.report.verdict).toBe('accepted');
  });

  test('of an online key is signed by it alone', async ({ world }) => {
    const online = { key: await world.onlineKey(ONLINE_URI), uri: ONLINE_URI };
    await world.delegate('alice', { role: DOCS, online });
    const { keys } = targetsOf(world).delegations;
    expect(Object.values(keys)).toContainEqual(onlineKey(online.key, ONLINE_URI));
    expect((await world.judge()).report.awaited.map(({ name }) => name)).toContain(ONLINE_URI);
  });

  test('without signers is refused', async ({ world }) => {
    await expect(world.delegate('alice', { role: DOCS, threshold: 1 })).rejects.toMatchObject({
      code: 'MISSING_ANSWER',
    });
  });

  test('where there is no repository yet is refused', async ({ empty: world }) => {
    world.remote.commit({ 'README.md': 'hello' }, { branch: 'main' });
    const asked = world.delegate('alice', { role: DOCS, signers: owners('bob') });
    await expect(asked).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  for (const name of [
    '',
    '.hidden',
    '../up',
    'a/b',
    'Root',
    'con',
    '1.root',
    'a b',
    'tоols',
    'x'.repeat(101),
  ])
    test(`can not be called ${JSON.stringify(name.slice(0, 12))}`, () => {
      expect(roleNameProblem(name)).toBeDefined();
    });
});

describe('a role that is there', () => {
  test('new signers are invited, old ones leave, the role is signed anew', async ({ world }) => {
    const outcome = await world.delegate('alice', { signers: owners('carol', 'mallory') });
    expect(outcome).toMatchObject({ created: false, invited: owners('mallory'), voided: [] });
    expect(keyOwners(world, 'tools')).toEqual(['@carol']);
    await world.sign('mallory');
    expect(keyOwners(world, 'tools')).toEqual(['@carol', '@mallory']);
    for (const name of ['alice', 'bob', 'carol'] as const) await world.sign(name);
    expect((await world.judge()).report.verdict).toBe('accepted');
  });

  test('tells whose signatures the edit voids', async ({ world }) => {
    await world.delegate('alice', { threshold: 1 });
    await world.sign('bob');
    const { voided } = await world.delegate('alice', { threshold: 2 });
    expect(voided.map(({ role, key }) => [role, key.owner])).toEqual(
      expect.arrayContaining([
        ['targets', '@bob'],
        ['tools', '@bob'],
      ]),
    );
  });

  test('an invitation that is withdrawn goes', async ({ world }) => {
    await world.delegate('alice', { signers: owners('bob', 'carol', 'mallory') });
    await world.delegate('alice', { signers: owners('bob', 'carol') });
    expect((await world.judge()).report.invites.size).toBe(0);
  });

  test('a new threshold', async ({ world }) => {
    await world.delegate('alice', { threshold: 1 });
    expect(thresholdOf(world, 'tools')).toBe(1);
  });

  test('new periods change the role, not its delegator', async ({ world }) => {
    await world.delegate('alice', { periods: { expiryDays: 100, signingDays: 30 } });
    expect(world.json('metadata/tools.json', UPDATE)).toMatchObject({
      signed: {
        version: 2,
        expires: '2030-09-09T00:00:00Z',
        'x-tuf-on-ci-expiry-period': 100,
        'x-tuf-on-ci-signing-period': 30,
      },
    });
    expect(targetsOf(world).version).toBe(1);
  });

  test('an online key takes the place of people and of the threshold they had', async ({ world }) => {
    const online = { key: await world.onlineKey(ONLINE_URI), uri: ONLINE_URI };
    await world.delegate('alice', { online });
    expect([keyOwners(world, 'tools'), thresholdOf(world, 'tools')]).toEqual([[undefined], 1]);
    const refusals = (await world.judge()).report.reasons.filter(({ severity }) => severity === 'refuse');
    expect(refusals).toEqual([]);
    // And back to people.
    await world.delegate('alice', { signers: owners('bob', 'carol'), threshold: 2 });
    expect(keyOwners(world, 'tools')).toEqual([]);
    expect((await world.judge()).report.invites.size).toBe(2);
  });

  test('root gets a new signer in an event', async ({ world }) => {
    const role = 'root' as typeof TOOLS;
    await world.delegate('alice', {
      role,
      signers: owners('alice', 'bob', 'carol', 'mallory'),
      threshold: 3,
    });
    await world.sign('mallory');
    for (const name of ['alice', 'bob', 'carol'] as const) await world.sign(name);
    expect((await world.judge()).report.verdict).toBe('accepted');
  });

  const refused: readonly (readonly [string, Parameters<TestWorld['delegate']>[1]])[] = [
    ['what is like that already', { threshold: 2 }],
    ['a threshold above the signers', { threshold: 3 }],
    ['a threshold of 0', { threshold: 0 }],
    ['fewer signers than the threshold that stays', { signers: owners('bob') }],
    ['no signer at all', { signers: [] }],
    ['a signer named twice', { signers: owners('bob', 'bob'), threshold: 2 }],
    ['snapshot', { role: 'snapshot' as typeof TOOLS, threshold: 1 }],
  ];
  for (const [name, request] of refused) {
    test(`${name}: refused, nothing is written`, async ({ world }) => {
      const before = world.refs();
      await expect(world.delegate('alice', request)).rejects.toMatchObject({ code: 'REFUSED' });
      expect(world.refs()).toBe(before);
    });
  }

  test('an online key for root is refused, and two signatures by one online key', async ({ world }) => {
    const online = { key: await world.onlineKey(ONLINE_URI), uri: ONLINE_URI };
    const root = world.delegate('alice', { role: 'root' as typeof TOOLS, online });
    await expect(root).rejects.toMatchObject({ code: 'REFUSED' });
    await expect(world.delegate('alice', { online, threshold: 2 })).rejects.toMatchObject({
      code: 'REFUSED',
    });
  });

  test('no card where the own key is needed: nothing is written', async ({ world }) => {
    const before = world.refs();
    world.person('alice').transport.remove('Virtual Reader 0');
    const asked = world.delegate('alice', { signers: owners('alice', 'bob', 'carol') });
    await expect(asked).rejects.toMatchObject({ code: 'NO_CARD' });
    expect(world.refs()).toBe(before);
  });

  test('the same online key again is no change', async ({ world }) => {
    const online = { key: await world.onlineKey(ONLINE_URI), uri: ONLINE_URI };
    await world.delegate('alice', { role: DOCS, online, periods: YEAR });
    await expect(world.delegate('alice', { role: DOCS, online })).rejects.toMatchObject({ code: 'REFUSED' });
  });
});
