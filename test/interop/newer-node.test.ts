import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveFolder } from '../../signer-cli/demo/static-server.ts';
import { requireBuilt } from './support/command.ts';
import { type ProgramResult, run, runOk } from './support/program.ts';

const projectFile = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const COMMAND = projectFile('dist/cli.mjs');
const PYTHON = projectFile('.interop/python-tuf/bin/python');
const NEWER = projectFile('.interop/node/node_modules/.bin/node');
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const knowsMlDsa = major > 24 || (major === 24 && minor >= 6);

beforeAll(async () => {
  await requireBuilt();
  for (const program of [PYTHON, NEWER])
    if (!existsSync(program)) throw new Error(`${program} is not installed: run script/interop`);
}, 120_000);

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tuf-signer-newer-node-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a repository of ML-DSA keys that python-tuf made', () => {
  let site: string;
  beforeAll(async () => {
    site = await mkdtemp(join(folder, 'site-'));
    await runOk(PYTHON, projectFile('test/interop/python-client/ml_dsa.py'), site);
  }, 120_000);

  const follow = async (node: string): Promise<{ initialized: ProgramResult; downloaded: ProgramResult }> => {
    await using server = await serveFolder(site);
    const cache = await mkdtemp(join(folder, 'cache-'));
    const client = (command: string, ...args: readonly string[]): Promise<ProgramResult> =>
      run(node, COMMAND, 'client', command, ...args, '--dir', cache);
    const initialized = await client('init', join(site, '1.root.json'), '--metadata-url', server.url);
    return { initialized, downloaded: await client('download', 'greet.sh', '--out', cache) };
  };

  it('is followed by our client on a Node that knows such keys, a spoilt signature beside the quorum and all', async () => {
    const { initialized, downloaded } = await follow(NEWER);
    expect([initialized.code, downloaded.code, downloaded.output]).toEqual([
      0,
      0,
      expect.stringContaining('downloaded and verified (28 bytes, signed by targets)'),
    ]);
  });

  it.skipIf(knowsMlDsa)('is refused on an older one, with a word about what it needs', async () => {
    const { initialized } = await follow(process.execPath);
    expect(initialized.code).not.toBe(0);
    expect(initialized.output).toMatch(
      /0 of 2 signatures that can be verified here.*ml-dsa-\d\d\/1 needs Node 24\.6/,
    );
  });
});

describe('a site', () => {
  const files = async (site: string): Promise<ReadonlyMap<string, string>> => {
    const entries = await readdir(site, { recursive: true, withFileTypes: true });
    const names = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
    return new Map(
      await Promise.all(
        names.sort().map(async name => [name.slice(site.length), await readFile(name, 'latin1')] as const),
      ),
    );
  };

  it('is the same bytes from either Node', async () => {
    const demo = join(folder, 'demo');
    await runOk(process.execPath, COMMAND, 'demo', '--out', demo);
    const clone = join(demo, 'alice');
    const sites = [];
    for (const node of [process.execPath, NEWER]) {
      const out = join(folder, `site-of-${sites.length}`);
      await runOk(node, COMMAND, 'build', '--repo', clone, '--out', out, '--first-publish');
      sites.push(await files(out));
    }
    expect(sites[0]?.size).toBeGreaterThan(5);
    expect(sites[1]).toEqual(sites[0]);
  });
});
