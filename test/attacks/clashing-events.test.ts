import { describe, expect } from 'vitest';
import { parseSigningEvent } from '../../src/git/names.ts';
import { cardKey, drafted, files, read, signed, strangeKey } from './attacker.ts';
import { expectStopped, expectUnmoved, unwrapped } from './proofs.ts';
import { attack, type Scene } from './scene.ts';

const CUT = parseSigningEvent('sign/cut');
const ADD = parseSigningEvent('sign/add');

/** Targets hands `tools/new*` to another role as well: on its own a clean event, but for bob's word to it. */
async function cutEvent({ world }: Scene): Promise<void> {
  const key = strangeKey('carol');
  const targets = drafted(read(world, 'targets'), ({ delegations }) => {
    const [tools] = delegations.roles;
    delegations.keys[key.keyid] = key.raw;
    delegations.roles.push({
      ...tools,
      name: 'news',
      terminating: false,
      paths: ['tools/new*'],
      threshold: 1,
      keyids: [key.keyid],
    });
  });
  const news = drafted({ ...read(world, 'tools'), signatures: [] }, signed => {
    signed.version = 1;
    signed.targets = {};
  });
  const made = signed(targets, cardKey('alice'), cardKey('bob'));
  const signedNews = signed(news, key);
  world.push({ ...files({ targets: made }), 'metadata/news.json': JSON.stringify(signedNews) }, CUT);
}

async function addEvent(scene: Scene): Promise<void> {
  scene.world.push({ 'targets/tools/new.sh': 'echo new\n' }, ADD);
  await scene.update(ADD);
  for (const name of ['bob', 'carol'] as const)
    expect((await scene.sign(name, ADD)).signed).toEqual(['tools']);
}

/**
 * Mallory holds no key, but the merge button. Two events are each accepted and clash with one another: she merges both at once,
 * and hopes that together they say what nobody signed.
 */
describe('main moved under an accepted event', () => {
  attack('two clean events that clash: the second waits, and by force main is refused', async scene => {
    const client = scene.client();
    await expectUnmoved(scene, client);
    await cutEvent(scene);
    await addEvent(scene);
    expect((await scene.page(CUT)).verdict).toBe('accepted');
    expect((await scene.page(ADD)).verdict).toBe('accepted');

    scene.world.merge(CUT);
    const page = await scene.page(ADD);
    expect([page.verdict, page.rules]).toEqual(['pending', ['base']]);
    expect(page.markdown).toContain('main has moved on');
    expect(page.markdown).toContain('merge main into the event');
    const bob = await scene.sign('bob', ADD);
    expect(bob.signed).toEqual([]);

    const { online, published } = await scene.force(ADD);
    expect([online.done, online.rules]).toEqual([false, ['ownership']]);
    expectStopped(published, 'ownership');
    await expectUnmoved(scene, client);
  });

  attack('merging main into the event shows the clash to everybody', async scene => {
    const { world } = scene;
    await cutEvent(scene);
    await addEvent(scene);
    world.merge(CUT);
    const tree = world.remote.git('merge-tree', '--write-tree', ADD, 'main');
    const merged = world.remote.git('commit-tree', '-p', ADD, '-p', 'main', '-m', 'Merge main', tree);
    world.remote.git('update-ref', `refs/heads/${ADD}`, merged);
    const page = await scene.page(ADD);
    expect([page.verdict, page.rules]).toEqual(['rejected', ['ownership']]);
    expect(page.markdown).toContain('is claimed by');
    const bob = await scene.sign('bob', ADD);
    expect(bob.refusal?.code).toBe('REFUSED');
    expect(unwrapped(bob.screen)).toContain('"tools/new.sh" is claimed by "tools" and "news"');
  });
});
