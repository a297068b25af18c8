import { describe, expect } from 'vitest';
import { testKey } from '../support/test-keys.ts';
import {
  cardKey,
  drafted,
  entryOf,
  expectUnharmed,
  files,
  listing,
  pushToMain,
  read,
  serve,
  signed,
  type Wire,
  words,
} from './attacker.ts';
import { attack, type Scene } from './scene.ts';

const [BOB, CAROL] = [cardKey('bob'), cardKey('carol')];
/** Bob's public key in mallory's name: a sound keyid of its own. */
const TWIN = testKey(101, { owner: '@mallory' });

/** `tools` by bob and, under another keyid, bob. */
const doubled = ({ world }: Scene): Wire['targets'] =>
  drafted(read(world, 'targets'), ({ delegations }) => {
    const { [CAROL.keyid]: _carol, ...keys } = delegations.keys;
    delegations.keys = { ...keys, [TWIN.keyid]: TWIN.raw };
    for (const role of delegations.roles) role.keyids = [BOB.keyid, TWIN.keyid];
  });

const evilTools = ({ world }: Scene): Wire['tools'] =>
  signed(
    drafted(read(world, 'tools'), ({ targets }) => {
      targets['tools/greet.sh'] = entryOf('evil\n');
    }),
    BOB,
    TWIN,
  );

/**
 * Bob would like to sign alone. He lists his key a second time in another name, under another keyid that is rightly its digest, and
 * signs under both. Two keyids have signed; one key has, and keys are what is counted.
 */
describe('one public key under two keyids', () => {
  attack('in an event: rejected, and nobody is asked', async scene => {
    const client = scene.client();
    scene.world.push({
      ...files({ targets: doubled(scene), tools: evilTools(scene) }),
      'targets/tools/greet.sh': 'evil\n',
    });
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['distinct-keys', 'role-quorum']]);
    expect(page.markdown).toContain('tools lists one public key under 2 keyids');
    const alice = await scene.sign('alice');
    expect([alice.signed, alice.refusal?.code]).toEqual([[], 'REFUSED']);
    expect(words(alice)).toContain('tools lists one public key under 2 keyids');

    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['distinct-keys', 'role-quorum']]);
    expect([published.done, published.rules]).toEqual([false, ['distinct-keys', 'role-quorum', 'online']]);
    await expectUnharmed(scene, client);
  });

  attack('even where the quorum of targets was talked into it, he counts once', async scene => {
    const client = scene.client();
    const targets = signed(doubled(scene), cardKey('alice'), CAROL);
    const tools = evilTools(scene);
    pushToMain(scene.world, { ...files({ targets, tools }), 'targets/tools/greet.sh': 'evil\n' });
    expect(await scene.signOnline()).toMatchObject({ done: false, rules: ['distinct-keys', 'role-quorum'] });
    expect(await scene.publish()).toMatchObject({
      done: false,
      rules: ['distinct-keys', 'role-quorum', 'online'],
    });
    await expectUnharmed(scene, client);
    const lists = listing(scene.world, { targets: 2, tools: 2 });
    await serve(scene, { targets, tools, ...lists }, { 'tools/greet.sh': 'evil\n' });
    expect(await client.download('tools/greet.sh')).toBe('QUORUM');
  });
});
