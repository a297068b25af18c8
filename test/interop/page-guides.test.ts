import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type StaticServer, serveFolder } from '../../signer-cli/demo/static-server.ts';
import { projectFolder, runProgram } from '../support/cli.ts';
import { requireBuilt } from './support/command.ts';
import { runOk } from './support/program.ts';

// The page of a site tells how clients start. Here they start just so, from what the page says.

const ARTIFACT = 'tools/greet-1.0.sh';
const CLI = join(projectFolder, 'dist/cli.mjs');

let folder: string;
let server: StaticServer;
let page: string;

beforeAll(async () => {
  await requireBuilt();
  folder = await mkdtemp(join(tmpdir(), 'tuf-signer-guides-'));
  await runOk(process.execPath, CLI, 'demo', '--out', join(folder, 'demo'));
  server = await serveFolder(join(folder, 'demo', 'site'));
  page = await readFile(join(folder, 'demo', 'site', 'index.html'), 'utf8');
}, 120_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** What a visitor copies, at this site, for this artifact. */
function guide(name: string): string {
  const block = new RegExp(`<summary>${name}</summary><pre[^>]*>([^]*?)</pre>`).exec(page)?.[1] ?? '';
  return block
    .replaceAll('<span class="base">https://SITE</span>', server.url.replace(/\/$/, ''))
    .replaceAll(/&quot;/g, '"')
    .replaceAll(/&#39;/g, "'")
    .replaceAll('&amp;', '&')
    .replaceAll('PATH', ARTIFACT);
}

/** A place to start from, with the first root in it. */
async function newcomer(name: string): Promise<string> {
  const place = join(folder, name);
  await mkdir(join(place, 'metadata'), { recursive: true });
  await mkdir(join(place, 'targets'));
  const root = await readFile(join(folder, 'demo', 'site', '1.root.json'));
  for (const file of ['1.root.json', 'metadata/root.json']) await writeFile(join(place, file), root);
  return place;
}

/** Where this machine's Go finds modules. */
const goSettings = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && /^GO[A-Z]/.test(name) ? [[name, value]] : [],
    ),
  );

describe('a client starts as the page says', () => {
  test('tuf-signer', async () => {
    const place = await newcomer('ours');
    const bin = join(place, 'bin');
    await mkdir(bin);
    await writeFile(join(bin, 'tuf-signer'), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`, {
      mode: 0o755,
    });
    await rm(join(place, '1.root.json'));
    const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}` };
    // As it stands it trusts nothing: the page can't vouch for itself.
    const copied = guide('tuf-signer');
    const unread = await runProgram('sh', ['-eu', '-c', copied], { cwd: place, env });
    expect(unread.exit, unread.stderr).not.toBe(0);
    expect(unread.stderr).toContain('nothing was pinned');
    expect(copied).not.toMatch(/[0-9a-f]{64}/);
    // What a signer says, who has the repository and not the page.
    const root = execFileSync('git', [
      '-C',
      join(folder, 'demo', 'repository.git'),
      'show',
      'main:metadata/root_history/1.root.json',
    ]);
    const told = createHash('sha256').update(root).digest('hex');
    const typed = copied.replace('--fingerprint FINGERPRINT', `--fingerprint ${told}`);
    const ran = await runProgram('sh', ['-eu', '-c', typed], { cwd: place, env });
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    expect(await readFile(join(place, ARTIFACT), 'utf8')).toContain('echo');
  });

  test('python-tuf', async () => {
    const place = await newcomer('python');
    await rm(join(place, 'metadata/root.json'));
    await writeFile(join(place, 'example.py'), guide('python-tuf'));
    const ran = await runProgram(join(projectFolder, '.interop/python-tuf/bin/python'), ['example.py'], {
      cwd: place,
    });
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    expect(await readFile(join(place, ran.stdout.trim()), 'utf8')).toContain('echo');
  });

  test('tuf-js', async () => {
    const place = await newcomer('js');
    await symlink(join(projectFolder, 'node_modules'), join(place, 'node_modules'));
    await writeFile(
      join(place, 'example.mjs'),
      `${guide('tuf-js')}\nconsole.log(await updater.findCachedTarget(info));\n`,
    );
    const ran = await runProgram(process.execPath, ['example.mjs'], { cwd: place });
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    expect(await readFile(join(place, ran.stdout.trim()), 'utf8')).toContain('echo');
  });

  test('go-tuf', async () => {
    const place = await newcomer('go');
    const client = join(projectFolder, 'test/interop/go-client');
    for (const file of ['go.mod', 'go.sum'])
      await writeFile(join(place, file), await readFile(join(client, file)));
    const imports = [
      'os',
      'fmt',
      'github.com/theupdateframework/go-tuf/v2/metadata/config',
      'github.com/theupdateframework/go-tuf/v2/metadata/updater',
    ];
    const lines = imports.map(name => JSON.stringify(name)).join('\n');
    await writeFile(
      join(place, 'main.go'),
      `package main\nimport (\n${lines}\n)\nfunc check(err error) {\nif err != nil {\npanic(err)\n}\n}\nfunc main() {\n${guide('go-tuf')}\nfmt.Println(path)\n}\n`,
    );
    const go = process.env['TUF_SIGNER_GO'] ?? 'go';
    const env = {
      ...goSettings(),
      HOME: process.env['HOME'] ?? folder,
      GOFLAGS: '-mod=mod',
      GOTOOLCHAIN: 'local',
      CGO_ENABLED: '0',
    };
    const ran = await runProgram(go, ['run', '.'], { cwd: place, env, deadline: 110_000 });
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    expect(await readFile(join(place, ran.stdout.trim()), 'utf8')).toContain('echo');
  }, 120_000);
});
