import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BuiltCli, builtCli, type Ran } from '../support/cli.ts';
import { Crew } from '../support/crew.ts';

/** A repository that delegates is not for every client, and no policy here asks that it be. */
const NO_DELEGATIONS = [
  {
    rule: 'clients',
    severity: 'warn',
    message: expect.stringContaining('sigstore-java (delegations)') as string,
  },
];

let cli: BuiltCli;
beforeAll(async () => {
  cli = await builtCli();
});
afterAll(() => cli[Symbol.asyncDispose]());

const done = (ran: Ran): Ran => {
  expect(`${ran.exit} ${ran.stderr}`).toMatch(/^0 /);
  return ran;
};

const initFlags = (signers: string, threshold: number): readonly string[] =>
  `init --signers ${signers} --threshold ${threshold} --online-key file:online.pem --create-online-key`.split(
    ' ',
  );

test('three people, from an empty repository to a verified site', async () => {
  await using crew = await Crew.gather(cli, 'alice', 'bob', 'carol');
  const init = done(await crew.signing('alice', initFlags('@alice,@bob,@carol', 2)));
  expect(init.stderr).toContain('Invited: @bob, @carol. Each of them runs: tuf-signer sign sign/init');

  done(
    await crew.signing('alice', [
      'delegate',
      'sign/init',
      'tools',
      '--signers',
      '@bob,@carol',
      '--threshold',
      '2',
    ]),
  );
  const alice = crew.clone('alice');
  alice.git('fetch', '-q');
  alice.git('switch', '-q', 'sign/init');
  await mkdir(join(alice.folder, 'targets/tools'), { recursive: true });
  await writeFile(join(alice.folder, 'targets/tools/greet.sh'), 'echo hello\n');
  alice.git('add', 'targets');
  alice.git('commit', '-q', '-m', 'Add greet.sh');
  alice.git('push', '-q');
  expect(done(await crew.run('alice', ['update-targets'])).stderr).toContain('Updated and pushed: tools.');

  const listed = done(await crew.run('bob', ['sign']));
  expect(listed.stdout).toBe('sign/init  pending  invites you to root, targets, tools\n');
  done(await crew.signing('bob', ['sign', 'sign/init']));
  expect((await crew.run('bob', ['status', '--event', 'origin/sign/init'])).exit).toBe(1);
  const carol = done(await crew.signing('carol', ['sign', 'sign/init', '--json']));
  expect(JSON.parse(carol.stdout)).toMatchObject({
    event: 'sign/init',
    joined: ['root', 'targets', 'tools'],
    signed: ['root', 'targets', 'tools'],
    status: { verdict: 'pending' },
  });
  done(await crew.signing('bob', ['sign', 'sign/init']));
  const last = done(await crew.signing('alice', ['sign', 'sign/init']));
  expect(last.stderr).toContain('sign/init is complete: it can be merged.');
  crew.clone('automation').git('fetch', '-q');
  expect((await crew.run('automation', ['status', '--event', 'origin/sign/init'])).exit).toBe(0);

  crew.remote.git('update-ref', 'refs/heads/main', 'sign/init');
  crew.remote.git('update-ref', '-d', 'refs/heads/sign/init');
  const online = done(await crew.run('automation', ['online-sign', '--json']));
  expect(JSON.parse(online.stdout)).toEqual({ signed: ['snapshot', 'timestamp'], reasons: [] });
  const site = join(crew.folder, 'site');
  const built = done(await crew.run('automation', ['build', '--out', site, '--json']));
  expect(JSON.parse(built.stdout)).toMatchObject({ published: true, files: 7, reasons: NO_DELEGATIONS });
  expect(await readdir(site)).toContain('timestamp.json');
  const verified = done(await crew.run('automation', ['verify', '--rev', 'origin/main', '--json']));
  expect(JSON.parse(verified.stdout)).toMatchObject({ verdict: 'accepted', reasons: NO_DELEGATIONS });
  expect(done(await crew.run('bob', ['sign'])).stderr).toContain('Nothing to do for @bob: no event is open.');
});

test('one person alone: init signs at once', async () => {
  await using crew = await Crew.gather(cli, 'alice');
  const ran = done(await crew.signing('alice', initFlags('@alice', 1)));
  expect(ran.stderr).toContain('You have signed root and targets. Merge sign/init when it is accepted.');
});
