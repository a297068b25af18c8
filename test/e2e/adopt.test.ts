import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveFolder } from '../../signer-cli/demo/static-server.ts';
import { directoryFetcher } from '../../src/client/directory.ts';
import { type BuiltCli, builtCli, plainEnvironment, type Ran } from '../support/cli.ts';
import { Crew } from '../support/crew.ts';
import { commandsOf, readBlocks, perform as run } from '../support/examples.ts';
import { haveFixtures } from '../support/fixtures.ts';
import { legacyVector, writeFiles } from '../support/legacy-vector.ts';
import { pushRekeyedFixture } from '../support/rekeyed-fixture.ts';
import { testKey } from '../support/test-keys.ts';

let cli: BuiltCli;
let blocks: ReadonlyMap<string, string>;
/** Blocks that a test ran: none of the page's may be left over. */
const ran = new Set<string>();

beforeAll(async () => {
  cli = await builtCli();
  blocks = await readBlocks('docs/adopt.md');
});
afterAll(() => cli[Symbol.asyncDispose]());

/** The commands of a block as they are typed, and what continues them. */
function commands(name: string): string {
  ran.add(name);
  return commandsOf(blocks.get(name));
}

/** Runs a block in somebody's clone, who signs with a key file and says yes. */
async function perform(crew: Crew, name: string, script: string, now?: string): Promise<Ran> {
  const key = join(crew.folder, 'keys', `${name}.pem`);
  const wrapping = {
    before: `case "$1" in sign) test "$2" = "\${2#sign/}" || set -- "$@" --yes --key 'file:${key}' ;; esac`,
    after: now === undefined ? '' : `--now '${now}'`,
  };
  const env = { TUF_SIGNER_CONFIG: join(crew.folder, 'config', name) };
  return run(cli, crew, name, script, { wrapping, env });
}

/** What a click on "merge" makes. */
function merge({ remote }: Crew, event: string): void {
  const tree = remote.git('merge-tree', '--write-tree', 'main', event);
  const commit = remote.git('commit-tree', '-p', 'main', '-p', event, '-m', `Merge ${event}`, tree);
  remote.git('update-ref', 'refs/heads/main', commit);
}

describe('docs/adopt.md', () => {
  it('brings any published repository over', async () => {
    await using crew = await Crew.gather(cli, 'alice', 'bob', 'carol', 'dave');
    const site = join(crew.folder, 'published');
    await writeFiles(site, legacyVector.files);
    await using server = await serveFolder(site);
    await mkdir(join(crew.folder, 'tuf-keys'));
    for (const name of ['alice', 'bob', 'carol'])
      await writeFile(join(crew.folder, 'keys', `${name}.pem`), legacyVector.privateKeys[name] ?? '', {
        mode: 0o600,
      });
    await writeFile(join(crew.folder, '1.root.json'), legacyVector.files['metadata/1.root.json'] ?? '');
    const filled = (name: string): string =>
      ['alice', 'bob', 'carol'].reduce(
        (text, person) =>
          text.replaceAll(person.toUpperCase(), (legacyVector.keyids[person] ?? '').slice(0, 10)),
        commands(name).replaceAll('https://tuf.example.org/', server.url),
      );

    const dry = await perform(crew, 'alice', filled('dryrun'));
    expect(dry.stderr).toContain('Nothing was pushed (--dry-run)');
    expect(crew.remote.git('for-each-ref')).toBe('');
    const imported = await perform(crew, 'alice', filled('import'));
    expect(imported.stderr).toContain('Invited: @dave');
    for (const name of ['dave', 'alice', 'carol']) await perform(crew, name, commands('sign'));
    // Bob's key is elsewhere: another program signs root with it.
    await perform(crew, 'bob', commands('elsewhere'));
    await signElsewhere(crew, 'bob');
    const brought = await perform(crew, 'bob', commands('signature'));
    expect(brought.stderr).toContain('Added signatures on root.');
    const last = await perform(crew, 'bob', commands('sign'));
    expect(last.stderr).toContain('You have signed tools.');
    expect(last.stderr).toContain('it can be merged');

    merge(crew, 'sign/import');
    const switched = await perform(crew, 'alice', filled('switch'));
    expect(switched.stderr).toContain('2 artifacts');
  }, 120_000);

  it('leaves the clone as it was where the import is killed, and can be run again', async () => {
    await using crew = await Crew.gather(cli, 'alice');
    const site = join(crew.folder, 'published');
    await writeFiles(site, legacyVector.files);
    await writeFile(join(crew.folder, 'keys', 'online.pem'), testKey(7).privatePem, { mode: 0o600 });
    const owners = ['alice', 'bob', 'carol'].flatMap(name => [
      '--owner',
      `${legacyVector.keyids[name]}=@${name}`,
    ]);
    const args = [
      '--trusted-root',
      join(site, 'metadata/1.root.json'),
      ...owners,
      '--online-key',
      'file:online.pem',
    ];
    let asked: () => void = () => undefined;
    const reached = new Promise<void>(resolve => (asked = resolve));
    const files = directoryFetcher(site);
    await using server = await serveWith((path, answer) => {
      // An artifact that never comes.
      if (path === 'targets/tools/greet.sh') asked();
      else void files.fetch(path, 1_000_000).then(answer);
    });
    const env = {
      ...plainEnvironment(),
      TUF_SIGNER_KEYS: join(crew.folder, 'keys'),
      TUF_SIGNER_CONFIG: join(crew.folder, 'config'),
    };
    const cwd = crew.clone('alice').folder;
    const child = spawn(process.execPath, [cli.file, 'import', server.url, ...args], {
      cwd,
      env,
      stdio: 'ignore',
    });
    const ended = new Promise(resolve => child.on('close', resolve));
    await reached;
    child.kill('SIGKILL');
    await ended;
    expect(crew.clone('alice').git('for-each-ref') + crew.remote.git('for-each-ref')).toBe('');
    expect(crew.clone('alice').git('status', '--porcelain')).toBe('');
    expect(await crew.run('alice', ['import', site, ...args])).toMatchObject({ exit: 0 });
  });

  it.skipIf(!haveFixtures)(
    'lets a real tuf-on-ci repository work as it is',
    async () => {
      await using crew = await Crew.gather(cli);
      const fixture = pushRekeyedFixture(crew.remote);
      await writeFile(join(crew.folder, '1.root.json'), fixture.root);
      await writeFile(join(crew.folder, 'new-artifact.txt'), 'new\n');
      await mkdir(join(crew.folder, 'tuf-keys'));
      await writeFile(join(crew.folder, 'tuf-keys', 'online.pem'), fixture.online.privatePem, {
        mode: 0o600,
      });
      for (const [name, { privatePem }] of fixture.owners) {
        await writeFile(join(crew.folder, 'keys', `${name}.pem`), privatePem, { mode: 0o600 });
        // As tuf-on-ci's signer leaves it.
        const settings = `[settings]\nuser-name = @${name}\npull-remote = origin\npush-remote = origin\n`;
        await writeFile(join(crew.clone(name).folder, '.tuf-on-ci-sign.ini'), settings);
      }
      const [first = '', second = '', third = ''] = fixture.targetsSigners;
      const before = crew.remote.git('rev-parse', 'main:metadata');
      const looked = await perform(crew, first, commands('look'), fixture.now);
      expect(looked.stderr).toContain(`Nothing to do for @${first}: no event is open`);
      expect(crew.remote.git('rev-parse', 'main:metadata')).toBe(before);

      // What tuf-on-ci published: the same files.
      const theirs = 'tuf-signer build --rev origin/main --out ../theirs --first-publish';
      await perform(crew, first, theirs, fixture.now);
      await using server = await serveFolder(join(crew.folder, 'theirs'));
      await perform(crew, first, commands('event'), fixture.now);
      for (const name of [first, second, third])
        await perform(crew, name, commands('eventsign'), fixture.now);
      merge(crew, 'sign/adopt');
      const published = await perform(
        crew,
        first,
        commands('publish').replace('https://tuf.example.org/', server.url),
        fixture.now,
      );
      expect(published.stderr).toContain('Built');

      // Back: the files are in the form that tuf-on-ci writes, and nothing is there that it does not know.
      const { remote } = crew;
      for (const name of remote.git('ls-tree', '-r', '--name-only', 'main', 'metadata').split('\n')) {
        expect(name).toMatch(/^metadata\/(root_history\/\d+\.root|[\w.]+)\.json$/);
        const text = remote.git('show', `main:${name}`);
        expect(text).toBe(asTheyWrite(JSON.parse(text)));
      }
      const snapshot = JSON.parse(remote.git('show', 'main:metadata/snapshot.json')) as {
        signed: { meta: object };
      };
      expect(snapshot.signed.meta).toMatchObject({ 'rekor.json': { version: 3, length: 797 } });
    },
    120_000,
  );

  it('has no example that no test ran', () => {
    const ours = haveFixtures
      ? [...blocks.keys()]
      : ['dryrun', 'import', 'sign', 'elsewhere', 'signature', 'switch'];
    expect([...ran].sort()).toEqual([...ours].sort());
  });
});

/** python-tuf's serializer, as tuf-on-ci sets it: keys in order, one space, no line at the end. */
const asTheyWrite = (value: unknown): string =>
  JSON.stringify(sorted(value), undefined, 1).replace(
    /[\u007f-\uffff]/g,
    c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}

/** Ed25519 over the canonical form, as any tool of TUF's makes it, under the key's old id. */
async function signElsewhere(crew: Crew, name: string): Promise<void> {
  const { parseDocument, signedBytes } = await import('../../src/metadata/document.ts');
  const { createPrivateKey, sign } = await import('node:crypto');
  const bytes = await readFile(join(crew.folder, 'to-sign.json'));
  const key = createPrivateKey(legacyVector.privateKeys[name] ?? '');
  const sig = sign(null, signedBytes(parseDocument(bytes)), key).toString('hex');
  const file = JSON.parse(bytes.toString()) as { signatures: { keyid: string; sig: string }[] };
  // It does not know of owners: the signature goes under every id, and counts where it verifies.
  for (const entry of file.signatures) if (entry.sig === '') entry.sig = sig;
  await writeFile(join(crew.folder, 'signed.json'), JSON.stringify(file));
}

/** A server on this machine that may leave a request unanswered. */
async function serveWith(
  handle: (path: string, answer: (bytes: Uint8Array | undefined) => void) => void,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    handle((request.url ?? '/').slice(1), bytes =>
      response.writeHead(bytes === undefined ? 404 : 200).end(bytes),
    );
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise(resolve => void server.close(resolve));
    },
  };
}
