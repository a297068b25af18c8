import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveFolder } from '../../signer-cli/demo/static-server.ts';
import { type BuiltCli, builtCli, type Ran, runProgram } from '../support/cli.ts';
import { Crew } from '../support/crew.ts';
import { commandsOf, readBlocks, perform as run } from '../support/examples.ts';

let cli: BuiltCli;
let blocks: ReadonlyMap<string, string>;

beforeAll(async () => {
  cli = await builtCli();
  blocks = await readBlocks('README.md');
});
afterAll(() => cli[Symbol.asyncDispose]());

const commands = (name: string): string => commandsOf(blocks.get(name));
const perform = (crew: Crew, name: string, script: string): Promise<Ran> => run(cli, crew, name, script);

test('every example works as it is written', async () => {
  expect([...blocks.keys()]).toEqual([
    'init',
    'sign',
    'delegate',
    'policyfile',
    'policy',
    'trust',
    'publish',
    'calendar',
    'client',
    'library',
  ]);
  await using crew = await Crew.gather(cli, 'alice', 'bob', 'carol');
  const signAll = async (event: string, ...names: readonly string[]): Promise<void> => {
    for (const name of names) await perform(crew, name, commands('sign').replaceAll('sign/init', event));
  };
  await perform(crew, 'alice', commands('init'));
  await signAll('sign/init', 'bob', 'carol', 'bob', 'alice');
  crew.remote.git('update-ref', 'refs/heads/main', 'sign/init');

  await writeFile(join(crew.folder, 'greet.sh'), 'echo hello\n');
  await perform(crew, 'alice', commands('delegate'));
  await signAll('sign/tools', 'bob', 'carol', 'bob');
  crew.clone('alice').git('fetch', '-q');
  const published = await perform(crew, 'alice', commands('publish'));
  expect(published.stdout).toContain('ACCEPTED sign/tools');
  expect(published.stderr).toContain('0 artifacts');

  // Merged, it is published as well.
  crew.remote.git('update-ref', 'refs/heads/main', mergeOf(crew));
  crew.clone('alice').git('fetch', '-q');
  const [, ...afterMerge] = commands('publish').split('\n');
  const again = await perform(crew, 'alice', afterMerge.join('\n'));
  expect(again.stderr).toContain('1 artifact.');

  const known = await perform(crew, 'alice', commands('calendar'));
  expect(known.stdout).toContain('When to sign, until');
  expect(known.stdout).toContain('0 of 3 keys proved');

  const trusted = await perform(crew, 'bob', commands('trust'));
  expect(trusted.stdout).toContain('its signers  2 of @alice, @bob and @carol');

  await writeFile(join(crew.folder, 'tuf-signer.yml'), blocks.get('policyfile') ?? '');
  await perform(crew, 'alice', commands('policy'));
  expect(crew.remote.git('ls-tree', '--name-only', 'sign/policy')).toContain('tuf-signer.yml');

  await using server = await serveFolder(join(crew.clone('alice').folder, 'site'));
  const consumer = join(crew.folder, 'consumer');
  await mkdir(join(consumer, 'node_modules'), { recursive: true });
  await symlink(join(cli.file, '../..'), join(consumer, 'node_modules/tuf-signer'));
  const root = join(crew.clone('alice').folder, 'site', '1.root.json');
  await performAsClient(consumer, root, server.url);
  await rm(join(consumer, 'downloads'), { recursive: true });
  const example = (blocks.get('library') ?? '').replace('https://tuf.example.org/', server.url);
  await writeFile(
    join(consumer, 'example.mjs'),
    `import { readFile } from 'node:fs/promises';\nconst trustedRoot = await readFile(${JSON.stringify(root)});\n${example}`,
  );
  expect(await runProgram(process.execPath, ['example.mjs'], { cwd: consumer })).toMatchObject({
    exit: 0,
    stderr: '',
  });
  expect(await readFile(join(consumer, 'downloads', 'tools/greet.sh'), 'utf8')).toBe('echo hello\n');
}, 120_000);

/** Runs the block of the client, somewhere else than in a clone. */
async function performAsClient(folder: string, root: string, url: string): Promise<void> {
  await cp(root, join(folder, '1.root.json'));
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'tuf-signer'), `#!/bin/sh\nexec '${process.execPath}' '${cli.file}' "$@"\n`, {
    mode: 0o755,
  });
  const script = commands('client').replaceAll('https://tuf.example.org/', url);
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  const ran = await runProgram('sh', ['-eu', '-c', script], { cwd: folder, env });
  expect(`${ran.exit} ${ran.stderr}`).toMatch(/^0 [^]*Packed 1 artifact/);
  expect(await readFile(join(folder, 'downloads/tools/greet.sh'), 'utf8')).toBe('echo hello\n');
}

/** What a click on "merge" makes. */
function mergeOf({ remote }: Crew): string {
  const tree = remote.git('merge-tree', '--write-tree', 'main', 'sign/tools');
  return remote.git('commit-tree', '-p', 'main', '-p', 'sign/tools', '-m', 'Merge sign/tools', tree);
}
