import { describe, expect } from 'vitest';
import { drafted, edited, files, read, signed, strangeKey } from './attacker.ts';
import { expectRejected, expectUnmoved, releaseTools, unwrapped } from './proofs.ts';
import { attack, type Scene } from './scene.ts';

/**
 * Mallory can push to an event's branch. She slips another timestamp, or an old snapshot, in beside an honest change: whoever merges
 * the change merges her file too, and clients are to be held at an old state, or for ever at this one.
 */
describe('an online role touched in an event', () => {
  const timestamp = (scene: Scene): object => scene.world.json('metadata/timestamp.json') as object;

  const rows: readonly (readonly [
    string,
    string,
    (scene: Scene) => Parameters<Scene['world']['push']>[0],
  ])[] = [
    [
      'a timestamp that lives for ever',
      'metadata/timestamp.json was touched',
      ({ world }) =>
        files({
          timestamp: edited(read(world, 'timestamp'), s => void (s.expires = '2999-01-01T00:00:00Z')),
        }),
    ],
    [
      'a snapshot by a key of her own',
      'metadata/snapshot.json was touched',
      ({ world }) => files({ snapshot: signed(drafted(read(world, 'snapshot')), strangeKey('mallory')) }),
    ],
    [
      'no timestamp at all',
      'metadata/timestamp.json was touched',
      () => ({ 'metadata/timestamp.json': null }),
    ],
  ];
  for (const [what, words, changes] of rows) {
    attack(`${what}: refused and named; merged by force, the automation puts its own back`, async scene => {
      const client = scene.client();
      await expectUnmoved(scene, client);
      const before = timestamp(scene);
      scene.world.push(changes(scene));
      await expectRejected(scene, ['online'], [words, 'only online signing on main writes it']);
      const { online, published } = await scene.force();
      expect([online.done, published.done]).toEqual([true, true]);
      expect(timestamp(scene)).toEqual(before);
      await expectUnmoved(scene, client);
    });
  }

  attack('the genuine pair of last week is refused as well, and gives way to the newest', async scene => {
    const { world } = scene;
    const old = { snapshot: read(world, 'snapshot'), timestamp: read(world, 'timestamp') };
    await releaseTools(scene, 'echo new\n');
    const client = scene.client();
    expect(await client.download('tools/greet.sh')).toBe('echo new\n');
    world.push(files(old));
    const { sight } = await expectRejected(scene, ['online'], ['metadata/snapshot.json was touched']);
    expect(unwrapped(sight.screen)).toContain('metadata/timestamp.json was touched');
    const { online, published } = await scene.force();
    expect([online.done, published.done]).toEqual([true, true]);
    expect(await client.download('tools/greet.sh')).toBe('echo new\n');
  });
});
