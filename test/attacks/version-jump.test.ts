import { describe, expect } from 'vitest';
import { cardKey, drafted, files, pushToMain, read, signed, type Wire } from './attacker.ts';
import { enforce } from './policy-in-force.ts';
import { attack, type Scene } from './scene.ts';

/** Tools at that version, signed by its real quorum. */
const tools = (scene: Scene, version: number): Wire['tools'] =>
  signed(
    drafted(read(scene.world, 'tools'), draft => void (draft.version = version)),
    cardKey('bob'),
    cardKey('carol'),
  );

const LAST = Number.MAX_SAFE_INTEGER;

/**
 * After version 2^53 - 1 there is none. If clients see it once, the role can never say anything new again. Mallory makes the event, and
 * bob and carol, who look at the artifacts and not at numbers, have signed it with another tool.
 */
describe('a version that jumps to the last one', () => {
  attack('is refused in an event, though its quorum signed it', async scene => {
    scene.world.push(files({ tools: tools(scene, LAST) }));
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['version']]);
    expect(page.markdown).toContain('version jumps from 1 to `9007199254740991`, by more than 100');
    const bob = await scene.sign('bob');
    expect([bob.signed, bob.refusal?.code]).toEqual([[], 'REFUSED']);
    expect(bob.screen).toContain('version jumps from 1 to 9007199254740991');
  });

  attack('is not signed online where it is on main, and mended by putting the old one back', async scene => {
    const client = scene.client();
    expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
    const before = files({ tools: read(scene.world, 'tools') });
    pushToMain(scene.world, files({ tools: tools(scene, LAST) }));
    const online = await scene.signOnline();
    expect([online.done, online.refusal?.code]).toEqual([false, 'REFUSED']);
    expect(online.refusal?.message).toContain('clients have seen 1: it may go ahead by 100');
    expect((await scene.publish()).rules).toEqual(['online']);
    pushToMain(scene.world, before);
    expect((await scene.signOnline()).done).toBe(true);
    expect((await scene.publish()).done).toBe(true);
    expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
  });

  attack('is as long as the policy lets it be', async scene => {
    await enforce(scene, 'version: 1\nlimits: { version-step: 1 }\n');
    scene.world.push(files({ tools: tools(scene, 3) }));
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['version']]);
    expect(page.markdown).toContain('version jumps from 1 to 3, by more than 1');
    const { online } = await scene.force();
    expect([online.done, online.refusal?.code]).toEqual([false, 'REFUSED']);
  });
});
