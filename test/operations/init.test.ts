import { describe, expect } from 'vitest';
import type { SignersRequest } from '../../src/operations/init.ts';
import { INIT, type Name, owners, type TestWorld, worldTest as test, YEAR } from '../support/world.ts';

const role = (names: readonly Name[], threshold: number): SignersRequest => ({
  signers: owners(...names),
  threshold,
  periods: YEAR,
});

const files = (world: TestWorld, branch: string): string[] =>
  world.remote.git('ls-tree', '-r', '--name-only', branch).split('\n');

describe('init', () => {
  test('starts an empty repository: main, an event with root, targets and invitations', async ({
    empty: world,
  }) => {
    await world.init('alice');
    expect(files(world, 'main')).toEqual(['.gitattributes']);
    expect(files(world, INIT)).toEqual([
      '.gitattributes',
      'metadata/.signing-event-state',
      'metadata/root.json',
      'metadata/root_history/1.root.json',
      'metadata/targets.json',
    ]);
    expect(world.json('metadata/.signing-event-state', INIT)).toEqual({
      invites: { '@bob': ['root', 'targets'], '@carol': ['root', 'targets'] },
    });
    const { report } = await world.judge(INIT);
    expect(report.verdict).toBe('pending');
    expect(report.reasons.filter(({ severity }) => severity === 'refuse')).toEqual([]);
  });

  test("takes the maintainer's key from the card without a PIN", async ({ empty: world }) => {
    await world.init('alice');
    expect(world.person('alice').prompts.asked).toEqual([]);
    expect(world.person('alice').signatures).toBe(0);
  });

  test('one person alone can sign at once', async ({ empty: world }) => {
    await world.init('alice', { root: role(['alice'], 1), targets: role(['alice'], 1) });
    expect((await world.sign('alice', INIT)).event.report.verdict).toBe('accepted');
  });

  test('a maintainer who signs neither role needs no card', async ({ empty: world }) => {
    world.person('mallory').transport.remove('Virtual Reader 0');
    await world.init('mallory');
    expect((await world.judge(INIT)).report.invites.size).toBe(3);
  });

  test('different people for root and targets', async ({ empty: world }) => {
    await world.init('alice', { root: role(['alice', 'bob'], 2), targets: role(['carol'], 1) });
    expect([...(await world.judge(INIT)).report.invites]).toEqual([
      ['@bob', ['root']],
      ['@carol', ['targets']],
    ]);
  });

  const refused: readonly (readonly [string, Parameters<TestWorld['init']>[1]])[] = [
    ['a threshold of 0', { root: role(['alice'], 0) }],
    ['a threshold above the signers', { targets: role(['alice', 'bob'], 3) }],
    ['no signer', { root: role([], 1) }],
    ['a signer named twice', { root: role(['alice', 'alice'], 2) }],
  ];
  for (const [name, request] of refused) {
    test(`${name} is refused before anything is written`, async ({ empty: world }) => {
      await expect(world.init('alice', request)).rejects.toMatchObject({ code: 'REFUSED' });
      expect(world.refs()).toBe('');
    });
  }

  test('no card: nothing is written, not even main', async ({ empty: world }) => {
    world.person('alice').transport.remove('Virtual Reader 0');
    await expect(world.init('alice')).rejects.toMatchObject({ code: 'NO_CARD' });
    expect(world.refs()).toBe('');
  });

  test('a repository with metadata is left alone', async ({ world }) => {
    const before = world.refs();
    await expect(world.init('alice')).rejects.toMatchObject({ code: 'ALREADY_THERE' });
    expect(world.refs()).toBe(before);
  });

  test('an event of that name is left alone', async ({ empty: world }) => {
    world.remote.commit({ 'README.md': 'hello' }, { branch: 'main' });
    world.push({ 'other.txt': 'other' }, INIT);
    const before = world.refs();
    await expect(world.init('alice')).rejects.toMatchObject({ code: 'ALREADY_THERE' });
    expect(world.refs()).toBe(before);
  });

  test('main with files of its own stays as it is', async ({ empty: world }) => {
    world.remote.commit({ 'README.md': 'hello', 'targets/one.txt': 'one' }, { branch: 'main' });
    await world.init('alice');
    expect(files(world, INIT)).toContain('README.md');
    expect(files(world, 'main')).toEqual(['README.md', 'targets/one.txt']);
  });
});
