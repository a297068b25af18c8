import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveFolder } from '../../signer-cli/demo/static-server.ts';
import { type BuiltCli, builtCli, projectFolder, type Ran, runProgram } from '../support/cli.ts';
import { Crew } from '../support/crew.ts';

let cli: BuiltCli;
let blocks: ReadonlyMap<string, string>;

beforeAll(async () => {
  cli = await builtCli();
  const readme = await readFile(join(projectFolder, 'README.md'), 'utf8');
  const marked = readme.matchAll(/<!-- run: (\w+) -->\n```\w+\n([^]*?)```/g);
  blocks = new Map([...marked].map(([, name = '', body = '']) => [name, body]));
});
afterAll(() => cli[Symbol.asyncDispose]());

/** The commands of a console block, as they are typed. */
const commands = (name: string): string =>
  (blocks.get(name) ?? '')
    .split('\n')
    .filter(line => line.startsWith('$ '))
    .map(line => line.slice(2))
    .join('\n');

/**
 * Runs a block in somebody's clone. `tuf-signer` there signs with their key file, as no card is at hand, and says yes;
 * beside that it is the built command, and the block is what the README says.
 */
async function perform(crew: Crew, name: string, script: string): Promise<Ran> {
  const bin = join(crew.folder, 'bin', name);
  await mkdir(bin, { recursive: true });
  const key = join(crew.folder, 'keys', `${name}.pem`);
  const wrapper = `#!/bin/sh
case "$1" in init | delegate | sign) set -- "$@" --yes --key 'file:${key}' ;; esac
exec '${process.execPath}' '${cli.file}' "$@"
`;
  await writeFile(join(bin, 'tuf-signer'), wrapper, { mode: 0o755 });
  const ran = await runProgram('sh', ['-eu', '-c', script], {
    cwd: crew.clone(name).folder,
    env: {
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      HOME: crew.folder,
      TUF_SIGNER_KEYS: join(crew.folder, 'tuf-keys'),
    },
  });
  expect(`${ran.exit} ${ran.stderr}`).toMatch(/^0 /);
  return ran;
}

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

/** What a click on "merge" makes. */
function mergeOf({ remote }: Crew): string {
  const tree = remote.git('merge-tree', '--write-tree', 'main', 'sign/tools');
  return remote.git('commit-tree', '-p', 'main', '-p', 'sign/tools', '-m', 'Merge sign/tools', tree);
}
