import { describe, expect } from 'vitest';
import { required } from '../../src/errors.ts';
import type { JsonObject } from '../../src/json.ts';
import { cardKey, drafted, files, read, signed, strangeKey, type Wire } from './attacker.ts';
import { attack, type Scene } from './scene.ts';

/** Root with another object under the keyid of bob's key, or of the automation's. */
function withKeyChanged(
  scene: Scene,
  whose: 'bob' | 'online',
  change: (key: JsonObject) => JsonObject,
): Wire['root'] {
  return drafted(read(scene.world, 'root'), root => {
    const id = whose === 'bob' ? cardKey('bob').keyid : required(root.roles.timestamp.keyids[0], 'key');
    root.keys[id] = change(required(root.keys[id], 'key'));
  });
}

const rows: readonly (readonly [string, 'bob' | 'online', (key: JsonObject) => JsonObject])[] = [
  ['another owner', 'bob', key => ({ ...key, 'x-tuf-on-ci-keyowner': '@mallory' })],
  ['another public key', 'bob', key => ({ ...key, keyval: strangeKey('bob').raw['keyval'] ?? {} })],
  ['another online URI', 'online', key => ({ ...key, 'x-tuf-on-ci-online-uri': 'file:/tmp/mallory.pem' })],
];

/**
 * People have learned a keyid, or a tool shows nothing else. Mallory changes what stands under it - whose the key is, where the
 * automation finds it, or the key itself - and leaves the keyid as it was, so that the list of signers looks the same.
 */
describe('a key that changes under its keyid:', () => {
  for (const [name, whose, change] of rows) {
    attack(`${name} is refused, whoever signed it`, async scene => {
      const root = signed(withKeyChanged(scene, whose, change), cardKey('alice'), cardKey('carol'));
      scene.world.push(files({ root }));
      const page = await scene.page();
      expect([page.verdict, page.rules.includes('keyid')]).toEqual(['rejected', true]);
      expect(page.markdown).toContain('is listed under a keyid that is not its digest');
      const alice = await scene.sign('alice');
      expect([alice.signed, alice.refusal?.code]).toEqual([[], 'REFUSED']);
      expect(alice.screen).toMatch(/is listed under a keyid that is not its\s+digest/);
    });

    attack(`${name}, merged by force, is nothing that a quorum signed`, async scene => {
      const client = scene.client();
      scene.world.push(files({ root: signed(withKeyChanged(scene, whose, change), strangeKey('bob')) }));
      const { online, published } = await scene.force();
      expect([online.done, online.rules[0]]).toEqual([false, 'root-quorum']);
      expect(published.done).toBe(false);
      expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
    });
  }
});
