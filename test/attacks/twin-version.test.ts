import { describe, expect } from 'vitest';
import { type BranchName, parseSigningEvent } from '../../src/git/names.ts';
import { bytesOf, edited, onlineKey, read, serve, signed } from './attacker.ts';
import { attack, type Scene, UPDATE } from './scene.ts';

const TWIN: BranchName = parseSigningEvent('sign/twin');

/** Two events of one base, both for version 2 of tools; the second one signed before the first was merged, and abandoned. */
async function twins(scene: Scene): Promise<void> {
  for (const [branch, content] of [
    [UPDATE, 'echo chosen\n'],
    [TWIN, 'echo abandoned\n'],
  ] as const) {
    scene.world.push({ 'targets/tools/greet.sh': content }, branch);
    await scene.update(branch);
    for (const name of ['bob', 'carol'] as const) {
      expect((await scene.sign(name, branch)).signed).toEqual(['tools']);
    }
  }
}

/**
 * Two events made version 2 of one role, and the quorum signed both. One was merged and published; the other was given up, and
 * its signatures are there for anybody to read. Mallory hopes that a version, once signed, is a version.
 */
describe('the same version with other content', () => {
  attack('is refused to whoever would still sign it', async scene => {
    for (const branch of [UPDATE, TWIN]) {
      scene.world.push({ 'targets/tools/greet.sh': `echo ${branch}\n` }, branch);
      await scene.update(branch);
    }
    for (const name of ['bob', 'carol'] as const) await scene.sign(name);
    await scene.force();
    const bob = await scene.sign('bob', TWIN);
    expect([bob.signed, bob.refusal?.code]).toEqual([[], 'REFUSED']);
    expect(bob.screen).toContain('version 2 is not the next one any more, main has 2: merge main into the');
    const page = await scene.page(TWIN);
    expect([page.verdict, page.rules]).toEqual(['rejected', ['version', 'role-quorum', 'base']]);
    expect(page.markdown).toContain('version 2 is not the next one any more');
  });

  attack('takes the place of the published one on main, and reaches no client', async scene => {
    await twins(scene);
    await scene.force();
    await scene.sign('bob', TWIN); // bob's machine sees main
    const client = scene.client();
    expect(await client.download('tools/greet.sh')).toBe('echo chosen\n');
    const twin = read(scene.world, 'tools', TWIN);
    scene.world.push(
      { 'metadata/tools.json': bytesOf(twin), 'targets/tools/greet.sh': 'echo abandoned\n' },
      'main',
    );
    const online = await scene.signOnline();
    expect([online.done, online.rules]).toEqual([false, ['version']]);
    const published = await scene.publish();
    expect([published.done, published.rules]).toEqual([false, ['version']]);
    expect(await client.download('tools/greet.sh')).toBe('echo chosen\n');
    const bob = await scene.sign('bob', TWIN);
    expect(bob.refusal?.code).toBe('UNTRUSTED');
    expect(bob.screen).toContain('tools version 2 says something else than before');
  });

  attack(
    'can be served with a stolen online key: a choice among what quorums signed, and no more',
    async scene => {
      await twins(scene);
      await scene.force();
      const old = scene.client();
      expect(await old.download('tools/greet.sh')).toBe('echo chosen\n');
      const twin = read(scene.world, 'tools', TWIN);
      await serve(scene, { tools: twin }, { 'tools/greet.sh': 'echo abandoned\n' });
      expect(await old.download('tools/greet.sh')).toBe('echo chosen\n');
      const evil = edited(twin, ({ targets }) => {
        targets['tools/greet.sh'] = { length: 4, hashes: { sha256: 'ab'.repeat(32) } };
      });
      await serve(scene, { tools: signed(evil, onlineKey(scene.world)) });
      expect(await scene.client().download('tools/greet.sh')).toBe('QUORUM');
    },
  );
});
