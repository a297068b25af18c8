import { expect } from 'vitest';
import { ROOT } from '../../src/metadata/names.ts';
import { scenario } from '../support/lifecycle.ts';
import { BOTH_PINS, rotate } from '../support/rotation.ts';

const EVERYBODY = ['alice', 'bob', 'carol'] as const;

scenario('everybody changes to a new card in one event', async life => {
  const { world } = life;
  for (const name of EVERYBODY) {
    const person = world.person(name);
    person.insert(person.card, person.newCard);
    await rotate(world, name);
  }
  // Each later change voided what was signed before: everybody once more, with both cards.
  for (const name of EVERYBODY) await world.sign(name, undefined, { pins: BOTH_PINS });
  const { report } = await world.judge();
  expect(report.roles.get(ROOT)?.quorums).toMatchObject([
    { of: 'old', threshold: 2 },
    { of: 'new', signed: ['@alice', '@bob', '@carol'] },
  ]);
  await life.live();

  // The old cards are history: the new ones alone sign the next root.
  for (const name of EVERYBODY) world.person(name).insert(world.person(name).newCard);
  await world.delegate('alice', { role: ROOT, periods: { expiryDays: 300, signingDays: 50 } });
  for (const name of ['alice', 'bob'] as const) await world.sign(name);
  await life.live();
});
