import { describe, expect } from 'vitest';
import type { RuleId } from '../../src/event/reason.ts';
import type { ObjectId } from '../../src/repository/tree.ts';
import { expectRejected, expectUnmoved, pushBelowTargets } from './proofs.ts';
import { attack, type Scene, UPDATE } from './scene.ts';

/**
 * Mallory can push to an event's branch, and pushes what a checkout would follow out of the repository: a symlink to a secret of
 * the machine that publishes, a submodule with content of her own, a link in the place of metadata that everybody looked at.
 */
describe('links instead of files', () => {
  interface Row {
    readonly what: string;
    readonly push: (scene: Scene) => void;
    readonly rules: readonly RuleId[];
    readonly words: readonly string[];
    /** By which rules online signing refuses main afterwards. */
    readonly online: readonly RuleId[];
  }
  const link = (files: Parameters<Scene['world']['push']>[0]) => (scene: Scene) =>
    void scene.world.push(files, UPDATE, { mode: '120000' });
  const rows: readonly Row[] = [
    {
      what: 'a symlink out of targets/',
      push: link({ 'targets/tools/greet.sh': '../../../../etc/passwd' }),
      rules: ['tree-modes'],
      words: ['tools/greet.sh', 'is a symlink, no regular file'],
      online: ['tree-modes'],
    },
    {
      what: 'a new symlink beside the artifacts',
      push: link({ 'targets/shadow': '/etc/shadow' }),
      rules: ['artifacts', 'tree-modes'],
      words: ['shadow', 'is a symlink, no regular file'],
      online: ['artifacts', 'tree-modes'],
    },
    {
      what: 'a submodule',
      push: ({ world }) =>
        pushBelowTargets(world, '160000', world.remote.sha('main') as string as ObjectId, 'lib'),
      rules: ['artifacts', 'tree-modes'],
      words: ['lib', 'is a submodule, no regular file'],
      online: ['artifacts', 'tree-modes'],
    },
    {
      what: 'a symlink as a role',
      push: link({ 'metadata/tools.json': 'targets.json' }),
      rules: ['schema', 'artifacts', 'tree-modes'],
      words: ['tools.json', 'is a symlink, no regular file'],
      online: ['schema', 'artifacts', 'tree-modes'],
    },
    {
      what: 'metadata/ itself as a symlink',
      push: link({ metadata: 'elsewhere' }),
      rules: ['schema', 'online', 'history', 'artifacts', 'metadata-names', 'tree-modes'],
      words: ['is a symlink, no regular file'],
      online: ['schema', 'artifacts', 'metadata-names', 'tree-modes'],
    },
  ];
  for (const { what, push, rules, words, online } of rows) {
    attack(`${what}: refused and named, never published`, async scene => {
      const client = scene.client();
      await expectUnmoved(scene, client);
      push(scene);
      await expectRejected(scene, rules, words);
      const forced = await scene.force();
      expect([forced.online.done, forced.online.rules]).toEqual([false, online]);
      expect(forced.published.done).toBe(false);
      expect(forced.published.rules).toContain('tree-modes');
      await expectUnmoved(scene, client);
    });
  }
});
