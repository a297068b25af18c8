import { describe, expect } from 'vitest';
import { required } from '../../src/errors.ts';
import { cardKey, drafted, entryOf, files, onlineKey, read, serve, signed, type Wire } from './attacker.ts';
import { attack, type Scene } from './scene.ts';

/** An artifact of mallory's, which bob signed, and signed: two of two, if one counts entries. */
function doubled(scene: Scene): Wire['tools'] {
  const draft = drafted(read(scene.world, 'tools'), ({ targets }) => {
    targets['tools/greet.sh'] = entryOf('evil\n');
  });
  const once = signed(draft, cardKey('bob'));
  const entry = required(once.signatures[0], 'signature');
  return { ...once, signatures: [entry, { ...entry }] };
}

/**
 * Mallory has one of the two keys that a role needs, bob's. She signs once, and writes the signature twice: whoever counts entries
 * of the list, and not keys, counts two.
 */
describe('two signatures under one keyid', () => {
  attack('are refused as what they are', async scene => {
    scene.world.push({ ...files({ tools: doubled(scene) }), 'targets/tools/greet.sh': 'evil\n' });
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['role-quorum', 'signature-ids']]);
    expect(page.markdown).toContain('two signatures stand under keyid');
    const carol = await scene.sign('carol');
    expect([carol.signed, carol.refusal?.code]).toEqual([[], 'REFUSED']);
    expect(carol.screen).toContain('two signatures stand under keyid');
  });

  attack('count once for automation and for clients', async scene => {
    const client = scene.client();
    expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
    const evil = doubled(scene);
    scene.world.push({ ...files({ tools: evil }), 'targets/tools/greet.sh': 'evil\n' });
    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['role-quorum', 'signature-ids']]);
    expect(published.done).toBe(false);
    const hand = onlineKey(scene.world);
    const snapshot = drafted(read(scene.world, 'snapshot'), ({ meta }) => {
      meta['tools.json'] = { version: 2 };
    });
    const timestamp = drafted(read(scene.world, 'timestamp'), ({ meta }) => {
      meta['snapshot.json'] = { version: 2 };
    });
    const pair = { snapshot: signed(snapshot, hand), timestamp: signed(timestamp, hand) };
    await serve(scene, { tools: evil, ...pair }, { 'tools/greet.sh': 'evil\n' });
    expect(await client.download('tools/greet.sh')).toBe('QUORUM');
    expect(await scene.client().download('tools/greet.sh')).toBe('QUORUM');
  });
});
