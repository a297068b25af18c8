import { describe, expect } from 'vitest';
import { replaceOnlineKey } from '../support/online-documents.ts';
import { historyPath, pushToMain } from './attacker.ts';
import { attack, type Scene } from './scene.ts';

/** Main with root 2, which names a new online key, published; and root 1 as it was. */
async function secondRoot(scene: Scene): Promise<string> {
  const old = scene.world.remote.git('show', 'main:metadata/root.json');
  await replaceOnlineKey(scene.world, 'file:second.pem');
  expect((await scene.signOnline()).done).toBe(true);
  expect((await scene.publish()).done).toBe(true);
  return old;
}

/**
 * The automation's key was stolen, and root 2 names another one. Mallory, who has the old one, would have root 1 again: she takes
 * root 2 out of root_history/, so that clients that come from root 1 find no further one, or puts root 1 in its place.
 */
describe('an old root that is the newest again', () => {
  attack('is refused in an event, and so is a gap in the history', async scene => {
    const old = await secondRoot(scene);
    scene.world.push({ [historyPath(1)]: null });
    let page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['history']]);
    expect(page.markdown).toContain('history/1.root.json was removed');
    scene.world.push({ [historyPath(1)]: old, [historyPath(2)]: null, 'metadata/root.json': old });
    page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['version', 'history']]);
    const alice = await scene.sign('alice');
    expect([alice.signed, alice.refusal?.code]).toEqual([[], 'REFUSED']);
    expect(alice.screen).toContain('version goes from 2 to 1: root grows by exactly 1');
  });

  for (const [name, rules, take] of [
    ['a history without its first root', ['version'], () => ({ [historyPath(1)]: null })],
    ['a history without its newest root', ['root-quorum', 'history'], () => ({ [historyPath(2)]: null })],
    [
      'root 1 as the newest',
      ['version'],
      (old: string) => ({ [historyPath(2)]: null, 'metadata/root.json': old }),
    ],
  ] as const) {
    attack(`${name}, on main, is neither signed nor published, and clients of any age go on`, async scene => {
      const young = scene.client();
      const old = await secondRoot(scene);
      const client = scene.client();
      expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
      pushToMain(scene.world, take(old));
      const online = await scene.signOnline();
      expect([online.done, online.rules]).toEqual([false, rules]);
      expect((await scene.publish()).done).toBe(false);
      for (const each of [client, young]) expect(await each.download('tools/greet.sh')).toBe('echo hello\n');
      await scene.expectWholeSite();
    });
  }
});
