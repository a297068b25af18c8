import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type StaticServer, serveFolder } from '../../signer-cli/demo/static-server.ts';
import { sitePage } from '../../src/render/site/page.ts';
import { projectFolder } from '../support/cli.ts';
import { sampleView, withArtifacts } from '../support/site-views.ts';

// The page in a real browser, Debian's Chromium. Screenshots are kept in test-output/.

const OUTPUT = join(projectFolder, 'test-output');
const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser;
let folder: string;
let server: StaticServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tuf-signer-page-'));
  await mkdir(OUTPUT, { recursive: true });
  const view = sampleView();
  await writeFile(join(folder, 'index.html'), sitePage(view));
  await writeFile(join(folder, 'large.html'), sitePage(withArtifacts(view, 100_000)));
  server = await serveFolder(folder);
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Opens a page at an instant of the view's, and ends the test where the browser has anything to complain about. */
async function onPage(
  path: string,
  options: BrowserContextOptions,
  work: (page: Page) => Promise<void>,
  now = '2030-06-02T00:00:00Z',
): Promise<void> {
  const context = await browser.newContext(options);
  const complaints: string[] = [];
  const asked: string[] = [];
  const page = await context.newPage();
  await page.clock.setFixedTime(now);
  page.on('console', message => void complaints.push(message.text()));
  page.on('pageerror', error => void complaints.push(error.message));
  page.on('request', request => void asked.push(request.url()));
  await page.goto(new URL(path, server.url).href);
  await work(page);
  expect(complaints).toEqual([]);
  expect(asked.filter(url => !url.startsWith('data:'))).toEqual([new URL(path, server.url).href]);
  await context.close();
}

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** What the accessibility engine objects to, contrast included. It is put in by the debugger, past the page's policy. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  const found = (await page.evaluate(
    'axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"] })',
  )) as AxeResults;
  return found.violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
  );
}

describe('the page in a browser', () => {
  test.for([
    ['light', { colorScheme: 'light', viewport: { width: 1200, height: 900 } }],
    ['dark', { colorScheme: 'dark', viewport: { width: 1200, height: 900 } }],
    ['phone', { colorScheme: 'light', viewport: { width: 390, height: 844 } }],
  ] as const)('%s: nothing to object to, nothing said on the console', async ([name, options]) => {
    await onPage('/', options, async page => {
      for (const details of await page.locator('summary').all()) await details.click();
      expect(await violations(page)).toEqual([]);
      // Only tables and pictures may be wider than the window, and scroll by themselves.
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await page.screenshot({ path: join(OUTPUT, `page-${name}.png`), fullPage: true });
    });
  });

  test.for(
    [320, 360, 800].flatMap(width => (['light', 'dark'] as const).map(theme => [width, theme] as const)),
  )(
    'at %i px, %s: nothing is wider than the window, and a fingerprint is not squeezed by its button',
    async ([width, theme]) => {
      await onPage('/', { colorScheme: theme, viewport: { width, height: 800 } }, async page => {
        for (const details of await page.locator('summary').all()) await details.click();
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
        expect(await violations(page)).toEqual([]);
        // A line of a fingerprint is as long as half the window at least, from the first one on.
        const lines = (await page.evaluate(
          '[...document.querySelectorAll("code[data-copy]")].map(code => [...code.getClientRects()].map(({ width }) => width))',
        )) as number[][];
        expect(lines).toHaveLength(2);
        for (const widths of lines) expect(widths[0]).toBeGreaterThan(width / 2);
        for (const widths of lines) expect(widths.length).toBeLessThanOrEqual(3);
        for (const block of await page.locator('details pre').all())
          expect((await block.boundingBox())?.width).toBeGreaterThan(width / 2);
        await page
          .locator('section', { has: page.locator('#start') })
          .screenshot({ path: join(OUTPUT, `start-${width}-${theme}.png`) });
        await page.screenshot({ path: join(OUTPUT, `page-${width}-${theme}.png`), fullPage: true });
      });
    },
  );

  test('says how far dates are, and where today is', async () => {
    await onPage('/', {}, async page => {
      await expect(page.locator('dl.facts').innerText()).resolves.toContain('in 6 days');
      expect(await page.locator('#today').getAttribute('x1')).not.toBeNull();
      expect(await page.locator('#today').getAttribute('visibility')).toBeNull();
      expect(await page.locator('#stale').isVisible()).toBe(false);
    });
  });

  test('warns of a copy past its date', async () => {
    await onPage(
      '/',
      {},
      async page => {
        expect(await page.locator('#stale').isVisible()).toBe(true);
        expect(await page.locator('dl.facts').innerText()).toContain('days ago');
      },
      '2030-07-20T00:00:00Z',
    );
  });

  test('puts its own address into the commands, and copies them by keyboard', async () => {
    const permissions = ['clipboard-read', 'clipboard-write'];
    await onPage('/', { permissions }, async page => {
      const summary = page.locator('summary', { hasText: 'cosign' });
      await summary.focus();
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await expect.poll(() => page.locator('#said').innerText()).toBe('Copied the commands for cosign.');
      const copied = await page.evaluate('navigator.clipboard.readText()');
      const base = server.url.replace(/\/$/, '');
      expect(copied).toContain(`cosign initialize --mirror ${base} --root 1.root.json`);
      expect(copied).not.toContain('Copy');
    });
  });

  test('is walked through by keyboard, from the skip link on', async () => {
    await onPage('/', {}, async page => {
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the roles');
      await page.keyboard.press('Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('main');
      const reached = new Set<string>();
      for (let i = 0; i < 40; i++) {
        await page.keyboard.press('Tab');
        reached.add(
          String(await page.evaluate('document.activeElement.id || document.activeElement.tagName')),
        );
      }
      expect([...reached]).toEqual(expect.arrayContaining(['DIV', 'A', 'BUTTON', 'SUMMARY', 'search']));
    });
  });

  test('searches 100,000 artifacts', async () => {
    await onPage('/large.html', {}, async page => {
      const begin = performance.now();
      const search = page.getByLabel('Search by path');
      await search.fill('package-4711 TAR');
      await expect.poll(() => page.locator('#count').innerText()).toBe('11 artifacts');
      expect(performance.now() - begin).toBeLessThan(5_000);
      expect(await page.locator('#found tr').first().innerText()).toContain('package-4711');
      await search.fill('no such thing');
      await expect.poll(() => page.locator('#count').innerText()).toBe('No artifact has that in its path.');
      await search.fill('package');
      await expect
        .poll(() => page.locator('#count').innerText())
        .toBe('100000 artifacts, the first 100 of them shown');
      expect(await page.locator('#found tr').count()).toBe(100);
      await page.screenshot({ path: join(OUTPUT, 'page-large.png') });
    });
  });

  test('can be read without its script', async () => {
    await onPage('/', { javaScriptEnabled: false }, async page => {
      expect(await page.locator('#found').innerText()).toContain('tools/greet.sh');
      expect(await page.getByLabel('Search by path').isVisible()).toBe(false);
      expect(await page.locator('table').first().innerText()).toContain('@alice');
    });
  });
});
