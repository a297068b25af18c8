import { describe, expect } from 'vitest';
import { prompter, type TestWorld, UPDATE, worldTest } from '../support/world.ts';
import { cardKey, edited, files, read, signed, type Wire } from './attacker.ts';
import { attack, INIT } from './scene.ts';

/** A repository of mallory's alone, that looks like this one but for whose it is. */
function ownRepository(world: TestWorld, revision: string): Pick<Wire, 'root' | 'targets'> {
  const mallory = cardKey('mallory');
  const own = { keyids: [mallory.keyid], threshold: 1 };
  const root = edited(read(world, 'root', revision), draft => {
    Object.assign(draft.keys, { [mallory.keyid]: mallory.raw });
    Object.assign(draft.roles.root, own);
    Object.assign(draft.roles.targets, own);
  });
  const targets = edited(read(world, 'targets', revision), () => undefined);
  const bare = { signatures: [] };
  return {
    root: signed({ ...root, ...bare }, mallory),
    targets: signed({ ...targets, ...bare }, mallory),
  };
}

/** Mallory begins the repository again: an event by the name of the first one, with a first root of her own. */
describe('a second first root', () => {
  attack('is a rejected event where main has a root, and no client follows it', async scene => {
    const client = scene.client();
    scene.world.push({ 'targets/tools/greet.sh': 'echo new\n' });
    await scene.update();
    expect((await scene.sign('bob')).signed).toEqual(['tools']); // bob's machine sees main
    scene.world.push(files(ownRepository(scene.world, 'main')), INIT);
    const page = await scene.page(INIT);
    expect([page.verdict, page.rules]).toEqual([
      'rejected',
      expect.arrayContaining(['version', 'root-quorum', 'history']),
    ]);
    expect(page.markdown).toContain('root grows by exactly 1');
    expect(page.markdown).toContain('was changed');
    const alice = await scene.sign('alice', INIT);
    expect([alice.signed, alice.refusal?.code]).toEqual([[], 'REFUSED']);
    const { online, published } = await scene.force(INIT);
    expect([online.done, online.rules]).toEqual([false, ['version']]);
    expect(published.done).toBe(false);
    expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
    const bob = await scene.sign('bob', undefined, question => !question.includes('Open an event'));
    expect([bob.signed, bob.refusal?.code]).toEqual([[], 'UNTRUSTED']);
    expect(bob.screen).toContain('begins with another root');
  });
});

/**
 * The repository is new: alice has made the first root, bob and carol have signed it, and it is not on main yet. Mallory, who may push,
 * puts one of her own there first.
 */
describe('another first root on an empty main', () => {
  worldTest(
    'is asked about by all who signed the real one, with the fingerprint',
    async ({ empty: world }) => {
      await world.init('alice');
      for (const name of ['bob', 'carol', 'alice', 'bob'] as const) await world.sign(name, INIT);
      const own = ownRepository(world, INIT);
      world.push({ ...files(own), 'metadata/.signing-event-state': null }, 'main');
      await world.onlineSign();
      world.push({ 'targets/one.txt': 'one' }, UPDATE);
      await world.updateTargets();
      for (const name of ['alice', 'bob'] as const) {
        const asked = prompter(question => !question.includes('trust'));
        const before = world.person(name).signatures;
        await expect(world.sign(name, UPDATE, { prompter: asked })).rejects.toMatchObject({
          code: 'DECLINED',
        });
        const told = asked.said.join('\n');
        expect(told).toContain(
          'it does not begin with the root that you made or signed here: ask the others why',
        );
        expect(told).toContain('its signers  1 of @mallory');
        expect(told).toMatch(/first root {3}SHA-256 [0-9a-f]{64}/);
        expect(asked.trustQuestions).toHaveLength(1);
        expect(world.person(name).signatures).toBe(before);
        expect((await world.person(name).pins.list()).map(({ state }) => state)).toEqual(['proposed']);
      }
      // Nor does the real event go on from there.
      expect((await world.judge(INIT).catch((error: unknown) => error)) as object).toMatchObject({
        report: { verdict: 'rejected' },
      });
    },
  );
});
