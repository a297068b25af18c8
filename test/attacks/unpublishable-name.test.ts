import { createHash } from 'node:crypto';
import { describe, expect } from 'vitest';
import { cardKey, drafted, entryOf, files, read, signed } from './attacker.ts';
import { expectRejected, expectUnmoved, SIGNED } from './proofs.ts';
import { attack, type Scene, UPDATE } from './scene.ts';

const hashed = `${createHash('sha256').update(SIGNED).digest('hex')}.greet.sh`;
const EVIL = 'echo evil\n';

/** The quorum of `tools` signs a file of that name by tools of its own, and asks nobody. */
function signedByItsQuorum({ world }: Scene, path: string): void {
  const tools = drafted(read(world, 'tools'), ({ targets }) => void (targets[path] = entryOf(EVIL)));
  world.push({
    ...files({ tools: signed(tools, cardKey('bob'), cardKey('carol')) }),
    [`targets/${path}`]: EVIL,
  });
}

/**
 * The quorum of one role wants nobody to publish anything any more. An artifact is published with its digest before its name: they sign
 * a name that takes the place of another artifact, or one that no file system takes.
 */
describe('a name that can not be published', () => {
  const rows = [
    [
      'a folder where another artifact is published',
      `tools/${hashed}/x`,
      ['is published as', `tools/${hashed}`, 'has a folder: rename that folder'],
    ],
    [
      'a folder where an artifact was, or will be, published',
      `tools/${hashed.replace(/^.{8}/, '00000000')}/x`,
      ['is in a folder with the name of a published file, a digest and a dot'],
    ],
    [
      'a file name that leaves no room for the digest',
      `tools/${'x'.repeat(200)}`,
      ['would be published under a file name of 265 bytes', 'shorten the name by 10'],
    ],
    [
      'a folder name that no file system takes',
      `tools/${'x'.repeat(256)}/x`,
      ['has a segment of more than 255 bytes'],
    ],
  ] as const;
  for (const [what, path, words] of rows) {
    attack(`${what}: is refused, whoever signed it`, async scene => {
      signedByItsQuorum(scene, path);
      await expectRejected(scene, ['ownership'], words);
    });
  }

  for (const [what, path] of rows.filter(([what]) => !what.includes('was, or will be'))) {
    attack(`${what}: past all rules it ends publishing with words, and an event mends it`, async scene => {
      const client = scene.client();
      await expectUnmoved(scene, client);
      signedByItsQuorum(scene, path);
      const { online, published } = await scene.force();
      // What clients have goes on, so long as its timestamp does.
      expect(online.done).toBe(true);
      expect(published).toEqual({ done: false, rules: ['ownership'], refusal: undefined });
      await expectUnmoved(scene, client);
      // Others are not held up by it; publishing is, until it is gone.
      scene.world.push({ 'targets/tools/greet.sh': SIGNED.replace('echo', 'printf') });
      await scene.update();
      expect((await scene.page()).verdict).toBe('pending');
      scene.world.push({ 'targets/tools/greet.sh': SIGNED, [`targets/${path}`]: null }, UPDATE);
      await scene.update();
      for (const name of ['bob', 'carol'] as const)
        expect((await scene.sign(name)).signed).toEqual(['tools']);
      expect((await scene.page()).verdict).toBe('accepted');
      const mended = await scene.force();
      expect([mended.online.done, mended.published.done]).toEqual([true, true]);
      await expectUnmoved(scene, client);
    });
  }
});
