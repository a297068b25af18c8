import { describe, expect } from 'vitest';
import { cardKey, drafted, files, read, signed } from './attacker.ts';
import { expectRejected, expectStopped, expectUnmoved } from './proofs.ts';
import { attack } from './scene.ts';

/**
 * Mallory drafts a version of `tools` that lives for centuries, so that one signing is enough for ever; or one that is dead on
 * arrival, so that clients refuse all of `tools` from then on. She has no key and hopes that nobody reads a date.
 */
describe('an expiry that no period allows', () => {
  const dates = [
    ['2999-01-01T00:00:00Z', 'expires 2999-01-01', 'later than its period of 365 days allows'],
    ['9999-12-31T23:59:59Z', 'expires 9999-12-31', 'later than its period of 365 days allows'],
    ['2030-05-31T23:59:59Z', 'would already be expired', '2030-05-31T23:59:59Z'],
  ] as const;
  for (const [expires, ...words] of dates) {
    attack(`${expires}: refused and named, and reaches no client by force`, async scene => {
      const client = scene.client();
      await expectUnmoved(scene, client);
      scene.world.push(
        files({ tools: drafted(read(scene.world, 'tools'), s => void (s.expires = expires)) }),
      );
      const { page } = await expectRejected(scene, ['expiry', 'role-quorum'], [words[1]]);
      expect(page.reasons.find(({ rule }) => rule === 'expiry')?.message).toContain(words[0]);
      const { online, published } = await scene.force();
      expect([online.done, online.rules]).toEqual([false, ['role-quorum']]);
      expectStopped(published, 'role-quorum');
      await expectUnmoved(scene, client);
    });
  }

  attack(
    'targets dead on arrival is not published, even signed by a quorum with other tools',
    async scene => {
      const client = scene.client();
      const dead = drafted(read(scene.world, 'targets'), s => void (s.expires = '2030-05-31T23:59:59Z'));
      scene.world.push(files({ targets: signed(dead, cardKey('alice'), cardKey('bob')) }));
      await expectRejected(scene, ['expiry'], ['would already be expired']);
      const { published } = await scene.force();
      expect([published.done, published.rules]).toEqual([false, ['expiry']]);
      await expectUnmoved(scene, client);
    },
  );
});
