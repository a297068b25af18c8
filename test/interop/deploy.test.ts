import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { downloadWithTufJs } from '../../signer-cli/demo/peer-client.ts';
import { serveFolder } from '../../signer-cli/demo/static-server.ts';
import { DAY_MS } from '../../src/clock.ts';
import { publishSite } from '../../src/operations/publish.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import { foundedWorld, type NOW, type TestWorld } from '../support/world.ts';
import { requireBuilt } from './support/command.ts';
import { download, PEER_CLIENTS } from './support/peer-clients.ts';

const projectFile = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const COMMAND = projectFile('dist/cli.mjs');
const PROGRAMS = projectFile('.interop/object-stores/bin');
const ARTIFACT = 'tools/greet.sh';

/** Somewhere that a site is brought to by the real programs, and what is there. */
interface Place {
  readonly to: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Copies what is there into a folder. */
  copyInto(folder: string): Promise<void>;
}

const environmentOf = (place: Pick<Place, 'environment'>): Record<string, string> => ({
  PATH: `${PROGRAMS}${delimiter}${process.env['PATH'] ?? ''}`,
  HOME: join(tmpdir(), 'no-home'),
  ...place.environment,
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function startServer(program: string, args: readonly string[], url: string): Promise<ChildProcess> {
  if (!existsSync(program)) throw new Error(`${program} is not installed: run script/interop`);
  const child = spawn(program, args, { stdio: 'ignore' });
  for (let i = 0; i < 300; i++) {
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      return child;
    await sleep(100);
  }
  child.kill();
  throw new Error(`${program} did not start`);
}

describe('a deployment by the real programs', () => {
  let folder: string;
  let world: TestWorld;
  const servers: ChildProcess[] = [];
  const [first, second] = ['first', 'second'].map(name => () => join(folder, name)) as [
    () => string,
    () => string,
  ];

  const build = (out: string): ReturnType<typeof publishSite> =>
    world.in(world.automation, async workspace => {
      const { commit } = await fetchMain(workspace);
      return publishSite(workspace, { commit, out });
    });

  beforeAll(async () => {
    await requireBuilt();
    folder = await mkdtemp(join(tmpdir(), 'tuf-signer-deploy-test-'));
    world = await foundedWorld(join(folder, 'world'));
    await build(first());
    await cp(first(), second(), { recursive: true });
    const many = Array.from({ length: 40 }, (_, i) => [`targets/tools/more-${i}.txt`, `more ${i}\n`]);
    world.push(
      Object.fromEntries([['targets/tools/greet.sh', 'echo two\n'], ...many]) as Record<string, string>,
    );
    await world.updateTargets();
    for (const name of ['bob', 'carol'] as const) await world.sign(name);
    world.merge();
    world.clock.time = (world.clock.time + DAY_MS) as typeof NOW;
    await world.onlineSign();
    expect((await build(second())).published).toBe(true);
  }, 120_000);
  afterAll(async () => {
    for (const server of servers) server.kill();
    await rm(folder, { recursive: true, force: true });
  });

  const deploy = (place: Place, site: string, ...more: readonly string[]): ChildProcess =>
    spawn(process.execPath, [COMMAND, 'deploy', site, '--to', place.to, '--json', ...more], {
      env: environmentOf(place),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // so that it can be killed with the programs that it runs
    });

  const finish = async (
    child: ChildProcess,
  ): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> => {
    let [out, err] = ['', ''];
    child.stdout?.on('data', (text: Buffer) => (out += text.toString()));
    child.stderr?.on('data', (text: Buffer) => (err += text.toString()));
    const code = await new Promise<number | null>(resolve => child.once('close', resolve));
    return { code, out, err };
  };

  /** What each client gets from what is there. */
  async function follow(place: Place): Promise<ReadonlyMap<string, string>> {
    const copy = await mkdtemp(join(folder, 'copy-'));
    await place.copyInto(copy);
    await using server = await serveFolder(copy);
    const root = join(first(), '1.root.json');
    const got = new Map<string, string>();
    for (const client of PEER_CLIENTS) {
      const { content, output } = await download(client, root, server.url, ARTIFACT);
      got.set(client.name, content ?? output);
    }
    const file = await downloadWithTufJs(server.url, await readFile(root), ARTIFACT, join(copy, '.tuf-js'));
    return got.set('tuf-js', await readFile(file, 'utf8'));
  }

  const allGet = (content: string): ReadonlyMap<string, string> =>
    new Map([...PEER_CLIENTS.map(({ name }) => name), 'tuf-js'].map(name => [name, content]));

  const places: readonly (readonly [string, () => boolean, () => Promise<Place>])[] = [
    [
      'rsync, into a folder of this machine',
      () => true,
      async () => {
        const target = join(folder, 'www');
        return { to: target, environment: {}, copyInto: into => cp(target, into, { recursive: true }) };
      },
    ],
    [
      'rsync, to another host',
      () => true,
      async () => {
        const [target, shell] = [join(folder, 'www on host'), join(folder, 'shell')];
        // In ssh's place: drops the host's name and runs what is asked for, as the other host would.
        const options = 'while [ "${1#-}" != "$1" ]; do [ "$1" = -l ] && shift; shift; done';
        await writeFile(shell, `#!/bin/sh\n${options}\nshift\nexec sh -c "$*"\n`, { mode: 0o755 });
        return {
          to: `www@host.example:${target}`,
          environment: { RSYNC_RSH: shell },
          copyInto: into => cp(target, into, { recursive: true }),
        };
      },
    ],
    [
      'aws, into a bucket of an S3 server',
      () => true,
      async () => {
        const port = await freePort();
        const url = `http://127.0.0.1:${port}/`;
        const args = ['-H', '127.0.0.1', '-p', String(port)];
        servers.push(await startServer(join(PROGRAMS, 'moto_server'), args, url));
        const environment = {
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
          AWS_DEFAULT_REGION: 'us-east-1',
          AWS_ENDPOINT_URL: url.slice(0, -1),
        };
        const aws = (...words: readonly string[]): void =>
          void execFileSync('aws', words, { env: environmentOf({ environment }), stdio: 'ignore' });
        aws('s3api', 'create-bucket', '--bucket', 'tuf-site');
        return {
          to: 's3://tuf-site/a/b',
          environment,
          copyInto: async into => aws('s3', 'cp', '--recursive', 's3://tuf-site/a/b/', into),
        };
      },
    ],
    [
      'gcloud, into a bucket of a Google Cloud Storage server',
      hasGcloud,
      async () => {
        const port = await freePort();
        const url = `http://127.0.0.1:${port}/`;
        const args = ['-backend', 'memory', '-scheme', 'http', '-host', '127.0.0.1', '-port', String(port)];
        servers.push(await startServer(projectFile('.interop/fake-gcs-server'), args, url));
        const body = JSON.stringify({ name: 'tuf-site' });
        await fetch(`${url}storage/v1/b?project=test`, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json' },
        });
        const environment = {
          CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: url,
          CLOUDSDK_AUTH_DISABLE_CREDENTIALS: 'true',
          CLOUDSDK_CORE_PROJECT: 'test',
          CLOUDSDK_CONFIG: join(folder, 'gcloud'),
        };
        return {
          to: 'gs://tuf-site/a/b',
          environment,
          copyInto: async into => {
            const words = ['storage', 'cp', '--recursive', '--quiet', 'gs://tuf-site/a/b/*', into];
            execFileSync('gcloud', words, { env: environmentOf({ environment }), stdio: 'ignore' });
          },
        };
      },
    ],
  ];

  for (const [name, isThere, open] of places) {
    it.skipIf(!isThere())(
      `${name}: broken off and taken up again, it is followed by every client`,
      async () => {
        const place = await open();
        expect(await finish(deploy(place, first()))).toMatchObject({ code: 0 });
        expect(await follow(place)).toEqual(allGet('echo hello\n'));

        // Killed when the first group is under way, the second time later.
        for (const words of ['artifacts: sending', 'snapshot: sending']) {
          const child = deploy(place, second());
          await until(child, words);
          process.kill(-(child.pid ?? 0), 'SIGKILL');
          await new Promise(resolve => child.once('close', resolve));
          expect(await follow(place)).toEqual(allGet('echo hello\n'));
        }

        const resumed = await finish(deploy(place, second()));
        expect(resumed).toMatchObject({ code: 0 });
        const { sent, kept } = JSON.parse(resumed.out) as { sent: string[]; kept: number };
        expect(kept).toBeGreaterThan(40);
        expect(sent.at(-1)).toBe('timestamp.json');
        expect(await follow(place)).toEqual(allGet('echo two\n'));

        expect(JSON.parse((await finish(deploy(place, second()))).out)).toMatchObject({
          sent: [],
          removed: [],
        });
        // Going back is refused; what is of no use any more goes when asked.
        expect(await finish(deploy(place, first()))).toMatchObject({ code: 2 });
        const third = join(folder, 'third');
        await cp(second(), third, { recursive: true });
        await rm(join(third, '1.snapshot.json'));
        expect(JSON.parse((await finish(deploy(place, third, '--delete'))).out)).toMatchObject({
          removed: ['1.snapshot.json'],
        });
        const copy = await mkdtemp(join(folder, 'copy-'));
        await place.copyInto(copy);
        expect((await readdir(copy)).sort()).toEqual((await readdir(third)).sort());
      },
      600_000,
    );
  }
});

/** Resolves when the command says so; throws where it ends before. */
function until(child: ChildProcess, words: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (text: Buffer) => {
      said += text.toString();
      if (said.includes(words)) resolve();
    });
    child.once('close', code => reject(new Error(`ended with ${code} before "${words}":\n${said}`)));
  });
}

/** Google's CLI comes from no registry. Where it is missing its test is skipped, but never in CI. */
function hasGcloud(): boolean {
  const there = (process.env['PATH'] ?? '').split(delimiter).some(place => existsSync(join(place, 'gcloud')));
  if (!there && process.env['CI'] === undefined) console.warn('no gcloud here: its test is skipped');
  return there || process.env['CI'] !== undefined;
}
