import { describe, expect } from 'vitest';
import {
  cardKey,
  drafted,
  expectUnharmed,
  files,
  listing,
  pushToMain,
  read,
  serve,
  signed,
  type Wire,
  words,
} from './attacker.ts';
import { attack, type Scene } from './scene.ts';

/** Targets without the delegation, signed by its quorum: alice and bob meant to take the role out of service. */
const without = ({ world }: Scene): Wire['targets'] =>
  signed(
    drafted(read(world, 'targets'), found => {
      found.delegations = { keys: {}, roles: [] };
    }),
    cardKey('alice'),
    cardKey('bob'),
  );

/**
 * Role tools is taken out of service. Mallory was one of its signers and can push; she lets its file stay, with all that it lists, and
 * hopes that somebody goes on reading it, or that the role comes back one day just as it was.
 */
describe('a role that is removed and whose file stays', () => {
  attack('in an event: rejected, as nobody delegates to it', async scene => {
    const client = scene.client();
    scene.world.push(files({ targets: without(scene) }));
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['artifacts', 'orphans']]);
    expect(page.markdown).toContain('metadata/tools.json belongs to no role that somebody delegates');
    const carol = await scene.sign('carol');
    expect([carol.signed, carol.refusal?.code]).toEqual([[], 'REFUSED']);
    expect(words(carol)).toContain('it no longer delegates to tools');

    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['artifacts', 'orphans']]);
    expect([published.done, published.rules]).toEqual([false, ['online', 'artifacts', 'orphans']]);
    await expectUnharmed(scene, client);
  });

  attack('on the site: no client reads it', async scene => {
    const client = scene.client();
    expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
    await serve(scene, { targets: without(scene), ...listing(scene.world, { targets: 2 }) });
    for (const somebody of [client, scene.client()]) {
      expect(await somebody.download('tools/greet.sh')).toBe('TARGET_UNKNOWN');
    }
  });

  attack('brought back as it was: its versions were spent', async scene => {
    const { world } = scene;
    const tools = read(world, 'tools');
    const targets = read(world, 'targets');
    pushToMain(world, {
      ...files({ targets: without(scene) }),
      'metadata/tools.json': null,
      'targets/tools/greet.sh': null,
    });
    expect([(await scene.signOnline()).done, (await scene.publish()).done]).toEqual([true, true]);
    const client = scene.client();
    expect(await client.download('tools/greet.sh')).toBe('TARGET_UNKNOWN');

    const again = drafted(read(world, 'targets'), found => {
      found.delegations = targets.signed.delegations;
    });
    world.push({ ...files({ targets: again, tools }), 'targets/tools/greet.sh': 'echo hello\n' });
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['version', 'role-quorum']]);
    expect(page.markdown).toContain('version 1 of a role that was published before: it has to exceed 1');
    expect((await scene.sign('alice')).refusal?.code).toBe('REFUSED');
    expect((await scene.force()).online).toMatchObject({ done: false, rules: ['role-quorum'] });
    expect(await client.download('tools/greet.sh')).toBe('TARGET_UNKNOWN');
    await scene.expectWholeSite();
  });
});
