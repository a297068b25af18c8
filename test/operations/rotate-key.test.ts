import { createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { VirtualCard } from '../../signer-cli/demo/virtual-card/card.ts';
import { longId } from '../../src/event/words.ts';
import { requirePublicKey } from '../../src/metadata/key.ts';
import { BOTH_PINS, rotate, swapper } from '../support/rotation.ts';
import { testKey } from '../support/test-keys.ts';
import {
  containing,
  INIT,
  type Name,
  owners,
  PIN,
  prompter,
  type TestWorld,
  TOOLS,
  worldTest as test,
  UPDATE,
} from '../support/world.ts';

const ALL = ['root', 'targets', 'tools'];

const fingerprint = (index: number): string => requirePublicKey(testKey(index).key).fingerprint;
const OLD = { alice: fingerprint(100), bob: fingerprint(101), carol: fingerprint(102) };
const NEW = { alice: fingerprint(150), bob: fingerprint(151), carol: fingerprint(152) };

describe('a new card', () => {
  test('beside the old one, in two readers: one run, one question, a PIN each', async ({ world }) => {
    const bob = world.person('bob');
    bob.insert(bob.card, bob.newCard);
    const asked = prompter();
    const { roles, old, fresh, signed, event } = await rotate(world, 'bob', { prompter: asked });
    expect([roles, old, fresh, signed]).toEqual([ALL, OLD.bob, NEW.bob, ALL]);
    expect(asked.questions).toEqual([
      `Replace your key ${longId(OLD.bob)} in root, targets and tools by that of card 20000002, slot 9c (fingerprint ${longId(NEW.bob)}), and sign root, targets and tools?`,
    ]);
    expect(bob.prompts.asked.map(({ serial }) => serial)).toEqual([10_000_002, 20_000_002]);
    // Root twice: by the old key that hands over, and by the new one.
    expect(bob.signatures).toBe(4);
    expect(event.report.awaited.map(({ name }) => name)).toEqual(['@alice', '@carol']);
    expect(world.remote.git('log', '-2', '--format=%s', UPDATE)).toBe(
      'Signature from @bob\n@bob replaced key in root, targets, tools',
    );
    for (const name of ['alice', 'carol'] as const) await world.sign(name);
    expect((await world.judge()).report.verdict).toBe('accepted');
  });

  test('in the one reader: the old one is asked for, and then the new one where it is wanted again', async ({
    world,
  }) => {
    const bob = world.person('bob');
    bob.insert(bob.newCard);
    const asked = swapper(() => bob.insert(bob.card));
    const { signed } = await rotate(world, 'bob', { prompter: asked });
    expect(signed).toEqual(ALL);
    expect(asked.inserts).toEqual([`the card with your old key for root (fingerprint ${longId(OLD.bob)})`]);
  });

  test('in the drawer still: it is asked for first', async ({ world }) => {
    const bob = world.person('bob');
    const asked = swapper(
      () => bob.insert(bob.newCard),
      () => bob.insert(),
      () => bob.insert(bob.card),
    );
    const { signed } = await rotate(world, 'bob', { prompter: asked });
    expect(signed).toEqual(ALL);
    const old = `the card with your old key for root (fingerprint ${longId(OLD.bob)})`;
    // An empty reader is asked about again.
    expect(asked.inserts).toEqual(['the card with your new key', old, old]);
  });

  test('without anybody to swap cards: what is here signs, and the rest is the next run', async ({
    world,
  }) => {
    const bob = world.person('bob');
    bob.insert(bob.newCard);
    const first = await rotate(world, 'bob');
    expect(first.signed).toEqual(ALL);
    expect(first.event.report.awaited.find(({ name }) => name === '@bob')?.signatures).toMatchObject([
      { role: 'root', of: ['old'], fingerprint: OLD.bob },
    ]);
    bob.insert(bob.card);
    // The same command goes on; so would sign.
    const again = await rotate(world, 'bob');
    expect([again.roles, again.old, again.signed]).toEqual([[], undefined, ['root']]);
    const done = await rotate(world, 'bob');
    expect([done.roles, done.signed]).toEqual([[], []]);
  });

  test('that is nowhere: how to make one is said, and nothing is written', async ({ world }) => {
    const before = world.refs();
    await expect(rotate(world, 'bob')).rejects.toMatchObject({
      code: 'NO_SIGNER',
      message: containing('what card 10000002, slot 9c holds is what you sign with now. Insert the card'),
    });
    await expect(rotate(world, 'bob', { uri: 'piv:slot=9a' })).rejects.toMatchObject({
      code: 'NO_SIGNER',
      message: containing('tuf-signer key generate --slot 9a'),
    });
    world.person('bob').insert();
    await expect(rotate(world, 'bob')).rejects.toMatchObject({ code: 'NO_CARD' });
    expect(world.refs()).toBe(before);
  });

  test("that is a colleague's is refused", async ({ world }) => {
    const before = world.refs();
    const bob = world.person('bob');
    bob.insert(world.person('carol').card);
    await expect(rotate(world, 'bob')).rejects.toMatchObject({
      code: 'REFUSED',
      message: containing('that of @carol in root already'),
    });
    expect(world.refs()).toBe(before);
  });

  test('of two that could be meant is chosen by its serial', async ({ world }) => {
    const bob = world.person('bob');
    const other = new VirtualCard({ serial: 30_000_001, pin: PIN, privateKey: testKey(170).privatePem });
    bob.insert(bob.card, bob.newCard, other);
    const before = world.refs();
    await expect(rotate(world, 'bob')).rejects.toMatchObject({
      code: 'MISSING_ANSWER',
      message: containing('card 20000002, slot 9c (fingerprint'),
    });
    expect(world.refs()).toBe(before);
    const { fresh } = await rotate(world, 'bob', { uri: 'piv:serial=30000001' });
    expect(fresh).toBe(fingerprint(170));
  });
});

test('a key in another slot of the same card signs with it, by one PIN', async ({ world }) => {
  const bob = world.person('bob');
  const both = new VirtualCard({ serial: 10_000_002, pin: PIN, privateKey: testKey(101).privatePem });
  both.putKey(0x9a, createPrivateKey(testKey(171).privatePem));
  bob.insert(both);
  const { fresh, signed } = await rotate(world, 'bob', { uri: 'piv:slot=9a', pins: [PIN] });
  expect([fresh, signed]).toEqual([fingerprint(171), ALL]);
  expect(bob.prompts.asked).toHaveLength(1);
});

describe('the roles', () => {
  test('can be chosen, and the rest keeps the old key', async ({ world }) => {
    const bob = world.person('bob');
    bob.insert(bob.card, bob.newCard);
    const { roles, signed, event } = await rotate(world, 'bob', { roles: [TOOLS] });
    expect(roles).toEqual(['tools']);
    // targets names the keys of tools, and bob's old key is one of targets'.
    expect(signed).toEqual(['targets', 'tools']);
    expect(event.report.roles.has('root' as never)).toBe(false);
    const later = await rotate(world, 'bob');
    expect([later.roles, later.fresh]).toEqual([['root', 'targets'], NEW.bob]);
  });

  test('that the person does not sign are no roles of theirs', async ({ world }) => {
    const before = world.refs();
    world.person('alice').insert(world.person('alice').newCard);
    await expect(rotate(world, 'alice', { roles: [TOOLS] })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: containing('@alice holds no key of tools'),
    });
    await expect(rotate(world, 'mallory')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: containing('@mallory holds no role'),
    });
    expect(world.refs()).toBe(before);
  });
});

describe('before anything is written', () => {
  test('a dry run shows the event that it would be', async ({ world }) => {
    const bob = world.person('bob');
    bob.insert(bob.card, bob.newCard);
    const before = world.refs();
    const asked = prompter();
    const { roles, event, signed } = await rotate(world, 'bob', { isDryRun: true, prompter: asked });
    expect([roles, signed, event.report.verdict]).toEqual([ALL, [], 'pending']);
    expect(event.report.roles.get('targets' as never)?.changes.join()).toContain(
      'tools: @bob signs with another key',
    );
    expect(asked.shown).toHaveLength(1);
    expect([asked.questions, world.refs(), bob.signatures]).toEqual([[], before, 0]);
  });

  test('a no changes nothing', async ({ world }) => {
    const bob = world.person('bob');
    bob.insert(bob.card, bob.newCard);
    const before = world.refs();
    const no = prompter(() => false);
    await expect(rotate(world, 'bob', { prompter: no })).rejects.toMatchObject({ code: 'DECLINED' });
    expect([world.refs(), bob.signatures]).toEqual([before, 0]);
  });

  test('what the rules would refuse is refused, with the reasons', async ({ world }) => {
    const bob = world.person('bob');
    bob.insert(bob.card, bob.newCard);
    world.push({ 'metadata/strange.txt': 'x' });
    const before = world.refs();
    const asked = prompter();
    await expect(rotate(world, 'bob', { prompter: asked })).rejects.toMatchObject({ code: 'REFUSED' });
    expect(asked.shown[0]?.verdict).toBe('rejected');
    expect(world.refs()).toBe(before);
  });
});

test('without a name the event is sign/rotate-NAME, and another one after that was merged', async ({
  world,
}) => {
  const bob = world.person('bob');
  bob.insert(bob.card, bob.newCard);
  const first = await rotate(world, 'bob', { branch: undefined });
  expect(first.branch).toBe('sign/rotate-bob');
  for (const name of ['alice', 'carol'] as const) await world.sign(name, first.branch);
  world.remote.git('branch', '-f', 'kept', first.branch);
  world.merge(first.branch);
  world.remote.git('branch', 'sign/rotate-bob', 'kept');
  await world.onlineSign();
  bob.insert(bob.newCard, bob.card);
  const { branch, old, fresh } = await rotate(world, 'bob', { branch: undefined });
  expect([branch, old, fresh]).toEqual(['sign/rotate-bob-2', NEW.bob, OLD.bob]);
});

test('somebody who is faster is looked at again, and asked about only where it is something else', async ({
  world,
}) => {
  const bob = world.person('bob');
  bob.insert(bob.card, bob.newCard);
  let raced = false;
  const asked = prompter();
  const { roles } = await rotate(world, 'bob', {
    prompter: {
      ...asked,
      confirm: async question => {
        if (!raced) await world.delegate('alice', { threshold: 1 });
        raced = true;
        return asked.confirm(question);
      },
    },
  });
  expect(roles).toEqual(ALL);
  expect(asked.questions).toHaveLength(2);
});

describe('an event of that name that others have begun', () => {
  test('is shown whole, and the question says that there is more', async ({ world }) => {
    const event = 'sign/rotate-bob' as typeof UPDATE;
    await world.delegate('mallory', { event, role: TOOLS, threshold: 1 });
    const bob = world.person('bob');
    bob.insert(bob.card, bob.newCard);
    const asked = prompter();
    await rotate(world, 'bob', { branch: undefined, prompter: asked });
    expect(asked.questions[0]).toContain(', on top of what the event holds already, and sign');
    expect(asked.shown[0]?.roles.get('targets' as never)?.changes.join()).toContain(
      'the threshold goes from 2 to 1',
    );
  });

  test("and in which another's key stands for the person's is told by its fingerprint", async ({ world }) => {
    const event = 'sign/rotate-bob' as typeof UPDATE;
    const bob = world.person('bob');
    // Whoever has a card can say that they are bob.
    const stranger = new VirtualCard({ serial: 30_000_001, pin: PIN, privateKey: testKey(170).privatePem });
    bob.insert(stranger);
    await rotate(world, 'bob', { branch: event, prompter: swapper() });
    bob.insert(bob.card);
    const asked = prompter(() => false);
    await expect(rotate(world, 'bob', { branch: undefined, prompter: asked })).rejects.toMatchObject({
      code: 'DECLINED',
    });
    expect(asked.said).toContain(
      `sign/rotate-bob has your key as ${longId(fingerprint(170))}: sign only if that is yours`,
    );
    expect(asked.shown).toHaveLength(1);
    // With the real new card at hand the stranger's key goes.
    bob.insert(bob.newCard);
    expect(await rotate(world, 'bob', { branch: undefined })).toMatchObject({
      old: fingerprint(170),
      fresh: NEW.bob,
    });
  });
});

test('signatures that the change voids are named', async ({ world }) => {
  await world.delegate('alice', { role: 'root' as never, threshold: 3 });
  await world.sign('alice');
  const bob = world.person('bob');
  bob.insert(bob.card, bob.newCard);
  const { voided } = await rotate(world, 'bob');
  expect(voided.map(({ role, key }) => `${role} ${key.owner ?? ''}`)).toEqual(['root @alice']);
});

test('while an invitation is open nobody signs what it changes', async ({ world }) => {
  await world.delegate('alice', {
    role: 'root' as never,
    signers: owners('alice', 'bob', 'carol', 'mallory'),
  });
  const bob = world.person('bob');
  bob.insert(bob.card, bob.newCard);
  const asked = prompter();
  const { signed } = await rotate(world, 'bob', { prompter: asked });
  expect(asked.questions[0]).toMatch(/, and sign targets and tools\?$|\)\?$/);
  expect(signed).not.toContain('root');
});

test('who pushes to a fork can not start an event, and adds to one that is there', async ({ world }) => {
  const bob = world.person('bob');
  bob.insert(bob.card, bob.newCard);
  bob.git.git('clone', '--quiet', '--bare', world.remote.folder, join(world.folder, 'fork.git'));
  bob.git.git('remote', 'add', 'fork', join(world.folder, 'fork.git'));
  bob.git.git('config', 'tuf-signer.push-remote', 'fork');
  const before = world.refs();
  await expect(rotate(world, 'bob')).rejects.toMatchObject({
    code: 'REFUSED',
    message: containing('have one started there, for your fork to add to'),
  });
  await world.delegate('alice', { threshold: 1 });
  const begun = world.refs();
  const { roles, signed } = await rotate(world, 'bob');
  expect([roles, signed, begun === before]).toEqual([ALL, [], false]);
  expect(world.refs()).toBe(begun);
  expect(bob.git.git('ls-remote', 'fork', UPDATE)).not.toBe('');
});

describe('a lost key', () => {
  const SAYS = "your old key still counts in the quorum of main's root, which takes 2 signatures";

  test('that the others can do without: it is said who they are, and the card is not asked for', async ({
    world,
  }) => {
    const bob = world.person('bob');
    bob.insert(bob.newCard);
    const asked = swapper(() => bob.insert(bob.newCard));
    const { signed } = await rotate(world, 'bob', { isLost: true, prompter: asked });
    expect(asked.said).toContain(`${SAYS}: if it is lost, @alice and @carol can do it without`);
    expect([asked.inserts, signed]).toEqual([[], ALL]);
    expect(asked.said.join()).not.toContain('left for later');
    const again = await rotate(world, 'bob', { isLost: true, prompter: asked });
    expect([asked.inserts, again.signed]).toEqual([[], []]);
    for (const name of ['alice', 'carol'] as const) await world.sign(name);
    expect((await world.judge()).report.verdict).toBe('accepted');
  });

  test('that root can not do without is told, and refused where it is said to be lost', async ({ world }) => {
    await world.delegate('alice', { role: 'root' as never, threshold: 3, event: INIT });
    for (const name of ['alice', 'bob', 'carol'] as const) await world.sign(name, INIT);
    world.merge(INIT);
    await world.onlineSign();
    const bob = world.person('bob');
    bob.insert(bob.newCard);
    const before = world.refs();
    const asked = prompter();
    await expect(rotate(world, 'bob', { isLost: true, prompter: asked })).rejects.toMatchObject({
      code: 'REFUSED',
      message: containing('nobody could complete this without your old key'),
    });
    expect(asked.said.at(-1)).toContain(
      'only @alice and @carol would be left; keep the old key until this is merged',
    );
    expect(world.refs()).toBe(before);
    // Root aside it is nothing to wait for.
    const { signed } = await rotate(world, 'bob', { isLost: true, roles: [TOOLS] });
    expect(signed).toEqual(['tools']);
  });
});

describe('an owner with several keys', () => {
  /** bob's new card beside his old one, in tools. */
  async function withBoth(world: TestWorld): Promise<void> {
    const bob = world.person('bob');
    bob.insert(bob.card, bob.newCard);
    await rotate(world, 'bob', { roles: [TOOLS], branch: INIT });
    for (const name of ['alice', 'bob', 'carol'] as const satisfies readonly Name[])
      await world.sign(name, INIT, { pins: BOTH_PINS });
    world.merge(INIT);
    await world.onlineSign();
  }

  test('says which one goes', async ({ world }) => {
    await withBoth(world);
    const bob = world.person('bob');
    const third = new VirtualCard({ serial: 30_000_001, pin: PIN, privateKey: testKey(170).privatePem });
    bob.insert(bob.card, bob.newCard, third);
    const before = world.refs();
    await expect(rotate(world, 'bob')).rejects.toMatchObject({
      code: 'MISSING_ANSWER',
      message: `you have several keys: say which one goes by --replace FINGERPRINT: ${longId(OLD.bob)} (root, targets); ${longId(NEW.bob)} (tools)`,
    });
    await expect(rotate(world, 'bob', { replace: 'ffffffff' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(world.refs()).toBe(before);
    const { roles } = await rotate(world, 'bob', { replace: NEW.bob.slice(0, 8), pins: [PIN, PIN, PIN] });
    expect(roles).toEqual(['tools']);
  });
});
