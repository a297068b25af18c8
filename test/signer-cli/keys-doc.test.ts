import { join } from 'node:path';
import { expect } from 'vitest';
import { VirtualCard } from '../../signer-cli/demo/virtual-card/card.ts';
import { ROOT, TARGETS } from '../../src/metadata/names.ts';
import { type CommandOutcome, runCommand } from '../support/command.ts';
import { commandsOf, readBlocks } from '../support/examples.ts';
import { testKey } from '../support/test-keys.ts';
import { type Name, owners, PIN, type TestWorld, TOOLS, worldTest as test } from '../support/world.ts';

const blocks = await readBlocks('docs/keys.md');

/** Runs a block as it is written, by somebody who answers each question with what `answers` holds in turn. */
async function perform(
  world: TestWorld,
  name: Name,
  block: string,
  {
    texts = [],
    secrets = [],
  }: { readonly texts?: readonly string[]; readonly secrets?: readonly string[] } = {},
): Promise<readonly CommandOutcome[]> {
  const { folder, transport: cards, env: environment } = world.person(name);
  const [left, unseen] = [[...texts], [...secrets]];
  const outcomes: CommandOutcome[] = [];
  for (const line of commandsOf(blocks.get(block)).split('\n')) {
    const [program, ...args] = line
      .replace(/\s+#.*/, '')
      .split(' ')
      .map(word => word.replace(/^card\.pem$/, join(folder, 'card.pem')));
    expect(program).toBe('tuf-signer');
    const where = ['--repo', folder, '--now', '2030-06-01T00:00:00Z'];
    const person = { texts: left, secrets: unseen };
    const outcome = await runCommand({ cards, environment, person }, ...args, ...where);
    expect([line, outcome.code, outcome.err]).toMatchObject([line, 0, expect.any(String)]);
    const isText = (question: string): boolean => !/\b(?:PIN|PUK)\b/.test(question);
    left.splice(0, outcome.asked.filter(isText).length);
    unseen.splice(0, outcome.asked.length - outcome.asked.filter(isText).length);
    outcomes.push(outcome);
  }
  expect([left, unseen]).toEqual([[], []]);
  return outcomes;
}

/** Everything that the blocks are to show, and no block that nobody runs. */
test('docs/keys.md holds these blocks', () => {
  expect([...blocks.keys()]).toEqual([
    'enrol',
    'join',
    'decline',
    'rotate',
    'goon',
    'slot',
    'lost',
    'removed',
  ]);
});

test('a new card, an invitation, an answer', async ({ world }) => {
  const mallory = world.person('mallory');
  mallory.insert(new VirtualCard({ serial: 7, firmware: [5, 7, 1] }));
  const secrets = ['123456', PIN, PIN, '12345678', '87654321', '87654321', PIN];
  const enrolled = await perform(world, 'mallory', 'enrol', { secrets });
  expect(enrolled[3]?.out).toContain('9c  P-256');
  const newcomer = 'sign/newcomer' as never;
  await world.delegate('alice', {
    event: newcomer,
    role: ROOT,
    signers: owners('alice', 'bob', 'carol', 'mallory'),
  });
  await world.delegate('alice', { event: newcomer, signers: owners('bob', 'carol', 'mallory') });
  const invited = world.remote.sha('sign/newcomer');
  const [listed, joined] = await perform(world, 'mallory', 'join', {
    texts: ['y', 'y', 'y'],
    secrets: [PIN],
  });
  expect(listed?.out).toContain('invites you to root, tools');
  expect(joined?.err).toContain('You have signed root and tools. Thank you.');
  world.remote.git('update-ref', 'refs/heads/sign/newcomer', invited);
  await perform(world, 'mallory', 'decline', { texts: ['y'] });
  expect(world.remote.git('log', '-1', '--format=%s', 'sign/newcomer')).toBe('@mallory declined invitation');
});

test('a new card for an old one, in two runs', async ({ world }) => {
  const bob = world.person('bob');
  bob.insert(bob.newCard);
  await perform(world, 'bob', 'rotate', { texts: ['y', 'later'], secrets: [PIN] });
  bob.insert(bob.card);
  await perform(world, 'bob', 'goon', { texts: ['y'], secrets: [PIN] });
  await perform(world, 'alice', 'goon', { texts: ['y'], secrets: [PIN] });
  await perform(world, 'carol', 'goon', { texts: ['y'], secrets: [PIN] });
  expect((await world.judge('sign/rotate-bob' as never)).report.verdict).toBe('accepted');
});

test('another slot of the same card', async ({ world }) => {
  const bob = world.person('bob');
  bob.insert(new VirtualCard({ serial: 10_000_002, pin: PIN, privateKey: testKey(101).privatePem }));
  await perform(world, 'bob', 'slot', { texts: ['y'], secrets: [PIN, PIN] });
  for (const name of ['alice', 'carol'] as const) await world.sign(name, 'sign/rotate-bob' as never);
  expect((await world.judge('sign/rotate-bob' as never)).report.verdict).toBe('accepted');
});

test('a lost key, replaced by its owner or taken out by the others', async ({ world }) => {
  const bob = world.person('bob');
  bob.insert(bob.newCard);
  await perform(world, 'bob', 'lost', { texts: ['y'], secrets: [PIN] });
  await perform(world, 'alice', 'removed', { texts: ['y', 'y', 'y'] });
  const out = 'sign/without-bob' as never;
  for (const name of ['alice', 'carol'] as const) await world.sign(name, out);
  const { report } = await world.judge(out);
  expect([report.verdict, [...report.roles.keys()]]).toEqual(['accepted', [ROOT, TARGETS, TOOLS]]);
});
