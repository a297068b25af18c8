import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveFolder } from '../../signer-cli/demo/static-server.ts';
import { parseDocument, signedBytes } from '../../src/metadata/document.ts';
import { type CommandResult, requireBuilt } from './support/command.ts';
import { download, PEER_CLIENTS, type PeerDownload } from './support/peer-clients.ts';
import { type Person, Town } from './support/town.ts';

const PLAIN = 'readme.txt';
const DELEGATED = 'tools/deep/greet.sh';
const FIRST = '#!/bin/sh\necho hello\n';
const SECOND = '#!/bin/sh\necho hello again\n';

/** A key of each kind that a person, or automation, may have. */
const KEYS: Readonly<Record<string, () => KeyObject>> = {
  alice: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  bob: () => generateKeyPairSync('ed25519').privateKey,
  carol: () => generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey,
  online: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
};

/** A repository that our built command made and published, followed by clients that we did not write. */
describe('a published site', () => {
  let town: Town;
  let site: string;
  const follow = async (
    client: (typeof PEER_CLIENTS)[number],
    folder: string,
    artifact: string,
  ): Promise<PeerDownload> => {
    await using server = await serveFolder(folder);
    return await download(client, join(site, '1.root.json'), server.url, artifact);
  };

  beforeAll(async () => {
    await requireBuilt();
    town = await Town.found('alice', 'bob', 'carol');
    site = join(town.folder, 'site');
    await publishTwice(town, site);
  }, 120_000);
  afterAll(async () => {
    await town[Symbol.asyncDispose]();
  });

  it('has two roots and artifacts under names with their hash', async () => {
    const files = await readdir(site, { recursive: true });
    expect(files).toEqual(
      expect.arrayContaining([
        '1.root.json',
        '2.root.json',
        'timestamp.json',
        '1.targets.json',
        '2.tools.json',
      ]),
    );
    expect(
      files.filter(file => /^targets\/tools\/deep\/[0-9a-f]{64}\.greet\.sh$/.test(file)),
    ).not.toHaveLength(0);
  });

  describe.each(PEER_CLIENTS)('$name', client => {
    it.each([
      ['an artifact of targets', PLAIN, 'read me\n'],
      ['an artifact of a delegated role', DELEGATED, SECOND],
    ])('starts from the first root and downloads %s', async (_name, artifact, content) => {
      expect(await follow(client, site, artifact)).toEqual({ code: 0, output: '', content });
    });

    it('refuses an artifact that was changed', async () => {
      await using copy = await copyOf(site);
      const folder = join(copy.folder, 'targets/tools/deep');
      for (const file of await readdir(folder))
        await writeFile(join(folder, file), SECOND.replace('hello', 'h3llo'));
      const { code, output, content } = await follow(client, copy.folder, DELEGATED);
      expect({ code, content }).toEqual({ code: 1, content: undefined });
      expect(output).toMatch(/hash/i);
    });

    it('refuses a timestamp that another key signed', async () => {
      await using copy = await copyOf(site);
      await forgeTimestamp(join(copy.folder, 'timestamp.json'));
      const { code, output, content } = await follow(client, copy.folder, PLAIN);
      expect({ code, content }).toEqual({ code: 1, content: undefined });
      expect(output).toMatch(/timestamp/);
    });
  });
});

/** Three people found the repository; then an artifact and root's threshold change, and it is published again. */
async function publishTwice(town: Town, site: string): Promise<void> {
  for (const [name, generate] of Object.entries(KEYS)) {
    const pem = generate().export({ format: 'pem', type: 'pkcs8' });
    await writeFile(join(town.keys, `${name}.pem`), pem, { mode: 0o600 });
  }
  const people = ['alice', 'bob', 'carol'].map(name => ({ name, person: town.person(name) }));
  const alice = town.person('alice');
  const run = async (person: Person, ...args: readonly string[]): Promise<void> => {
    succeeded(await person.run(args));
  };
  const everybodySigns = async (event: string): Promise<void> => {
    // Twice: who joins first signs last.
    for (const { name, person } of [...people, ...people])
      await run(person, 'sign', event, '--yes', '--key', `file:${name}.pem`);
  };
  const publish = async (event: string): Promise<void> => {
    await alice.git('fetch', '--quiet', 'origin');
    await run(alice, 'status', '--event', `origin/${event}`);
    await merge(alice, event);
    await run(alice, 'online-sign');
    await run(alice, 'build', '--out', site);
  };
  const own = ['--key', 'file:alice.pem', '--yes'];

  const signers = ['--signers', '@alice,@bob,@carol', '--threshold', '3'];
  await run(alice, 'init', ...signers, '--online-key', 'file:online.pem', ...own);
  await run(alice, 'delegate', 'sign/init', 'tools', '--signers', '@bob,@carol', '--threshold', '2', ...own);
  await addArtifacts(alice, 'sign/init', { [PLAIN]: 'read me\n', [DELEGATED]: FIRST });
  await run(alice, 'update-targets', 'sign/init');
  await everybodySigns('sign/init');
  await publish('sign/init');

  await run(alice, 'delegate', 'sign/second', 'root', '--threshold', '2', ...own);
  await addArtifacts(alice, 'sign/second', { [DELEGATED]: SECOND });
  await run(alice, 'update-targets', 'sign/second');
  await everybodySigns('sign/second');
  await publish('sign/second');
}

/** What a person does with git, as the README says. */
async function addArtifacts(
  person: Person,
  event: string,
  artifacts: Readonly<Record<string, string>>,
): Promise<void> {
  await person.git('fetch', '--quiet', 'origin');
  await person.git('switch', '--quiet', event);
  for (const [path, content] of Object.entries(artifacts)) {
    const file = join(person.folder, 'targets', path);
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, content);
  }
  await person.git('add', 'targets');
  await person.git('commit', '--quiet', '--message', 'Add artifacts');
  await person.git('push', '--quiet', 'origin', event);
}

/** What the forge's button does. */
async function merge(person: Person, event: string): Promise<void> {
  await person.git('fetch', '--quiet', 'origin');
  await person.git('switch', '--quiet', '-C', 'main', 'origin/main');
  await person.git('merge', '--quiet', '--no-ff', '--message', `Merge ${event}`, `origin/${event}`);
  await person.git('push', '--quiet', 'origin', 'main');
}

/** A newer timestamp in all of form, by somebody who does not have the key. */
async function forgeTimestamp(file: string): Promise<void> {
  const document = JSON.parse(await readFile(file, 'utf8')) as {
    signatures: { keyid: string; sig: string }[];
    signed: { version: number };
  };
  document.signed.version += 1;
  const payload = signedBytes(parseDocument(Buffer.from(JSON.stringify(document))));
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  for (const signature of document.signatures)
    signature.sig = sign('sha384', payload, privateKey).toString('hex');
  await writeFile(file, JSON.stringify(document));
}

async function copyOf(site: string): Promise<AsyncDisposable & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'tuf-signer-site-'));
  await cp(site, folder, { recursive: true });
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

function succeeded({ code, output }: CommandResult): void {
  if (code !== 0) throw new Error(`ended with ${code}:\n${output}`);
}
