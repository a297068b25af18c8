import { describe, expect } from 'vitest';
import {
  cardKey,
  drafted,
  expectUnharmed,
  files,
  listing,
  read,
  serve,
  signed,
  type Wire,
  words,
} from './attacker.ts';
import { attack, type Scene } from './scene.ts';

/** `tools` for everybody: a threshold that no signature at all meets. */
const open = ({ world }: Scene): Wire['targets'] =>
  drafted(read(world, 'targets'), ({ delegations }) => {
    for (const role of delegations.roles) role.threshold = 0;
  });

/**
 * Mallory can push, and hopes that somebody counts: none is not less than none, so that a role with a threshold of nought is signed by
 * everybody. A document with one is none, for signers and clients alike, whoever has signed it.
 */
describe('a threshold of nought', () => {
  attack('in a delegation, in an event: the document is not read', async scene => {
    const client = scene.client();
    scene.world.push(files({ targets: open(scene) }));
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['schema', 'artifacts', 'orphans']]);
    expect(page.markdown).toContain('delegations.roles\\[0\\].threshold has to be at least 1');
    const alice = await scene.sign('alice');
    expect([alice.signed, alice.refusal?.code]).toEqual([[], 'REFUSED']);
    expect(words(alice)).toContain('delegations.roles[0].threshold has to be at least 1');

    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['schema', 'artifacts', 'orphans']]);
    expect([published.done, published.rules]).toEqual([false, ['schema', 'artifacts', 'orphans']]);
    await expectUnharmed(scene, client);
  });

  attack("in root, of root's own: no client moves on to it", async scene => {
    const client = scene.client();
    const root = drafted(read(scene.world, 'root'), ({ roles }) => void (roles.root.threshold = 0));
    scene.world.push(files({ root }));
    const page = await scene.page();
    expect(page.verdict).toBe('rejected');
    expect(page.rules).toContain('schema');
    expect((await scene.sign('alice')).refusal?.code).toBe('REFUSED');
    const { online, published } = await scene.force();
    expect([online.done, online.rules.includes('schema')]).toEqual([false, true]);
    expect([published.done, published.rules.includes('schema')]).toEqual([false, true]);
    await expectUnharmed(scene, client);
    await serve(scene, { root });
    expect(await client.download('tools/greet.sh')).toBe('MALFORMED');
  });

  attack('signed by its quorum all the same, and served: clients refuse', async scene => {
    const targets = signed(open(scene), cardKey('alice'), cardKey('bob'));
    const tools = drafted(read(scene.world, 'tools'));
    await serve(scene, { targets, tools, ...listing(scene.world, { targets: 2, tools: 2 }) });
    expect(await scene.client().download('tools/greet.sh')).toBe('MALFORMED');
  });
});
