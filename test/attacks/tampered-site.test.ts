import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { NOW } from '../support/world.ts';
import { bytesOf, cardKey, drafted, onlineKey, read, serve, signed } from './attacker.ts';
import { attack, type Scene } from './scene.ts';

/** A second version, published, and the folder of the site as it was before. */
async function secondVersion(scene: Scene): Promise<string> {
  const before = `${scene.site}.before`;
  await cp(scene.site, before, { recursive: true });
  scene.world.push({ 'targets/tools/greet.sh': 'echo two\n' });
  await scene.update();
  for (const name of ['bob', 'carol'] as const) await scene.sign(name);
  expect((await scene.force()).published.done).toBe(true);
  return before;
}

const inSite = (scene: Scene, name: string): string => join(scene.site, name);

async function artifactFile(scene: Scene, content: string): Promise<string> {
  const folder = inSite(scene, 'targets/tools');
  for (const name of await readdir(folder)) {
    if ((await readFile(join(folder, name), 'utf8')) === content) return join(folder, name);
  }
  throw new Error('no such artifact');
}

/** A row: what is done to the site, and the word that the client ends with. */
const rows: readonly (readonly [string, string, (scene: Scene, before: string) => Promise<unknown>])[] = [
  [
    'the site of last week',
    'ROLLBACK',
    async (scene, before) => {
      await rm(scene.site, { recursive: true });
      await cp(before, scene.site, { recursive: true });
    },
  ],
  [
    'the timestamp of last week',
    'ROLLBACK',
    async (scene, before) => cp(join(before, 'timestamp.json'), inSite(scene, 'timestamp.json')),
  ],
  [
    'an old snapshot under the new name',
    'VERSION_MISMATCH',
    async (scene, before) => cp(join(before, '1.snapshot.json'), inSite(scene, '3.snapshot.json')),
  ],
  [
    'an old role under the new name',
    'VERSION_MISMATCH',
    async (scene, before) => cp(join(before, '1.tools.json'), inSite(scene, '3.tools.json')),
  ],
  [
    'an artifact that is cut short',
    'LENGTH_MISMATCH',
    async scene => truncate(await artifactFile(scene, 'echo three\n'), 5),
  ],
  [
    'an artifact that is longer',
    'TOO_LARGE',
    async scene => writeFile(await artifactFile(scene, 'echo three\n'), 'echo three; and more\n'),
  ],
  [
    'another artifact of the same length',
    'HASH_MISMATCH',
    async scene => writeFile(await artifactFile(scene, 'echo three\n'), 'echo thr33\n'),
  ],
  ['an artifact that is gone', 'NOT_FOUND', async scene => rm(await artifactFile(scene, 'echo three\n'))],
  ['no timestamp', 'NOT_FOUND', async scene => rm(inSite(scene, 'timestamp.json'))],
  ['half a timestamp', 'MALFORMED', async scene => truncate(inSite(scene, 'timestamp.json'), 100)],
  [
    "another repository's timestamp",
    'QUORUM',
    async scene =>
      serve(scene, { timestamp: signed(drafted(read(scene.world, 'timestamp')), cardKey('mallory')) }),
  ],
  [
    'a next root of its own',
    'QUORUM',
    async scene => {
      const root = signed(drafted(read(scene.world, 'root')), cardKey('mallory'));
      await writeFile(inSite(scene, '2.root.json'), bytesOf(root));
    },
  ],
  [
    'the same site for ever',
    'EXPIRED',
    async scene => void (scene.world.clock.time = (NOW + 8 * DAY_MS) as typeof NOW),
  ],
];

/**
 * Mallory runs the server, a mirror or the cache between, and holds no key: she chooses for every file whether clients get this one, an
 * older one, part of it or another repository's. She can keep clients from what is new until the timestamp ends, and that
 * is all.
 */
describe('a site that serves', () => {
  for (const [name, code, tamper] of rows) {
    attack(`${name} ends with ${code}`, async scene => {
      const client = scene.client();
      const before = await secondVersion(scene);
      expect(await client.download('tools/greet.sh')).toBe('echo two\n');
      scene.world.push({ 'targets/tools/greet.sh': 'echo three\n' });
      await scene.update();
      for (const person of ['bob', 'carol'] as const) await scene.sign(person);
      await scene.force();
      await tamper(scene, before);
      expect(await client.download('tools/greet.sh')).toBe(code);
      await rm(scene.site, { recursive: true });
      await scene.signOnline();
      await scene.publish();
      expect(await client.download('tools/greet.sh')).toBe('echo three\n');
    });
  }

  attack('a key of the automation with it may still sign no artifact', async scene => {
    const tools = drafted(read(scene.world, 'tools'), ({ targets }) => {
      targets['tools/greet.sh'] = { length: 1, hashes: { sha256: 'ab'.repeat(32) } };
    });
    const hand = onlineKey(scene.world);
    const snapshot = drafted(read(scene.world, 'snapshot'), ({ meta }) => {
      meta['tools.json'] = { version: 2 };
    });
    const timestamp = drafted(read(scene.world, 'timestamp'), ({ meta }) => {
      meta['snapshot.json'] = { version: 2 };
    });
    await serve(scene, {
      tools: signed(tools, hand),
      snapshot: signed(snapshot, hand),
      timestamp: signed(timestamp, hand),
    });
    expect(await scene.client().download('tools/greet.sh')).toBe('QUORUM');
  });
});
