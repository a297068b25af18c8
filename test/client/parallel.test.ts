import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fileStore } from '../../src/client/store.ts';
import { signedSnapshot, signedTimestamp, trustRoot } from '../../src/client/trusted.ts';
import { type BuiltCli, builtCli, plainEnvironment } from '../support/cli.ts';
import { type TestFolder, testFolder } from '../support/git-repo.ts';
import { RepositorySimulator } from '../support/repository-simulator.ts';
import { type Loopback, serve } from './loopback.ts';

// Many processes, one folder, a repository that moves on meanwhile, and some of the processes killed.

let cli: BuiltCli;
let folder: TestFolder;
let server: Loopback;
const simulator = new RepositorySimulator();
simulator.delegate('targets', 'tools');
simulator.addTarget('tools', 'tools/greet.sh', 'hello');
simulator.bump('targets', 'tools');

beforeAll(async () => {
  [cli, folder] = await Promise.all([builtCli(), testFolder()]);
  // Some answers are slow: then a process holds what others have long passed.
  server = await serve((request, response) => {
    const bytes = simulator.files.get((request.url ?? '').slice(1));
    const answer = (): void => void response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
    setTimeout(answer, request.url === '/metadata/timestamp.json' ? Math.random() * 200 : 0);
  });
});
afterAll(async () => {
  await server.close();
  await folder[Symbol.asyncDispose]();
  await cli[Symbol.asyncDispose]();
});

const NOW = ['--now', '2030-06-01T00:00:00Z'];
const run = (...args: readonly string[]): Promise<{ exit: number; stdout: string; stderr: string }> =>
  cli.run(['client', ...args, '--dir', join(folder.path, 'client'), ...NOW]);

/** A client that is killed after a while, if it has not ended by itself. */
function killed(after: number): Promise<void> {
  const args = [cli.file, 'client', 'download', 'tools/greet.sh', '--out', join(folder.path, 'out')];
  const child = spawn(process.execPath, [...args, '--dir', join(folder.path, 'client'), ...NOW], {
    env: plainEnvironment(),
    stdio: 'ignore',
  });
  setTimeout(() => child.kill('SIGKILL'), after);
  return new Promise(resolve => child.on('close', () => resolve()));
}

/** Versions of what the folder holds; each has to verify. */
async function kept(): Promise<{ timestamp: number; snapshot: number }> {
  const store = fileStore(join(folder.path, 'client'));
  const read = async (name: string): Promise<Uint8Array> =>
    (await store.read(name, Number.MAX_SAFE_INTEGER)) ?? Buffer.alloc(0);
  const root = trustRoot(await read('root.json'));
  return {
    timestamp: signedTimestamp(root, await read('timestamp.json')).signed.version,
    snapshot: signedSnapshot(root, await read('snapshot.json')).signed.version,
  };
}

it('what is kept never goes back, belongs together and lets the next client in', async () => {
  const urls = ['--metadata-url', `${server.url}metadata`, '--targets-url', `${server.url}targets`];
  const { writeFile } = await import('node:fs/promises');
  await writeFile(join(folder.path, 'root.json'), simulator.trustedRoot);
  expect((await run('init', join(folder.path, 'root.json'), ...urls)).exit).toBe(0);
  expect((await run('refresh')).exit).toBe(0);
  let highest = 0;
  const over = new AbortController();
  const publishing = (async () => {
    while (!over.signal.aborted) {
      simulator.bump('targets', 'tools');
      await sleep(25);
    }
  })();
  for (let round = 0; round < 5; round++) {
    const clients = Array.from({ length: 4 }, () => run('refresh', '--json'));
    const victims = Array.from({ length: 4 }, (_, i) => killed(60 + 45 * i + 20 * round));
    for (const { exit, stdout, stderr } of await Promise.all(clients)) {
      expect(`${exit} ${stderr}`).toBe('0 ');
      highest = Math.max(
        highest,
        (JSON.parse(stdout) as { timestamp: { version: number } }).timestamp.version,
      );
    }
    await Promise.all(victims);
    expect((await kept()).timestamp).toBeGreaterThanOrEqual(highest);
  }
  over.abort();
  await publishing;
  expect((await run('refresh')).exit).toBe(0);
  expect(await kept()).toEqual({
    timestamp: simulator.timestamp.version,
    snapshot: simulator.snapshot.version,
  });
  expect((await run('refresh', '--offline')).exit).toBe(0);
  expect((await run('download', 'tools/greet.sh', '--out', join(folder.path, 'out'))).exit).toBe(0);
  expect(readdirSync(join(folder.path, 'client')).filter(name => name === '.lock')).toEqual([]);
});
