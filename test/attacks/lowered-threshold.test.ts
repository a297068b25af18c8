import { describe, expect } from 'vitest';
import { ROOT } from '../../src/metadata/names.ts';
import { TOOLS } from '../support/world.ts';
import { expectUnharmed, listing, read, serve, words } from './attacker.ts';
import { attack, UPDATE } from './scene.ts';

/**
 * Mallory holds alice's card and PIN, one of a quorum of two. She asks for one thing only, that one signature should be enough from now
 * on, and signs it herself: the new quorum is met by her. The old one is not.
 */
describe('a threshold that is lowered', () => {
  attack("in root: main's own quorum has to hand over", async scene => {
    const client = scene.client();
    await scene.world.delegate('alice', { role: ROOT, threshold: 1 });
    const lowered = 'root: the threshold goes from 2 to 1 of 3 signers';
    expect((await scene.page()).markdown).toContain(lowered);
    const bob = await scene.sign('bob', undefined, () => false);
    expect(words(bob)).toContain(lowered);
    expect([bob.signed, bob.refusal?.code]).toEqual([[], 'DECLINED']);
    expect((await scene.sign('alice')).signed).toEqual(['root']);
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['pending', ['root-quorum']]);
    expect(page.markdown).toContain("1 of 2 signatures of main's root");

    const root = read(scene.world, 'root', UPDATE);
    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['root-quorum']]);
    expect([published.done, published.rules]).toEqual([false, ['root-quorum']]);
    await expectUnharmed(scene, client);
    await serve(scene, { root });
    expect(await client.download('tools/greet.sh')).toBe('QUORUM');
  });

  attack('in a delegation: the quorum of targets has to say so', async scene => {
    const client = scene.client();
    await scene.world.delegate('alice', { role: TOOLS, threshold: 1 });
    const lowered = 'tools: the threshold goes from 2 to 1 of 2 signers';
    expect((await scene.sign('alice')).signed).toEqual(['targets']);
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['pending', ['role-quorum']]);
    expect(page.markdown).toContain(lowered);
    const bob = await scene.sign('bob', undefined, () => false);
    expect(words(bob)).toContain(lowered);

    const [targets, tools] = [read(scene.world, 'targets', UPDATE), read(scene.world, 'tools', UPDATE)];
    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['role-quorum']]);
    expect([published.done, published.rules]).toEqual([false, ['role-quorum', 'online']]);
    await expectUnharmed(scene, client);
    await serve(scene, { targets, tools, ...listing(scene.world, { targets: 2, tools: 2 }) });
    expect(await client.download('tools/greet.sh')).toBe('QUORUM');
  });
});
