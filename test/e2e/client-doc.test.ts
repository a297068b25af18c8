import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Loopback, serve } from '../client/loopback.ts';
import { type BuiltCli, builtCli, projectFolder, type Ran, runProgram } from '../support/cli.ts';
import { commandsOf, readBlocks } from '../support/examples.ts';
import { type TestFolder, testFolder } from '../support/git-repo.ts';
import { RepositorySimulator } from '../support/repository-simulator.ts';
import { testKey } from '../support/test-keys.ts';

let cli: BuiltCli;
let folder: TestFolder;
let blocks: ReadonlyMap<string, string>;
let vendor: Loopback;
let auditor: Loopback;
let mirror: Loopback;
const vendors = repository();
const auditors = repository();
auditors.rotate('root', testKey(80), testKey(81));

function repository(): RepositorySimulator {
  const simulator = new RepositorySimulator();
  simulator.delegate('targets', 'tools');
  simulator.addTarget('tools', 'tools/greet.sh', 'echo hello\n');
  simulator.bump('targets', 'tools');
  return simulator;
}

/** As `tuf-signer build` lays a site out: the metadata on top. */
const served = (simulator: RepositorySimulator): Promise<Loopback> =>
  serve((request, response) => {
    const path = (request.url ?? '').slice(1);
    const bytes = simulator.files.get(path) ?? simulator.files.get(`metadata/${path}`);
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });

beforeAll(async () => {
  auditors.publishRoot();
  [cli, folder, vendor, auditor, mirror] = await Promise.all([
    builtCli(),
    testFolder(),
    served(vendors),
    served(auditors),
    serve((_, response) => void response.writeHead(503).end()),
  ]);
  const here = (body: string): string =>
    body
      .replaceAll('https://tuf.example.org/', vendor.url)
      .replaceAll('https://auditor.example.org/', auditor.url)
      .replaceAll('https://mirror.example.org/', mirror.url);
  blocks = new Map([...(await readBlocks('docs/client.md'))].map(([name, body]) => [name, here(body)]));
  await writeFile(join(folder.path, 'root.json'), vendors.trustedRoot);
  await writeFile(join(folder.path, 'auditor-root.json'), auditors.trustedRoot);
  await mkdir(join(folder.path, 'bin'));
  const wrapper = `#!/bin/sh\nexec '${process.execPath}' '${cli.file}' "$@"\n`;
  await writeFile(join(folder.path, 'bin/tuf-signer'), wrapper, { mode: 0o755 });
  await mkdir(join(folder.path, 'node_modules'));
  await symlink(join(cli.file, '../..'), join(folder.path, 'node_modules/tuf-signer'));
});
afterAll(async () => {
  for (const server of [vendor, auditor, mirror]) await server.close();
  await folder[Symbol.asyncDispose]();
  await cli[Symbol.asyncDispose]();
});

async function perform(name: string): Promise<Ran> {
  const env = { PATH: `${join(folder.path, 'bin')}:${process.env['PATH'] ?? ''}` };
  const ran = await runProgram('sh', ['-eu', '-c', commandsOf(blocks.get(name))], { cwd: folder.path, env });
  expect(`${ran.exit} ${ran.stderr}`).toMatch(/^0 /);
  return ran;
}

async function evaluate(name: string, before: string, after: string): Promise<string> {
  await writeFile(join(folder.path, `${name}.mjs`), `${before}\n${blocks.get(name) ?? ''}\n${after}`);
  const { exit, stdout, stderr } = await runProgram(process.execPath, [`${name}.mjs`], { cwd: folder.path });
  expect(`${exit} ${stderr}`).toMatch(/^0 /);
  return stdout.trim();
}

test('every example of docs/client.md works as it is written', async () => {
  expect([...blocks.keys()]).toEqual([
    'start',
    'policies',
    'bundle',
    'mirrors',
    'mapfile',
    'map',
    'library',
    'quorum',
  ]);
  const started = await perform('start');
  expect(started.stdout).toContain('11  tools  tools/greet.sh');
  expect(await readFile(join(folder.path, 'downloads/tools/greet.sh'), 'utf8')).toBe('echo hello\n');
  expect((await perform('policies')).stderr).toContain('is there already and verifies');
  expect((await perform('bundle')).stderr).toContain('Packed 1 artifact');
  await perform('mirrors');
  await writeFile(join(folder.path, 'map.json'), blocks.get('mapfile') ?? '');
  await perform('map');
  const root = `import { readFileSync } from 'node:fs';\nconst trustedRoot = readFileSync('root.json');`;
  expect(
    await evaluate(
      'library',
      root,
      'console.log(timestamp.signed.version, info.role, from, file, targets.length, missing.size);',
    ),
  ).toBe(`2 tools place ${join('downloads', 'tools/greet.sh')} 1 0`);
  const roots = `import { readFileSync } from 'node:fs';\nconst roots = new Map([['vendor', readFileSync('root.json')], ['auditor', readFileSync('auditor-root.json')]]);`;
  expect(await evaluate('quorum', roots, 'console.log(from);')).toBe('place');
}, 60_000);

test('the exit codes and error codes that the document lists are those that there are', async () => {
  const text = await readFile(join(projectFolder, 'docs/client.md'), 'utf8');
  const source = await readFile(join(projectFolder, 'src/client/error.ts'), 'utf8');
  const codes = [...source.matchAll(/^ {2}\| '([A-Z_]+)'/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(15);
  for (const code of codes) expect(text).toContain(`\`${code}\``);
});
