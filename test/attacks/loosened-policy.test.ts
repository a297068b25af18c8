import { describe, expect } from 'vitest';
import { setPolicy } from '../../src/operations/set-policy.ts';
import { cardKey, drafted, files, read, signed } from './attacker.ts';
import { enforce } from './policy-in-force.ts';
import { attack, type Scene, UPDATE } from './scene.ts';

const STRICT = 'version: 1\nthresholds: { default: 2 }\nlimits: { version-step: 1 }\n';
const LOOSE = 'version: 1\nthresholds: { default: 1 }\nlimits: { version-step: 100 }\n';

/** The delegation to tools with a threshold of one, which the policy in force forbids. */
const loosened = (scene: Scene): Record<string, Uint8Array> =>
  files({
    targets: drafted(read(scene.world, 'targets'), ({ delegations }) => {
      for (const role of delegations.roles) role.threshold = 1;
    }),
  });

async function expectNoChange(scene: Scene, rules: readonly string[]): Promise<void> {
  const client = scene.client();
  expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
  const { online, published } = await scene.force();
  expect([online.done, online.rules]).toEqual([false, rules]);
  expect(published.done).toBe(false);
  expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
}

/**
 * Mallory may write to an event's branch. The policy of the repository stands in her way, and the policy is a file of the
 * repository: she changes it beside what it forbids, and hopes to be judged by her own rules.
 */
describe('a policy that switches its own checks off', () => {
  attack('is not the one that the event is judged by', async scene => {
    await enforce(scene, STRICT);
    const alice = scene.world.person('alice');
    await scene.world.in(alice, workspace => setPolicy(workspace, UPDATE, Buffer.from(LOOSE)));
    scene.world.push(loosened(scene));
    const page = await scene.page();
    expect(page.verdict).toBe('rejected');
    expect(page.rules).toEqual(expect.arrayContaining(['threshold', 'policy']) as unknown);
    expect(page.markdown).toContain('the policy changes in an event of its own');
    expect(page.markdown).toContain('its threshold is 1 and the policy asks for 2');
    const bob = await scene.sign('bob');
    expect([bob.signed, bob.refusal?.code]).toEqual([[], 'REFUSED']);
    expect(bob.screen).toContain('the policy changes in an event of its own');
    await expectNoChange(scene, ['root-quorum', 'role-quorum']);
  });

  attack('that root does not name counts for nothing', async scene => {
    await enforce(scene, STRICT);
    scene.world.push({ 'tuf-signer.yml': LOOSE });
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['scope', 'policy']]);
    expect(page.markdown).toContain('tuf-signer.yml changes and root');
    expect((await scene.sign('alice')).refusal?.code).toBe('REFUSED');
    await expectNoChange(scene, ['policy']);
  });

  attack('or is just taken away is refused the same', async scene => {
    await enforce(scene, STRICT);
    scene.world.push({ 'tuf-signer.yml': null });
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['scope', 'policy']]);
    await expectNoChange(scene, ['policy']);
  });
});

/**
 * Mallory has talked the quorum of targets into a smaller quorum for tools: theirs is a real signature. The policy, which root's
 * quorum signed, says how small one may be.
 */
describe('a threshold below the policy', () => {
  attack('is refused whoever signed it', async scene => {
    await enforce(scene, STRICT);
    const targets = drafted(read(scene.world, 'targets'), ({ delegations }) => {
      for (const role of delegations.roles) role.threshold = 1;
    });
    scene.world.push(files({ targets: signed(targets, cardKey('alice'), cardKey('bob')) }));
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['threshold']]);
    expect(page.markdown).toContain('its threshold is 1 and the policy asks for 2');
    const carol = await scene.sign('carol');
    expect([carol.signed, carol.refusal?.code]).toEqual([[], 'REFUSED']);
    expect(carol.screen).toContain('its threshold is 1 and the policy asks for 2');
  });

  attack(
    'that is merged by force is a quorum of targets after all, and warned of from then on',
    async scene => {
      await enforce(scene, STRICT);
      const targets = drafted(read(scene.world, 'targets'), ({ delegations }) => {
        for (const role of delegations.roles) role.threshold = 1;
      });
      scene.world.push(files({ targets: signed(targets, cardKey('alice'), cardKey('bob')) }));
      const { published } = await scene.force();
      expect(published.done).toBe(true);
      const bob = await scene.sign('bob', UPDATE);
      expect(bob.screen).toContain(
        'main: roles have a lower threshold than the policy asks for: tools (1 of 2)',
      );
      expect(await scene.client().download('tools/greet.sh')).toBe('echo hello\n');
    },
  );
});
