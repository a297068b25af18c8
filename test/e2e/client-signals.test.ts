import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Loopback, serve } from '../client/loopback.ts';
import { type BuiltCli, builtCli, plainEnvironment, runProgram } from '../support/cli.ts';
import { type TestFolder, testFolder } from '../support/git-repo.ts';
import { RepositorySimulator } from '../support/repository-simulator.ts';

// Downloads that a signal ends while half of an artifact is there.

let cli: BuiltCli;
let folder: TestFolder;
let server: Loopback;
const simulator = new RepositorySimulator();
const LARGE = 'x'.repeat(200_000);
simulator.addTarget('targets', 'small.txt', 'small');
simulator.addTarget('targets', 'large.bin', LARGE);
simulator.bump('targets');
/** Answers of which only half was sent, while the server holds them back. */
let held: ServerResponse[] | undefined;

beforeAll(async () => {
  [cli, folder, server] = await Promise.all([
    builtCli(),
    testFolder(),
    serve((request, response) => {
      const path = (request.url ?? '').slice(1);
      const bytes = simulator.files.get(path);
      response.writeHead(bytes === undefined ? 404 : 200);
      if (!path.endsWith('large.bin') || bytes === undefined || held === undefined) response.end(bytes);
      else {
        response.write(bytes.subarray(0, 100_000));
        held.push(response);
      }
    }),
  ]);
});
afterAll(async () => {
  await server.close();
  await folder[Symbol.asyncDispose]();
  await cli[Symbol.asyncDispose]();
});

const line = (dir: string, command: string, ...more: readonly string[]): readonly string[] => [
  cli.file,
  'client',
  command,
  '--dir',
  dir,
  '--now',
  '2030-06-01T00:00:00Z',
  ...more,
];

async function initialised(name: string): Promise<string> {
  const [dir, root] = [join(folder.path, name), join(folder.path, `${name}.root.json`)];
  writeFileSync(root, simulator.trustedRoot);
  const urls = ['--metadata-url', `${server.url}metadata`, '--targets-url', `${server.url}targets`];
  expect((await runProgram(process.execPath, line(dir, 'init', root, ...urls))).exit).toBe(0);
  return dir;
}

interface Download {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  readonly ended: Promise<unknown>;
}

/** A download of which half has come. */
const halfWay = (dir: string, ...more: readonly string[]): Promise<Download> =>
  halfDone(dir, '.part', line(dir, 'download', ...more, 'large.bin', '--out', join(dir, 'out')));

/** A command of which half is written, under a name with this end. */
async function halfDone(dir: string, end: string, args: readonly string[]): Promise<Download> {
  held = [];
  const child = spawn(process.execPath, args, { cwd: folder.path, env: plainEnvironment() });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  const ended = once(child, 'close');
  while (!left(dir).some(name => name.endsWith(end)) || held.length === 0) {
    if (child.exitCode !== null) throw new Error(`it ended: ${output.stderr}`);
    await sleep(10);
  }
  return { child, output, ended };
}

function left(dir: string): readonly string[] {
  try {
    return readdirSync(join(dir, 'out'));
  } catch {
    return [];
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal}: nothing of it is left, and the shell sees ${128 + constants.signals[signal]}`, async () => {
    const dir = await initialised(signal);
    const { child, ended } = await halfWay(dir);
    child.kill(signal);
    expect(await ended).toEqual([null, signal]);
    expect(left(dir)).toEqual([]);
    held = undefined;
    const again = await runProgram(
      process.execPath,
      line(dir, 'download', 'large.bin', '--out', join(dir, 'out')),
    );
    expect(again.exit).toBe(0);
  });
}

test('a bundle that is being packed: nothing of it is left', async () => {
  const dir = join(folder.path, 'packing');
  mkdirSync(join(dir, 'out'), { recursive: true });
  const site = ['--site', server.url, '--metadata-path', 'metadata', '--artifact', 'large.bin'];
  const out = ['--out', join(dir, 'out/x.tufbundle'), '--now', '2030-06-01T00:00:00Z'];
  const { child, ended } = await halfDone(dir, '.tmp', [cli.file, 'bundle', ...site, ...out]);
  child.kill('SIGINT');
  expect(await ended).toEqual([null, 'SIGINT']);
  expect(left(dir)).toEqual([]);
});

test('of several, what was written before the signal is told to a program', async () => {
  const dir = await initialised('several');
  const { child, output, ended } = await halfWay(dir, '--json', 'small.txt');
  child.kill('SIGTERM');
  expect(await ended).toEqual([null, 'SIGTERM']);
  expect(JSON.parse(output.stdout)).toMatchObject({
    downloads: [{ path: 'small.txt' }],
    error: { code: 'ABORTED' },
  });
  expect(left(dir)).toEqual(['small.txt']);
});

test('SIGKILL leaves a part, which the next download removes; that of one that goes on stays its own', async () => {
  const dir = await initialised('killed');
  const killed = await halfWay(dir);
  killed.child.kill('SIGKILL');
  await killed.ended;
  expect(left(dir)).toEqual([expect.stringMatching(/^\.tuf-.*\.part$/)]);
  const [stale] = left(dir);
  const living = await halfWay(dir);
  while (left(dir).length !== 1) await sleep(10);
  const [own] = left(dir);
  expect(own).not.toBe(stale);
  const going = held;
  held = undefined;
  const other = await runProgram(
    process.execPath,
    line(dir, 'download', 'small.txt', '--out', join(dir, 'out')),
  );
  expect(other.exit).toBe(0);
  expect(left(dir)).toEqual([own, 'small.txt']);
  for (const response of going ?? []) response.end(LARGE.slice(100_000));
  expect(await living.ended).toEqual([0, null]);
  expect(readFileSync(join(dir, 'out/large.bin'), 'utf8')).toBe(LARGE);
  expect([...left(dir)].sort()).toEqual(['large.bin', 'small.txt']);
});
