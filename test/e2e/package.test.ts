import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { projectFolder, runProgram, withBuiltPackage } from '../support/cli.ts';
import { worldTest as test } from '../support/world.ts';

let folder: string;
let files: readonly string[];

const npm = (...args: string[]): string =>
  execFileSync('npm', args, { cwd: projectFolder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'tuf-signer-package-')));
  // What npm would publish. The build was run before, not by npm: it would pull dist/ from under other tests.
  const output = await withBuiltPackage(async () =>
    npm('pack', '--ignore-scripts', '--json', '--pack-destination', folder),
  );
  const [packed] = JSON.parse(output) as readonly Packed[];
  files = packed?.files.map(({ path }) => path) ?? [];
  const tarball = join(folder, packed?.filename ?? '');
  npm('install', '--global', '--prefix', folder, '--prefer-offline', '--no-audit', '--no-fund', tarball);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const installed = (): string => join(folder, 'bin', 'tuf-signer');

describe('the package', () => {
  test('holds the command, the library, its types, the workflows and the documents, nothing else', () => {
    for (const path of [
      'dist/cli.mjs',
      'dist/index.mjs',
      'dist/types/src/index.d.ts',
      'README.md',
      'LICENSE',
      'SECURITY.md',
      'workflows-template/workflows/signing-event.yml',
      'workflows-template/rulesets/main.json',
      'workflows-template/CODEOWNERS',
    ])
      expect(files).toContain(path);
    const strange = files.filter(
      path =>
        !/^(dist\/(cli|index)\.mjs|dist\/chunks\/[\w-]+\.mjs|dist\/types\/src\/.*\.d\.ts|dist\/release\.json|docs\/.*\.md|workflows-template\/.*|[A-Z]+(\.md)?|package\.json)$/.test(
          path,
        ),
    );
    expect(strange).toEqual([]);
  });

  test('installs the command, which runs from anywhere', async () => {
    expect(await runProgram(installed(), ['--version'])).toEqual({ exit: 0, stdout: '0.1.0\n', stderr: '' });
  });

  test('its command judges a repository', async ({ world }) => {
    const { exit, stdout } = await runProgram(installed(), ['status', '--event', 'origin/main', '--json'], {
      cwd: world.person('alice').folder,
    });
    expect([exit, (JSON.parse(stdout) as { verdict: string }).verdict]).toEqual([3, 'unchanged']);
  });

  test('its command finds the workflows that it brings, and its version, wherever it is bundled', async ({
    world,
  }) => {
    const clone = world.person('alice').git;
    clone.git('remote', 'set-url', 'origin', 'https://github.com/town/metadata');
    clone.git('config', `url.${world.remote.folder}.insteadOf`, 'https://github.com/town/metadata');
    const args = ['github', '--actions', `makers/tuf-signer@${'c'.repeat(40)}`];
    const { exit, stderr } = await runProgram(installed(), args, { cwd: clone.folder });
    expect([exit, stderr]).toEqual([
      1,
      expect.stringContaining('written  .github/workflows/signing-event.yml'),
    ]);
    expect(stderr).toContain('(version 0.1.0)');
  });

  test('its command performs the demo', async () => {
    const out = join(folder, 'demo');
    expect(await runProgram(installed(), ['demo', '--out', out])).toMatchObject({
      exit: 0,
      stdout: `${out}\n`,
    });
    expect(await readdir(out)).toContain('site');
  });

  test('its library imports, and its types need no others, not even those of Node', async () => {
    const consumer = join(folder, 'consumer');
    await mkdir(join(consumer, 'node_modules'), { recursive: true });
    await symlink(join(folder, 'lib/node_modules/tuf-signer'), join(consumer, 'node_modules/tuf-signer'));
    await writeFile(
      join(consumer, 'use.mts'),
      `import { parseInstant, systemClock, Client, judge, type Verdict } from 'tuf-signer';
       const verdict: Verdict = 'accepted';
       // @ts-expect-error: types are there, and not any
       const wrong: Verdict = 'maybe';
       export const used = [typeof Client, typeof judge, verdict, wrong, parseInstant('x'), systemClock.now() > 0];`,
    );
    // No types of Node's, and no library beyond what nodenext brings.
    const options = ['--strict', '--module', 'nodenext'];
    const tsc = join(projectFolder, 'node_modules/typescript/bin/tsc');
    const compiled = await runProgram(process.execPath, [tsc, ...options, 'use.mts'], { cwd: consumer });
    expect([compiled.exit, compiled.stdout]).toEqual([0, '']);
    const show = "import { used } from './use.mjs'; console.log(...used)";
    const { stdout } = await runProgram(process.execPath, ['--input-type=module', '--eval', show], {
      cwd: consumer,
    });
    expect(stdout).toBe('function function accepted maybe undefined true\n');
  });
});
