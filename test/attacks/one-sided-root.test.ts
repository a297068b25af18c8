import { describe, expect } from 'vitest';
import {
  cardKey,
  drafted,
  expectUnharmed,
  files,
  type Hand,
  read,
  serve,
  signed,
  strangeKey,
  type Wire,
  words,
} from './attacker.ts';
import { attack, type Scene } from './scene.ts';

const NEWCOMERS = [strangeKey('mallory', 0), strangeKey('mallory', 1)] as const;

/** Root is handed over to two keys of mallory's. */
const handedOver = ({ world }: Scene, ...hands: readonly Hand[]): Wire['root'] =>
  signed(
    drafted(read(world, 'root'), ({ keys, roles }) => {
      for (const key of NEWCOMERS) keys[key.keyid] = key.raw;
      roles.root = { keyids: NEWCOMERS.map(({ keyid }) => keyid), threshold: 2 };
    }),
    ...hands,
  );

/**
 * Mallory can push, and writes a root that names her keys alone. It is signed by all the keys that it names. A root is handed over by
 * those who held it before, and they have not.
 */
describe('a root that only its own quorum has signed', () => {
  attack("waits for main's, and no client follows it", async scene => {
    const client = scene.client();
    const root = handedOver(scene, ...NEWCOMERS);
    scene.world.push(files({ root }));
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['pending', ['root-quorum']]);
    expect(page.markdown).toContain("0 of 2 signatures of main's root");
    expect(page.markdown).toContain("root, main's signers | □□ 0 of 2");
    const alice = await scene.sign('alice', undefined, () => false);
    expect([alice.signed, alice.refusal?.code]).toEqual([[], 'DECLINED']);
    expect(words(alice)).toContain('is no longer a signer');
    expect(words(alice)).toContain('becomes a signer');

    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['root-quorum']]);
    expect([published.done, published.rules]).toEqual([false, ['root-quorum']]);
    await expectUnharmed(scene, client);
    await serve(scene, { root });
    expect(await client.download('tools/greet.sh')).toBe('QUORUM');
  });
});

/**
 * Alice and bob were talked into handing root over to keys that nobody has shown to hold. Were that published, no root could ever follow
 * it. Whoever takes over signs as well, or there is no handing over.
 */
describe('a root that only the quorum before it has signed', () => {
  attack('waits for its own, and no client follows it', async scene => {
    const client = scene.client();
    const root = handedOver(scene, cardKey('alice'), cardKey('bob'));
    scene.world.push(files({ root }));
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['pending', ['root-quorum', 'enrolment']]);
    expect(page.markdown).toContain('0 of 2 signatures of the new root');
    expect(page.markdown).toContain("root, main's signers | **■■ 2 of 2**");
    expect(await scene.sign('carol')).toMatchObject({ signed: [] });

    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['root-quorum', 'role-quorum']]);
    expect([published.done, published.rules]).toEqual([false, ['root-quorum', 'role-quorum']]);
    await expectUnharmed(scene, client);
    await serve(scene, { root });
    expect(await client.download('tools/greet.sh')).toBe('QUORUM');
  });
});
