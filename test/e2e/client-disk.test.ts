import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Loopback, serveSite } from '../client/loopback.ts';
import { type BuiltCli, builtCli, type Ran, runProgram } from '../support/cli.ts';
import { type TestFolder, testFolder } from '../support/git-repo.ts';
import { RepositorySimulator } from '../support/repository-simulator.ts';

// A disk that is full, stood in for by a limit on the size of files (a write beyond it fails as one on a full disk does),
// and a cache that can't be written.

let cli: BuiltCli;
let folder: TestFolder;
let server: Loopback;
const simulator = new RepositorySimulator();
const LARGE = 'x'.repeat(200_000);
simulator.addTarget('targets', 'large.bin', LARGE);
simulator.bump('targets');

beforeAll(async () => {
  [cli, folder, server] = await Promise.all([builtCli(), testFolder(), serveSite(simulator)]);
});
afterAll(async () => {
  await server.close();
  await folder[Symbol.asyncDispose]();
  await cli[Symbol.asyncDispose]();
});

const args = (dir: string, command: string, ...more: readonly string[]): readonly string[] => [
  cli.file,
  'client',
  command,
  '--dir',
  dir,
  '--now',
  '2030-06-01T00:00:00Z',
  ...more,
];
const run = (dir: string, command: string, ...more: readonly string[]): Promise<Ran> =>
  runProgram(process.execPath, args(dir, command, ...more));
/** The same where no file may be larger than so many half-kilobytes. */
const runLimited = (blocks: number, dir: string, command: string, ...more: readonly string[]): Promise<Ran> =>
  runProgram('sh', [
    '-c',
    `ulimit -f ${blocks}; exec "$0" "$@"`,
    process.execPath,
    ...args(dir, command, ...more),
  ]);

async function initialised(name: string): Promise<string> {
  const [dir, root] = [join(folder.path, name), join(folder.path, `${name}.root.json`)];
  writeFileSync(root, simulator.trustedRoot);
  const urls = ['--metadata-url', `${server.url}metadata`, '--targets-url', `${server.url}targets`];
  expect((await run(dir, 'init', root, ...urls)).exit).toBe(0);
  return dir;
}

test('a disk that is full while an artifact comes: exit 74, no half of it anywhere, and it works when there is room', async () => {
  const dir = await initialised('full-artifact');
  const out = join(dir, 'out');
  const refused = await runLimited(64, dir, 'download', 'large.bin', '--out', out);
  expect([refused.exit, refused.stderr]).toEqual([74, expect.stringContaining('can not write')]);
  expect(readdirSync(out)).toEqual([]);
  expect((await run(dir, 'download', 'large.bin', '--out', out)).exit).toBe(0);
  expect(readFileSync(join(out, 'large.bin'), 'utf8')).toBe(LARGE);
});

test('a disk that is full while metadata comes: what was there stays', async () => {
  const dir = await initialised('full-metadata');
  expect((await run(dir, 'refresh')).exit).toBe(0);
  simulator.bump('targets');
  const refused = await runLimited(0, dir, 'refresh');
  expect([refused.exit, refused.stderr]).toEqual([74, expect.stringContaining('can not')]);
  expect((await run(dir, 'refresh', '--offline')).exit).toBe(0);
  expect((await run(dir, 'refresh')).exit).toBe(0);
  expect(readdirSync(dir).filter(name => name.endsWith('.tmp') || name.startsWith('.lock'))).toEqual([]);
});

/** Can this user mount a file system of his own? Only that makes a read-only one. */
const mountsOwn = ((): boolean => {
  try {
    execFileSync('unshare', ['--mount', '--map-root-user', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!mountsOwn)(
  'a file system that is read-only is told as such, in folders of folders too',
  async () => {
    const dir = await initialised('mount');
    expect((await run(dir, 'refresh')).exit).toBe(0);
    const root = join(folder.path, 'mount.root.json');
    const onReadOnly = (...line: readonly string[]): Promise<Ran> =>
      runProgram('unshare', [
        '--mount',
        '--map-root-user',
        'sh',
        '-ec',
        'mkdir -p "$0"; mount -t tmpfs -o ro none "$0"; exec "$@"',
        join(folder.path, 'ro'),
        process.execPath,
        ...line,
      ]);
    const init = await onReadOnly(...args(join(folder.path, 'ro/m/e'), 'init', root));
    expect([init.exit, init.stderr]).toEqual([
      74,
      expect.stringMatching(/can not lock \S+\/ro\/m\/e \(EROFS\): the file system is read-only; /),
    ]);
    const out = join(folder.path, 'ro/m/e');
    const download = await onReadOnly(...args(dir, 'download', 'large.bin', '--out', out));
    expect([download.exit, download.stderr]).toEqual([
      74,
      expect.stringMatching(
        /can not write \S+large\.bin \(EROFS\): the file system is read-only; name another folder/,
      ),
    ]);
  },
);

test('a cache that can not be written: offline works, and a refresh that would have to write says so', async () => {
  const dir = await initialised('read-only');
  expect((await run(dir, 'download', 'large.bin', '--out', join(folder.path, 'a'))).exit).toBe(0);
  simulator.bump('targets');
  for (const place of [dir, join(dir, 'client'), join(dir, 'root_history'), join(dir, 'artifacts')])
    chmodSync(place, 0o555);
  chmodSync(folder.path, 0o755);
  chmodSync(dirname(dirname(cli.file)), 0o755);
  // Nobody can keep root from writing.
  const nobody =
    process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : ['env'];
  const asNobody = (...line: readonly string[]): Promise<Ran> =>
    runProgram(nobody[0] ?? '', [...nobody.slice(1), process.execPath, ...line]);
  const offline = await asNobody(...args(dir, 'refresh', '--offline'));
  expect([offline.exit, offline.stderr]).toEqual([0, expect.stringContaining('Verified')]);
  expect((await asNobody(...args(dir, 'list', '--prefer-cache'))).stdout).toContain('large.bin');
  const refused = await asNobody(...args(dir, 'refresh'));
  expect([refused.exit, refused.stderr]).toEqual([
    74,
    expect.stringMatching(/EACCES.*can still be used offline/),
  ]);
  for (const place of [dir, join(dir, 'client'), join(dir, 'root_history'), join(dir, 'artifacts')])
    chmodSync(place, 0o755);
  expect(existsSync(join(dir, '.lock'))).toBe(false);
  expect((await run(dir, 'refresh')).exit).toBe(0);
});
