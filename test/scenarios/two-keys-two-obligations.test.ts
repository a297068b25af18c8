import { expect } from 'vitest';
import { ROOT } from '../../src/metadata/names.ts';
import { scenario } from '../support/lifecycle.ts';
import { rotate } from '../support/rotation.ts';
import { INIT, owners } from '../support/world.ts';

/** What tuf-on-ci does not handle (tuf-on-ci#505): one person, two keys in one event, and a signature owed with each. */
scenario('who changes the key of a root of two owes two signatures, one with each key', async life => {
  const { world } = life;
  await world.delegate('alice', { event: INIT, role: ROOT, signers: owners('alice', 'bob'), threshold: 2 });
  for (const name of ['alice', 'bob'] as const) await world.sign(name, INIT);
  await life.live(INIT);

  const bob = world.person('bob');
  bob.insert(bob.newCard);
  await rotate(world, 'bob', { roles: [ROOT] });
  await world.sign('alice');
  // The new root has its quorum; main's has not, though one of its two signers signed with another key.
  const { report } = await world.judge();
  expect(report.verdict).toBe('pending');
  expect(report.roles.get(ROOT)?.quorums).toMatchObject([
    { of: 'old', signed: ['@alice'], missing: ['@bob'] },
    { of: 'new', signed: ['@alice', '@bob'], missing: [] },
  ]);
  expect(report.awaited).toMatchObject([
    { name: '@bob', hasSeveralKeys: true, signatures: [{ role: ROOT, of: ['old'], joining: false }] },
  ]);
  // The new card can't stand in for the old one.
  await expect(world.sign('bob')).rejects.toMatchObject({ code: 'NO_SIGNER' });
  bob.insert(bob.card);
  await world.sign('bob');
  await life.live();
});
