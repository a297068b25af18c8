import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { type BuiltCli, builtCli, plainEnvironment, type Ran, type RunOptions } from '../support/cli.ts';
import { NOW_FLAG } from '../support/crew.ts';
import { runInTerminal, type TerminalRun } from '../support/terminal.ts';
import { testKey } from '../support/test-keys.ts';
import { type TestWorld, worldTest as test, UPDATE } from '../support/world.ts';

let cli: BuiltCli;
beforeAll(async () => {
  cli = await builtCli();
});
afterAll(() => cli[Symbol.asyncDispose]());

/** Alice's clone, and the key file that she signs with here. */
async function atAlice(world: TestWorld): Promise<{ readonly cwd: string; readonly key: readonly string[] }> {
  const file = join(world.folder, 'alice.pem');
  await writeFile(file, testKey(100).privatePem, { mode: 0o600 });
  return { cwd: world.person('alice').folder, key: ['--key', `file:${file}`] };
}

async function delegate(world: TestWorld, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { cwd, key } = await atAlice(world);
  return cli.run(['delegate', ...args, ...key, ...NOW_FLAG], { cwd, ...options });
}

async function atTerminal(
  world: TestWorld,
  args: readonly string[],
  answers: Parameters<typeof runInTerminal>[2],
): Promise<TerminalRun> {
  const { cwd, key } = await atAlice(world);
  return runInTerminal(cli, ['delegate', ...args, ...key, ...NOW_FLAG], answers, {
    cwd,
    env: { NO_COLOR: '1' },
  });
}

/** All that others see, and all of the clone that is not an object: refs, index, checkout. */
function everything(world: TestWorld): string {
  const { git, folder } = world.person('alice');
  const files = ['.git/index', '.git/HEAD', 'targets/tools/greet.sh', 'staged.txt'];
  return [
    world.refs(),
    git.git('for-each-ref', '--format=%(objectname) %(refname)'),
    ...files.map(file =>
      createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex'),
    ),
    ...readdirSync(join(folder, 'metadata')),
  ].join('\n');
}

/** Somebody is in the middle of other work. */
function leaveWork(world: TestWorld): void {
  const { git, folder } = world.person('alice');
  writeFileSync(join(folder, 'targets/tools/greet.sh'), 'half done\n');
  writeFileSync(join(folder, 'staged.txt'), 'staged\n');
  git.git('add', 'staged.txt');
  git.git('fetch', '-q');
}

describe('by flags alone', () => {
  test('a dry run shows what would be, writes nothing, not even an object', async ({ world }) => {
    leaveWork(world);
    const before = everything(world);
    const objects = join(world.person('alice').folder, '.git/objects');
    const had = (await readdir(objects, { recursive: true })).sort();
    const ran = await delegate(world, [UPDATE, 'tools', '--add-signers', '@mallory', '--dry-run', '--json']);
    expect(ran.exit).toBe(0);
    expect(ran.stderr).toContain('A dry run: nothing was written.');
    expect(JSON.parse(ran.stdout)).toMatchObject({
      event: UPDATE,
      pushed: false,
      voided: [],
      status: { verdict: 'pending', invites: { '@mallory': ['tools'] } },
    });
    const { roles } = JSON.parse(ran.stdout) as { roles: { role: string; change: string }[] };
    expect(roles.map(({ role, change }) => `${role} ${change}`)).toEqual([
      'root same',
      'targets same',
      'tools changed',
      'snapshot same',
      'timestamp same',
    ]);
    expect(roles.find(({ role }) => role === 'tools')).toMatchObject({
      delegator: 'targets',
      signers: ['@bob', '@carol'],
      invited: ['@mallory'],
      threshold: 2,
      before: { invited: [] },
    });
    expect(everything(world)).toBe(before);
    expect((await readdir(objects, { recursive: true })).sort()).toEqual(had);
  });

  test('what it shows: roles, what is to be signed, what is lost, what is doubtful', async ({ world }) => {
    await world.delegate('alice', { threshold: 1 });
    await world.sign('bob');
    const args = [UPDATE, 'docs', '--signers', '@alice', '--paths', 'docs/*,tools/?/*', '--before', 'tools'];
    const { exit, stderr } = await delegate(world, [...args, '--yes']);
    expect(exit).toBe(0);
    expect(
      stderr.replace(/( {2,})/g, '  '),
    ).toBe(`Roles of sign/update, each below its delegator, in the order of search
  root  2 of 3  365/60  @alice, @bob, @carol
  targets  2 of 3  365/60  @alice, @bob, @carol
+  docs  1 of 1  365/60  @alice; docs/*, tools/?/*
  tools  1 of 2  365/60  @bob, @carol; tools/ (4 levels)
  snapshot  1 of 1  365/60  online file:online.pem
  timestamp  1 of 1  7/4  online file:online.pem

Paths that meet
  - docs and tools speak for the same paths (tools/?/* and tools/*/*): clients
  ask docs, and not tools if docs does not have it; an artifact that both may
  sign is refused

Void
  - the signature of @bob on targets: it was over other bytes and has to be made
  again

Has to be signed
  - targets: 2 of @alice, @bob and @carol
  - docs: 1 of @alice
  - tools: 1 of @bob and @carol; 1 signed

Warnings
  - docs: has a single key: with that lost, nobody could sign it until targets
  names another [margin]
  - tough lets * and ? in a path pattern stand for / too, so that a role also
  takes what is not its own: tools ("tools/*") what is of docs and docs
  ("tools/?/*") what is of tools [clients]
  - docs: has 1 path pattern outside docs/, which tuf-on-ci does not update
  [peers]
Created role docs in sign/update and pushed it.
See what is left to do: tuf-signer status sign/update
`);
  });

  const missing: readonly (readonly [readonly string[], string])[] = [
    [[], 'name the event and the role'],
    [[UPDATE], 'name the event and the role'],
    [[UPDATE, 'tools'], '--add-signers'],
    [[UPDATE, 'tools', '--threshold', '1'], 'give --yes, or --dry-run to look only'],
    [[UPDATE, 'docs', '--threshold', '1', '--yes'], 'say who signs it (--signers @name,@other'],
    [[UPDATE, 'tools', '--signers', '@a', '--add-signers', '@b'], '--signers names all signers'],
    [[UPDATE, 'tools', '--add-signers', '@a', '--online-key', 'file:x.pem'], 'not by both'],
    [[UPDATE, 'tools', '--remove', '--threshold', '1'], '--remove stands alone, without --threshold'],
    [[UPDATE, 'tools', '--recursive'], '--recursive goes with --remove'],
    [[UPDATE, 'tools', '--add-signers', 'b@d'], 'no account name'],
    [[UPDATE, 'Root', '--threshold', '1'], 'differs from a top-level role in case alone'],
    [[UPDATE, 'con', '--threshold', '1'], 'device name'],
    [[UPDATE, 'tools', '--before', '../x'], 'ASCII letters'],
    [['main', 'tools', '--threshold', '1'], 'no signing event'],
  ];
  for (const [args, message] of missing) {
    test(`64: delegate ${args.join(' ')}`, async ({ shared: world }) => {
      const before = world.refs();
      const ran = await delegate(world, args);
      expect([ran.exit, ran.stdout]).toEqual([64, '']);
      expect(ran.stderr).toContain(message);
      expect(world.refs()).toBe(before);
    });
  }
});

describe('at a terminal', () => {
  test('asks step by step for all that is missing, and again for what makes no sense', async ({ world }) => {
    world.push({ 'targets/b.txt': 'b' }, 'sign/other');
    const { exit, screen } = await atTerminal(
      world,
      [],
      [
        ['name of a new one: [sign/roles-2030-06-01]', 'no good'],
        ['may hold only ASCII', 'docs'],
        ['makes a new role:', ''],
        ['an answer is needed here', '.hidden'],
        ['may not start with a dot', 'docs'],
        ['Who delegates to it? [targets]', 'nobody'],
        ['there is no role nobody', ''],
        ['Which paths does docs speak for?', 'docs/*, man/*'],
        ['Who signs docs?', '@alice, @bob, @mallory'],
        ['How many of the 3 have to sign docs? [2]', '4'],
        ['it has to be 1 to 3', ''],
        ['Days until docs expires', '60/90'],
        ['shorter than the 60 days', '90/30'],
        ['Push this to sign/docs? [y/N]', 'y'],
      ],
    );
    expect(screen).toContain('1  sign/other');
    expect(screen).toContain('until 2031-06-01; @bob');
    expect(exit).toBe(0);
    expect(screen).toContain('Created role docs in sign/docs and pushed it.');
    expect(world.json('metadata/.signing-event-state', 'sign/docs')).toEqual({
      invites: { '@bob': ['docs'], '@mallory': ['docs'] },
    });
    expect(world.json('metadata/targets.json', 'sign/docs')).toMatchObject({
      signed: { delegations: { roles: [{ name: 'tools' }, { threshold: 2, paths: ['docs/*', 'man/*'] }] } },
    });
  });

  test('changes of a role are chosen by name; no is no', async ({ world }) => {
    const before = world.refs();
    const { exit, screen } = await atTerminal(
      world,
      [UPDATE, 'tools'],
      [
        ['Some of signers, threshold, periods, paths, order, remove:', 'size'],
        ['"size" is none of these', 'signers, periods, order'],
        ['Who signs tools?', '@bob'],
        ['How many of the 1 have to sign tools? [1]', ''],
        ['Days until tools expires / days to sign it before that: [365/60]', '30'],
        ['Before which role do clients ask tools?', ''],
        ['whether or not it has the artifact? yes or no: [yes]', 'no'],
        ['Push this to sign/update? [y/N]', 'n'],
      ],
    );
    expect(screen).toMatch(/not\s+terminating/);
    expect(screen).toContain('was: 2 of 2; 365/60 days; @bob,');
    expect([exit, world.refs()]).toEqual([77, before]);
    expect(screen).toContain('nothing was written');
  });

  test('an event by its number, and a role is removed', async ({ world }) => {
    world.push({ 'targets/b.txt': 'b' }, 'sign/other');
    const { exit, screen } = await atTerminal(
      world,
      [],
      [
        ['name of a new one:', '1'],
        ['makes a new role:', 'tools'],
        ['What is to change of tools?', 'remove'],
        ['Remove tools, its file and the files of its artifacts?', 'y'],
        ['Push this to sign/other?', 'y'],
      ],
    );
    expect(exit).toBe(0);
    expect(screen).toContain('targets/tools/greet.sh');
    expect(screen).toContain('Removed role tools in sign/other and pushed it.');
    expect(world.remote.git('ls-tree', '-r', '--name-only', 'sign/other')).not.toContain('tools');
  });

  test('Ctrl-C and the end of input leave everything as it was', async ({ world }) => {
    leaveWork(world);
    const before = everything(world);
    const declined = await atTerminal(
      world,
      [UPDATE, 'tools', '--threshold', '1'],
      [['Push this to', '\u0004']],
    );
    expect(declined.exit).toBe(77);
    const stopped = await atTerminal(
      world,
      [UPDATE, 'tools', '--threshold', '1'],
      [['Push this to', '\u0003']],
    );
    expect(stopped.exit).not.toBe(0);
    expect(everything(world)).toBe(before);
  });
});

/** A `git` that stops and waits where it would run one of these; `stopped` tells that it has come so far. */
async function haltingGit(
  world: TestWorld,
  subcommand: string,
): Promise<{ readonly path: string; stopped(): Promise<number> }> {
  const bin = await mkdtemp(join(world.folder, 'bin-'));
  const mark = join(bin, 'stopped');
  const real = process.env['PATH'] ?? '';
  await writeFile(
    join(bin, 'git'),
    `#!/bin/sh
for word in "$@"; do
  if [ "$word" = ${subcommand} ]; then echo $$ >'${mark}.new'; mv '${mark}.new' '${mark}'; exec sleep 60; fi
done
PATH='${real}' exec git "$@"
`,
    { mode: 0o755 },
  );
  return {
    path: `${bin}:${real}`,
    stopped: async () => {
      for (;;) {
        const text = await readFile(mark, 'utf8').catch(() => '');
        if (text !== '') return Number(text);
        await sleep(20);
      }
    },
  };
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise(resolve => child.once('close', () => resolve()));

describe('interrupted', () => {
  for (const [signal, subcommand] of [
    ['SIGKILL', 'fetch'],
    ['SIGKILL', 'unpack-objects'],
    ['SIGKILL', 'push'],
    ['SIGINT', 'push'],
  ] as const) {
    test(`by ${signal} at git ${subcommand}: all is as it was, and the next run does it`, async ({
      world,
    }) => {
      leaveWork(world);
      const before = everything(world);
      const { cwd, key } = await atAlice(world);
      const git = await haltingGit(world, subcommand);
      const args = ['delegate', UPDATE, 'tools', '--threshold', '1', '--yes', ...key, ...NOW_FLAG];
      const child = spawn(process.execPath, [cli.file, ...args], {
        cwd,
        env: { ...plainEnvironment(), PATH: git.path },
        stdio: 'ignore',
      });
      const over = ended(child);
      const halted = await git.stopped();
      child.kill(signal);
      await over;
      try {
        process.kill(halted, 'SIGKILL');
      } catch {
        // It went with its parent.
      }
      expect(everything(world)).toBe(before);
      expect(await delegate(world, [UPDATE, 'tools', '--threshold', '1', '--yes'])).toMatchObject({
        exit: 0,
      });
      expect(world.remote.git('rev-list', '--count', `main..${UPDATE}`)).toBe('1');
      expect(world.person('alice').git.git('status', '--porcelain')).toContain('staged.txt');
    });
  }

  test('a push that the remote refuses, or that is cut off: all is as it was', async ({ world }) => {
    leaveWork(world);
    const before = everything(world);
    const hook = join(world.remote.folder, 'hooks', 'pre-receive');
    await mkdir(join(world.remote.folder, 'hooks'), { recursive: true });
    for (const [script, message] of [
      ['echo not today >&2; exit 1', 'refused the push'],
      ['kill -9 $PPID', 'push to origin failed'],
    ] as const) {
      await writeFile(hook, `#!/bin/sh\n${script}\n`);
      await chmod(hook, 0o755);
      const ran = await delegate(world, [UPDATE, 'tools', '--threshold', '1', '--yes']);
      expect(ran.exit).toBe(74);
      expect(ran.stderr).toContain(message);
      expect(everything(world)).toBe(before);
    }
    await rm(hook);
    expect(await delegate(world, [UPDATE, 'tools', '--threshold', '1', '--yes'])).toMatchObject({ exit: 0 });
  });
});
