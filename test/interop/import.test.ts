import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Updater as TufJs } from 'tuf-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StaticServer, serveFolder } from '../../signer-cli/demo/static-server.ts';
import { legacyVector, writeFiles } from '../support/legacy-vector.ts';
import { type CommandResult, requireBuilt } from './support/command.ts';
import { downloadAgain, PEER_CLIENTS } from './support/peer-clients.ts';
import { type Person, Town } from './support/town.ts';

const ARTIFACTS = ['readme.txt', 'tools/greet.sh'] as const;

/** One way to follow a repository, with a cache in `folder`. Gives the artifact's content. */
interface Follower {
  readonly name: string;
  follow(folder: string, root: string, url: string, artifact: string): Promise<string>;
}

const followers: readonly Follower[] = [
  ...PEER_CLIENTS.map(client => ({
    name: client.name,
    follow: async (folder: string, root: string, url: string, artifact: string): Promise<string> => {
      const { code, output, content } = await downloadAgain(client, folder, root, url, artifact);
      if (code !== 0 || content === undefined) throw new Error(output);
      return content;
    },
  })),
  {
    name: 'tuf-js',
    follow: async (folder, root, url, artifact) => {
      const client = new TufJs({
        metadataDir: folder,
        metadataBaseUrl: url.replace(/\/$/, ''),
        targetDir: folder,
        targetBaseUrl: `${url}targets`,
        forceCache: false,
        config: { fetchRetries: 0 },
      });
      await client.refresh();
      const info = await client.getTargetInfo(artifact);
      if (info === undefined) throw new Error(`${artifact} is not there (${root})`);
      return readFile(await client.downloadTarget(info, join(folder, 'download')), 'utf8');
    },
  },
];

/**
 * A repository that python-tuf made comes over to our command, and clients that we did not write, with what they had cached of the
 * old one, go on at the same address.
 */
describe('clients of a repository that was imported', () => {
  let town: Town;
  let address: string;
  let root: string;
  let server: StaticServer;
  const cacheOf = (client: Follower, when: string): string =>
    join(town.folder, 'caches', `${client.name}-${when}`);
  const visit = async (client: Follower, when: string): Promise<readonly string[]> => {
    const folder = cacheOf(client, when);
    await mkdir(folder, { recursive: true });
    // What tuf-js starts from; the others are given it each time.
    await writeFile(join(folder, 'root.json'), await readFile(root), { flag: 'wx' }).catch(() => undefined);
    const contents: string[] = [];
    for (const artifact of ARTIFACTS) contents.push(await client.follow(folder, root, server.url, artifact));
    return contents;
  };
  const contents = ARTIFACTS.map(artifact => legacyVector.files[`targets/${artifact}`]);

  beforeAll(async () => {
    await requireBuilt();
    town = await Town.found('alice', 'bob', 'carol');
    address = join(town.folder, 'address');
    const old = join(town.folder, 'old');
    await writeFiles(old, legacyVector.files);
    root = join(old, 'metadata', '1.root.json');
    await cp(join(old, 'metadata'), address, { recursive: true });
    await cp(join(old, 'targets'), join(address, 'targets'), { recursive: true });
    for (const [name, pem] of Object.entries(legacyVector.privateKeys))
      await writeFile(join(town.keys, `${name}.pem`), pem, { mode: 0o600 });
    server = await serveFolder(address);
    for (const client of followers) await visit(client, 'before');

    await comeOver(town, server.url, root);

    // The old automation goes on while people sign.
    const later = Object.entries(legacyVector.later).map(([path, text]) => [
      path.replace(/^metadata\//, ''),
      text,
    ]);
    await writeFiles(address, Object.fromEntries(later) as Record<string, string>);
    for (const client of followers) await visit(client, 'meanwhile');

    const alice = town.person('alice');
    await merge(alice, 'sign/import');
    await run(alice, 'online-sign');
    const site = join(town.folder, 'site');
    await run(alice, 'build', '--out', site, '--previous', address);
    await cp(site, address, { recursive: true });
  }, 180_000);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await town[Symbol.asyncDispose]();
  });

  it.for(
    followers.flatMap(client =>
      ['before', 'meanwhile', 'new'].map(when => ({ client, when, name: client.name })),
    ),
  )('$name follows with what it has from $when', async ({ client, when }) => {
    expect(await visit(client, when)).toEqual(contents);
    const cached = await readFile(join(await metadataIn(cacheOf(client, when)), 'root.json'), 'utf8');
    expect(JSON.parse(cached)).toMatchObject({ signed: { version: 3, consistent_snapshot: true } });
  });

  it('is what all clients can verify, by our own word', async () => {
    const { code, output } = await town
      .person('alice')
      .run(['verify', '--rev', 'origin/main', '--trusted-root', root]);
    expect({ code, output }).toMatchObject({ code: 0 });
  });

  it('keeps what the old snapshot listed of a role that is gone', async () => {
    const snapshot = JSON.parse(await readFile(join(address, '8.snapshot.json'), 'utf8')) as {
      signed: object;
    };
    expect(snapshot.signed).toMatchObject({
      meta: { 'gone.json': { version: 4 }, 'tools.json': { version: 2 } },
    });
  });
});

/** As docs/adopt.md says, up to an event that is complete. */
async function comeOver(town: Town, url: string, root: string): Promise<void> {
  const alice = town.person('alice');
  const owners = ['alice', 'bob', 'carol'].flatMap(name => [
    '--owner',
    `${(legacyVector.keyids[name] ?? '').slice(0, 12)}=@${name}`,
  ]);
  const online = ['--online-key', 'file:online.pem', '--create-online-key'];
  await run(alice, 'import', url, '--trusted-root', root, ...owners, ...online);
  for (const name of ['alice', 'bob', 'carol']) {
    const key = ['--yes', '--key', `file:${name}.pem`, '--trusted-root', root];
    await run(town.person(name), 'sign', 'sign/import', ...key);
  }
}

async function run(person: Person, ...args: readonly string[]): Promise<void> {
  const { code, output }: CommandResult = await person.run(args);
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}:\n${output}`);
}

/** What the forge's button does. */
async function merge(person: Person, event: string): Promise<void> {
  await person.git('fetch', '--quiet', 'origin');
  await person.git('switch', '--quiet', '-C', 'main', 'origin/main');
  await person.git('merge', '--quiet', '--no-ff', '--message', `Merge ${event}`, `origin/${event}`);
  await person.git('push', '--quiet', 'origin', 'main');
}

/** python-tuf and go-tuf keep their metadata in a folder of its own. */
async function metadataIn(folder: string): Promise<string> {
  const inner = join(folder, 'metadata');
  return readFile(join(inner, 'root.json')).then(
    () => inner,
    () => folder,
  );
}
