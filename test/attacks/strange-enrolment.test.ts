import { describe, expect } from 'vitest';
import { longId } from '../../src/event/words.ts';
import { requirePublicKey } from '../../src/metadata/key.ts';
import { cardKey, drafted, entryOf, files, onlineKey, read, serve, signed, strangeKey } from './attacker.ts';
import { enforce } from './policy-in-force.ts';
import { attack, type Scene } from './scene.ts';

const stranger = strangeKey('bob');
const FINGERPRINT = longId(requirePublicKey(stranger.key).fingerprint);

/** bob has "lost his card": another key in his name takes the place of his in tools, and has signed there. */
function enrol(scene: Scene): void {
  const { keyid } = cardKey('bob');
  const targets = drafted(read(scene.world, 'targets'), ({ delegations }) => {
    delete delegations.keys[keyid];
    delegations.keys[stranger.keyid] = stranger.raw;
    for (const role of delegations.roles) {
      role.keyids = role.keyids.map(id => (id === keyid ? stranger.keyid : id));
    }
  });
  const tools = drafted(read(scene.world, 'tools'), ({ targets: list }) => {
    list['tools/greet.sh'] = entryOf('echo hello, bob here\n');
  });
  scene.world.push({
    ...files({ targets, tools: signed(tools, stranger) }),
    'targets/tools/greet.sh': 'echo hello, bob here\n',
  });
}

/**
 * Mallory says that she is bob with a new card, and may push to the event's branch. She has the key that she enrols, so she can
 * show that; that it is bob's is only her word. Those who sign the delegation are shown whose it is said to be and its
 * fingerprint, and ask bob.
 */
describe("a stranger's key under somebody's name", () => {
  attack('shows owner and fingerprint to those who are asked to sign it in', async scene => {
    enrol(scene);
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['pending', ['role-quorum']]);
    expect(page.markdown).toContain(FINGERPRINT);
    for (const name of ['alice', 'bob', 'carol'] as const) {
      const seen = await scene.sign(name, undefined, question => !question.startsWith('Sign'));
      expect([seen.signed, seen.refusal?.code]).toEqual([[], 'DECLINED']);
      expect(seen.screen).toContain(FINGERPRINT);
      expect(seen.screen).toContain('@bob');
    }
  });

  attack(
    'without a signature by that key is waited for, as nobody has shown that they hold it',
    async scene => {
      enrol(scene);
      scene.world.push(files({ tools: read(scene.world, 'tools') }));
      const page = await scene.page();
      expect(page.rules).toContain('enrolment');
      expect(page.markdown).toContain('joins with a key that has not signed yet');
      expect(page.markdown).toContain(FINGERPRINT);
    },
  );

  attack('is refused by a policy that asks which account brought it', async scene => {
    await enforce(scene, 'version: 1\nenrolment: { account: refuse }\n');
    enrol(scene);
    const page = await scene.page();
    expect([page.verdict, page.rules.includes('enrolment')]).toEqual(['rejected', true]);
    expect(page.markdown).toContain('which account brought the key of');
    // On alice's machine no forge can be asked: she signs what she was shown, and the event is as refused as it was.
    const seen = await scene.sign('alice');
    expect([seen.signed, seen.refusal]).toEqual([['targets'], undefined]);
    expect(seen.screen).toContain("is for the forge's automation to judge");
    expect((await scene.page()).verdict).toBe('rejected');
  });

  attack('signs nothing for any client before the quorum has signed it in', async scene => {
    const client = scene.client();
    expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
    enrol(scene);
    const documents = {
      targets: read(scene.world, 'targets', 'sign/update'),
      tools: read(scene.world, 'tools', 'sign/update'),
    };
    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['role-quorum']]);
    expect(published.done).toBe(false);
    expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
    const hand = onlineKey(scene.world);
    const snapshot = drafted(read(scene.world, 'snapshot'), ({ meta }) => {
      for (const role of ['targets', 'tools']) meta[`${role}.json`] = { version: 2 };
    });
    const timestamp = drafted(read(scene.world, 'timestamp'), ({ meta }) => {
      meta['snapshot.json'] = { version: 2 };
    });
    await serve(scene, {
      ...documents,
      snapshot: signed(snapshot, hand),
      timestamp: signed(timestamp, hand),
    });
    expect(await client.download('tools/greet.sh')).toBe('QUORUM');
  });
});
