import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { Person } from '../support/world.ts';
import { attack, type Scene } from './scene.ts';

async function startEvent(scene: Scene): Promise<void> {
  scene.world.push({ 'targets/tools/greet.sh': 'echo new\n' });
  await scene.update();
}

/** Changes the one pin of a person as a program on their machine, or a disk, might. */
async function tamper({ pins }: Person, change: (text: string) => string): Promise<void> {
  const [name = ''] = await readdir(pins.location);
  const file = join(pins.location, name);
  await writeFile(file, change(await readFile(file, 'utf8')));
}

/**
 * What bob's machine trusts is a file of his. Whoever can write it as bob can also sign as bob's program; but what is broken or swapped
 * is never taken for "I know nothing yet", which would only ask bob a question.
 */
describe('a pin that was tampered with', () => {
  const rows: readonly (readonly [string, string, RegExp, (text: string) => string])[] = [
    ['is cut short', 'BAD_PIN', /which says what you trust, can not be read/, text => text.slice(0, 100)],
    [
      "is another repository's",
      'BAD_PIN',
      /is of another repository/,
      text => text.replace(/"identity": "[0-9a-f]+"/, `"identity": "${'e'.repeat(64)}"`),
    ],
    [
      'knows another content of a version',
      'UNTRUSTED',
      /version 1 says something else than before|is another one than before/,
      text => text.replaceAll(/"sha256": "[0-9a-f]+"/g, `"sha256": "${'e'.repeat(64)}"`),
    ],
    [
      'knows another past',
      'UNTRUSTED',
      /history was rewritten/,
      text => text.replace(/"commit": "[0-9a-f]+"/, `"commit": "${'e'.repeat(40)}"`),
    ],
  ];
  for (const [name, code, words, change] of rows) {
    attack(`and ${name} ends with ${code}`, async scene => {
      await startEvent(scene);
      await scene.sign('bob');
      await startEvent(scene);
      await tamper(scene.world.person('bob'), change);
      const seen = await scene.sign('bob', undefined, question => !question.includes('Open an event'));
      expect([seen.signed, seen.refusal?.code]).toEqual([[], code]);
      expect(seen.screen).toMatch(words);
      expect(scene.world.person('bob').signatures).toBe(1); // for the event before
    });
  }
});

/**
 * Mallory's event brings files that tools like to read: settings of the signer's predecessor, git's own configuration, attributes,
 * hooks. Bob has looked at it by checking it out, and then signs.
 */
describe('a branch that brings settings along', () => {
  attack('runs nothing and sets nothing, though it is checked out', async scene => {
    const mark = join(scene.world.folder, 'ran');
    const touch = `touch ${mark}`;
    await startEvent(scene);
    scene.world.push({
      '.tuf-on-ci-sign.ini': '[settings]\nuser-name = @mallory\npull-remote = evil\npush-remote = evil\n',
      '.gitconfig': `[core]\n\tfsmonitor = ${touch}\n\thooksPath = hooks\n[url "${scene.world.folder}/evil"]\n\tinsteadOf = ${scene.world.remote.folder}\n`,
      '.gitattributes': '* filter=evil diff=evil\n',
      '.gitmodules': `[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "${touch}"\n`,
      'hooks/pre-push': `#!/bin/sh\n${touch}\n`,
      'hooks/post-checkout': `#!/bin/sh\n${touch}\n`,
    });
    const bob = scene.world.person('bob');
    bob.git.git('fetch', '--quiet', 'origin', '+refs/heads/*:refs/remotes/origin/*');
    bob.git.git('checkout', '--quiet', 'origin/sign/update');
    const seen = await scene.sign('bob');
    expect([seen.signed, seen.refusal?.code]).toEqual([[], 'REFUSED']);
    const page = await scene.page();
    expect([page.verdict, page.rules]).toEqual(['rejected', ['role-quorum', 'scope']]);
    expect(page.markdown).toContain('.gitattributes');
    expect(existsSync(mark)).toBe(false);
  });

  attack("runs nothing where bob's own git was told to", async scene => {
    const mark = join(scene.world.folder, 'ran');
    const program = join(scene.world.folder, 'program');
    await writeFile(program, `#!/bin/sh\ntouch ${mark}\ncat\n`, { mode: 0o755 });
    await startEvent(scene);
    const bob = scene.world.person('bob');
    await mkdir(join(bob.folder, '.git', 'hooks'), { recursive: true });
    for (const hook of ['pre-push', 'post-checkout', 'reference-transaction', 'pre-commit']) {
      await writeFile(join(bob.folder, '.git', 'hooks', hook), `#!/bin/sh\n${program}\n`, { mode: 0o755 });
    }
    for (const name of ['core.fsmonitor', 'filter.evil.smudge', 'diff.evil.textconv', 'core.sshCommand']) {
      bob.git.git('config', name, program);
    }
    await writeFile(join(bob.folder, '.git', 'info', 'attributes'), '* filter=evil diff=evil\n').catch(
      async () => mkdir(join(bob.folder, '.git', 'info'), { recursive: true }),
    );
    const seen = await scene.sign('bob');
    expect([seen.signed, seen.refusal]).toEqual([['tools'], undefined]);
    expect(existsSync(mark)).toBe(false);
  });
});
