import { describe, expect } from 'vitest';
import {
  bytesOf,
  drafted,
  edited,
  files,
  historyPath,
  pushToMain,
  read,
  signed,
  strangeKey,
} from './attacker.ts';
import { expectUnmoved, releaseTools, unwrapped } from './proofs.ts';
import { attack, type Scene, UPDATE } from './scene.ts';

/** An event of today's main, that bob would sign. */
async function newEvent(scene: Scene): Promise<void> {
  scene.world.push({ 'targets/tools/greet.sh': 'echo hello once more\n' });
  await scene.update();
}

/** Bob's machine has verified main as it is now, and pinned it. */
async function hasSeenMain(scene: Scene): Promise<void> {
  await newEvent(scene);
  await scene.sign('bob', undefined, question => !question.startsWith('Sign '));
  scene.world.remote.git('update-ref', '-d', `refs/heads/${UPDATE}`);
}

async function expectUntrusted(scene: Scene, words: string): Promise<void> {
  const { world } = scene;
  const before = world.person('bob').signatures;
  const bob = await scene.sign('bob');
  expect([bob.signed, bob.refusal?.code]).toEqual([[], 'UNTRUSTED']);
  expect(unwrapped(bob.screen)).toContain(words);
  expect(unwrapped(bob.screen)).toContain('Nothing was signed');
  expect(world.person('bob').signatures).toBe(before);
}

const trustedRoot = ({ world }: Scene): Buffer =>
  Buffer.from(world.remote.git('show', 'main:metadata/root.json'));

/** Another first root and other targets, by a key of mallory's own; the online key stays, so that the automation would sign. */
function replaceRepository({ world }: Scene): void {
  const key = strangeKey('mallory');
  const root = signed(
    {
      ...edited(read(world, 'root'), document => {
        document.keys[key.keyid] = key.raw;
        for (const role of ['root', 'targets'] as const) {
          Object.assign(document.roles[role], { keyids: [key.keyid], threshold: 1 });
        }
      }),
      signatures: [],
    },
    key,
  );
  pushToMain(world, {
    ...files({ root, targets: signed(drafted(read(world, 'targets')), key) }),
    [historyPath(1)]: bytesOf(root),
  });
}

/**
 * Mallory may push to main with force. She puts back an older state, another repository with roots of her own, or the same state
 * without its history, so that what people and machines remember of main has nothing to hold on to.
 */
describe('main that was rewritten', () => {
  attack('to an older state: signers refuse, clients that remember do not go back', async scene => {
    const { world } = scene;
    const before = world.remote.sha('main');
    await releaseTools(scene, 'echo new\n');
    const after = world.remote.sha('main');
    const client = scene.client();
    expect(await client.download('tools/greet.sh')).toBe('echo new\n');
    await hasSeenMain(scene);

    world.remote.git('update-ref', 'refs/heads/main', before);
    await newEvent(scene);
    await expectUntrusted(scene, 'history was rewritten');
    expect((await world.onlineSign(trustedRoot(scene))).refusals).toEqual([]);
    expect((await scene.publish()).done).toBe(false); // clients have more
    // A site that is built from it anew serves what a quorum signed once: only who remembers can tell.
    expect((await scene.publishAnew()).done).toBe(true);
    expect(await client.download('tools/greet.sh')).toBe('ROLLBACK');
    expect(await scene.client().download('tools/greet.sh')).toBe('echo hello\n');

    world.remote.git('update-ref', 'refs/heads/main', after);
    expect((await scene.publish()).done).toBe(true);
    expect(await client.download('tools/greet.sh')).toBe('echo new\n');
  });

  attack('to a root chain of her own: signers and automation refuse, clients stay', async scene => {
    const client = scene.client();
    await expectUnmoved(scene, client);
    const trusted = trustedRoot(scene);
    await hasSeenMain(scene);
    replaceRepository(scene);
    await newEvent(scene);
    await expectUntrusted(scene, 'begins with another root');
    await expect(scene.world.onlineSign(trusted)).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('is not the trusted root: main is not what was trusted') as unknown,
    });
    // Without --trusted-root: main once held another first root.
    const online = await scene.signOnline();
    expect([online.done, online.rules]).toEqual([false, ['version']]);
    const published = await scene.publish();
    expect(published.done).toBe(false);
    await expectUnmoved(scene, client);
  });

  attack('to a root chain of her own without any history: only the trusted root can tell', async scene => {
    const { world } = scene;
    const client = scene.client();
    await expectUnmoved(scene, client);
    const trusted = trustedRoot(scene);
    await hasSeenMain(scene);
    replaceRepository(scene);
    const orphan = world.remote.git('commit-tree', '-m', 'Start', world.remote.sha('main^{tree}'));
    world.remote.git('update-ref', 'refs/heads/main', orphan);
    await newEvent(scene);
    await expectUntrusted(scene, 'begins with another root');
    await expect(world.onlineSign(trusted)).rejects.toMatchObject({ code: 'REFUSED' });
    expect((await scene.publish()).done).toBe(false);
    await expectUnmoved(scene, client);
  });

  attack('before somebody has seen it: they are shown whose root it is, and asked', async scene => {
    replaceRepository(scene);
    await newEvent(scene);
    const bob = await scene.sign('bob', undefined, question => !question.includes('trust'));
    expect([bob.signed, bob.refusal?.code]).toEqual([[], 'DECLINED']);
    expect(unwrapped(bob.screen)).toContain('this machine sees this repository for the first time');
    expect(unwrapped(bob.screen)).toContain('1 of @mallory');
  });

  attack(
    'to the same state with its history squashed: signers refuse, everybody else goes on',
    async scene => {
      const { world } = scene;
      const client = scene.client();
      await expectUnmoved(scene, client);
      const orphan = world.remote.git('commit-tree', '-m', 'Squash', world.remote.sha('main^{tree}'));
      await newEvent(scene);
      await scene.sign('bob', undefined, () => false);
      world.remote.git('update-ref', 'refs/heads/main', orphan);
      await expectUntrusted(scene, 'history was rewritten');
      expect((await scene.signOnline()).done).toBe(true);
      expect((await scene.publish()).done).toBe(true);
      await expectUnmoved(scene, client);
    },
  );
});
