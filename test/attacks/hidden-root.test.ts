import { describe, expect } from 'vitest';
import {
  bytesOf,
  drafted,
  edited,
  expectUnharmed,
  historyPath,
  pushToMain,
  read,
  serve,
  signed,
  strangeKey,
  type Wire,
  words,
} from './attacker.ts';
import { attack, type Scene } from './scene.ts';

const MINE = strangeKey('mallory');

/** Mallory's own repository, as the version that follows: root and targets are signed by her alone. */
const own = ({ world }: Scene): Wire['root'] =>
  signed(
    drafted(read(world, 'root'), ({ keys, roles }) => {
      keys[MINE.keyid] = MINE.raw;
      for (const role of ['root', 'targets'] as const) {
        roles[role] = { ...roles[role], keyids: [MINE.keyid], threshold: 1 };
      }
    }),
    MINE,
  );

/**
 * Mallory can push. People look at root.json, clients at root_history/: she leaves root.json as it is and slips a root of her own in
 * beside it, as the next version or in the place of the first, which clients that are new start from.
 */
describe('a root in root_history/ that nobody talks of', () => {
  attack('as the next version, in an event: rejected', async scene => {
    const client = scene.client();
    const root = own(scene);
    scene.world.push({ [historyPath(2)]: bytesOf(root) });
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['history']]);
    expect(page.markdown).toContain('metadata/root\\_history/2.root.json is newer than root.json');
    const alice = await scene.sign('alice');
    expect([alice.signed, alice.refusal?.code]).toEqual([[], 'REFUSED']);
    expect(words(alice)).toContain('metadata/root_history/2.root.json is newer than root.json');

    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['root-quorum', 'history']]);
    expect([published.done, published.rules]).toEqual([false, ['root-quorum', 'history']]);
    await expectUnharmed(scene, client);
    await serve(scene, { root });
    for (const somebody of [client, scene.client()]) {
      expect(await somebody.download('tools/greet.sh')).toBe('QUORUM');
    }
  });

  attack('in the place of the first, in an event: rejected', async scene => {
    const client = scene.client();
    const first = signed(
      edited(own(scene), found => void (found.version = 1)),
      MINE,
    );
    scene.world.push({ [historyPath(1)]: bytesOf(first) });
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['history']]);
    expect(page.markdown).toContain('metadata/root\\_history/1.root.json was changed');
    expect((await scene.sign('alice')).refusal?.code).toBe('REFUSED');
    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['history']]);
    expect([published.done, published.rules]).toEqual([false, ['history']]);
    await expectUnharmed(scene, client);
  });

  attack(
    'a second chain on main itself: signers refuse, and so does whoever publishes from a trusted root',
    async scene => {
      const client = scene.client();
      await scene.sign('bob'); // sees main as it is
      const first = signed(
        edited(own(scene), found => void (found.version = 1)),
        MINE,
      );
      const targets = signed({ ...read(scene.world, 'targets'), signatures: [] }, MINE);
      pushToMain(scene.world, {
        'metadata/root.json': bytesOf(first),
        [historyPath(1)]: bytesOf(first),
        'metadata/targets.json': bytesOf(targets),
      });
      scene.world.push({ 'targets/tools/new.sh': 'echo new\n' });
      const bob = await scene.sign('bob', undefined, () => false);
      expect([bob.signed, bob.refusal?.code]).toEqual([[], 'UNTRUSTED']);
      expect(words(bob)).toContain('main is not to be trusted: root begins with another root');
      expect(await scene.publish()).toMatchObject({ done: false, rules: ['clients'] });
      await expectUnharmed(scene, client);
    },
  );
});
