import { describe, expect } from 'vitest';
import { ROOT } from '../../src/metadata/names.ts';
import { renderTerminal } from '../../src/render/terminal.ts';
import { containing, owners, PIN, prompter, type TestWorld, worldTest as test } from '../support/world.ts';

/** One for each card. */
const BOTH_PINS: readonly string[] = [PIN, PIN];
const EVERYBODY = ['alice', 'bob', 'carol'] as const;

/** An event that gives each of the three root signers the key of their new card instead of the old one. */
async function replaceAllKeys(world: TestWorld): Promise<void> {
  for (const name of EVERYBODY) world.person(name).insert(world.person(name).newCard);
  for (const signers of [
    owners('bob', 'carol'),
    owners('alice', 'carol'),
    owners('alice', 'bob'),
    owners('alice', 'bob', 'carol'),
  ])
    await world.delegate('alice', { role: ROOT, signers, threshold: 2 });
}

/** Whose turn it is, and for what, in the words of the report. */
const turns = async (world: TestWorld): Promise<string> => {
  const { report } = await world.judge();
  const text = renderTerminal(report, { colour: false, width: 1_000 });
  return text.slice(text.indexOf('Whose turn it is'));
};

describe('all root keys replaced at once', () => {
  test('by people with both cards in their readers: one run each', async ({ world }) => {
    await replaceAllKeys(world);
    for (const name of ['bob', 'carol'] as const) {
      const person = world.person(name);
      await world.sign(name); // joins: the new card is the one in the reader
      person.insert(person.card, person.newCard);
    }
    world.person('alice').insert(world.person('alice').card, world.person('alice').newCard);
    const { report } = await world.judge();
    expect(report.awaited.map(({ name, signatures }) => [name, signatures.map(({ of }) => of)])).toEqual([
      ['@alice', [['old'], ['new']]],
      ['@bob', [['old'], ['new']]],
      // Joined last, and had the new card in the reader still.
      ['@carol', [['old']]],
    ]);
    for (const name of EVERYBODY) await world.sign(name, undefined, { pins: BOTH_PINS });
    const done = await world.judge();
    expect(done.report.verdict, JSON.stringify(done.report.reasons)).toBe('accepted');
    expect(done.report.roles.get(ROOT)?.quorums).toMatchObject([
      // Two are enough to hand over; each of the new keys shows itself.
      { of: 'old', signed: ['@alice', '@bob'] },
      { of: 'new', signed: ['@alice', '@bob', '@carol'] },
    ]);
    world.merge();
    expect((await world.onlineSign()).refusals).toEqual([]);
  });

  test('by somebody with one reader: one card after the other, each told by its key', async ({ world }) => {
    await replaceAllKeys(world);
    for (const name of ['bob', 'carol'] as const) await world.sign(name);
    expect(await turns(world)).toMatch(
      /@alice: sign root with the old key [0-9a-f]{20} and with the new key [0-9a-f]{20}\n/,
    );
    const alice = world.person('alice');
    const asked = prompter();
    expect((await world.sign('alice', undefined, { prompter: asked })).signed).toEqual([ROOT]);
    expect(asked.said).toContainEqual(containing('left for later: your key for root'));
    expect(await turns(world)).toMatch(/@alice: sign root with the old key [0-9a-f]{20}\n/);
    const before = world.refs();
    await expect(world.sign('alice')).rejects.toMatchObject({ code: 'NO_SIGNER' });
    expect(world.refs()).toBe(before);
    alice.insert(alice.card);
    expect((await world.sign('alice')).signed).toEqual([ROOT]);
    expect(await turns(world)).not.toContain('@alice');
  });
});
