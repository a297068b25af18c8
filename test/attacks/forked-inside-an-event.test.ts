import { describe, expect } from 'vitest';
import { cardKey, drafted, files, read, signed, strangeKey } from './attacker.ts';
import { expectStopped, expectUnmoved, SIGNED } from './proofs.ts';
import { attack, UPDATE } from './scene.ts';

/**
 * Mallory brought a delegation to a key of her own into an event, which was taken out again before it was merged. Main's history
 * still holds that commit as an ancestor. She starts an event there: measured against it, her key is nothing new.
 */
describe('a branch forked from inside a merged event', () => {
  attack(
    'is no event of main: neither page nor signer judges it, and by force it moves nobody',
    async scene => {
      const { world } = scene;
      const client = scene.client();
      await expectUnmoved(scene, client);
      const hers = strangeKey('mallory');
      const honest = world.remote.git('show', 'main:metadata/targets.json');
      const targets = drafted(read(world, 'targets'), ({ delegations }) => {
        delegations.keys[hers.keyid] = hers.raw;
        for (const role of delegations.roles) Object.assign(role, { keyids: [hers.keyid], threshold: 1 });
      });
      const inside = world.push(files({ targets: signed(targets, cardKey('mallory')) }));
      world.push({ 'metadata/targets.json': honest, 'targets/tools/greet.sh': SIGNED });
      world.merge();

      const tools = signed(drafted(read(world, 'tools')), hers);
      world.remote.git('update-ref', `refs/heads/${UPDATE}`, inside);
      world.push(files({ tools }));
      const refused = { code: 'NOT_FROM_MAIN', message: /main itself never was: start it anew from main/ };
      // The page says so, with an error beside the commit; there is no judgement.
      await expect(scene.page()).rejects.toMatchObject({
        code: 'REFUSED',
        message: expect.stringMatching(refused.message) as unknown,
      });
      const bob = await scene.sign('bob');
      expect([bob.signed, bob.refusal?.code]).toEqual([[], refused.code]);
      expect(bob.screen).toMatch(refused.message);

      const { online, published } = await scene.force();
      expectStopped(online, 'role-quorum');
      expectStopped(published, 'role-quorum');
      await expectUnmoved(scene, client);
    },
  );
});
