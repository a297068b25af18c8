import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CommandResult, requireBuilt } from './support/command.ts';
import { ANSWERS, type Incumbent, incumbent } from './support/incumbent.ts';
import { type Person, Town } from './support/town.ts';

const OWN = ['--key', 'file:alice.pem'];
const YES = ['--yes', ...OWN];
const { pin, push, card } = ANSWERS;
const enter = { asked: /or press enter to continue/, typed: '' } as const;
const is = (asked: RegExp, typed: string) => ({ asked, typed }) as const;
const choose = (typed: string) => ({ asked: /choose an option or press enter/, typed }) as const;

/** Alice signs with our command, @bob with tuf-on-ci's: in each other's events. */
describe('beside tuf-on-ci-sign', () => {
  let ready: Town;
  let town: Town;
  let alice: Person;
  let bob: Incumbent;

  beforeAll(async () => {
    await requireBuilt();
    ready = await foundTogether();
  }, 120_000);
  afterAll(() => ready[Symbol.asyncDispose]());
  beforeEach(async () => {
    town = await ready.copy();
    alice = town.person('alice');
    bob = await incumbent(town, 'bob');
    return () => town[Symbol.asyncDispose]();
  });

  const aliceSigns = async (event: string): Promise<string> =>
    succeeded(await alice.run(['sign', event, ...YES]));
  const statusOf = async (event: string): Promise<readonly [number | null, string]> => {
    await alice.git('fetch', '--quiet', 'origin');
    const { code, output } = await alice.run(['status', '--event', `origin/${event}`]);
    return [code, output.replace(/\s+/g, ' ')];
  };
  /** Our verdict is that all is done, and neither tool finds anything left to sign. */
  const isDone = async (event: string): Promise<void> => {
    await alice.git('fetch', '--quiet', 'origin');
    const verdict = succeeded(await alice.run(['status', '--event', `origin/${event}`]));
    expect(verdict).toContain('ACCEPTED');
    expect(succeeded(await bob.sign(event, []))).toContain('Nothing to do.');
    expect(await aliceSigns(event)).toContain('nothing for you to sign');
  };

  it('both sign in an event that our tool created, artifacts among it', async () => {
    const terms = ['--signers', '@alice,@bob', '--threshold', '2'];
    succeeded(await alice.run(['delegate', 'sign/tools', 'tools', ...terms, ...YES]));
    expect(succeeded(await bob.sign('sign/tools', [...card, pin, pin, push]))).toContain(
      'invited to become a signer for role(s)',
    );
    await addArtifact(alice, 'sign/tools', 'tools/greet.sh', 'echo hello\n');
    succeeded(await alice.run(['update-targets', 'sign/tools']));
    await aliceSigns('sign/tools');
    expect(succeeded(await bob.sign('sign/tools', [pin, push]))).toContain("New artifact 'tools/greet.sh'");
    await isDone('sign/tools');
    await merge(alice, 'sign/tools');
    expect(succeeded(await alice.run(['online-sign']))).toContain('snapshot');
    succeeded(await alice.run(['build', '--out', join(town.folder, 'site'), '--first-publish']));
  });

  it('both sign in an event that tuf-on-ci-delegate created', async () => {
    const signers = [choose('1'), choose('1'), is(/list of tools signers/, '@alice,@bob')];
    const terms = [...signers, is(/tools threshold/, '2'), enter];
    succeeded(await bob.delegate('sign/tools', 'tools', [...terms, ...card, pin, push]));
    // Who joins first signs last: one command joins, and signs where nobody else is invited.
    expect(await aliceSigns('sign/tools')).toContain('You have signed targets and tools');
    succeeded(await bob.sign('sign/tools', [pin, pin, push]));
    await isDone('sign/tools');
    await merge(alice, 'sign/tools');
    succeeded(await alice.run(['online-sign']));
    succeeded(await alice.run(['build', '--out', join(town.folder, 'site'), '--first-publish']));
  });

  it('a threshold and periods that tuf-on-ci-delegate changed', async () => {
    const threshold = [choose('1'), is(/list of root signers/, ''), is(/root threshold/, '1')];
    const periods = [choose('2'), is(/expiry period/, '200'), is(/signing period/, '30')];
    succeeded(await bob.delegate('sign/root', 'root', [...threshold, ...periods, enter, ...card, pin, push]));
    await aliceSigns('sign/root');
    await isDone('sign/root');
  });

  it('a key of ours that is replaced', async () => {
    await makeKey(town, 'alice-new');
    const keys = ['--key', 'file:alice-new.pem', '--old-key', 'file:alice.pem'];
    succeeded(await alice.run(['key', 'rotate', 'sign/rotate', '--yes', ...keys]));
    succeeded(await bob.sign('sign/rotate', [pin, pin, push]));
    await isDone('sign/rotate');
  });

  it('a role that ours removed', async () => {
    const terms = ['--signers', '@alice', '--threshold', '1', ...YES];
    succeeded(await alice.run(['delegate', 'sign/tools', 'tools', ...terms]));
    await aliceSigns('sign/tools');
    succeeded(await bob.sign('sign/tools', [pin, push]));
    await merge(alice, 'sign/tools');
    succeeded(await alice.run(['delegate', 'sign/gone', 'tools', '--remove', ...YES]));
    await aliceSigns('sign/gone');
    expect(succeeded(await bob.sign('sign/gone', [pin, push]))).toContain('Removed tools');
    await isDone('sign/gone');
  });

  it('a signer whom tuf-on-ci-delegate removed', async () => {
    const signers = [choose('1'), is(/list of root signers/, '@alice')];
    succeeded(await bob.delegate('sign/leave', 'root', [...signers, enter, pin, push]));
    expect(await aliceSigns('sign/leave')).toContain('You have signed root');
    await isDone('sign/leave');
  });

  it('a signer whom ours removed', async () => {
    succeeded(
      await alice.run(['delegate', 'sign/leave', 'root', '--signers', '@alice', '--threshold', '1', ...YES]),
    );
    await aliceSigns('sign/leave');
    expect(succeeded(await bob.sign('sign/leave', [pin, push]))).toContain('Modified delegation root');
    await isDone('sign/leave');
  });

  // What rule `peers` says of their tools.

  it('a role below another one: their tool asks nobody to sign it', async () => {
    const signers = ['--signers', '@alice,@bob', '--threshold', '2'];
    succeeded(await alice.run(['delegate', 'sign/tools', 'tools', '--signers', '@alice', ...YES]));
    succeeded(
      await alice.run(['delegate', 'sign/tools', 'inner', '--delegator', 'tools', ...signers, ...YES]),
    );
    const [, words] = await statusOf('sign/tools');
    expect(words).toContain('inner: is delegated by tools: tuf-on-ci-sign asks nobody to sign it');
    // Bob is invited to `inner`: their tool does not even find it.
    const { code, output } = await bob.sign('sign/tools', [...card]);
    expect(code).toBe(1);
    expect(output).toContain("invited to become a signer for role(s) ['inner']");
  });

  it('two keys of one person in root: their tool wants to sign with both at once', async () => {
    await makeKey(town, 'bob');
    const [key, other] = [['--key', 'file:bob.pem'], town.person('bob')];
    for (const change of [
      ['--remove-signers', '@bob', '--threshold', '1'],
      ['--add-signers', '@bob', '--threshold', '2'],
    ])
      succeeded(await other.run(['delegate', 'sign/two', 'root', ...change, ...key, '--yes']));
    await aliceSigns('sign/two');
    succeeded(await other.run(['sign', 'sign/two', ...key, '--yes']));
    const [code, words] = await statusOf('sign/two');
    expect(words).toContain(
      '@bob is to sign root with several keys: tuf-on-ci-sign does so with all of them at once',
    );
    expect(code).toBe(1);
    const again = { asked: /Press enter to try again/, typed: null };
    const tried = await bob.sign('sign/two', [pin, again]);
    expect(tried.output).toContain('Failed to verify @bob signature');
  });
});

/** A repository whose root and targets both people sign; @bob accepted his invitation with tuf-on-ci's tool. */
async function foundTogether(): Promise<Town> {
  const town = await Town.found('alice', 'bob');
  const alice = town.person('alice');
  await makeKey(town, 'alice');
  const signers = ['--signers', '@alice,@bob', '--threshold', '2'];
  const online = ['--online-key', 'file:online.pem', '--create-online-key'];
  succeeded(await alice.run(['init', ...signers, ...online, ...OWN]));
  const bob = await incumbent(town, 'bob');
  const joined = succeeded(await bob.sign('sign/init', [...card, pin, pin, push]));
  expect(joined).toContain('You have been invited');
  succeeded(await alice.run(['sign', 'sign/init', ...YES]));
  await merge(alice, 'sign/init');
  succeeded(await alice.run(['online-sign']));
  return town;
}

async function makeKey(town: Town, name: string): Promise<void> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
  await writeFile(join(town.keys, `${name}.pem`), pem, { mode: 0o600 });
}

async function addArtifact(person: Person, event: string, path: string, content: string): Promise<void> {
  await person.git('fetch', '--quiet', 'origin');
  await person.git('switch', '--quiet', event);
  const file = join(person.folder, 'targets', path);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, content);
  await person.git('add', 'targets');
  await person.git('commit', '--quiet', '--message', 'Add an artifact');
  await person.git('push', '--quiet', 'origin', event);
}

/** What the forge's button does. */
async function merge(person: Person, event: string): Promise<void> {
  await person.git('fetch', '--quiet', 'origin');
  expect(await person.run(['status', '--event', `origin/${event}`])).toMatchObject({ code: 0 });
  await person.git('switch', '--quiet', '-C', 'main', 'origin/main');
  await person.git('merge', '--quiet', '--no-ff', '--message', `Merge ${event}`, `origin/${event}`);
  await person.git('push', '--quiet', 'origin', 'main');
}

function succeeded({ code, output }: CommandResult): string {
  if (code !== 0) throw new Error(`ended with ${code}:\n${output}`);
  return output;
}
