import { expect } from 'vitest';
import { ROOT, type RoleName, TARGETS } from '../../src/metadata/names.ts';
import { scenario } from '../support/lifecycle.ts';
import { type Name, type TestWorld, TOOLS } from '../support/world.ts';

const quorums = async (world: TestWorld, role: RoleName): Promise<unknown> =>
  (await world.judge()).report.roles
    .get(role)
    ?.quorums.map(({ of, threshold, signed }) => [of, threshold, signed]);

/** Signs in turn; the event is only complete after the last of them. */
async function signAll(world: TestWorld, ...names: readonly Name[]): Promise<void> {
  for (const name of names) {
    expect((await world.judge()).report.verdict).toBe('pending');
    await world.sign(name);
  }
}

scenario('root asks for three of three, and then for two again', async life => {
  const { world } = life;
  await world.delegate('alice', { role: ROOT, threshold: 3 });
  // The old quorum is two, the new one three: the change is only there when its own quorum is.
  await signAll(world, 'alice', 'bob', 'carol');
  expect(await quorums(world, ROOT)).toEqual([
    ['old', 2, ['@alice', '@bob', '@carol']],
    ['new', 3, ['@alice', '@bob', '@carol']],
  ]);
  await life.live();

  await world.delegate('alice', { role: ROOT, threshold: 2 });
  // Two are not enough to say that two are enough.
  await signAll(world, 'alice', 'bob', 'carol');
  expect(await quorums(world, ROOT)).toEqual([
    ['old', 3, ['@alice', '@bob', '@carol']],
    ['new', 2, ['@alice', '@bob', '@carol']],
  ]);
  await life.live();
});

scenario('a delegated role asks for one of two, and then for two again', async life => {
  const { world } = life;
  await world.delegate('alice', { role: TOOLS, threshold: 1 });
  await signAll(world, 'alice', 'bob');
  await life.live();
  world.push({ 'targets/tools/greet.sh': 'echo one is enough' });
  await world.updateTargets();
  await signAll(world, 'carol');
  await life.live();

  await world.delegate('alice', { role: TOOLS, threshold: 2 });
  // What carol alone signed has to be signed by both.
  await signAll(world, 'alice', 'bob', 'carol');
  await life.live();
});

scenario('targets asks for three of three: root says so, and targets is signed anew', async life => {
  const { world } = life;
  await world.delegate('alice', { role: TARGETS, threshold: 3 });
  await signAll(world, 'alice', 'bob', 'carol');
  await life.live();
  await world.delegate('alice', { role: TARGETS, threshold: 1 });
  await signAll(world, 'alice', 'bob');
  await life.live();
});
