import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RoleName } from '../../src/metadata/names.ts';
import { packArtifacts } from '../../src/render/site/artifacts.ts';
import { sitePage } from '../../src/render/site/page.ts';
import { marginOf } from '../../src/render/site/view.ts';
import { hostileView, sampleView, standingAfter, viewOfTree, withArtifacts } from '../support/site-views.ts';
import { repositoryOf } from '../support/tree-builder.ts';

const view = sampleView();
const page = sitePage(view);

/** What a reader sees, tags and what is for machines aside. */
const text = (html: string): string =>
  html
    .replace(/<(script|style)[^>]*>[^]*?<\/\1>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

describe('the page', () => {
  test('names each role with its quorum, signers, version and end', () => {
    const rows = [...page.matchAll(/<tr><th scope="row" class="d(\d)">([^]*?)<\/tr>/g)].map(
      ([, depth, row = '']) => `${depth} ${text(row).trim()}`,
    );
    expect(rows.map(row => row.replace(/ [0-9a-f]{20}/g, ' FP'))).toEqual([
      '0 root ●● ○ 2 of 3 one key may be lost @alice P-256 FP @bob P-256 FP @carol P-256 FP 1 2031-06-01',
      '1 targets ●● ○ 2 of 3 one key may be lost @alice P-256 FP @bob P-256 FP @carol P-256 FP 1 2031-06-01 1',
      '2 tools tools/* ●● 2 of 2 no key may be lost @bob P-256 FP @carol P-256 FP 1 2031-06-01 1',
      '3 plugins tools/plugins/* ● ○ 1 of 2 one key may be lost @alice P-256 FP @dan Ed25519 FP 1 2031-06-01 0',
      '2 nightly nightly/* ● 1 of 1 automation online key (file) P-256 FP 1 2031-06-01 1',
      '1 snapshot ● 1 of 1 automation online key (file) P-256 FP 1 2030-07-01',
      '1 timestamp ● 1 of 1 automation online key (file) P-256 FP 1 2030-06-08',
    ]);
  });

  test('says how a client starts, by both fingerprints of the first root', () => {
    expect(view.firstRoot.file).toMatch(/^[0-9a-f]{64}$/);
    expect(text(page)).toContain(view.firstRoot.file);
    expect(text(page)).toContain(view.firstRoot.identity);
    // A page that is forged says its own fingerprint: no recipe may take it from here.
    const recipes = [...page.matchAll(/<details>([^]*?)<\/details>/g)].map(([, recipe]) => recipe ?? '');
    expect(recipes).toHaveLength(5);
    for (const recipe of recipes) {
      expect(recipe).not.toContain(view.firstRoot.file);
      expect(recipe).not.toContain(view.firstRoot.identity);
      expect(recipe).toMatch(/comparing its SHA-256|compar\w+ the SHA-256|FINGERPRINT: not from this page/);
    }
    for (const client of ['tuf-signer', 'python-tuf', 'go-tuf', 'tuf-js', 'cosign'])
      expect(page).toContain(`<summary>${client}</summary>`);
  });

  test('counts the roles that may list artifacts, and no other', () => {
    expect(text(page)).toContain('Artifacts 3 in 4 roles');
  });

  test('lists events and artifacts without its script', () => {
    const said = text(page);
    for (const part of ['Merge sign/tools', 'targets 3 → 4', 'tools/greet.sh', '3 artifacts'])
      expect(said).toContain(part);
  });

  test('says the same of the dates in words and in the picture', () => {
    expect(page).toContain(
      '<desc id="timeline-text">timestamp ends on 2030-06-08, to be signed anew from 2030-06-04. ',
    );
    expect(page.match(/class="bar"/g)).toHaveLength(7);
    expect(page.match(/class="window"/g)).toHaveLength(7);
  });

  test('is the same for the same view, and knows no clock', () => {
    expect(sitePage(sampleView())).toBe(page);
  });

  test('asks nothing of anybody: its policy names this style and this script by digest', () => {
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1] ?? '';
    const digest = (element: string): string => {
      const body = new RegExp(`<${element}>([^]*?)</${element}>`).exec(page)?.[1] ?? '';
      return `&#39;sha256-${createHash('sha256').update(body).digest('base64')}&#39;`;
    };
    expect(policy.split('; ')).toEqual([
      'default-src &#39;none&#39;',
      `style-src ${digest('style')}`,
      `script-src ${digest('script')}`,
      'img-src data:',
      'base-uri &#39;none&#39;',
      'form-action &#39;none&#39;',
    ]);
    expect([...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, url]) => url)).toEqual([
      'data:,',
      '#main',
      'https://theupdateframework.io',
      '1.root.json',
    ]);
    expect(page).not.toMatch(/ on[a-z]+=| style=/);
  });

  test('of a repository before its first online signing says so', () => {
    const roles = view.roles.map(role => ({
      ...role,
      expiresAt: undefined,
      signingFrom: undefined,
      version: undefined,
    }));
    const early = sitePage({ ...view, roles, events: [], artifacts: new Map() });
    expect(text(early)).toContain('Fresh until not signed yet');
    expect(early).not.toContain('<svg');
    expect(early).not.toContain('id="artifacts"');
    expect(early).not.toContain('id="events"');
  });

  test('of a role that ended in the year 0 names no signing window', () => {
    const repository = repositoryOf({ signers: ['@alice'] });
    repository.edit('root', signed => void (signed.expires = '0000-01-01T00:00:00Z'));
    expect(text(sitePage(viewOfTree(repository.tree())))).toContain('0000-01-01');
  });

  test('shows many roles of the same keys as one row', () => {
    const roles = Object.fromEntries(
      Array.from({ length: 32 }, (_, i) => [`bin-${i.toString(16).padStart(2, '0')}`, { signers: ['bins'] }]),
    );
    const tree = repositoryOf({ signers: ['@alice'], roles }).tree();
    expect(text(sitePage(viewOfTree(tree)))).toContain('bin-00 … bin-1f 32 roles');
  });
});

describe('drills', () => {
  const rows = (html: string): readonly string[] =>
    [
      ...(/<h2 id="drills">[^]*?<tbody>([^]*?)<\/tbody>/.exec(html)?.[1] ?? '').matchAll(
        /<tr>([^]*?)<\/tr>/g,
      ),
    ].map(([, row = '']) =>
      text(row)
        .trim()
        .replace(/ [0-9a-f]{20}/g, ' FP'),
    );
  const people = repositoryOf({
    signers: ['@alice', '@bob', '@carol'],
    threshold: 2,
    roles: Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [`r${i}`, { signers: ['@bob'], threshold: 1 }]),
    ),
  });

  test('tell per role the margin of keys that proved themselves, and how many are silent since when', () => {
    expect(text(page)).toContain('What 1 drill on main says (the last: may, until 2030-05-15).');
    expect(rows(page)).toEqual([
      'root 3 of 3 2 needed margin 1',
      'targets 3 of 3 2 needed margin 1',
      'tools 2 of 2 2 needed no margin',
      'plugins 1 of 2 1 needed no margin 1 key silent since 2030-05-01',
    ]);
    expect(/id="drills">[^]*?<\/section>/.exec(page)?.[0]).not.toContain('@dan');
  });

  test('say where a quorum did not show that it is there, and roles that are alike are one row', () => {
    const view = viewOfTree(people.tree(), [], standingAfter(people, ['@alice']));
    const silent = '2 keys silent since 2030-05-01';
    expect(rows(sitePage(view))).toEqual([
      `root 1 of 3 2 needed 1 short of a quorum ${silent}`,
      `targets 1 of 3 2 needed 1 short of a quorum ${silent}`,
      'r0 … r19 0 of 1 1 needed 1 short of a quorum 1 key silent since 2030-05-01',
    ]);
  });

  test('are not told of where main has none', () => {
    expect(sitePage(viewOfTree(people.tree()))).not.toContain('id="drills"');
  });
});

describe('margins', () => {
  test.for([
    [2, 3, 'one key may be lost'],
    [2, 5, '3 keys may be lost'],
    [2, 2, 'no key may be lost'],
    [3, 2, 'too few signers'],
  ] as const)('%i of %i: %s', ([threshold, count, words]) => {
    const [root] = view.roles;
    if (root === undefined) throw new Error('no root');
    const signer = { name: '@a', isOnline: false, scheme: 'x', fingerprint: undefined };
    const role = { ...root, threshold, signers: Array.from({ length: count }, () => signer) };
    expect(marginOf(role)).toBe(count - threshold);
    expect(text(sitePage({ ...view, roles: [role] }))).toContain(`${threshold} of ${count} ${words}`);
  });
});

describe('names that mean harm', () => {
  const hostile = fc
    .array(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 4 }),
        fc.constantFrom(
          '<script>',
          '</script>',
          '</style>',
          '<!--',
          '-->',
          ']]>',
          '"',
          "'",
          '&lt;',
          '<img src=x onerror=x>',
          '\u0000BASE\u0000',
          '$&',
          '$1',
          '\u202e',
        ),
      ),
      { minLength: 1, maxLength: 8 },
    )
    .map(parts => parts.join(''));

  /** Elements and attributes, in order: what no name may change. */
  const shape = (html: string): string =>
    [
      ...html
        .replace(/(<script[^>]*>)[^]*?<\/script>/g, '$1')
        .matchAll(/<\/?([a-z0-9]+)((?: [\w-]+(?:="[^"]*")?)*)\s*\/?>/gi),
    ]
      .map(([, name, attributes = '']) => `${name}${attributes.replace(/="[^"]*"/g, '')}`)
      .join(' ');

  test('change nothing but text', () => {
    const plain = shape(sitePage(hostileView(view, 'name')));
    fc.assert(
      fc.property(hostile, name => {
        const html = sitePage(hostileView(view, name));
        expect(shape(html)).toBe(plain);
        expect(html.match(/<script/g)).toHaveLength(2);
        expect(html).not.toMatch(/\p{Cf}|\u0000/u);
      }),
      { numRuns: 150 },
    );
  });
});

describe('the packed artifacts', () => {
  const unpack = (packed: string): unknown =>
    (JSON.parse(packed) as [string, [number, string, number][]][]).map(([role, rows]) => {
      let before = '';
      return [
        role,
        rows.map(([shared, rest, length]) => {
          before = before.slice(0, shared) + rest;
          return [before, length];
        }),
      ];
    });

  test('are what was packed, whatever the names', () => {
    const names = fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 12 }), { maxLength: 20 });
    fc.assert(
      fc.property(names, paths => {
        const files = paths.map((path, i) => [path, i] as const);
        const packed = packArtifacts(new Map([['targets' as RoleName, files]]));
        expect(packed).toMatch(/^[ !-;=-~]*$/);
        expect(unpack(packed)).toEqual([['targets', files.map(file => [...file])]]);
      }),
    );
  });

  test('of 100,000 artifacts make a page of less than 4.5 MB, in seconds', () => {
    const large = withArtifacts(view, 100_000);
    const begin = performance.now();
    const html = sitePage(large);
    expect(performance.now() - begin).toBeLessThan(5_000);
    expect(html.length).toBeLessThan(4_500_000);
    expect(text(html)).toContain('100000 artifacts, the first 100 of them shown');
  });
});
