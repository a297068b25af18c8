import { describe, expect } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { resolveCommit } from '../../src/git/refs.ts';
import { type VerifyOutcome, verifyCommit } from '../../src/operations/verify.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import { replaceOnlineKey } from '../support/online-documents.ts';
import { NOW, type TestWorld, worldTest as test } from '../support/world.ts';

const verify = (world: TestWorld, trustedRoot?: Uint8Array, rev = 'origin/main'): Promise<VerifyOutcome> =>
  world.in(world.automation, async workspace => {
    await fetchMain(workspace);
    return verifyCommit(workspace, { commit: await resolveCommit(workspace.repository, rev), trustedRoot });
  });

const refusals = ({ reasons }: VerifyOutcome): string[] =>
  reasons.filter(({ severity }) => severity === 'refuse').map(({ rule }) => rule);

const show = (world: TestWorld, path: string): Buffer =>
  Buffer.from(world.remote.git('show', `main:${path}`));

describe('verify', () => {
  test('a repository in service is accepted', async ({ world }) => {
    expect(await verify(world)).toMatchObject({ verdict: 'accepted', client: { root: 1, targetCount: 1 } });
  });

  test('from the oldest root through all to the newest', async ({ world }) => {
    await replaceOnlineKey(world, 'file:second.pem');
    await world.onlineSign();
    expect(await verify(world)).toMatchObject({ verdict: 'accepted', client: { root: 2 } });
    const first = show(world, 'metadata/root_history/1.root.json');
    expect((await verify(world, first)).client?.root).toBe(2);
    expect((await verify(world, show(world, 'metadata/root.json'))).client?.root).toBe(2);
  });

  test('a chain that does not hold the trusted root is refused', async ({ world }) => {
    const first = show(world, 'metadata/root.json');
    await replaceOnlineKey(world, 'file:second.pem');
    await world.onlineSign();
    world.remote.commit({ 'metadata/root_history/1.root.json': null }, { branch: 'main' });
    expect((await verify(world)).verdict).toBe('accepted');
    expect(refusals(await verify(world, first))).toEqual(['clients']);
  });

  const roots: readonly (readonly [string, (world: TestWorld) => Uint8Array])[] = [
    ['is no root', world => show(world, 'metadata/targets.json')],
    ['is no JSON', () => Buffer.from('{')],
    [
      'is changed',
      world =>
        Buffer.from(show(world, 'metadata/root.json').toString().replace('"version": 1', '"version": 2')),
    ],
  ];
  for (const [name, root] of roots) {
    test(`a trusted root that ${name} is refused`, async ({ world }) => {
      const outcome = await verify(world, root(world));
      expect([outcome.verdict, refusals(outcome)]).toEqual(['rejected', ['clients']]);
    });
  }

  test('a trusted root of another repository is refused', async ({ world, empty }) => {
    await empty.init('mallory', {
      root: { signers: ['@mallory' as never], threshold: 1, periods: { expiryDays: 365, signingDays: 60 } },
    });
    await empty.sign('mallory', 'sign/init' as never);
    const other = Buffer.from(empty.remote.git('show', 'sign/init:metadata/root.json'));
    expect(refusals(await verify(world, other))).toEqual(['clients']);
  });

  test('expiry counts', async ({ world }) => {
    world.clock.time = (NOW + 8 * DAY_MS) as typeof NOW;
    expect(refusals(await verify(world))).toContain('expiry');
  });

  test('every hash counts, though this clone verified the commit before', async ({ world }) => {
    await verify(world);
    world.remote.commit({ 'targets/tools/greet.sh': 'evil' }, { branch: 'main' });
    expect(refusals(await verify(world))).toContain('artifacts');
  });

  test('a commit without metadata is refused', async ({ world }) => {
    const outcome = await verify(world, undefined, 'origin/main~2');
    expect(outcome.verdict).toBe('rejected');
    expect(refusals(outcome)).not.toEqual([]);
  });
});
