import { describe, expect } from 'vitest';
import {
  edited,
  entryOf,
  expectUnharmed,
  files,
  listing,
  read,
  serve,
  type Wire,
  words,
} from './attacker.ts';
import { attack, type Scene, UPDATE } from './scene.ts';

/** The event that bob and carol have signed, with one artifact more and their signatures as they are. */
const extended = ({ world }: Scene): Wire['tools'] =>
  edited(read(world, 'tools', UPDATE), ({ targets }) => {
    targets['tools/evil.sh'] = entryOf('evil\n');
  });

/**
 * Mallory can push to the event. Its quorum has signed; she adds her artifact to what they signed and leaves their signatures where
 * they are. Each is genuine, over what the document said before.
 */
describe('signatures over what the document said before', () => {
  attack('count no more, and each signer is shown the new content', async scene => {
    const { world } = scene;
    const client = scene.client();
    world.push({ 'targets/tools/greet.sh': 'echo hello again\n' });
    await scene.update();
    for (const name of ['bob', 'carol'] as const) await scene.sign(name);
    expect((await scene.page()).verdict).toBe('accepted');

    const tools = extended(scene);
    world.push({ ...files({ tools }), 'targets/tools/evil.sh': 'evil\n' });
    const page = await scene.page();
    expect([page.verdict, page.rules, page.warned]).toEqual(['pending', ['role-quorum'], ['signature-ids']]);
    for (const name of ['bob', 'carol']) {
      expect(page.markdown).toContain(
        `the signature of @&#8203;${name} was over other bytes and is void: they have to sign again`,
      );
    }
    const bob = await scene.sign('bob', undefined, () => false);
    expect([bob.signed, bob.refusal?.code]).toEqual([[], 'DECLINED']);
    expect(words(bob)).toContain('artifact "tools/evil.sh" is added');

    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['role-quorum']]);
    expect([published.done, published.rules]).toEqual([false, ['role-quorum', 'online']]);
    await expectUnharmed(scene, client);
    await serve(scene, { tools, ...listing(world, { tools: 2 }) }, { 'tools/evil.sh': 'evil\n' });
    expect(await client.download('tools/evil.sh')).toBe('QUORUM');
  });
});
