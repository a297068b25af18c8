import { describe, expect } from 'vitest';
import { type BranchName, parseSigningEvent } from '../../src/git/names.ts';
import { bytesOf, read } from './attacker.ts';
import { attack, type Scene } from './scene.ts';

const ABANDONED: BranchName = parseSigningEvent('sign/abandoned');

/** An event for an artifact that turned out to be bad: its quorum signed it, and nobody merged it. */
async function abandon(scene: Scene): Promise<Record<string, Uint8Array | string>> {
  scene.world.push({ 'targets/tools/greet.sh': 'echo bad\n' }, ABANDONED);
  await scene.update(ABANDONED);
  for (const name of ['bob', 'carol'] as const) await scene.sign(name, ABANDONED);
  const kept = {
    'metadata/tools.json': bytesOf(read(scene.world, 'tools', ABANDONED)),
    'targets/tools/greet.sh': 'echo bad\n',
  };
  scene.world.remote.git('update-ref', '-d', `refs/heads/${ABANDONED}`);
  return kept;
}

/** The event that was merged instead. */
async function publishOther(scene: Scene): Promise<void> {
  scene.world.push({ 'targets/tools/greet.sh': 'echo good\n' });
  await scene.update();
  for (const name of ['bob', 'carol'] as const) await scene.sign(name);
  const { published } = await scene.force();
  expect(published.done).toBe(true);
}

/**
 * A quorum signed what turned out to be bad, and closed the event instead of merging it. Mallory has kept the commit: its signatures
 * are real, and nothing in them says which event they were for. Before that version is published they are a quorum's word
 * like any other, so the page and the merge are what stands in the way; afterwards they are worth nothing.
 */
describe('what was signed in an event that was given up', () => {
  attack('shows as a fully signed change where it is brought back early', async scene => {
    scene.world.push(await abandon(scene));
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['accepted', []]);
    expect(page.markdown).toContain('tools/greet.sh');
  });

  attack('on main, early, is what a quorum signed; the next version takes its place', async scene => {
    const client = scene.client();
    scene.world.push(await abandon(scene), 'main');
    expect((await scene.signOnline()).done).toBe(true);
    expect((await scene.publish()).done).toBe(true);
    expect(await client.download('tools/greet.sh')).toBe('echo bad\n');
    await publishOther(scene);
    expect(await client.download('tools/greet.sh')).toBe('echo good\n');
    await scene.expectWholeSite();
  });

  attack('is refused in an event after another one was published', async scene => {
    const kept = await abandon(scene);
    await publishOther(scene);
    const client = scene.client();
    scene.world.push(kept);
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['version']]);
    expect(page.markdown).toContain('content changed but version is still 2');
    const bob = await scene.sign('bob');
    expect([bob.signed, bob.refusal?.code]).toEqual([[], 'REFUSED']);
    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['version']]);
    expect([published.done, published.rules]).toEqual([false, ['version']]);
    expect(await client.download('tools/greet.sh')).toBe('echo good\n');
  });

  attack('is refused by automation where it is put on main afterwards', async scene => {
    const kept = await abandon(scene);
    await publishOther(scene);
    const client = scene.client();
    scene.world.push(kept, 'main');
    const online = await scene.signOnline();
    expect([online.done, online.rules]).toEqual([false, ['version']]);
    const published = await scene.publish();
    expect([published.done, published.rules]).toEqual([false, ['version']]);
    expect(await client.download('tools/greet.sh')).toBe('echo good\n');
  });
});
