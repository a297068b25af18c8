import { createHash } from 'node:crypto';
import { describe, expect } from 'vitest';
import { parseSigningEvent } from '../../src/git/names.ts';
import { openDrill } from '../../src/operations/drill/open.ts';
import type { ObjectId } from '../../src/repository/tree.ts';
import type { TestRepository } from '../support/git-repo.ts';
import { owners } from '../support/world.ts';
import { cardKey, drafted, files, read, signed } from './attacker.ts';
import { expectRejected, expectStopped, expectUnmoved, pushBelowTargets } from './proofs.ts';
import { attack, type Scene, UPDATE } from './scene.ts';

/** Milliseconds for page and signer together. Unbounded, each of these would take hours or all memory. */
const PATIENCE = 15_000;

async function inTime(act: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  await act();
  expect(performance.now() - start).toBeLessThan(PATIENCE);
}

/** What a folder of a tree holds, as git writes it down. */
const entries = (remote: TestRepository, tree: string, path = ''): readonly Entry[] =>
  remote
    .git('ls-tree', `${remote.git('rev-parse', tree)}${path === '' ? '' : `:${path.slice(1)}`}`)
    .split('\n')
    .flatMap(line => {
      const [, mode, oid, name] = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/.exec(line) ?? [];
      return mode === undefined || name === undefined ? [] : [{ mode, oid: oid as ObjectId, name }];
    });

interface Entry {
  readonly mode: string;
  readonly oid: ObjectId;
  readonly name: string;
}

const BILLION = `version: 1
a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]
${Array.from('bcdefghi', (name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[i]}`).join(', ')}]`).join('\n')}
`;

/** `tools` with this text in the place of its version: not what any encoder of ours would write. */
const withText = ({ world }: Scene, text: string): Record<string, string> => ({
  'metadata/tools.json': world.remote
    .git('show', 'main:metadata/tools.json')
    .replace('"version": 1', `"x": ${text}, "version": 2`),
});

/**
 * Mallory can push to an event's branch. A few kilobytes that unpack to more than any machine has are to stop the page, the signers
 * and the automation, so that nothing is renewed any more and clients run into an expiry.
 */
describe('a small push that unpacks to something huge', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const documents: readonly (readonly [string, string, string])[] = [
    ['depth', deep, 'nests deeper than 64'],
    ['width', `[${'{},'.repeat(3_000_001)}{}]`, 'more than 3000000 values'],
  ];
  for (const [what, text, words] of documents) {
    attack(`${what} of JSON: refused in time`, async scene => {
      scene.world.push(withText(scene, text));
      await inTime(() => expectRejected(scene, ['schema', 'artifacts'], ['tools', words]));
    });
  }

  attack('depth of JSON, merged by force: no client meets it', async scene => {
    const client = scene.client();
    await expectUnmoved(scene, client);
    scene.world.push(withText(scene, deep));
    const { online, published } = await scene.force();
    expectStopped(online, 'schema');
    expectStopped(published, 'schema');
    await expectUnmoved(scene, client);
  });

  attack('aliases in tuf-signer.yml, even where root names the file: refused in time', async scene => {
    const { world } = scene;
    const client = scene.client();
    await expectUnmoved(scene, client);
    const sha256 = createHash('sha256').update(BILLION).digest('hex');
    const root = signed(
      drafted(read(world, 'root'), document => {
        Object.assign(document, { 'x-tuf-signer-policy': { sha256 } });
      }),
      cardKey('alice'),
    );
    world.push({ ...files({ root }), 'tuf-signer.yml': BILLION });
    await inTime(() =>
      expectRejected(scene, ['root-quorum', 'policy'], ['tuf-signer.yml', 'not taken in a policy']),
    );
    const { online } = await scene.force();
    expectStopped(online, 'root-quorum');
    await expectUnmoved(scene, client);
  });

  attack(
    'folders that hold one another ten times each: an error in time, for the event alone',
    async scene => {
      const { world } = scene;
      const client = scene.client();
      await expectUnmoved(scene, client);
      let tree: ObjectId = world.remote.tree();
      for (let depth = 0; depth < 20; depth++) {
        const oid = tree;
        tree = world.remote.tree(
          ...Array.from({ length: 10 }, (_, i) => ({ mode: '40000', name: `${i}`, oid })),
        );
      }
      pushBelowTargets(world, '40000', tree, 'bomb');
      const told = { code: 'BAD_FILE', message: 'a folder holds more than 100000 folders' };
      await inTime(async () => {
        // The page says so, with an error beside the commit; there is no judgement.
        await expect(scene.page()).rejects.toMatchObject({ ...told, code: 'REFUSED' });
        expect((await scene.sign('bob')).refusal).toMatchObject(told);
      });
      world.merge();
      expect((await scene.publish()).refusal?.code).toBe('BAD_FILE');
      await expectUnmoved(scene, client);
    },
  );

  const DRILL = parseSigningEvent('sign/drill-june');
  const FILE = 'drills/june.json';
  const open = (scene: Scene): unknown =>
    scene.world.in(scene.world.person('alice'), workspace =>
      openDrill(workspace, { name: 'june', days: 14 }),
    );
  interface WireDrill {
    readonly signatures: { fingerprint: string; sig: string }[];
    readonly signed: { readonly keys: readonly { readonly fingerprint: string }[] };
  }
  /** Of the form of a signature, so that it takes the time of one to find out. */
  const der = (i: number): string =>
    `30440220${i.toString(16).padStart(64, '1')}0220${i.toString(16).padStart(64, '1')}`;

  attack('hundreds of thousands of proofs in one drill: refused in time', async scene => {
    await open(scene);
    const drill = scene.world.json(FILE, DRILL) as WireDrill;
    const fingerprint = drill.signed.keys[0]?.fingerprint ?? '';
    const signatures = Array.from({ length: 200_000 }, (_, i) => ({ fingerprint, sig: der(i) }));
    scene.world.push({ [FILE]: JSON.stringify({ ...drill, signatures }) }, DRILL);
    await inTime(() => expectRejected(scene, ['drill'], ['more than 4194304'], DRILL));
  });

  attack('states of a drill that unpack to gigabytes: refused in time', async scene => {
    const { remote } = scene.world;
    await open(scene);
    const tree = remote.git('rev-parse', `${DRILL}^{tree}`);
    const top = entries(remote, tree);
    let parent = remote.sha(DRILL) as string;
    for (let state = 0; state < 34; state++) {
      // Whitespace is as good a bomb as any.
      const blob = remote.object('blob', `${' '.repeat(4_000_000)}${state}`);
      const drills = remote.tree({ mode: '100644', name: 'june.json', oid: blob });
      const changed = top.map(entry => (entry.name === 'drills' ? { ...entry, oid: drills } : entry));
      parent = remote.git('commit-tree', '-p', parent, '-m', 'x', remote.tree(...changed));
    }
    const back = remote.git('commit-tree', '-p', parent, '-m', 'as it was', tree);
    remote.git('update-ref', `refs/heads/${DRILL}`, back);
    await inTime(() => expectRejected(scene, ['drill'], ['taken away is not known'], DRILL));
  });

  attack('an invitation whose history unpacks to gigabytes: told in time', async scene => {
    const { remote } = scene.world;
    await scene.world.delegate('alice', { signers: owners('bob', 'carol', 'mallory'), threshold: 2 });
    const name = '.signing-event-state';
    const [tree, metadata] = ['', '/metadata'].map(path => entries(remote, `${UPDATE}^{tree}`, path));
    const state = remote.git('show', `${UPDATE}:metadata/${name}`);
    // The same two over and over: what goes through the network is some kilobytes.
    const states = [60_000_000, 60_000_001].map(length => {
      const oid = remote.object('blob', `${' '.repeat(length)}${state}`);
      const folder = remote.tree(
        ...(metadata ?? []).map(entry => (entry.name === name ? { ...entry, oid } : entry)),
      );
      return remote.tree(
        ...(tree ?? []).map(entry => (entry.name === 'metadata' ? { ...entry, oid: folder } : entry)),
      );
    });
    const honest = remote.git('rev-parse', `${UPDATE}^{tree}`);
    let parent = remote.sha(UPDATE) as string;
    for (let i = 0; i < 40; i++)
      parent = remote.git('commit-tree', '-p', parent, '-m', 'x', states[i % 2] ?? '');
    remote.git(
      'update-ref',
      `refs/heads/${UPDATE}`,
      remote.git('commit-tree', '-p', parent, '-m', 'back', honest),
    );
    await inTime(async () => {
      expect((await scene.page()).verdict).toBe('pending');
      await scene.sign('mallory', UPDATE, () => false);
    });
  });
});
