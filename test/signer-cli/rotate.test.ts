import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { longId } from '../../src/event/words.ts';
import { parseJson } from '../../src/json.ts';
import { requirePublicKey } from '../../src/metadata/key.ts';
import { type CommandOutcome, type Person, runCommand } from '../support/command.ts';
import { testKey } from '../support/test-keys.ts';
import { type Name, owners, PIN, type TestWorld, worldTest as test, UPDATE } from '../support/world.ts';

const NOW_FLAG = ['--now', '2030-06-01T00:00:00Z'];
const OLD = requirePublicKey(testKey(101).key).fingerprint;
const NEW = requirePublicKey(testKey(151).key).fingerprint;
const EVENT = 'sign/rotate-bob';

/** Runs the command in somebody's clone, on the cards in their readers; nobody is there to be asked unless given. */
const run = (
  world: TestWorld,
  name: Name,
  args: readonly string[],
  person?: Person,
): Promise<CommandOutcome> => {
  const { folder, transport: cards, env } = world.person(name);
  const environment = { ...env, ...(person === undefined ? { TUF_SIGNER_PIN: PIN } : {}) };
  const world_ = { cards, environment, ...(person === undefined ? {} : { person }) };
  return runCommand(world_, ...args, '--repo', folder, ...NOW_FLAG);
};

const both = (world: TestWorld): void => {
  const bob = world.person('bob');
  bob.insert(bob.card, bob.newCard);
};

describe('key rotate', () => {
  test('with somebody there: one question, a PIN for each card, and what comes next', async ({ world }) => {
    both(world);
    const { code, err, asked } = await run(world, 'bob', ['key', 'rotate'], {
      texts: ['y'],
      secrets: [PIN, PIN],
    });
    expect([code, asked.length]).toEqual([0, 3]);
    expect(asked[0]).toMatch(
      /^Replace your key [0-9a-f]{20} in root, targets and tools by that of card 20000002/,
    );
    expect(err).toContain('… signing root version 2 with your old key\n');
    expect(err).toContain(`Put key ${longId(NEW)} in the place of ${longId(OLD)} in root, targets and tools`);
    expect(err).toContain(`Keep the old key until ${EVENT} is merged`);
    expect(err).toContain('Still awaited: @alice (root and targets); @carol (root, targets and tools).\n');
  });

  test('asks for the other card, and takes later for an answer', async ({ world }) => {
    const bob = world.person('bob');
    bob.insert(bob.newCard);
    const { code, err, asked } = await run(world, 'bob', ['key', 'rotate'], {
      texts: ['y', '', 'later'],
      secrets: [PIN],
    });
    expect(code).toBe(0);
    const insert = `Insert the card with your old key for root (fingerprint ${longId(OLD)}) and press Enter (or type later):`;
    expect(asked.filter(question => question.startsWith('Insert'))).toEqual([insert, insert]);
    // Pressed too early: what is wrong is said.
    expect(err).toContain(`… your key for root (fingerprint ${longId(OLD)}) is not on what you sign with`);
    expect(err).toContain(`Your other card has its turn by: tuf-signer sign ${EVENT}\n`);
  });

  test('tells which card is here where it is the old one', async ({ world }) => {
    const { code, err, asked } = await run(world, 'bob', ['key', 'rotate'], { texts: ['later'] });
    expect(code).toBe(69);
    expect(err).toContain('… card 10000002, slot 9c holds the key that you sign with now\n');
    expect(asked).toEqual(['Insert the card with your new key and press Enter (or type later):']);
    expect(err).toContain('tuf-signer key generate');
  });

  test('with --yes asks nobody for a card', async ({ world }) => {
    const bob = world.person('bob');
    bob.insert(bob.newCard);
    const { code, err, asked } = await run(world, 'bob', ['key', 'rotate', UPDATE, '--yes'], {
      texts: ['y'],
      secrets: [PIN],
    });
    expect([code, asked.filter(question => question.startsWith('Insert'))]).toEqual([0, []]);
    expect(err).toContain(`left for later: your key for root (fingerprint ${longId(OLD)})`);
  });

  test('of a lost key says nothing of keeping it, or of another card', async ({ world }) => {
    const bob = world.person('bob');
    bob.insert(bob.newCard);
    const { code, err } = await run(world, 'bob', ['key', 'rotate', '--lost'], {
      texts: ['y'],
      secrets: [PIN],
    });
    expect(code).toBe(0);
    expect(err).toContain('if it is lost, @alice and @carol can do it without\n');
    expect(err).toContain('You have signed root and targets and tools. Thank you.\n');
    expect(err).not.toMatch(/Keep the old key|other card|left for later/);
  });

  test('says the same to programs', async ({ world }) => {
    both(world);
    const run_ = (...flags: readonly string[]): Promise<CommandOutcome> =>
      run(world, 'bob', ['key', 'rotate', '--json', ...flags], { texts: ['y'], secrets: [PIN, PIN] });
    const before = world.refs();
    const dry = await run_('--dry-run', '--role', 'root,targets');
    expect(parseJson(Buffer.from(dry.out))).toMatchObject({
      event: EVENT,
      roles: ['root', 'targets'],
      old: OLD,
      new: NEW,
      signed: [],
      status: { verdict: 'pending' },
    });
    expect([dry.asked, world.refs()]).toEqual([[], before]);
    const { out } = await run_();
    expect(parseJson(Buffer.from(out))).toMatchObject({ event: EVENT, signed: ['root', 'targets', 'tools'] });
    expect(parseJson(Buffer.from((await run_()).out))).toMatchObject({
      roles: [],
      old: null,
      new: NEW,
      signed: [],
    });
  });

  test('from one key file to another', async ({ world }) => {
    const { folder, transport: cards, env } = world.person('bob');
    await writeFile(join(world.folder, 'old.pem'), testKey(101).privatePem, { mode: 0o600 });
    await writeFile(join(world.folder, 'new.pem'), testKey(160).privatePem, { mode: 0o600 });
    const environment = { ...env, TUF_SIGNER_KEYS: world.folder };
    const outcome = await runCommand(
      { cards, environment, person: { texts: ['y'] } },
      'key',
      'rotate',
      '--key',
      'file:new.pem',
      '--old-key',
      'file:old.pem',
      '--repo',
      folder,
      ...NOW_FLAG,
    );
    expect(outcome.err).toContain('You have signed root and targets and tools');
    const { report } = await world.judge(EVENT as never);
    expect(report.awaited.map(({ name }) => name)).toEqual(['@alice', '@carol']);
  });

  const REFUSED: readonly (readonly [string, number, string, ...(readonly string[])])[] = [
    ['an event without sign/', 64, 'is no signing event', 'rotate'],
    ['a role that can be none', 64, 'may hold only', '--role', '../x'],
    ['a role that bob does not sign', 66, 'holds no key of snapshot', '--role', 'snapshot'],
    ['what is no fingerprint', 64, 'is no start of a fingerprint', '--replace', 'abc'],
    ['a fingerprint of nobody', 66, 'no key whose fingerprint begins with', '--replace', '00000000'],
    ['a URI that is none', 64, 'is no signer', '--key', 'usb:1'],
    ['an old key of no kind', 64, 'is no signer', '--old-key', 'usb:1'],
    ['a slot without a key', 69, 'no card that is here has a key in that slot', '--key', 'piv:slot=9d'],
  ];
  for (const [what, exit, message, ...args] of REFUSED)
    test(`refuses ${what}`, async ({ shared: world }) => {
      both(world);
      const before = world.refs();
      const { code, err } = await run(world, 'bob', ['key', 'rotate', ...args]);
      expect(err).toContain(message);
      expect(code).toBe(exit);
      expect(world.refs()).toBe(before);
    });
});

describe('sign --decline', () => {
  const invite = (world: TestWorld): unknown =>
    world.delegate('alice', { signers: owners('bob', 'carol', 'mallory') });

  test('asks once, and says what was declined', async ({ world }) => {
    await invite(world);
    const { code, err, asked } = await run(world, 'mallory', ['sign', UPDATE, '--decline'], { texts: ['y'] });
    expect([code, asked]).toEqual([0, ['Decline the invitation to sign tools?']]);
    expect(err).toContain(
      '… tools: without you there would be 2 keys for a threshold of 2, which is enough\n',
    );
    expect(err).toContain(`You have declined to sign tools in ${UPDATE}.\n`);
  });

  test('says the same to programs', async ({ world }) => {
    await invite(world);
    const { out } = await run(world, 'mallory', ['sign', UPDATE, '--decline', '--json'], { texts: ['y'] });
    expect(parseJson(Buffer.from(out))).toMatchObject({
      event: UPDATE,
      declined: ['tools'],
      status: { invites: {} },
    });
  });

  test('of nobody, and of no event, is an error', async ({ world }) => {
    await invite(world);
    expect(await run(world, 'bob', ['sign', UPDATE, '--decline'])).toMatchObject({ code: 66 });
    expect(await run(world, 'bob', ['sign', '--decline'])).toMatchObject({ code: 64 });
    const one = (...args: readonly string[]): ReturnType<typeof run> =>
      run(world, 'mallory', ['sign', UPDATE, ...args]);
    expect(await one('--decline', '--role', 'root')).toMatchObject({ code: 66 });
    expect(await one('--decline', '--role', '../x')).toMatchObject({ code: 64 });
    expect(await one('--role', 'tools')).toMatchObject({ code: 64 });
    const answered = await run(world, 'mallory', ['sign', UPDATE, '--decline', '--role', 'tools'], {
      texts: ['y'],
    });
    expect(answered.err).toContain('You have declined to sign tools');
  });

  test('whoever does not join is told about it', async ({ world }) => {
    await invite(world);
    const { code, err } = await run(world, 'mallory', ['sign', UPDATE, '--yes'], { texts: ['y', 'n'] });
    expect(code).toBe(77);
    expect(err).toContain(`tuf-signer sign ${UPDATE} --decline takes it back`);
  });
});
