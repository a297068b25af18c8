import { describe, expect } from 'vitest';
import { parseSigningEvent } from '../../src/git/names.ts';
import { expectUnharmed, listing, pushToMain, read, release, serve, type Wire, words } from './attacker.ts';
import { attack, type Scene } from './scene.ts';

const OLD = { 'targets/tools/greet.sh': 'echo hello\n' };
const oldTools = (scene: Scene): string => scene.world.remote.git('show', 'main:metadata/tools.json');

/**
 * Mallory can push. An older version of the artifact has a hole that she knows how to use, and everything that its quorum signed
 * then still verifies. She puts it back, to the letter, and needs no key for that: what stands in her way is the version.
 */
describe('a role that goes back to an older version', () => {
  attack('in an event: rejected, and nobody is asked', async scene => {
    const tools = oldTools(scene);
    await release(scene, 'echo mended\n');
    const client = scene.client();
    expect(await client.download('tools/greet.sh')).toBe('echo mended\n');
    scene.world.push({ ...OLD, 'metadata/tools.json': tools });
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['version']]);
    expect(page.markdown).toContain('tools: version goes back from 2 to 1');
    const bob = await scene.sign('bob');
    expect([bob.signed, bob.refusal?.code]).toEqual([[], 'REFUSED']);
    expect(words(bob)).toContain('tools: version goes back from 2 to 1 [version]');

    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['version']]);
    expect([published.done, published.rules]).toEqual([false, ['online']]);
    await expectUnharmed(scene, client, 'echo mended\n');
  });

  attack('on main itself: the automation stops, and signers are offered the way back', async scene => {
    const tools = oldTools(scene);
    await release(scene, 'echo mended\n');
    const client = scene.client();
    await scene.sign('bob'); // sees main as it is now
    pushToMain(scene.world, { ...OLD, 'metadata/tools.json': tools });
    expect(await scene.signOnline()).toMatchObject({ done: false, rules: ['version'] });
    expect(await scene.publish()).toMatchObject({ done: false, rules: ['online'] });
    scene.world.push({ 'targets/tools/new.sh': 'echo new\n' });
    const bob = await scene.sign('bob', undefined, () => false);
    expect([bob.signed, bob.refusal?.code]).toEqual([[], 'UNTRUSTED']);
    expect(words(bob)).toContain('main: tools goes back from version 2 to 1');
    expect(words(bob)).toContain('Open an event that puts back what it held then?');
    await expectUnharmed(scene, client, 'echo mended\n');

    const repair = /have (sign\/\S+) looked at/.exec(words(await scene.sign('bob')))?.[1] ?? '';
    expect((await scene.page(parseSigningEvent(repair))).verdict).toBe('accepted');
    scene.world.merge(repair);
    expect([(await scene.signOnline()).done, (await scene.publish()).done]).toEqual([true, true]);
    await expectUnharmed(scene, client, 'echo mended\n');
  });

  attack('on main, hidden behind a break: mending the break alone is no repair', async scene => {
    const tools = oldTools(scene);
    await release(scene, 'echo mended\n');
    const client = scene.client();
    pushToMain(scene.world, { ...OLD, 'metadata/tools.json': tools });
    pushToMain(scene.world, { 'metadata/evil.txt': 'x' });
    scene.world.push({ 'metadata/evil.txt': null });
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['metadata-names']]);
    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['version']]);
    expect(published.done).toBe(false);
    await expectUnharmed(scene, client, 'echo mended\n');
  });

  attack('served with the stolen online key: who has seen the newer one refuses', async scene => {
    const tools: Wire['tools'] = read(scene.world, 'tools');
    await release(scene, 'echo mended\n');
    const client = scene.client();
    expect(await client.download('tools/greet.sh')).toBe('echo mended\n');
    await serve(
      scene,
      { tools, ...listing(scene.world, { tools: 1 }) },
      { 'tools/greet.sh': 'echo hello\n' },
    );
    expect(await client.download('tools/greet.sh')).toBe('ROLLBACK');
    // Who never saw it can't know. What they get was signed by its quorum all the same, and nothing else can be had.
    expect(await scene.client().download('tools/greet.sh')).toBe('echo hello\n');
  });
});
