import { describe, expect } from 'vitest';
import {
  bytesOf,
  cardKey,
  drafted,
  expectUnharmed,
  files,
  read,
  serve,
  serveAs,
  signed,
  type Wire,
  words,
} from './attacker.ts';
import { attack, type Scene } from './scene.ts';

/** A root that its quorum has really signed, two versions ahead. */
const ahead = ({ world }: Scene): Wire['root'] =>
  signed(
    drafted(read(world, 'root'), found => void (found.version = 3)),
    cardKey('alice'),
    cardKey('bob'),
  );

/**
 * Mallory has talked a quorum into signing a root by hand, which goes from version 1 to 3. Clients walk from one version to the next:
 * they would never find it, and never again find a root after it. What she wants is that they stand still.
 */
describe('a root that skips a version', () => {
  attack('in an event: rejected, and nobody else is asked', async scene => {
    const client = scene.client();
    scene.world.push(files({ root: ahead(scene) }));
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['version', 'history']]);
    expect(page.markdown).toContain('root: version goes from 1 to 3: root grows by exactly 1');
    expect(page.markdown).toContain('metadata/root\\_history/2.root.json is missing');
    const carol = await scene.sign('carol');
    expect([carol.signed, carol.refusal?.code]).toEqual([[], 'REFUSED']);
    expect(words(carol)).toContain('version goes from 1 to 3: root grows by exactly 1');

    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['history']]);
    expect([published.done, published.rules]).toEqual([false, ['history']]);
    await expectUnharmed(scene, client);
  });

  attack('served: not looked for under its own name, refused under the next', async scene => {
    const client = scene.client();
    await serve(scene, { root: ahead(scene) });
    expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
    await serveAs(scene, '2.root.json', bytesOf(ahead(scene)));
    expect(await client.download('tools/greet.sh')).toBe('VERSION_MISMATCH');
  });
});
