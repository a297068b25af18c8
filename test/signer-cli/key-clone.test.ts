import { describe, expect } from 'vitest';
import { publicKeyFingerprint } from '../../src/metadata/key.ts';
import { type CommandOutcome, runCommand } from '../support/command.ts';
import { PIN, type TestWorld, worldTest as test } from '../support/world.ts';

const run = (
  world: TestWorld,
  name: 'alice' | 'bob' | 'mallory',
  args: readonly string[],
  answers: { readonly texts?: readonly string[]; readonly secrets?: readonly string[] } = {},
): Promise<CommandOutcome> =>
  runCommand(
    { cards: world.person(name).transport, person: answers },
    'key',
    ...args,
    '--repo',
    world.person(name).folder,
  );

describe('in a clone, key list', () => {
  test('says what a key signs', async ({ world }) => {
    const { out } = await run(world, 'bob', ['list']);
    const key = world.person('bob').card.publicKey();
    expect(out).toContain(key === undefined ? 'a key' : publicKeyFingerprint(key));
    expect(out.match(/signs .*/g)).toEqual([
      'signs root in main, as @bob',
      'signs targets in main, as @bob',
      'signs tools in main, as @bob',
    ]);
  });

  test('says nothing of a key that is nobody to the repository', async ({ world }) => {
    expect((await run(world, 'mallory', ['list'])).out).not.toContain('signs');
  });

  test('shows the card also where the settings of the clone are broken', async ({ world }) => {
    world.person('alice').git.git('config', 'tuf-signer.pull-remote', '-x');
    const { code, out, err } = await run(world, 'alice', ['list']);
    expect([code, out]).toEqual([0, expect.stringContaining('P-256')]);
    expect(err).toMatch(/^warning: this clone's keys are not known: /);
  });
});

describe('in a clone, key generate', () => {
  test('says what would be lost with the key', async ({ world }) => {
    const { code, err } = await run(world, 'alice', ['generate'], { texts: ['no'], secrets: [PIN] });
    expect(code).toBe(77);
    expect(err).toContain('It signs root in main, as @alice.\nIt signs targets in main, as @alice.\n');
  });
});

describe('in a clone, key doctor', () => {
  const about = ({ out }: CommandOutcome): readonly string[] =>
    out.split('\n').slice(out.split('\n').findIndex(line => line.includes('git version')) + 1);

  test('looks at clone, identity, user and remote', async ({ world }) => {
    const outcome = await run(world, 'alice', ['doctor']);
    expect(outcome.code).toBe(0);
    const { folder } = world.person('alice');
    expect(about(outcome).map(line => line.replace(folder, 'CLONE'))).toEqual([
      'ok    the clone in CLONE',
      expect.stringMatching(/^ok {4}git commits as .+ <.+@.+>$/),
      'ok    you are @alice',
      'ok    remote origin answers',
      'ok    no forge: remote origin is a git repository alone, where people run update-targets and online-sign',
      '',
    ]);
  });

  test('warns of a remote that does not answer, and asks nobody', async ({ world }) => {
    const { git } = world.person('alice');
    git.git('remote', 'set-url', 'origin', `${world.folder}/nowhere.git`);
    const outcome = await run(world, 'alice', ['doctor']);
    expect([outcome.code, outcome.asked]).toEqual([0, []]);
    expect(about(outcome)).toContain(
      '      fix: see what git fetch origin says; a password or a touch may be all that it wants',
    );
  });

  test('warns of a forge on which nothing judges events', async ({ world }) => {
    const { git } = world.person('alice');
    git.git('config', 'url.file:///nowhere/.insteadOf', 'https://forge.invalid/');
    git.git('remote', 'set-url', 'origin', 'https://forge.invalid/repository');
    const outcome = await run(world, 'alice', ['doctor']);
    expect(about(outcome)).toContain(
      'warn  no workflow on main runs tuf-signer: events are judged only where somebody runs it',
    );
    git.commit({ '.github/workflows/tuf.yml': 'run: tuf-signer status' }, { branch: 'with-workflow' });
    git.git('update-ref', 'refs/remotes/origin/main', 'with-workflow');
    expect(about(await run(world, 'alice', ['doctor']))).toContain(
      'ok    a workflow on main runs tuf-signer (.github/workflows)',
    );
  });

  test('fails without a user or a remote', async ({ world }) => {
    const { git } = world.person('alice');
    git.git('config', '--unset', 'tuf-signer.user');
    git.git('remote', 'remove', 'origin');
    const outcome = await run(world, 'alice', ['doctor']);
    expect(outcome.code).toBe(69);
    expect(about(outcome).filter(line => /fail|fix/.test(line))).toEqual([
      'fail  this clone does not know your account',
      '      fix: git config tuf-signer.user @your-account',
      'fail  this clone has no remote',
      '      fix: git remote add origin URL',
    ]);
  });
});
