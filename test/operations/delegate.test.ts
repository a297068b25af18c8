import { describe, expect } from 'vitest';
import { roleNameProblem } from '../../src/metadata/names.ts';
import { setPolicy } from '../../src/operations/set-policy.ts';
import { onlineKey } from '../../src/repository/documents.ts';
import {
  ONLINE_URI,
  owners,
  type TestWorld,
  TOOLS,
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

const ROOT = 'root' as typeof TOOLS;
const TARGETS = 'targets' as typeof TOOLS;
const [SNAPSHOT, TIMESTAMP] = ['snapshot' as typeof TOOLS, 'timestamp' as typeof TOOLS];
const LINUX = 'linux' as typeof TOOLS;
const EVERYBODY = owners('alice', 'bob', 'carol');

describe('bad input is refused before anything is written', () => {
  type Request = Parameters<TestWorld['delegate']>[1];
  const online = async (world: TestWorld): Promise<Request> => ({
    online: { key: await world.onlineKey(ONLINE_URI), uri: ONLINE_URI },
  });
  const refused: readonly (readonly [
    name: string,
    request: Request | ((world: TestWorld) => Promise<Request>),
    message: string,
    code?: string,
  ])[] = [
    ['what is like that already', { threshold: 2 }, 'nothing to change'],
    ['a threshold above the signers', { threshold: 3 }, 'has to be 1 to 2'],
    ['a threshold of 0', { threshold: 0 }, 'has to be 1 to 2'],
    ['fewer signers than the threshold', { signers: owners('bob') }, 'give --threshold, from 1 to 1'],
    [
      'a threshold above a new role',
      { role: DOCS, signers: owners('bob'), threshold: 2 },
      'has to be 1 to 1',
    ],
    ['one signer less than the threshold', { removeSigners: owners('bob') }, 'met by 1 signer'],
    ['no signer at all', { signers: [] }, 'needs at least one signer'],
    ['the last signer gone', { removeSigners: owners('bob', 'carol') }, 'needs at least one signer'],
    ['the last of root gone', { role: ROOT, removeSigners: EVERYBODY }, 'needs at least one signer'],
    ['a signer named twice', { signers: owners('bob', 'bob'), threshold: 2 }, 'named twice'],
    ['a signer that comes twice', { addSigners: owners('alice', 'alice') }, 'named twice'],
    ['one who comes and goes', { addSigners: owners('bob'), removeSigners: owners('bob') }, 'named twice'],
    ['somebody unknown gone', { removeSigners: owners('mallory') }, '@mallory can not leave tools'],
    [
      'somebody who is there',
      { addSigners: owners('bob') },
      '@bob is a signer of tools, or invited, already',
    ],
    ['root removed', { role: ROOT, remove: true }, 'root can not be removed'],
    ['targets removed', { role: TARGETS, remove: true }, 'targets can not be removed'],
    ['snapshot removed', { role: SNAPSHOT, remove: true }, 'without it clients can not update'],
    ['timestamp removed', { role: TIMESTAMP, remove: true }, 'replaced by --online-key'],
    ['what is not there removed', { role: DOCS, remove: true }, 'no role docs to remove', 'NOT_FOUND'],
    ['removed and changed', { remove: true, threshold: 1 }, '--remove stands alone'],
    ['people for snapshot', { role: SNAPSHOT, signers: owners('bob') }, 'signed by automation'],
    ['a threshold for timestamp', { role: TIMESTAMP, threshold: 1 }, 'signed by automation'],
    ['paths for timestamp', { role: TIMESTAMP, paths: ['a'] }, 'signed by automation'],
    ['an online key removed', { role: TIMESTAMP, removeSigners: owners('bob') }, 'signed by automation'],
    ['nothing said of timestamp', { role: TIMESTAMP }, '--online-key or --periods', 'MISSING_ANSWER'],
    ['a new role without signers', { role: DOCS, threshold: 1 }, '--signers @name', 'MISSING_ANSWER'],
    [
      'an online key for root',
      async world => ({ role: ROOT, ...(await online(world)) }),
      'root is signed by people',
    ],
    [
      'an online key for who delegates',
      async world => ({ role: TARGETS, ...(await online(world)) }),
      'targets says who signs tools',
    ],
    [
      'two of one online key',
      async world => ({ threshold: 2, ...(await online(world)) }),
      'it has to be 1 to 1',
    ],
    [
      'people and an online key',
      async world => ({ signers: EVERYBODY, ...(await online(world)) }),
      'not by both',
    ],
    [
      'an unknown delegator',
      { role: DOCS, signers: EVERYBODY, delegator: LINUX },
      'no role linux',
      'NOT_FOUND',
    ],
    [
      'an online delegator',
      { role: DOCS, signers: EVERYBODY, delegator: SNAPSHOT },
      'signed by an online key',
    ],
    ['root as delegator', { role: DOCS, signers: EVERYBODY, delegator: ROOT }, 'top-level roles alone'],
    [
      'itself as delegator',
      { role: DOCS, signers: EVERYBODY, delegator: DOCS },
      'can not delegate to itself',
    ],
    ['another delegator', { delegator: ROOT }, 'targets delegates to tools: to move it below root'],
    ['a delegator for root', { role: ROOT, delegator: TOOLS }, '--delegator is for delegated roles'],
    ['paths for targets', { role: TARGETS, paths: ['a'] }, '--paths and --terminating'],
    ['terminating for root', { role: ROOT, terminating: false }, '--paths and --terminating'],
    ['an order for targets', { role: TARGETS, before: TOOLS }, '--before is for delegated roles'],
    ['before itself', { before: TOOLS }, 'before itself'],
    ['before what is not there', { before: DOCS }, 'does not delegate to docs', 'NOT_FOUND'],
    ['no path', { paths: [] }, 'speak for no path'],
    ['a path twice', { paths: ['tools/*', 'tools/*'] }, 'named twice'],
    ['a path that climbs', { paths: ['../*'] }, 'has a segment . or ..'],
    [
      'a path that some read otherwise',
      { paths: ['tools/*', 'tools/**'] },
      'means other paths to some clients',
    ],
    ['an empty path', { paths: ['tools/*', ''] }, 'has to have 1 to 1024 characters'],
    [
      'a path of another in other case',
      { role: DOCS, signers: EVERYBODY, paths: ['Tools/*'] },
      'differ in case only',
    ],
    [
      'a path beyond the delegator',
      { role: DOCS, signers: EVERYBODY, delegator: TOOLS, paths: ['docs/*'] },
      'can not hand it on',
    ],
    ['a name in another case', { role: 'Tools' as typeof TOOLS, signers: EVERYBODY }, 'differs in case only'],
    ['periods the wrong way round', { periods: { expiryDays: 10, signingDays: 20 } }, '[periods]'],
    ['periods that are none', { periods: { expiryDays: 0, signingDays: 0 } }, '[periods]'],
  ];
  for (const [name, request, message, code = 'REFUSED'] of refused) {
    test(name, async ({ shared: world }) => {
      const before = world.refs();
      const asked = typeof request === 'function' ? await request(world) : request;
      const error: unknown = await world.delegate('alice', asked).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code, message: expect.stringContaining(message) as unknown });
      expect(world.refs()).toBe(before);
    });
  }

  test('what would go in a circle', async ({ world }) => {
    await world.delegate('alice', { role: LINUX, delegator: TOOLS, signers: owners('alice') });
    const before = world.refs();
    await expect(world.delegate('alice', { delegator: LINUX })).rejects.toThrow(
      'linux gets its own keys from tools: the two would delegate to each other',
    );
    const online = { key: await world.onlineKey(ONLINE_URI), uri: ONLINE_URI };
    await expect(world.delegate('alice', { online })).rejects.toThrow('tools says who signs linux');
    expect(world.refs()).toBe(before);
  });

  test('a role below one that is online, or that has no folder to hand on', async ({ world }) => {
    const online = { key: await world.onlineKey(ONLINE_URI), uri: ONLINE_URI };
    await world.delegate('alice', { role: DOCS, online, paths: ['README'] });
    const before = world.refs();
    const below = { role: LINUX, delegator: DOCS, signers: owners('alice') };
    await expect(world.delegate('alice', below)).rejects.toThrow('docs is signed by an online key');
    await expect(world.delegate('alice', { role: DOCS, addSigners: owners('bob') })).rejects.toThrow(
      'say by --signers who signs it instead',
    );
    expect(world.refs()).toBe(before);
    await world.delegate('alice', { role: DOCS, signers: owners('alice') });
    await expect(world.delegate('alice', below)).rejects.toMatchObject({
      code: 'MISSING_ANSWER',
      message: expect.stringContaining("--paths 'a/*,b/*'") as unknown,
    });
  });

  test('a name of a dead role in other case, and a file of no role', async ({ world }) => {
    await world.delegate('alice', { remove: true });
    for (const name of ['alice', 'bob'] as const) await world.sign(name);
    world.merge();
    await world.onlineSign();
    const asked = world.delegate('alice', { role: 'Tools' as typeof TOOLS, signers: owners('alice') });
    await expect(asked).rejects.toThrow('tools.json was published once');
    world.push({ 'metadata/docs.json': '{}' });
    const orphan = world.delegate('alice', { role: DOCS, signers: owners('alice') });
    await expect(orphan).rejects.toThrow(
      'there is metadata/docs.json already, though nobody delegates to it',
    );
  });

  test('what the policy does not allow', async ({ world }) => {
    const policy = Buffer.from('version: 1\ndelegations: { allow: none }\n');
    await world.in(world.person('alice'), workspace => setPolicy(workspace, UPDATE, policy));
    for (const name of ['alice', 'bob'] as const) await world.sign(name);
    world.merge();
    const before = world.refs();
    const asked = world.delegate('alice', { role: DOCS, signers: owners('alice') });
    await expect(asked).rejects.toThrow('the policy allows no delegations [ownership]');
    expect(world.refs()).toBe(before);
  });

  test('an event that is rejected already is changed all the same: that may mend it', async ({ world }) => {
    world.push({ 'metadata/stray.json': '{}' });
    const { report } = await world.delegate('alice', { threshold: 1 });
    expect(report.verdict).toBe('rejected');
    expect(thresholdOf(world, 'tools')).toBe(1);
  });
});
