import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { cardKey, drafted, entryOf, files, read, signed } from '../attacks/attacker.ts';
import { type BuiltCli, builtCli, type Ran, type RunOptions, runProgram } from '../support/cli.ts';
import { NOW_FLAG } from '../support/crew.ts';
import { runInTerminal } from '../support/terminal.ts';
import { testKey } from '../support/test-keys.ts';
import { type TestWorld, worldTest as test, UPDATE } from '../support/world.ts';

let cli: BuiltCli;
beforeAll(async () => {
  cli = await builtCli();
});
afterAll(() => cli[Symbol.asyncDispose]());

const COMMANDS = 'init delegate sign status update-targets online-sign verify build demo'.split(' ');

/** Runs the command in a person's clone of the world. */
const inClone = (
  world: TestWorld,
  name: Parameters<TestWorld['person']>[0],
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran> => {
  const { folder, env } = world.person(name);
  return cli.run([...args, ...NOW_FLAG], { cwd: folder, ...options, env: { ...env, ...options.env } });
};

describe('help', () => {
  test('of the command teaches it: every command, the exit codes, where to start', async () => {
    const { exit, stdout, stderr } = await cli.run(['--help']);
    expect([exit, stderr]).toEqual([0, '']);
    for (const name of COMMANDS) expect(stdout).toContain(`  ${name} `);
    for (const group of ['For keyholders:', 'To set up and change a repository:', 'You were asked to sign:'])
      expect(stdout).toContain(`\n${group}\n`);
    expect(stdout).not.toContain('Commands:'); // a command that stands in no group
    expect(stdout).toContain('69  no card');
    expect(Math.max(...stdout.split('\n').map(line => line.length))).toBeLessThanOrEqual(80);
  });

  for (const name of COMMANDS) {
    test(`of ${name} names its flags`, async () => {
      const { exit, stdout, stderr } = await cli.run([name, '--help']);
      expect([exit, stderr]).toEqual([0, '']);
      expect(stdout).toContain(`Usage: tuf-signer ${name}`);
      expect(stdout).toContain('--repo');
      expect(Math.max(...stdout.split('\n').map(line => line.length))).toBeLessThanOrEqual(80);
    });
  }

  for (const [args, unknown, meant, hint] of [
    [['help', 'frob'], 'frob', '', 'tuf-signer --help'],
    [['help', 'delegat'], 'delegat', '(Did you mean delegate?)', 'tuf-signer --help'],
    [['client', 'help', 'downlod'], 'downlod', '(Did you mean download?)', 'tuf-signer client --help'],
    [['help', 'key', 'lst'], 'lst', '(Did you mean list?)', 'tuf-signer key --help'],
    [['client', 'foo'], 'foo', '', 'tuf-signer client --help'],
    [['drill', 'sgn'], 'sgn', '(Did you mean sign?)', 'tuf-signer drill --help'],
  ] as const) {
    test(`64: ${args.join(' ')} says that there is no such command`, async () => {
      const { exit, stdout, stderr } = await cli.run(args);
      expect([exit, stdout]).toEqual([64, '']);
      expect(stderr).toContain(`error: unknown command '${unknown}'`);
      expect(stderr).toContain(meant);
      expect(stderr).toContain(`(see ${hint}`);
      expect(stderr.split('\n').length).toBeLessThan(6);
    });
  }

  test('of a command of a group, in either order; an option before it is told where it belongs', async () => {
    const help = await cli.run(['client', 'download', '--help']);
    expect(help.stdout).toContain('Usage: tuf-signer client download');
    for (const args of [
      ['help', 'client', 'download'],
      ['client', 'help', 'download'],
    ])
      expect(await cli.run(args)).toEqual(help);
    const early = await cli.run(['client', '--dir', 'x', 'refresh']);
    expect([early.exit, early.stderr]).toEqual([
      64,
      expect.stringContaining('(see tuf-signer client --help; options come after the COMMAND)'),
    ]);
  });

  test('of the client tells its exit codes within 80 columns', async () => {
    const { stdout } = await cli.run(['client', '--help']);
    const codes = stdout.slice(stdout.indexOf('Exit codes:'));
    for (const code of [0, 2, 64, 65, 66, 69, 73, 74])
      expect(codes).toMatch(new RegExp(`(^|  )${code}  `, 'm'));
    expect(Math.max(...codes.split('\n').map(line => line.length))).toBeLessThanOrEqual(80);
  });

  test('of the version', async () => {
    expect(await cli.run(['--version'])).toEqual({ exit: 0, stdout: '0.1.0\n', stderr: '' });
  });
});

describe('exit codes', () => {
  const usage: readonly (readonly string[])[] = [
    [],
    ['no-such-command'],
    ['status', '--no-such-flag'],
    ['status', 'sign/too', 'many'],
    ['status', 'too'],
    ['policy', UPDATE, 'no-such-file.yml'],
    ['delegate', 'sign/x'],
    ['build'],
    ['status', '--now', 'yesterday'],
    ['status', '--user', 'a b'],
    ['status', '--event', '--help'],
    ['status', '--event', 'no-such-branch'],
    ['sign', 'main'],
    ['sign', 'sign/$(id)'],
    ['sign', UPDATE, '--key', 'pkcs11:token'],
    ['sign', UPDATE, '--pin-fd', 'x'],
    ['delegate', UPDATE, '../up', '--threshold', '1'],
    ['delegate', UPDATE, 'tools'],
    ['delegate', UPDATE, 'tools', '--threshold', 'two'],
    ['delegate', UPDATE, 'tools', '--periods', '60/365'],
    ['delegate', UPDATE, 'tools', '--signers', '@a', '--online-key', 'file:x.pem'],
    ['delegate', UPDATE, 'tools', '--succinct'],
    ['delegate', UPDATE, 'tools', '--bins', '8'],
    ['delegate', UPDATE, 'tools', '--bins', 'many', '--online-key', 'file:x.pem'],
    ['verify', '--trusted-root', 'no-such-file'],
    ['init', '--signers', '@alice'],
  ];
  for (const args of usage) {
    test(`64: tuf-signer ${args.join(' ')}`, async ({ shared }) => {
      const { exit, stdout, stderr } = await cli.run(args, { cwd: shared.person('alice').folder });
      expect([exit, stdout]).toEqual([64, '']);
      expect(stderr).not.toContain('    at ');
      expect(stderr).not.toBe('');
    });
  }

  describe('with --json, whatever the command: one document that says why', () => {
    const rows: readonly (readonly [code: number, error: string, args: readonly string[]])[] = [
      [64, 'USAGE', ['build']],
      [64, 'USAGE', ['build', '--no-such-flag']],
      [2, 'REFUSED', ['build', '--out', 'out', '--previous', 'SITE']],
      [64, 'BAD_DESTINATION', ['deploy', '.', '--to', 'ftp://x']],
      [66, 'NOT_FOUND', ['status', 'sign/nope']],
      [64, 'USAGE', ['verify', '--trusted-root', 'none']],
      [64, 'BAD_URL', ['test-repository', 'ftp://x', '--trusted-root', 'none']],
      [64, 'USAGE', ['test-repository', 'https://x/', '--trusted-root', 'none']],
      [64, 'MISSING_ANSWER', ['request', 'export', 'sign/nope', '--out', 'none']],
      [64, 'USAGE', ['request', 'import', 'none']],
      [64, 'USAGE', ['request']],
      [64, 'USAGE', ['no-such-command']],
      [64, 'USAGE', ['key', 'list', 'too', 'many']],
    ];
    for (const [code, error, args] of rows) {
      test(`${code} ${error}: tuf-signer ${args.join(' ')} --json`, async ({ shared }) => {
        // Nobody listens there: what clients have is not known.
        const line = args.map(arg => (arg === 'SITE' ? 'http://127.0.0.1:1/' : arg));
        const { exit, stdout, stderr } = await cli.run([...line, '--json'], {
          cwd: shared.person('alice').folder,
        });
        expect([exit, JSON.parse(stdout)]).toEqual([
          code,
          { error: { code: error, message: expect.stringMatching(/\S/) as string } },
        ]);
        expect(stderr).not.toBe('');
      });
    }
  });

  test('2: names that can not be published are told by update-targets, and by build where main has them', async ({
    world,
  }) => {
    const path = `tools/${'x'.repeat(200)}`;
    const tools = drafted(read(world, 'tools'), ({ targets }) => void (targets[path] = entryOf('x')));
    const tree = { ...files({ tools: signed(tools, cardKey('bob'), cardKey('carol')) }) };
    world.push({ ...tree, [`targets/${path}`]: 'x' });
    const update = await inClone(world, 'alice', ['update-targets', UPDATE]);
    expect([update.exit, update.stderr]).toEqual([
      2,
      expect.stringMatching(
        /refuse: tools: target path "tools\/xxx.*a file name of 265 bytes[^]*Mend this before/,
      ),
    ]);
    const json = await inClone(world, 'alice', ['update-targets', UPDATE, '--json']);
    expect([json.exit, JSON.parse(json.stdout)]).toMatchObject([
      2,
      { updated: [], refusals: [expect.any(String)] },
    ]);
    world.merge();
    await world.onlineSign();
    world.person('alice').git.git('fetch', '-q');
    const built = await inClone(world, 'alice', [
      'build',
      '--rev',
      'origin/main',
      '--first-publish',
      '--out',
      join(world.folder, 'site'),
    ]);
    expect([built.exit, built.stdout + built.stderr]).toEqual([
      2,
      expect.stringMatching(/a file name of 265\s+bytes/) as unknown,
    ]);
  });

  test('66: an event that is not there, with those that are', async ({ world }) => {
    const none = await inClone(world, 'alice', ['sign', UPDATE]);
    expect(none).toMatchObject({ exit: 66 });
    expect(none.stderr).toContain('there is no event sign/update on origin (nor any other)');
    world.push({ 'targets/one.txt': 'one' });
    for (const args of [['sign'], ['status'], ['update-targets']]) {
      await inClone(world, 'alice', ['sign']); // fetches
      const { exit, stderr } = await inClone(world, 'alice', [...args, 'sign/updat']);
      expect([exit, stderr]).toEqual([
        66,
        expect.stringContaining('sign/updat on origin (open there: sign/update)'),
      ]);
    }
    world.person('alice').git.git('branch', 'sign/mine', 'origin/sign/update');
    const { exit, stderr } = await inClone(world, 'alice', ['update-targets', 'sign/mine']);
    expect([exit, stderr]).toEqual([66, expect.stringContaining('git push --set-upstream origin sign/mine')]);
  });

  test('64: an error of usage leads to the help of its command', async () => {
    const { stderr } = await cli.run(['build']);
    expect(stderr).toContain('(see tuf-signer build --help)');
    expect((await cli.run(['drill', 'sign', 'a', 'b'])).stderr).toContain(
      '(see tuf-signer drill sign --help)',
    );
  });

  test('64: nobody there to agree learns of --yes; to trust a root takes another flag', async ({ world }) => {
    world.push({ 'targets/one.txt': 'one' });
    await world.updateTargets();
    const key = join(world.folder, 'keys/alice.pem');
    await writeFile(key, testKey(100).privatePem, { mode: 0o600 });
    const agree = await inClone(world, 'alice', ['sign', UPDATE, '--key', `file:${key}`]);
    expect([agree.exit, agree.stderr]).toEqual([64, expect.stringContaining('give --yes if it is yes')]);
    const env = { TUF_SIGNER_CONFIG: join(world.folder, 'elsewhere') };
    const trust = await inClone(world, 'alice', ['sign', UPDATE, '--key', `file:${key}`, '--yes'], { env });
    expect([trust.exit, trust.stderr]).toEqual([64, expect.stringContaining('by --trusted-root')]);
  });

  test('an account without @ in the settings is told with the command that mends it', async ({ world }) => {
    const alice = world.person('alice').git;
    alice.git('config', 'tuf-signer.user', 'alice');
    const { exit, stderr } = await inClone(world, 'alice', ['sign']);
    expect([exit, stderr]).toEqual([65, expect.stringContaining('run git config tuf-signer.user @alice')]);
  });

  test('a status takes the name of an event, or a revision, once', async ({ world }) => {
    world.push({ 'targets/one.txt': 'one' });
    await world.updateTargets();
    await inClone(world, 'alice', ['sign']); // fetches
    const named = await inClone(world, 'alice', ['status', UPDATE]);
    expect(named).toEqual(await inClone(world, 'alice', ['status', '--event', `origin/${UPDATE}`]));
    expect(named.exit).toBe(1);
    const against = ['status', UPDATE, '--known-good', 'origin/main', '--json'];
    expect((await inClone(world, 'alice', against)).exit).toBe(1);
    const twice = await inClone(world, 'alice', ['status', UPDATE, '--event', 'HEAD']);
    expect([twice.exit, twice.stderr]).toEqual([64, expect.stringContaining('once')]);
    expect((await inClone(world, 'alice', ['status', 'update'])).exit).toBe(64);
  });

  test('a status of a stale checkout says so', async ({ world }) => {
    world.push({ 'targets/one.txt': 'one' });
    const alice = world.person('alice').git;
    alice.git('fetch', '-q');
    alice.git('switch', '-q', UPDATE);
    expect((await inClone(world, 'alice', ['status'])).stderr).toBe('');
    await world.updateTargets();
    alice.git('fetch', '-q');
    expect((await inClone(world, 'alice', ['status'])).stderr).toContain(`tuf-signer status ${UPDATE}`);
  });

  test('what waits for nobody here is listed with what it waits for', async ({ world }) => {
    world.push({ 'targets/one.txt': 'one' });
    await world.updateTargets();
    const { stdout, stderr } = await inClone(world, 'alice', ['sign', '--user', '@zoe']);
    expect(stdout).toBe('');
    expect(stderr).toContain(
      'Nothing to do for @zoe: 1 open, none waits for you.\n  sign/update: waits for @',
    );
  });

  test('3: an event that is merged, with what main has now', async ({ world }) => {
    const head = world.push({ 'targets/tools/greet.sh': 'new' });
    world.merge();
    world.remote.git('update-ref', `refs/heads/${UPDATE}`, head);
    const signing = await inClone(world, 'alice', ['sign', UPDATE]);
    expect(signing).toMatchObject({ exit: 3, stdout: '' });
    expect(signing.stderr).toMatch(/MERGED sign\/update.*On main\n {2}- root: version 1 expires in/s);
    const asked = await inClone(world, 'alice', ['sign', UPDATE, '--json']);
    expect(JSON.parse(asked.stdout)).toMatchObject({ signed: [], status: { state: 'merged' } });
    expect((await inClone(world, 'alice', ['sign'])).stderr).toContain('sign/update is merged');
    const status = await inClone(world, 'alice', ['status', '--event', `origin/${UPDATE}`]);
    expect(status).toMatchObject({ exit: 3, stderr: '' });
    expect(status.stdout).toContain('MERGED sign/update: main has all of it');
  });

  test('69: a key file that is not there', async ({ world }) => {
    world.push({ 'targets/one.txt': 'one' });
    await world.updateTargets();
    const ran = await inClone(world, 'alice', ['sign', UPDATE, '--yes', '--key', 'file:no-such.pem']);
    expect(ran).toMatchObject({ exit: 69 });
    expect(ran.stderr).toContain('is not there');
  });

  test('73: a folder of something else', async ({ world }) => {
    const ran = await inClone(world, 'alice', ['build', '--out', '.']);
    expect(ran).toMatchObject({ exit: 73 });
  });

  test('74: no repository, no folder, a remote that is gone', async ({ world }) => {
    const outside = await cli.run(['status'], { cwd: tmpdir() });
    expect([outside.exit, outside.stderr]).toEqual([74, expect.stringContaining('name it by --repo FOLDER')]);
    const nowhere = await cli.run(['status', '--repo', 'no-such-folder']);
    expect(nowhere).toMatchObject({ exit: 74, stderr: expect.stringContaining('does not exist') as unknown });
    world.person('alice').git.git('remote', 'set-url', 'origin', '/no/such/remote');
    expect(await inClone(world, 'alice', ['sign'])).toMatchObject({ exit: 74 });
  });

  test('2: main that is not fit to be signed', async ({ world }) => {
    world.remote.commit({ 'targets/tools/greet.sh': 'evil' }, { branch: 'main' });
    const ran = await inClone(world, 'alice', ['online-sign', '--json']);
    expect(ran.exit).toBe(2);
    expect(JSON.parse(ran.stdout)).toMatchObject({ signed: [], reasons: [{ rule: 'artifacts' }] });
  });
});

describe('output', () => {
  test('has no colour when piped, nor under NO_COLOR on a terminal', async ({ world }) => {
    world.push({ 'targets/one.txt': 'one' });
    world.person('alice').git.git('fetch', '-q');
    const args = ['status', '--event', `origin/${UPDATE}`, ...NOW_FLAG];
    const piped = await inClone(world, 'alice', args);
    // oxlint-disable-next-line no-control-regex
    expect(piped.stdout).not.toMatch(/\u001b/);
    const cwd = world.person('alice').folder;
    const [plain, coloured] = await Promise.all([
      runInTerminal(cli, args, [], { cwd, env: { NO_COLOR: '1' } }),
      runInTerminal(cli, args, [], { cwd }),
    ]);
    expect(plain.screen).not.toContain('\u001b[');
    expect(coloured.screen).toContain('\u001b[');
    expect([piped.exit, plain.exit, coloured.exit]).toEqual([1, 1, 1]);
  });

  test('a reader that closes early is no fault', async ({ world }) => {
    const cwd = world.person('alice').folder;
    const piped = `'${process.execPath}' '${cli.file}' status --event origin/main; echo "exit $?" >&2`;
    const { stderr } = await runProgram('sh', ['-c', `(${piped}) | true`], { cwd });
    expect(stderr).toBe('exit 3\n');
  });

  test('of --json parses, for every command that has it', async ({ world }) => {
    world.push({ 'targets/one.txt': 'one' });
    world.person('alice').git.git('fetch', '-q');
    for (const args of [
      ['sign'],
      ['status', '--event', `origin/${UPDATE}`],
      ['update-targets', UPDATE],
      ['online-sign'],
      ['verify', '--rev', 'origin/main'],
      ['build', '--out', join(world.folder, 'site')],
    ]) {
      const { stdout } = await inClone(world, 'alice', [...args, '--json'], {
        env: { TUF_SIGNER_KEYS: join(world.folder, 'keys') },
      });
      expect(JSON.parse(stdout), args.join(' ')).toBeTypeOf('object');
    }
  });
});

describe('verify --clients', () => {
  const rev = ['--rev', 'origin/main'];

  test('prints what each client could not verify, in 80 columns, and decides nothing', async ({ shared }) => {
    const plain = await inClone(shared, 'alice', ['verify', ...rev]);
    const { exit, stdout, stderr } = await inClone(shared, 'alice', ['verify', '--clients', ...rev]);
    expect([exit, plain.exit, plain.stdout, stderr]).toEqual([0, 0, '', plain.stderr]);
    expect(Math.max(...stdout.split('\n').map(line => line.length))).toBeLessThanOrEqual(80);
    expect(stdout).toMatch(/^ +python-tuf {2}go-tuf {2}tuf-js {2}tough {2}sigstore-java {2}sigstore-ruby$/m);
    expect(stdout).toMatch(/^delegations +- +- +- +- +NO +-$/m);
    expect(stdout).toMatch(/^keys +ok +ok +ok +ok +ok +ok$/m);
    expect(stdout).toContain('  - sigstore-java follows no delegations: tools\n');
  });

  test('gives data, also of what can not be published', async ({ world }) => {
    world.remote.commit({ 'targets/tools/greet.sh': 'evil' }, { branch: 'main' });
    world.person('alice').git.git('fetch', '-q');
    const { exit, stdout } = await inClone(world, 'alice', ['verify', '--clients', '--json', ...rev]);
    const { verdict, clients } = JSON.parse(stdout) as { verdict: string; clients: readonly unknown[] };
    expect([exit, verdict, clients.length]).toEqual([2, 'rejected', 6]);
    expect(clients).toContainEqual({
      client: 'sigstore-java',
      versions: '',
      problems: [{ problem: 'delegations', weight: 'breaks', places: ['tools'] }],
    });
    expect(clients).toContainEqual({ client: 'go-tuf', versions: 'v2', problems: [] });
  });

  test('is data without it, too, as before', async ({ shared }) => {
    const { stdout } = await inClone(shared, 'alice', ['verify', '--json', ...rev]);
    expect(Object.keys(JSON.parse(stdout) as object)).toEqual(['verdict', 'commit', 'reasons']);
  });
});

describe('pin', () => {
  test('show: 66 where nothing is trusted; else the fingerprint, for people and as data', async ({
    world,
  }) => {
    const nobody = await inClone(world, 'alice', ['pin', 'show'], {
      env: { TUF_SIGNER_CONFIG: world.folder },
    });
    expect(nobody).toMatchObject({ exit: 66, stdout: '' });
    const [pin] = await world.person('alice').pins.list();
    const shown = await inClone(world, 'alice', ['pin', 'show', '--all']);
    expect([shown.exit, shown.stderr]).toEqual([0, '']);
    expect(shown.stdout).toContain(`first root   SHA-256 ${pin?.identity ?? 'none'}`);
    expect(shown.stdout).toContain('its signers  2 of @alice, @bob and @carol');
    const data = await inClone(world, 'alice', ['pin', 'show', '--all', '--json']);
    expect(JSON.parse(data.stdout)).toMatchObject({ pins: [{ identity: pin?.identity, state: pin?.state }] });
  });

  test('reset: asks, forgets, and the next sign is a first one, which --yes does not answer', async ({
    world,
  }) => {
    world.push({ 'targets/tools/greet.sh': 'echo new' });
    await world.updateTargets();
    await world.sign('bob');
    const [pin] = await world.person('bob').pins.list();
    expect(await inClone(world, 'bob', ['pin', 'reset'])).toMatchObject({ exit: 64 });
    expect(await world.person('bob').pins.list()).toHaveLength(1);
    const reset = await inClone(world, 'bob', ['pin', 'reset', '--yes']);
    expect([reset.exit, reset.stderr]).toEqual([0, expect.stringContaining(pin?.identity ?? 'none')]);
    expect(await world.person('bob').pins.list()).toEqual([]);
    expect(await inClone(world, 'bob', ['pin', 'reset', '--yes'])).toMatchObject({ exit: 66 });
    const signing = await inClone(world, 'bob', ['sign', UPDATE, '--yes']);
    expect(signing.exit).toBe(64);
    expect(signing.stderr).toContain('Do you trust this root');
  });

  test('65: what can not be read is named, and can be forgotten by name', async ({ world }) => {
    const { env, pins } = world.person('alice');
    const file = join(env['TUF_SIGNER_CONFIG'] ?? '', 'pins', `${'a'.repeat(64)}.json`);
    await writeFile(file, '{');
    const ran = await inClone(world, 'alice', ['pin', 'show']);
    expect(ran).toMatchObject({ exit: 65, stdout: '' });
    expect(ran.stderr).toContain(`tuf-signer pin reset ${'a'.repeat(64)}`);
    expect((await inClone(world, 'alice', ['pin', 'reset', 'a'.repeat(64), '--yes'])).exit).toBe(0);
    expect(await pins.list()).toHaveLength(1);
    expect(await inClone(world, 'alice', ['pin', 'reset', 'abc', '--yes'])).toMatchObject({ exit: 64 });
  });
});

describe('without a card service', () => {
  test('status works, and sign says what to do once it needs a card', async ({ world }) => {
    // dist/ without node_modules: the native binding can not be loaded.
    const folder = await mkdtemp(join(tmpdir(), 'tuf-signer-bare-'));
    await cp(join(cli.file, '..'), join(folder, 'dist'), { recursive: true });
    await cp(join(cli.file, '../../package.json'), join(folder, 'package.json'), { dereference: true });
    const run = (...args: string[]): Promise<Ran> =>
      runProgram(process.execPath, [join(folder, 'dist/cli.mjs'), ...args, ...NOW_FLAG], {
        cwd: world.person('alice').folder,
        env: world.person('alice').env,
      });
    world.push({ 'targets/one.txt': 'one' });
    await world.updateTargets();
    world.person('alice').git.git('fetch', '-q');
    expect((await run('status', '--event', `origin/${UPDATE}`)).exit).toBe(1);
    const signing = await run('sign', UPDATE, '--yes');
    expect(signing.exit).toBe(69);
    expect(signing.stderr).toContain('install pcscd');
    await rm(folder, { recursive: true });
  });

  test('sign with the binding but no daemon says so', async ({ world }) => {
    world.push({ 'targets/one.txt': 'one' });
    await world.updateTargets();
    const before = world.refs();
    const ran = await inClone(world, 'alice', ['sign', UPDATE, '--yes']);
    expect([ran.exit, world.refs()]).toEqual([69, before]);
    expect(ran.stderr.trim().split('\n').at(-1)).toMatch(/^tuf-signer: .*pcscd/);
  });
});

/** A binding whose card blocks a thread of Node's pool for ever, as a card that waits for a touch does. */
const BLOCKING_BINDING = `
import { pbkdf2 } from 'node:crypto';
import { EventEmitter } from 'node:events';
export const CardMode = { SHARED: 2 };
export const CardDisposition = { LEAVE: 0, RESET: 1 };
export const ReaderStatus = { PRESENT: 1 };
class Reader extends EventEmitter {
  name() { return 'Reader'; }
  connect() {
    pbkdf2('x', 'y', 2 ** 31 - 1, 64, 'sha512', () => {});
    return Promise.reject(Object.assign(new Error('busy'), { code: 'CardIsBusy' }));
  }
}
export class Client extends EventEmitter {
  start() {
    const reader = new Reader();
    setTimeout(() => this.emit('reader', reader), 1);
    setTimeout(() => reader.emit('change', { has: () => true }), 2);
  }
  stop() {}
}`;

test('a card that blocks a thread does not keep the command alive', async ({ world }) => {
  const folder = join(world.folder, 'blocked');
  await cp(join(cli.file, '..'), join(folder, 'dist'), { recursive: true });
  await cp(join(cli.file, '../../package.json'), join(folder, 'package.json'), { dereference: true });
  const binding = join(folder, 'node_modules/pcsc-mini');
  await mkdir(binding, { recursive: true });
  await writeFile(join(binding, 'package.json'), '{"type": "module", "exports": "./index.js"}');
  await writeFile(join(binding, 'index.js'), BLOCKING_BINDING);
  world.push({ 'targets/one.txt': 'one' });
  await world.updateTargets();
  const ran = await runProgram(
    process.execPath,
    [join(folder, 'dist/cli.mjs'), 'sign', UPDATE, '--yes', ...NOW_FLAG],
    {
      cwd: world.person('alice').folder,
      env: world.person('alice').env,
      deadline: 20_000,
    },
  );
  expect(ran.exit).toBe(137);
  expect(ran.stderr).toContain('take it out and put it back');
});

describe('secrets', () => {
  test('a PIN in the environment reaches neither output nor what git starts', async ({ world }) => {
    const spy = join(world.folder, 'ssh');
    const seen = join(world.folder, 'seen');
    await writeFile(spy, `#!/bin/sh\nenv > '${seen}'\nexit 1\n`);
    await chmod(spy, 0o755);
    world.person('alice').git.git('remote', 'set-url', 'origin', 'ssh://example.invalid/x.git');
    const env = { GIT_SSH_COMMAND: spy, TUF_SIGNER_PIN: '27182818' };
    const ran = await inClone(world, 'alice', ['sign', UPDATE, '--yes'], { env });
    expect(ran.exit).toBe(74);
    expect(await readFile(seen, 'utf8')).toContain('GIT_SSH_COMMAND');
    expect(`${await readFile(seen, 'utf8')}${ran.stdout}${ran.stderr}`).not.toContain('27182818');
  });

  test('an unknown fault is told as a defect to report, with no secret in it', async ({ world }) => {
    const broken = 'JSON.stringify = () => { throw new RangeError("boom"); };';
    const ran = await inClone(world, 'alice', ['status', '--event', 'origin/main', '--json'], {
      env: {
        NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(broken)}`,
        TUF_SIGNER_PIN: '27182818',
      },
    });
    expect([ran.exit, ran.stdout]).toEqual([70, '']);
    expect(ran.stderr).toMatch(/^tuf-signer: this is a defect of tuf-signer 0\.1\.0 .*: please report it/);
    expect(ran.stderr).toContain('RangeError: boom\n    at ');
    expect(ran.stderr).not.toContain('27182818');
  });
});

describe.skipIf(!existsSync('/usr/bin/script'))('at a terminal', () => {
  test('init asks for everything, with presets', async ({ empty: world }) => {
    const alice = world.person('alice');
    alice.git.git('config', '--unset', 'tuf-signer.user');
    await mkdir(join(world.folder, 'keys'), { recursive: true });
    await writeFile(join(world.folder, 'keys/alice.pem'), testKey(100).privatePem, { mode: 0o600 });
    const { exit, screen } = await runInTerminal(
      cli,
      ['init', '--key', 'file:alice.pem', ...NOW_FLAG],
      [
        ['Your account', 'alice!'],
        ['Your account', '@alice'],
        ['Who signs root?', '@alice,alice'],
        ['Who signs root?', '@alice'],
        ['have to sign root', '2'],
        ['it has to be 1 to 1', ''],
        ['root expires', '10/20'],
        ['root expires', ''],
        ['Who signs targets?', ''],
        ['have to sign targets', ''],
        ['targets expires', ''],
        ['automation signs with', 'file:online.pem'],
        ['Make a new key there?', 'y'],
        ['Sign root and targets?', 'y'],
      ],
      { cwd: alice.folder, env: { TUF_SIGNER_KEYS: join(world.folder, 'keys') } },
    );
    expect(screen).toContain('@alice is named twice');
    expect(screen).toContain('You have signed root and targets');
    expect(exit).toBe(0);
    expect(alice.git.git('config', 'tuf-signer.user')).toBe('@alice');
  });

  test('init finds out that there is no key before it asks the rest', async ({ empty: world }) => {
    const { exit, screen } = await runInTerminal(
      cli,
      ['init', '--key', 'file:no-such.pem', ...NOW_FLAG],
      [
        ['Who signs root?', '@alice,@bob'],
        ['have to sign root', ''],
        ['root expires', ''],
      ],
      { cwd: world.person('alice').folder, env: world.person('alice').env },
    );
    expect(exit).toBe(69);
    expect(screen).not.toContain('Who signs targets?');
  });

  test('sign shows the change and takes no for an answer', async ({ world }) => {
    world.push({ 'targets/one.txt': 'one' });
    await world.updateTargets();
    const before = world.refs();
    const key = join(world.folder, 'keys/alice.pem');
    await writeFile(key, testKey(100).privatePem, { mode: 0o600 });
    const { exit, screen } = await runInTerminal(
      cli,
      ['sign', UPDATE, '--key', `file:${key}`, ...NOW_FLAG],
      [['Sign targets?', 'n']],
      { cwd: world.person('alice').folder, env: world.person('alice').env },
    );
    expect(screen).toContain('one.txt');
    expect([exit, world.refs()]).toEqual([77, before]);
  });

  test('the end of input is no answer', async ({ world }) => {
    world.push({ 'targets/one.txt': 'one' });
    await world.updateTargets();
    const { exit } = await runInTerminal(
      cli,
      ['sign', UPDATE, '--key', 'file:alice.pem', ...NOW_FLAG],
      [['Sign targets?', '\u0004']],
      { cwd: world.person('alice').folder, env: world.person('alice').env },
    );
    expect(exit).toBe(77);
  });
});

test('a link to the command works as the command', async ({ world }) => {
  const link = join(world.folder, 'tuf-signer');
  await symlink(cli.file, link);
  expect((await runProgram(link, ['--version'])).exit).toBe(0);
});
