import { expect } from 'vitest';
import { parseSigningEvent } from '../../src/git/names.ts';
import { setPolicy } from '../../src/operations/set-policy.ts';
import type { Scene } from './scene.ts';

const EVENT = parseSigningEvent('sign/policy');

/** Has root's quorum put a policy in force, in an event of its own that is merged and published. */
export async function enforce(scene: Scene, policy: string): Promise<void> {
  const alice = scene.world.person('alice');
  await scene.world.in(alice, workspace => setPolicy(workspace, EVENT, Buffer.from(policy)));
  for (const name of ['alice', 'bob'] as const) await scene.sign(name, EVENT);
  const { published } = await scene.force(EVENT);
  expect(published.done).toBe(true);
}
