import { describe, expect } from 'vitest';
import { parseSigningEvent } from '../../src/git/names.ts';
import { openDrill } from '../../src/operations/drill/open.ts';
import { expectRejected, expectUnmoved } from './proofs.ts';
import { attack, type Scene, UPDATE } from './scene.ts';

const DRILL = parseSigningEvent('sign/drill-june');
const FILE = 'drills/june.json';

interface Wire {
  readonly signatures: { fingerprint: string; sig: string }[];
  readonly signed: { readonly keys: readonly { readonly fingerprint: string; readonly owner: string }[] };
}

const open = (scene: Scene): unknown =>
  scene.world.in(scene.world.person('alice'), workspace => openDrill(workspace, { name: 'june', days: 14 }));
const drillOf = (scene: Scene): Wire => scene.world.json(FILE, DRILL) as Wire;

/**
 * Mallory can push to any branch. People sign drills lightly, as those change nothing: she hopes that what they sign there is
 * worth something elsewhere, or that what they signed elsewhere passes for a proof.
 */
describe('a drill as a trap', () => {
  attack('its proofs are no signatures on metadata', async scene => {
    const client = scene.client();
    await expectUnmoved(scene, client);
    await open(scene);
    for (const name of ['bob', 'carol'] as const) await scene.sign(name, DRILL);
    // tools as on main, another content, under the proofs that two of two gave.
    scene.world.push({ 'targets/tools/greet.sh': 'echo evil\n' });
    await scene.update();
    const tools = scene.world.json('metadata/tools.json', UPDATE) as {
      signatures: { keyid: string; sig: string }[];
    };
    const proofs = drillOf(scene).signatures.map(({ sig }) => sig);
    const forged = {
      ...tools,
      signatures: tools.signatures.map(({ keyid }, i) => ({ keyid, sig: proofs[i] ?? '' })),
    };
    scene.world.push({ 'metadata/tools.json': JSON.stringify(forged) });
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['pending', ['role-quorum']]);
    const { online, published } = await scene.force();
    expect([online.done, published.done]).toEqual([false, false]);
    await expectUnmoved(scene, client);
  });

  attack('signatures on metadata are no proofs', async scene => {
    await open(scene);
    const drill = drillOf(scene);
    const tools = scene.world.json('metadata/tools.json') as { signatures: { sig: string }[] };
    const bob = drill.signed.keys.find(({ owner }) => owner === '@bob');
    const forged = {
      ...drill,
      signatures: [{ fingerprint: bob?.fingerprint ?? '', sig: tools.signatures[0]?.sig ?? '' }],
    };
    scene.world.push({ [FILE]: JSON.stringify(forged) }, DRILL);
    await expectRejected(scene, ['drill'], ['does not verify: it is over something else'], DRILL);
  });

  attack(
    'what comes along with it is refused, whoever has signed, and nobody signs it any more',
    async scene => {
      const client = scene.client();
      await expectUnmoved(scene, client);
      await open(scene);
      for (const name of ['alice', 'bob', 'carol'] as const) await scene.sign(name, DRILL);
      expect((await scene.page(DRILL)).verdict).toBe('accepted');
      scene.world.push({ '.github/workflows/online-sign.yml': 'on: push\n' }, DRILL);
      await expectRejected(scene, ['scope', 'drill'], ['.github'], DRILL);
      const { online, published } = await scene.force(DRILL);
      // What was merged past all rules is not metadata: nothing of it reaches a client.
      expect([online.done, published.done]).toEqual([true, true]);
      await expectUnmoved(scene, client);
    },
  );
});
