import { describe, expect } from 'vitest';
import { expectUnharmed } from './attacker.ts';
import { attack, type Scene, UPDATE } from './scene.ts';

/** The tip of the event as a commit that its maker dated so, in the place of what git would have written. */
function redate({ world: { remote } }: Scene, stamp: string): void {
  const tree = remote.git('rev-parse', `${UPDATE}^{tree}`);
  const who = `Mallory <mallory@example.org> ${stamp}`;
  const content = `tree ${tree}\nparent ${remote.sha('main')}\nauthor ${who}\ncommitter ${who}\n\nNew greeting\n`;
  remote.git('update-ref', `refs/heads/${UPDATE}`, remote.object('commit', content));
}

/** As whoever merges without a merge commit: every commit of the event is a state of main. */
function fastForward({ world: { remote } }: Scene): void {
  remote.git('update-ref', 'refs/heads/main', remote.sha(UPDATE));
  remote.git('update-ref', '-d', `refs/heads/${UPDATE}`);
}

/**
 * Mallory can push to an event's branch. Below the tip lies a commit of hers whose date is none; the change is honest, and people sign and merge it. The
 * page of the site reads history: she hopes that it can't be built any more, so that clients run into an expiry.
 */
describe('a commit whose date is beyond all calendars', () => {
  for (const stamp of ['999999999999 +0000', '99999999999999999999 +0000', '99999999999 +0000'])
    attack(`${stamp}: what people signed is published`, async scene => {
      const client = scene.client();
      scene.world.push({ 'targets/tools/greet.sh': 'echo nwe\n' });
      redate(scene, stamp);
      scene.world.push({ 'targets/tools/greet.sh': 'echo new\n' });
      await scene.update();
      for (const name of ['bob', 'carol'] as const)
        expect((await scene.sign(name)).signed).toEqual(['tools']);
      expect((await scene.page()).verdict).toBe('accepted');
      fastForward(scene);
      expect(await scene.signOnline()).toMatchObject({ done: true });
      expect(await scene.publish()).toMatchObject({ done: true, refusal: undefined });
      await expectUnharmed(scene, client, 'echo new\n');
    });
});
