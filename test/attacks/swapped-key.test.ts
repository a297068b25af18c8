import { describe, expect } from 'vitest';
import {
  cardKey,
  drafted,
  entryOf,
  expectUnharmed,
  files,
  listing,
  read,
  serve,
  signed,
  strangeKey,
  type Wire,
  words,
} from './attacker.ts';
import { attack, type Scene } from './scene.ts';

const MINE = strangeKey('carol');
const CAROL = cardKey('carol').keyid;
/** Mallory's key, under the id that stands for carol's. */
const AS_CAROL = { keyid: CAROL, sign: MINE.sign };

const swapped = ({ world }: Scene, role: 'root' | 'targets'): Partial<Wire> =>
  role === 'root'
    ? { root: drafted(read(world, 'root'), ({ keys }) => void (keys[CAROL] = MINE.raw)) }
    : {
        targets: drafted(
          read(world, 'targets'),
          ({ delegations }) => void (delegations.keys[CAROL] = MINE.raw),
        ),
      };

/**
 * Mallory can push. She leaves every list of keyids as people know it, and puts a key of her own in carol's name under carol's keyid:
 * who compares the ids sees nothing new. If she got it signed she would be carol from then on.
 */
describe("a key that is swapped under another's keyid", () => {
  attack('in the delegations of targets: the keyid is not its digest', async scene => {
    const client = scene.client();
    scene.world.push(files(swapped(scene, 'targets')));
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['keyid', 'role-quorum', 'enrolment']]);
    expect(page.markdown).toContain('is listed under a keyid that is not its digest');
    expect(page.markdown).toContain('is another public key now');
    const alice = await scene.sign('alice');
    expect([alice.signed, alice.refusal?.code]).toEqual([[], 'REFUSED']);
    expect(words(alice)).toContain('is another public key now');

    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['role-quorum']]);
    expect([published.done, published.rules]).toEqual([false, ['role-quorum', 'online']]);
    await expectUnharmed(scene, client);
  });

  attack("in root's keys: the same, and root's own signers are missing", async scene => {
    const client = scene.client();
    scene.world.push(files(swapped(scene, 'root')));
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['keyid', 'root-quorum', 'enrolment']]);
    expect(page.markdown).toContain('is another public key now');
    const alice = await scene.sign('alice');
    expect([alice.signed, alice.refusal?.code]).toEqual([[], 'REFUSED']);
    expect(words(alice)).toContain('is listed under a keyid that is not its digest');

    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['root-quorum', 'role-quorum']]);
    expect([published.done, published.rules]).toEqual([false, ['root-quorum', 'role-quorum']]);
    await expectUnharmed(scene, client);
  });

  attack('served with the stolen online key: clients count by what they have verified', async scene => {
    const client = scene.client();
    const tools = signed(
      drafted(read(scene.world, 'tools'), ({ targets }) => {
        targets['tools/greet.sh'] = entryOf('evil\n');
      }),
      cardKey('bob'),
      AS_CAROL,
    );
    const evil = { 'tools/greet.sh': 'evil\n' };
    await serve(
      scene,
      { ...swapped(scene, 'targets'), tools, ...listing(scene.world, { targets: 2, tools: 2 }) },
      evil,
    );
    expect(await client.download('tools/greet.sh')).toBe('QUORUM');
    await serve(scene, { tools, ...listing(scene.world, { tools: 2 }) }, evil);
    expect(await scene.client().download('tools/greet.sh')).toBe('QUORUM');
    const { root } = swapped(scene, 'root');
    if (root !== undefined) await serve(scene, { root: signed(root, cardKey('alice'), AS_CAROL) });
    expect(await client.download('tools/greet.sh')).toBe('QUORUM');
  });
});
