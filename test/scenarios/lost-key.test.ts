import { expect } from 'vitest';
import { VirtualCard } from '../../signer-cli/demo/virtual-card/card.ts';
import { ROOT, TARGETS } from '../../src/metadata/names.ts';
import { scenario } from '../support/lifecycle.ts';
import { rotate } from '../support/rotation.ts';
import { testKey } from '../support/test-keys.ts';
import { owners, PIN, type TestWorld, TOOLS } from '../support/world.ts';

/** The others take bob out of every role; carol and alice sign tools. */
async function remove(world: TestWorld): Promise<void> {
  for (const role of [ROOT, TARGETS])
    await world.delegate('alice', { role, signers: owners('alice', 'carol') });
  await world.delegate('alice', { role: TOOLS, signers: owners('carol', 'alice') });
}

scenario('bob has lost his card, and the others remove it', async life => {
  const { world } = life;
  await remove(world);
  // His old key would count in main's quorum still; nobody needs it.
  for (const name of ['alice', 'carol'] as const) await world.sign(name);
  await life.live();
});

scenario('bob comes back with a new card in the same event', async life => {
  const { world } = life;
  const bob = world.person('bob');
  bob.insert(bob.newCard);
  await remove(world);
  // Out of every role, he has nothing to replace.
  await expect(rotate(world, 'bob')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  for (const role of [ROOT, TARGETS])
    await world.delegate('alice', { role, signers: owners('alice', 'bob', 'carol') });
  await world.delegate('alice', { role: TOOLS, signers: owners('bob', 'carol') });
  expect((await world.sign('bob')).joined).toEqual([ROOT, TARGETS, TOOLS]);
  for (const name of ['alice', 'carol'] as const) await world.sign(name);
  await life.live();

  world.push({ 'targets/tools/greet.sh': 'echo hello again' });
  await world.updateTargets();
  for (const name of ['bob', 'carol'] as const) await world.sign(name);
  await life.live();
});

scenario('bob replaces the lost key himself, and nobody is asked for the old one', async life => {
  const { world } = life;
  const bob = world.person('bob');
  bob.insert(bob.newCard);
  const { signed } = await rotate(world, 'bob', { isLost: true });
  expect(signed).toEqual([ROOT, TARGETS, TOOLS]);
  for (const name of ['alice', 'carol'] as const) await world.sign(name);
  await life.live();
});

scenario('bob finds the card again before the event is merged, and comes back with it', async life => {
  const { world } = life;
  // A card says the same of its key in other bytes each time.
  const privateKey = testKey(101).privatePem;
  world
    .person('bob')
    .insert(new VirtualCard({ serial: 10_000_002, pin: PIN, privateKey, firmware: [5, 4, 2] }));
  await remove(world);
  for (const role of [ROOT, TARGETS])
    await world.delegate('alice', { role, signers: owners('alice', 'bob', 'carol') });
  await world.delegate('alice', { role: TOOLS, signers: owners('bob', 'carol') });
  expect((await world.sign('bob')).joined).toEqual([ROOT, TARGETS, TOOLS]);
  const { report } = await world.judge();
  expect(report.reasons.filter(({ severity }) => severity === 'refuse')).toEqual([]);
  for (const name of ['alice', 'bob', 'carol'] as const) await world.sign(name);
  await life.live();
});
