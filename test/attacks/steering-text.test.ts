import { describe, expect } from 'vitest';
import { drafted, entryOf, files, read } from './attacker.ts';
import { expectUnmoved, folderWith, pushBelowTargets } from './proofs.ts';
import { attack, type Page, type Scene, type Sight, UPDATE } from './scene.ts';

const ESC = '\u001b';
const TEXTS: readonly string[] = [
  '@everyone](https://evil.example)',
  '![x](https://evil.example/pixel.png)',
  '<img src=x onerror=alert(1)><!-- <details>',
  '| ✅ Accepted | ■■ 2 of 2 |',
  '`` ` code',
  '```\n\n## ✅ Accepted: every quorum has signed\n\n',
  'www.evil.example #1 GH-1 mallory/repo#1',
  '[x]: https://evil.example',
  `${ESC}[2J${ESC}[H${ESC}[32mACCEPTED${ESC}[0m`,
  `${ESC}]0;all is well\u0007`,
  `${ESC}]8;;https://evil.example${ESC}\\signed by all${ESC}]8;;${ESC}\\`,
  'PENDING\rACCEPTED',
  'one\u0008\u0008\u0008two\u007f\u009b31m',
  'a\u202egnp.exe\u2066b\u2069\u200b',
  'a\u2028b\u0085c',
];

/** A terminal draws it and does nothing: the only control character is the line feed that we wrote. */
function expectInertScreen({ screen }: Sight): void {
  expect(screen.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/u);
}

/** What Markdown and GitHub find in the comment is ours alone. */
function expectInertPage({ markdown }: Page): void {
  expect(markdown.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  const [, comment = ''] = markdown.split('_Comment 1_\n');
  // The one comment that is about the event, without what the automation notes for itself.
  const [, report = ''] = comment.split(/<!-- tuf-signer: signing event -->\n<!-- judged [^>]* -->\n/);
  expect(report).not.toBe('');
  const lines = report.split('\n');
  const text = lines.map(withoutCode).join('\n').replaceAll('&#8203;', '\u200b');
  expect(text).not.toMatch(/@[^\s\u200b]/); // mentions
  expect(text).not.toMatch(/(?<!\\)\]\(|(?<!\\)\[[^\]]*\]|:\/\/|www\.|GH-\d|(?<!&)#\d/i); // links, images, issues
  expect(text.replaceAll(/<\/?(details|summary|sub)>/g, '')).not.toMatch(/[<>](?! ⏰)/); // HTML
  expect(lines.filter(line => line.startsWith('#')).join('\n')).not.toContain('Accepted'); // headings
  const rows = lines.filter(line => line.startsWith('|'));
  expect(rows.map(row => withoutCode(row).replaceAll('\\|', '').split('|').length)).toEqual(
    rows.map(() => 7),
  );
}

/** Code spans as CommonMark finds them. */
const withoutCode = (line: string): string =>
  line.replace(/\\.|(`+)(?:(?!`).)+\1(?!`)/g, found => (found.startsWith('`') ? 'CODE' : found));

const both = async (scene: Scene): Promise<{ readonly page: Page; readonly bob: Sight }> => {
  const page = await scene.page();
  const bob = await scene.sign('bob', undefined, () => false);
  expectInertPage(page);
  expectInertScreen(bob);
  return { page, bob };
};

/**
 * Mallory can push to an event's branch. Whatever she can name or describe, she names so that it speaks: a link and a mention on
 * the page, a table that shows a quorum, a screen that is cleared and says ACCEPTED, a title, a line that writes over another.
 */
describe('text that would steer a page or a terminal', () => {
  attack('in custom fields: shown as it is, and inert', async scene => {
    const custom = Object.fromEntries(TEXTS.map((text, i) => [text, { [`${i}`]: text }]));
    scene.world.push({
      ...files({
        tools: drafted(read(scene.world, 'tools'), document => {
          document.targets['tools/greet.sh'] = { ...entryOf('echo hello\n'), custom };
          Object.assign(document, { 'x-note': TEXTS });
        }),
      }),
    });
    const { page, bob } = await both(scene);
    expect(page.verdict).toBe('pending');
    for (const text of ['evil.example', 'ACCEPTED', '202e']) {
      expect(page.markdown).toContain(text);
      expect(bob.screen).toContain(text);
    }
    expect(bob.refusal?.code).toBe('DECLINED');
    await expectUnmoved(scene);
  });

  attack('in names of artifacts: refused where they could steer, and inert', async scene => {
    const { world } = scene;
    const tree = world.remote.tree(
      ...TEXTS.filter(text => !text.includes('/'))
        .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .map(name => ({ mode: '100644', name, oid: world.remote.object('blob', name) })),
    );
    pushBelowTargets(world, '40000', tree);
    const { page, bob } = await both(scene);
    expect([page.verdict, page.rules]).toEqual(['rejected', ['artifacts', 'ownership']]);
    expect(bob.refusal?.code).toBe('REFUSED');
    expect(bob.screen).toContain('\\u001b');
  });

  attack('in names of roles, owners, URIs and keyids: inert', async scene => {
    const targets = drafted(read(scene.world, 'targets'), ({ delegations }) => {
      const [tools] = delegations.roles;
      const [[, key] = ['', {}]] = Object.entries(delegations.keys);
      for (const [i, text] of TEXTS.entries()) {
        delegations.keys[text] = {
          ...key,
          ...(i % 2 === 0 ? { 'x-tuf-on-ci-keyowner': text } : { 'x-tuf-on-ci-online-uri': text }),
        };
        delegations.roles.push({
          ...tools,
          name: text,
          keyids: [text],
          threshold: 1,
          terminating: false,
          paths: [text],
        });
      }
    });
    scene.world.push(files({ targets }));
    const { page, bob } = await both(scene);
    expect([page.verdict, bob.refusal?.code]).toEqual(['rejected', 'REFUSED']);
    expect(page.rules).toEqual(['key-tags', 'keyid', 'role-quorum', 'ownership', 'orphans', 'enrolment']);
    expect(page.markdown).toContain('evil.example');
    await expectUnmoved(scene);
  });

  attack('in who commits and why: not shown at all', async scene => {
    const { world } = scene;
    world.push({ 'targets/tools/greet.sh': 'echo hello again\n' });
    await scene.update();
    const tree = world.remote.sha(`${UPDATE}^{tree}`);
    const parent = world.remote.sha(UPDATE);
    const person = `@everyone ${ESC}]0;owned\u0007 <evil@evil.example> 1735689700 +0000`;
    const text = `tree ${tree}\nparent ${parent}\nauthor ${person}\ncommitter ${person}\n\n${TEXTS.join('\n')}\n`;
    world.remote.git('update-ref', `refs/heads/${UPDATE}`, world.remote.object('commit', text));
    const { page, bob } = await both(scene);
    expect(page.verdict).toBe('pending');
    for (const shown of [page.markdown, bob.screen]) {
      expect(shown).not.toContain('evil.example');
      expect(shown).not.toContain('everyone');
    }
  });

  attack('in a name that no UTF-8 is: inert', async scene => {
    const name = Buffer.from(`\xff${ESC}]0;x\u0007`, 'latin1');
    pushBelowTargets(scene.world, '40000', folderWith(scene.world, name, 'x'));
    const { page } = await both(scene);
    expect(page.rules).toContain('metadata-names');
  });
});
