import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtCli } from '../support/cli.ts';
import { Crew } from '../support/crew.ts';
import { commandsOf, perform, readBlocks } from '../support/examples.ts';

test('the first root of a repository is the same one on both machines, and trusted by nobody unasked', async () => {
  await using cli = await builtCli();
  await using crew = await Crew.gather(cli, 'alice', 'bob');
  const [init, file, there] = ['sign/init', join(crew.folder, 'f'), join(crew.folder, 'there')];
  await crew.signing('alice', [
    'init',
    '--signers',
    '@alice,@bob',
    '--threshold',
    '2',
    '--online-key',
    'file:online.pem',
    '--create-online-key',
  ]);
  await crew.signing('bob', ['sign', init]);
  const draft = await crew.run('alice', ['pin', 'show', '--json']);
  const exported = await crew.run('alice', ['request', 'export', init, '--out', file]);
  const identity = /SHA-256 ([0-9a-f]{64})/.exec(exported.stderr)?.[1] ?? '';
  expect(`${exported.exit} ${identity}`).toMatch(/^0 [0-9a-f]{64}$/);
  expect(draft.stdout).not.toContain(identity);
  const env = { TUF_SIGNER_CONFIG: there };
  const signing = ['request', 'sign', file];
  const unasked = await crew.signing('alice', signing, { env });
  expect(unasked).toMatchObject({ exit: 64, stderr: expect.stringContaining('--trusted-root') as string });
  expect(unasked.stderr).toContain(`first root   SHA-256 ${identity}`);
  expect((await crew.run('alice', ['pin', 'show', '--all'], { env })).exit).toBe(66);
  const root = join(crew.folder, '1.root.json');
  await writeFile(root, crew.remote.git('show', `${init}:metadata/root.json`));
  expect(await crew.signing('alice', [...signing, '--trusted-root', root], { env })).toMatchObject({
    exit: 0,
  });
  const shown = await crew.run('alice', ['pin', 'show', '--all'], { env });
  expect(shown.stdout).toContain(`first root   SHA-256 ${identity}`);
  expect(shown.stdout).toContain('proposed');
  // What was damaged on its way is told, though this machine has seen the whole of it.
  const whole = await readFile(file);
  await writeFile(file, whole.subarray(0, 2000));
  await rm(`${file}.response`);
  const damaged = await crew.signing('alice', signing, { env });
  expect(damaged).toMatchObject({ exit: 74, stderr: expect.stringContaining('copy it anew') as string });
});

test('docs/air-gap.md works as it is written', async () => {
  await using cli = await builtCli();
  const blocks = await readBlocks('docs/air-gap.md');
  expect([...blocks.keys()]).toEqual(['export', 'sign', 'import']);
  await using crew = await Crew.gather(cli, 'alice', 'bob');
  await mkdir(join(crew.folder, 'tuf-keys'));
  const as = (name: string, script: string): ReturnType<typeof perform> =>
    perform(cli, crew, name, script, { env: { TUF_SIGNER_CONFIG: join(crew.folder, 'config', name) } });
  await as(
    'alice',
    'tuf-signer init --signers @alice,@bob --threshold 2 --online-key file:online.pem --create-online-key',
  );
  for (const name of ['bob', 'alice']) await as(name, 'tuf-signer sign sign/init');
  crew.remote.git('update-ref', 'refs/heads/main', 'sign/init');
  await as('alice', 'tuf-signer delegate sign/tools tools --signers @bob --threshold 1');
  const here = { env: { TUF_SIGNER_CONFIG: join(crew.folder, 'config', 'bob') } };
  const run = (
    name: string,
    more = '',
    options: Parameters<typeof perform>[4] = here,
  ): ReturnType<typeof perform> => perform(cli, crew, 'bob', commandsOf(blocks.get(name)) + more, options);

  // There: no clone, no setting of git, other settings of ours, and the remote is nowhere.
  const there = join(crew.folder, 'there');
  await mkdir(there);
  const root = join(there, '1.root.json');
  await writeFile(root, crew.remote.git('show', 'main:metadata/root_history/1.root.json'));
  const env = { TUF_SIGNER_CONFIG: join(there, 'config'), GIT_CONFIG_GLOBAL: '/dev/null' };
  for (const [round, trust] of [
    ['joins', ` --trusted-root ${root}`],
    ['signatures', ''],
  ] as const) {
    await run('export');
    await rename(crew.remote.folder, `${crew.remote.folder}.away`);
    await run('sign', trust, { cwd: there, env });
    await rename(`${crew.remote.folder}.away`, crew.remote.folder);
    const response = JSON.parse(
      await readFile(join(crew.folder, 'tools.request.response'), 'utf8'),
    ) as object;
    expect(response).toHaveProperty(round);
    await run('import');
    for (const name of ['tools.request', 'tools.request.response']) await rm(join(crew.folder, name));
  }
  // A drill goes the same way.
  await as('bob', 'tuf-signer drill open --name june');
  const inDrill = (name: string): string =>
    commandsOf(blocks.get(name))
      .replace('sign/tools', 'sign/drill-june')
      .replace('tools.request', 'june.request');
  const exported = await perform(cli, crew, 'bob', inDrill('export'), here);
  expect(exported.stderr).toContain('asks @bob to prove that their key works');
  const proved = await perform(cli, crew, 'bob', inDrill('sign'), { cwd: there, env });
  expect(proved.stderr).toContain('Your key works. Thank you.');
  const brought = await perform(cli, crew, 'bob', inDrill('import'), here);
  expect(brought.stderr).toContain('@bob has proved 1 key in sign/drill-june.');

  const status = await as(
    'alice',
    'git fetch -q; tuf-signer status --event origin/sign/tools --json || true',
  );
  const { awaited } = JSON.parse(status.stdout) as { awaited: readonly { name: string }[] };
  expect(awaited.map(({ name }) => name)).toEqual(['@alice']);
});
