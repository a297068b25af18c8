import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltCli, builtCli, projectFolder, type Ran, runProgram } from '../support/cli.ts';
import { Crew } from '../support/crew.ts';
import { haveFixtures } from '../support/fixtures.ts';
import { pushRekeyedFixture, type RekeyedFixture } from '../support/rekeyed-fixture.ts';

const PEERS = join(projectFolder, '.interop/tuf-on-ci/bin');

/**
 * A real repository of tuf-on-ci's (with keys that a test has), in which one signer after the other changes the tool and back again:
 * what docs/adopt.md says.
 */
describe.skipIf(!haveFixtures)('a tuf-on-ci repository', () => {
  let cli: BuiltCli;
  let crew: Crew;
  let fixture: RekeyedFixture;
  let signers: readonly [string, string, string];

  beforeAll(async () => {
    if (!existsSync(join(PEERS, 'tuf-on-ci-sign')))
      throw new Error('tuf-on-ci-sign is not installed: run script/interop');
    cli = await builtCli();
    crew = await Crew.gather(cli);
    fixture = pushRekeyedFixture(crew.remote);
    const [a = '', b = '', c = ''] = fixture.targetsSigners;
    signers = [a, b, c];
    for (const name of signers) await equip(crew, fixture, name);
    await writeFile(join(crew.folder, 'keys', 'online.pem'), fixture.online.privatePem, { mode: 0o600 });
    await writeFile(join(crew.folder, 'root.json'), fixture.root);
  }, 60_000);
  afterAll(async () => {
    await crew[Symbol.asyncDispose]();
    await cli[Symbol.asyncDispose]();
  });

  const ours = (name: string, ...args: readonly string[]): Promise<Ran> =>
    cli.run([...args, '--now', fixture.now], {
      cwd: crew.clone(name).folder,
      env: {
        TUF_SIGNER_KEYS: join(crew.folder, 'keys'),
        TUF_SIGNER_CONFIG: join(crew.folder, 'config', name),
      },
    });
  const sign = (name: string, event: string): Promise<Ran> =>
    ours(
      name,
      'sign',
      event,
      '--yes',
      '--key',
      `file:${name}.pem`,
      '--trusted-root',
      join(crew.folder, 'root.json'),
    );
  const theirs = (name: string, event: string): Promise<Ran> =>
    runProgram(join(PEERS, 'python'), [join(PEERS, 'tuf-on-ci-sign'), event], {
      cwd: crew.clone(name).folder,
      env: { HOME: join(crew.folder, `home-${name}`) },
      input: '\n\n\n',
    });
  const addArtifact = async (event: string, path: string): Promise<void> => {
    const parents = [crew.remote.sha('main')];
    crew.remote.commit({ [`targets/${path}`]: 'new\n' }, { branch: event, parents });
    const [first] = signers;
    crew.clone(first).git('fetch', '-q', 'origin');
    expect(await ours(first, 'update-targets', event)).toMatchObject({ exit: 0 });
  };
  const verdict = async (event: string): Promise<number> => {
    crew.clone(signers[0]).git('fetch', '-q', 'origin');
    return (await ours(signers[0], 'status', '--event', `origin/${event}`)).exit;
  };
  const merge = (event: string): void => {
    const { remote } = crew;
    const tree = remote.git('merge-tree', '--write-tree', 'main', event);
    const commit = remote.git('commit-tree', '-p', 'main', '-p', event, '-m', `Merge ${event}`, tree);
    remote.git('update-ref', 'refs/heads/main', commit);
  };

  it('is signed by both tools in one event, and neither finds anything left', async () => {
    const [first, second, third] = signers;
    await addArtifact('sign/over', 'over.txt');
    expect(await sign(first, 'sign/over')).toMatchObject({ exit: 0 });
    const theirsSigned = await theirs(second, 'sign/over');
    expect(theirsSigned).toMatchObject({ exit: 0 });
    expect(theirsSigned.stdout).toContain("Your signature is requested for role(s) {'targets'}");
    expect(await verdict('sign/over')).toBe(1);
    expect(await sign(third, 'sign/over')).toMatchObject({ exit: 0 });
    expect(await verdict('sign/over')).toBe(0);
    for (const name of signers) expect((await theirs(name, 'sign/over')).stdout).toContain('Nothing to do.');
  }, 60_000);

  it('is published by ours, and goes back to theirs', async () => {
    merge('sign/over');
    expect(await ours(signers[0], 'online-sign')).toMatchObject({ exit: 0 });
    await addArtifact('sign/back', 'back.txt');
    for (const name of signers) {
      const { exit, stdout } = await theirs(name, 'sign/back');
      expect({ exit, stdout }).toMatchObject({ exit: 0 });
      expect(stdout).toContain('Your signature is requested');
    }
    expect(await verdict('sign/back')).toBe(0);
    merge('sign/back');
    expect(await ours(signers[0], 'online-sign')).toMatchObject({ exit: 0 });
    crew.clone(signers[0]).git('fetch', '-q', 'origin');
    expect(await ours(signers[0], 'verify', '--rev', 'origin/main')).toMatchObject({ exit: 0 });
  }, 60_000);
});

/** A clone, the key for both tools, and tuf-on-ci's settings, which ours reads as well. */
async function equip(crew: Crew, { owners }: RekeyedFixture, name: string): Promise<void> {
  const key = owners.get(name);
  if (key === undefined) throw new Error(`${name} has no key`);
  const file = join(crew.folder, 'keys', `${name}.pem`);
  await mkdir(join(crew.folder, 'keys'), { recursive: true });
  await writeFile(file, key.privatePem, { mode: 0o600 });
  const settings = [
    '[settings]',
    `user-name = @${name}`,
    'pull-remote = origin',
    'push-remote = origin',
    'pykcs11lib = /no/card/is/asked.so',
    '[signing-keys]',
    `${key.keyid} = file2:${file}`,
  ];
  await writeFile(join(crew.clone(name).folder, '.tuf-on-ci-sign.ini'), `${settings.join('\n')}\n`);
  // Theirs goes back to the branch that it came from, and asks a registry for newer releases once a day.
  crew.clone(name).git('switch', '-q', '-C', 'main', 'origin/main');
  const cache = join(crew.folder, `home-${name}`, '.cache', 'tuf-on-ci-sign');
  await mkdir(cache, { recursive: true });
  await writeFile(join(cache, 'pypi_release_version'), '0.0.1');
}
