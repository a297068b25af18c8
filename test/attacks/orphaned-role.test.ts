import { describe, expect } from 'vitest';
import { owners } from '../support/world.ts';
import { expectUnharmed, files, listing, read, serve, words } from './attacker.ts';
import { attack, UPDATE } from './scene.ts';

/**
 * Carol's card was stolen, and targets takes her out of the signers of tools. Mallory, who has the card, can push: she leaves tools as it
 * was, signed by bob and carol, so that what carol signed goes on counting. Keys and threshold are the delegator's, and a role that
 * they are changed for has to be signed anew before anything moves.
 */
describe('a role that is not signed anew when its keys change', () => {
  attack('holds up the event; merged, nothing is published; served, clients refuse', async scene => {
    const { world } = scene;
    const client = scene.client();
    const tools = read(world, 'tools');
    await world.delegate('alice', { signers: owners('bob', 'alice') });
    for (const name of ['alice', 'bob'] as const) await scene.sign(name);
    expect((await scene.page()).verdict).toBe('accepted');

    world.push(files({ tools }));
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['pending', ['role-quorum', 'enrolment']]);
    expect(page.markdown).toContain(
      'tools: 1 of 2 signatures; can sign: @&#8203;alice, as its keys or threshold changed',
    );
    expect(page.markdown).toContain('is no longer a signer');
    const alice = await scene.sign('alice', undefined, () => false);
    expect(words(alice)).toContain(
      'tools: 1 of 2 signatures; can sign: @alice, as its keys or threshold changed',
    );

    const targets = read(world, 'targets', UPDATE);
    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['role-quorum']]);
    expect([published.done, published.rules]).toEqual([false, ['role-quorum', 'online']]);
    await expectUnharmed(scene, client);
    await serve(scene, { targets, tools, ...listing(world, { targets: 2 }) });
    for (const somebody of [client, scene.client()]) {
      expect(await somebody.download('tools/greet.sh')).toBe('QUORUM');
    }
  });

  attack('has its older documents refused by whoever has seen the newer one', async scene => {
    const { world } = scene;
    const client = scene.client();
    const tools = read(world, 'tools');
    await world.delegate('alice', { signers: owners('bob', 'alice') });
    for (const name of ['alice', 'bob'] as const) await scene.sign(name);
    const { online, published } = await scene.force();
    expect([online.done, published.done]).toEqual([true, true]);
    expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
    world.push(files({ tools }));
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['version', 'role-quorum']]);
    await serve(scene, { tools, ...listing(world, { tools: 1 }) });
    expect(await client.download('tools/greet.sh')).toBe('ROLLBACK');
    expect(await scene.client().download('tools/greet.sh')).toBe('QUORUM');
  });
});
