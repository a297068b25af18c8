import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveFolder } from '../../signer-cli/demo/static-server.ts';
import { systemClock } from '../../src/clock.ts';
import { isAmbiguousPattern } from '../../src/event/rules/delegations.ts';
import { parseSigningEvent } from '../../src/git/names.ts';
import { matchesPattern } from '../../src/metadata/pattern.ts';
import { onlineSignTargets } from '../../src/operations/online-sign-targets.ts';
import { openWorkspace } from '../../src/operations/workspace.ts';
import { fileSigner } from '../../src/signers/file.ts';
import { requireBuilt } from './support/command.ts';
import { download, PEER_CLIENTS, type PeerClient } from './support/peer-clients.ts';
import { Town } from './support/town.ts';

const projectFile = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const CLIENTS: readonly PeerClient[] = [
  ...PEER_CLIENTS.filter(({ name }) => name !== 'tuf-js'),
  { name: 'tuf-js', command: [process.execPath, projectFile('test/interop/js-client/client.mjs')] },
];

/** Artifacts of a role with listed bins, and of one with succinct ones; enough that several bins have some. */
const LISTED = Array.from({ length: 12 }, (_, i) => `listed/${i}.txt`);
const SUCCINCT = Array.from({ length: 12 }, (_, i) => `succinct/${i}.txt`);
const EVENT = 'sign/bins';

/** One person, whose command makes bins of both kinds; an online key signs the bins. */
async function publish(town: Town, site: string): Promise<void> {
  const alice = town.person('alice');
  const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    format: 'pem',
    type: 'pkcs8',
  });
  await writeFile(join(town.keys, 'alice.pem'), pem, { mode: 0o600 });
  const run = async (...args: readonly string[]): Promise<void> => {
    const { code, output } = await alice.run(args);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${output}`);
  };
  const key = ['--key', 'file:alice.pem'];
  const online = ['--online-key', 'file:online.pem'];
  await run(
    'init',
    EVENT,
    '--signers',
    '@alice',
    '--threshold',
    '1',
    ...online,
    '--create-online-key',
    '--yes',
    ...key,
  );
  for (const role of ['listed', 'succinct'])
    await run('delegate', EVENT, role, '--signers', '@alice', ...key, '--yes');
  await alice.git('fetch', '--quiet', 'origin');
  await alice.git('switch', '--quiet', EVENT);
  for (const path of [...LISTED, ...SUCCINCT]) {
    await mkdir(join(alice.folder, 'targets', path, '..'), { recursive: true });
    await writeFile(join(alice.folder, 'targets', path), `this is ${path}\n`);
  }
  await alice.git('add', 'targets');
  await alice.git('commit', '--quiet', '--message', 'Add artifacts');
  await alice.git('push', '--quiet', 'origin', EVENT);
  await run('update-targets', EVENT);
  await run('delegate', EVENT, 'listed', '--bins', '8', ...online);
  await run('delegate', EVENT, 'succinct', '--bins', '32', '--succinct', ...online);
  await run('sign', EVENT, '--yes', ...key);
  await using workspace = await openWorkspace(alice.folder, systemClock);
  const options = { folder: town.keys, environment: {} };
  const { signed } = await onlineSignTargets(workspace, parseSigningEvent(EVENT), {
    sign: async (wanted, payload) =>
      wanted.onlineUri === undefined
        ? undefined
        : fileSigner(wanted.onlineUri, options).sign(wanted, payload),
  });
  expect(signed).toHaveLength(8 + 32);
  await alice.git('fetch', '--quiet', 'origin');
  await run('status', '--event', `origin/${EVENT}`);
  await alice.git('switch', '--quiet', '-C', 'main', `origin/${EVENT}`);
  await alice.git('push', '--quiet', 'origin', 'main');
  await run('online-sign');
  await run('build', '--out', site);
}

describe('a site with hash bins of both kinds', () => {
  let town: Town;
  let site: string;
  beforeAll(async () => {
    await requireBuilt();
    town = await Town.found('alice');
    site = join(town.folder, 'site');
    await publish(town, site);
  }, 120_000);
  afterAll(async () => {
    await town[Symbol.asyncDispose]();
  });

  const follow = async (client: PeerClient, path: string): Promise<string | undefined> => {
    await using server = await serveFolder(site);
    const { code, content, output } = await download(client, join(site, '1.root.json'), server.url, path);
    return code === 0 ? content : output;
  };

  it.each(CLIENTS)('$name finds what is in succinct bins', async client => {
    for (const path of SUCCINCT.slice(0, 4)) expect(await follow(client, path)).toBe(`this is ${path}\n`);
  });

  it.each(CLIENTS.filter(({ name }) => name !== 'go-tuf'))(
    '$name finds what is in listed bins',
    async client => {
      for (const path of LISTED.slice(0, 4)) expect(await follow(client, path)).toBe(`this is ${path}\n`);
    },
  );

  it('go-tuf does not find what is in listed bins, as src/event/clients says', async () => {
    const found: (string | undefined)[] = [];
    for (const client of CLIENTS.filter(({ name }) => name === 'go-tuf'))
      for (const path of LISTED.slice(0, 4)) found.push(await follow(client, path));
    expect(found).toHaveLength(4);
    expect(found.some((content, i) => content !== `this is ${LISTED[i]}\n`)).toBe(true);
  });
});

describe('path patterns mean the same', () => {
  // What only one of them knows ([ab], {a,b}, **) no event may bring in: rule ownership. minimatch hides names with a dot.
  const text = (letters: readonly string[]): fc.Arbitrary<string> =>
    fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength: 7 }).map(all => all.join(''));
  const pairs = fc
    .sample(
      fc.tuple(text(['a', 'b', '*', '?', '/', 'ä', '😀', '-', '.']), text(['a', 'b', '/', 'ä', '😀', '-'])),
      {
        numRuns: 4_000,
        seed: 15,
      },
    )
    .filter(([pattern]) => !isAmbiguousPattern(pattern));
  const ours = pairs.map(([pattern, path]) => matchesPattern(pattern, path));
  const asked = (program: string, ...args: readonly string[]): unknown => {
    const { status, stdout, stderr } = spawnSync(program, args, {
      input: JSON.stringify(pairs),
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout);
  };

  it('to us as to python-tuf', () => {
    const python = projectFile('.interop/python-tuf/bin/python');
    expect(asked(python, projectFile('test/interop/python-client/globs.py'))).toEqual(ours);
    expect(ours.filter(found => found).length).toBeGreaterThan(50);
  });
  it('to us as to go-tuf', () => {
    expect(asked(projectFile('.interop/go-client'), 'globs')).toEqual(ours);
  });
});
