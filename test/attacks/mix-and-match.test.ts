import { describe, expect } from 'vitest';
import { replaceOnlineKey } from '../support/online-documents.ts';
import {
  bytesOf,
  drafted,
  expectUnharmed,
  files,
  listing,
  onlineKey,
  pushToMain,
  read,
  release,
  serve,
  serveAs,
  signed,
  type Wire,
} from './attacker.ts';
import { attack, type Scene } from './scene.ts';

/** Everything that moves with a release, as it is now. */
const keep = ({ world }: Scene): Pick<Wire, 'snapshot' | 'timestamp' | 'tools'> => ({
  snapshot: read(world, 'snapshot'),
  timestamp: read(world, 'timestamp'),
  tools: read(world, 'tools'),
});

/**
 * Mallory holds a mirror, and no key. She has kept every file that was ever published, all of them validly signed, and serves old ones
 * beside new ones, so that clients would put together a state that nobody ever published.
 */
describe('old files served beside new ones', () => {
  attack('are refused one by one', async scene => {
    const old = keep(scene);
    await release(scene, 'echo mended\n');
    const [now, client] = [keep(scene), scene.client()];
    await serve(scene, {}, { 'tools/greet.sh': 'echo hello\n' });

    await serveAs(scene, '2.tools.json', bytesOf(old.tools));
    expect(await scene.client().download('tools/greet.sh')).toBe('VERSION_MISMATCH');
    await serve(scene, { tools: now.tools });
    await serveAs(scene, '2.snapshot.json', bytesOf(old.snapshot));
    expect(await scene.client().download('tools/greet.sh')).toBe('VERSION_MISMATCH');
    await serve(scene, { snapshot: now.snapshot });
    expect(await client.download('tools/greet.sh')).toBe('echo mended\n');
    await serve(scene, old);
    expect(await client.download('tools/greet.sh')).toBe('ROLLBACK');
  });
});

/** Mallory can push. She puts the automation's own old snapshot back, so that it lists what she would like it to list. */
describe('an old snapshot put back', () => {
  attack('in an event: rejected, as no event writes it', async scene => {
    const old = keep(scene);
    await release(scene, 'echo mended\n');
    scene.world.push(files({ snapshot: old.snapshot }));
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['online']]);
    expect(page.markdown).toContain(
      'metadata/snapshot.json was touched: only online signing on main writes it',
    );
    expect((await scene.sign('bob')).refusal?.code).toBe('REFUSED');
  });

  attack('on main itself: the automation puts the newest one back', async scene => {
    const { world } = scene;
    const old = keep(scene);
    const client = scene.client();
    for (const content of ['echo mended\n', 'echo mended again\n']) await release(scene, content);
    expect(await client.download('tools/greet.sh')).toBe('echo mended again\n');
    await scene.sign('bob'); // sees main as it is now
    const newest = keep(scene);
    pushToMain(world, files({ snapshot: old.snapshot, timestamp: old.timestamp }));
    // Both are the automation's own work; it knows which came last, and puts that back.
    expect((await scene.publish()).done).toBe(false);
    expect([(await scene.signOnline()).done, (await scene.publish()).done]).toEqual([true, true]);
    expect(keep(scene)).toEqual(newest);
    await expectUnharmed(scene, client, 'echo mended again\n');
  });
});

/**
 * Mallory has stolen the online key and holds a mirror. She may choose among what quorums have signed, and stop the clock: clients who
 * follow her are led to numbers that the automation will not reach in a lifetime. The way out is a root that names another key.
 */
describe('a stolen online key', () => {
  attack('freezes those who follow it, gives them nothing new, and a new root frees them', async scene => {
    const { world } = scene;
    const client = scene.client();
    const lists = listing(world, { tools: 1 });
    const timestamp = signed(
      drafted(lists.timestamp, found => {
        found.version = 1_000_000;
      }),
      onlineKey(world),
    );
    await serve(scene, { ...lists, timestamp });
    expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
    await release(scene, 'echo mended\n', { published: false });
    expect((await scene.publishAnew()).done).toBe(true);
    expect(await client.download('tools/greet.sh')).toBe('ROLLBACK');

    await replaceOnlineKey(world, 'file:second.pem');
    expect((await scene.signOnline()).done).toBe(true);
    expect((await scene.publish()).done).toBe(true);
    expect(await client.download('tools/greet.sh')).toBe('echo mended\n');
    await serve(scene, { ...lists, timestamp });
    expect(await client.download('tools/greet.sh')).toBe('QUORUM');
  });
});
