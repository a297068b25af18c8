import { describe, expect } from 'vitest';
import {
  cardKey,
  drafted,
  entryOf,
  expectUnharmed,
  files,
  listing,
  pushToMain,
  read,
  release,
  serve,
  signed,
  type Wire,
  words,
} from './attacker.ts';
import { attack, type Scene } from './scene.ts';

/** What mallory wants signed, below signatures of alice, bob and carol that are genuine, on root. */
const disguised = ({ world }: Scene): Wire['targets'] => ({
  ...drafted(read(world, 'targets'), ({ targets }) => {
    targets['evil.sh'] = entryOf('evil\n');
  }),
  signatures: read(world, 'root').signatures,
});

/**
 * Mallory can push. The same people sign root and targets with the same keys, so she puts their signatures on the one under the other.
 * A signature is over the bytes of one document, and counts nowhere else.
 */
describe("root's signatures moved to targets", () => {
  attack('in an event: count for nothing, and are named', async scene => {
    const client = scene.client();
    scene.world.push({ ...files({ targets: disguised(scene) }), 'targets/evil.sh': 'evil\n' });
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['pending', ['role-quorum']]);
    expect(page.warned).toContain('signature-ids');
    expect(page.markdown).toContain('targets: 0 of 2 signatures');
    expect(page.markdown).toContain('was over other bytes and is void: they have to sign again');
    const carol = await scene.sign('carol', undefined, () => false);
    expect(words(carol)).toContain('0 of 2; void: @alice, @bob, @carol');
    expect(words(carol)).toContain('artifact "evil.sh" is added');

    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['role-quorum']]);
    expect([published.done, published.rules]).toEqual([false, ['role-quorum', 'online']]);
    await expectUnharmed(scene, client);
  });

  attack('served: clients refuse', async scene => {
    const lists = listing(scene.world, { targets: 2 });
    await serve(scene, { targets: disguised(scene), ...lists }, { 'evil.sh': 'evil\n' });
    expect(await scene.client().download('evil.sh')).toBe('QUORUM');
  });
});

/** She moves the document with its signatures: root's, in the place of targets. A document says of what type it is. */
describe('a whole document moved', () => {
  attack('root.json in the place of targets.json: rejected', async scene => {
    const client = scene.client();
    const root = scene.world.remote.git('show', 'main:metadata/root.json');
    scene.world.push({ 'metadata/targets.json': root });
    const page = await scene.page();
    expect(page.verdict).toBe('rejected');
    expect(page.rules).toContain('schema');
    expect(page.markdown).toContain('\\_type is `root` where it has to be targets');
    expect((await scene.sign('alice')).refusal?.code).toBe('REFUSED');
    const { online, published } = await scene.force();
    expect([online.done, online.rules.includes('schema')]).toEqual([false, true]);
    expect([published.done, published.rules.includes('schema')]).toEqual([false, true]);
    await expectUnharmed(scene, client);
  });
});

/**
 * Bob and carol sign tools, and are a quorum of targets as well. Both are targets metadata, and neither says which role it is: what
 * they signed for tools verifies as targets, once its version is the higher one. Mallory, who can push, would so take every delegation
 * away without a signature made for it. A role that lists what was another's, as the other's delegation ends, is refused.
 */
describe("a delegated role's document in the place of targets", () => {
  attack('is rejected, and reaches no client when it is merged', async scene => {
    const client = scene.client();
    await release(scene, 'echo mended\n');
    const tools = scene.world.remote.git('show', 'main:metadata/tools.json');
    scene.world.push({ 'metadata/targets.json': tools, 'metadata/tools.json': null });
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['ownership']]);
    expect(page.markdown).toContain('in the event that ends the delegation to tools');
    expect((await scene.sign('alice')).refusal?.code).toBe('REFUSED');
    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['ownership']]);
    expect([published.done, published.rules]).toEqual([false, ['online']]);
    await expectUnharmed(scene, client, 'echo mended\n');

    // Nor does a signer who knew main before go on from there.
    scene.world.push({ 'targets/new.sh': 'echo new\n' });
    const bob = await scene.sign('bob', undefined, () => false);
    expect([bob.signed, bob.refusal?.code]).toEqual([[], 'UNTRUSTED']);
    expect(words(bob)).toContain('in the event that ends the delegation to tools');
  });

  attack('hidden behind a main that can not be read in between: no less', async scene => {
    const { world } = scene;
    const client = scene.client();
    await release(scene, 'echo mended\n');
    const tools = world.remote.git('show', 'main:metadata/tools.json');
    pushToMain(world, { 'metadata/targets.json': '{', 'metadata/tools.json': null });
    pushToMain(world, { 'metadata/targets.json': tools });
    expect(await scene.signOnline()).toMatchObject({ done: false, rules: ['ownership'] });
    world.push({ 'targets/new.sh': 'echo new\n' });
    expect((await scene.sign('bob', undefined, () => false)).refusal?.code).toBe('UNTRUSTED');
    await expectUnharmed(scene, client, 'echo mended\n');
  });
});

/** What the quorum itself does is no attack: the role ends in one event, and targets lists its artifacts in the next. */
describe('a role that ends and whose artifacts targets takes over later', () => {
  attack('is signed online, and known by signers who were away for both events', async scene => {
    const { world } = scene;
    await scene.sign('carol'); // pins main as it is
    const people = (['alice', 'bob'] as const).map(cardKey);
    const step = async (
      changes: Parameters<typeof world.push>[0],
      edit: Parameters<typeof drafted<Wire['targets']['signed']>>[1],
    ): Promise<void> => {
      world.push({
        ...changes,
        ...files({ targets: signed(drafted(read(world, 'targets'), edit), ...people) }),
      });
      expect((await scene.page()).verdict).toBe('accepted');
      world.merge();
    };
    await step({ 'metadata/tools.json': null, 'targets/tools/greet.sh': null }, targets => {
      targets.delegations = { keys: {}, roles: [] };
    });
    await step({ 'targets/tools/greet.sh': 'echo hello\n' }, ({ targets }) => {
      targets['tools/greet.sh'] = entryOf('echo hello\n');
    });
    expect([(await scene.signOnline()).done, (await scene.publish()).done]).toEqual([true, true]);
    world.push({ 'targets/new.sh': 'echo new\n' });
    await scene.update();
    expect((await scene.sign('carol')).signed).toEqual(['targets']);
  });
});
