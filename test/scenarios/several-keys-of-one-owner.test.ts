import { expect } from 'vitest';
import { VirtualCard } from '../../signer-cli/demo/virtual-card/card.ts';
import { requirePublicKey } from '../../src/metadata/key.ts';
import { TARGETS } from '../../src/metadata/names.ts';
import { withKey } from '../../src/repository/delegator-edits.ts';
import { personKey } from '../../src/repository/documents.ts';
import { Draft } from '../../src/repository/draft.ts';
import { scenario } from '../support/lifecycle.ts';
import { BOTH_PINS, rotate } from '../support/rotation.ts';
import { testKey } from '../support/test-keys.ts';
import { PIN, type TestWorld, TOOLS } from '../support/world.ts';

const THREE_PINS = [...BOTH_PINS, PIN];

/** Gives bob's new card a place beside his old one in tools, as somebody who edits metadata would. */
async function addSecondKey(world: TestWorld): Promise<void> {
  const bob = world.person('bob');
  bob.insert(bob.newCard);
  await using signer = bob.signer();
  const key = personKey(await signer.readPublicKey(), bob.owner);
  await world.delegate('alice', { role: TOOLS, periods: { expiryDays: 300, signingDays: 50 } });
  const { knownGood, event } = (await world.judge()).gathered;
  const draft = new Draft(knownGood, event);
  draft.edit(TARGETS, signed => withKey(signed, TOOLS, key));
  const files = [...draft.files(world.clock.now())].map(([path, bytes]) => [path, bytes ?? null] as const);
  world.push(Object.fromEntries(files));
  bob.insert(bob.card, bob.newCard);
}

scenario(
  'bob holds two keys of tools: that is told, each counts once, and one of them can be replaced',
  async life => {
    const { world } = life;
    const bob = world.person('bob');
    await addSecondKey(world);
    await world.sign('bob', undefined, { pins: BOTH_PINS });
    await world.sign('carol');
    const { report } = await world.judge();
    expect(report.reasons).toContainEqual({
      rule: 'distinct-owners',
      severity: 'warn',
      role: TOOLS,
      message: '@bob alone holds 2 keys of tools, enough for its threshold',
    });
    expect(report.roles.get(TOOLS)?.quorums).toMatchObject([
      { threshold: 2, signed: ['@bob', '@bob'], missing: ['@carol'] },
    ]);
    await life.live();

    // One card is one signature, however often it signs; both are two, as the warning says.
    world.push({ 'targets/tools/greet.sh': 'echo one person, two cards' });
    await world.updateTargets();
    bob.insert(bob.card);
    await world.sign('bob');
    expect((await world.judge()).report.verdict).toBe('pending');
    await expect(world.sign('bob')).rejects.toMatchObject({ code: 'NO_SIGNER' });
    bob.insert(bob.newCard);
    await world.sign('bob');
    await life.live();

    const third = new VirtualCard({ serial: 30_000_001, pin: PIN, privateKey: testKey(170).privatePem });
    bob.insert(bob.card, bob.newCard, third);
    const replace = requirePublicKey(testKey(151).key).fingerprint;
    expect((await rotate(world, 'bob', { replace, pins: THREE_PINS })).roles).toEqual([TOOLS]);
    await world.sign('alice');
    await world.sign('carol');
    await life.live();
  },
);
