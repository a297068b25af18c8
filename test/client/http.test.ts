import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { siteOf } from '../../src/client/fetcher.ts';
import { type HttpOptions, httpFetcher } from '../../src/client/http.ts';
import { memoryStore } from '../../src/client/store.ts';
import { Updater } from '../../src/client/updater.ts';
import { redirectTarget } from '../../src/client/url.ts';
import { RepositorySimulator, simNow } from '../support/repository-simulator.ts';
import { outcome } from './client.ts';
import { type Loopback, serve, serveSite } from './loopback.ts';

const servers: Loopback[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function start(listener: RequestListener): Promise<string> {
  const server = await serve(listener);
  servers.push(server);
  return server.url;
}

const redirectTo =
  (location: string, status = 302) =>
  (_: IncomingMessage, response: ServerResponse): void =>
    void response.writeHead(status, { location }).end();

describe('one file', () => {
  type Row = readonly [name: string, expected: string, listener: RequestListener, options?: HttpOptions];
  const rows: readonly Row[] = [
    ['a file', 'hello', (_, r) => r.end('hello')],
    ['404', 'absent', (_, r) => r.writeHead(404).end('no such file')],
    ['403, as object stores say', 'absent', (_, r) => r.writeHead(403).end()],
    ['410', 'absent', (_, r) => r.writeHead(410).end()],
    ['500', 'TRANSPORT', (_, r) => r.writeHead(500).end()],
    ['401', 'TRANSPORT', (_, r) => r.writeHead(401).end()],
    ['206, a part', 'TRANSPORT', (_, r) => r.writeHead(206).end('he')],
    ['204, nothing', 'TRANSPORT', (_, r) => r.writeHead(204).end()],
    ['an empty file', '', (_, r) => r.writeHead(200, { 'content-length': 0 }).end()],
    ['announces too much', 'TOO_LARGE', (_, r) => r.end('x'.repeat(101))],
    [
      'sends too much, unannounced',
      'TOO_LARGE',
      (_, r) => {
        r.write('x'.repeat(60));
        r.end('x'.repeat(60));
      },
    ],
    [
      'never ends',
      'TOO_LARGE',
      (_, r) => {
        const timer = setInterval(() => r.write('x'.repeat(40)), 1);
        r.on('close', () => clearInterval(timer));
      },
    ],
    [
      'a gzip bomb',
      'TOO_LARGE',
      (_, r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(20_000_000))),
    ],
    [
      'gzip nobody asked for',
      'hello',
      (_, r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('hello')),
    ],
    [
      'broken gzip',
      'TRANSPORT',
      (_, r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end('hello, I am not gzip'),
    ],
    [
      'truncated',
      'TRANSPORT',
      (_, r) => {
        r.writeHead(200, { 'content-length': 50 });
        r.write('x'.repeat(10), () => r.destroy());
      },
    ],
    ['closed without an answer', 'TRANSPORT', (_, r) => r.destroy()],
    ['silent', 'TRANSPORT', () => {}, { idleMs: 100 }],
    ['stalls in the middle', 'TRANSPORT', (_, r) => r.write('x'), { idleMs: 100 }],
    [
      'drips for ever',
      'TRANSPORT',
      (_, r) => {
        const timer = setInterval(() => r.write('x'), 40);
        r.on('close', () => clearInterval(timer));
      },
      { idleMs: 1_000, deadlineMs: 300 },
    ],
    ['redirects to itself', 'TRANSPORT', redirectTo('/file')],
    ['redirects to nowhere', 'TRANSPORT', (_, r) => r.writeHead(302).end()],
    ['redirects to a file', 'TRANSPORT', redirectTo('file:///etc/passwd')],
    ['redirects to another host', 'TRANSPORT', redirectTo('http://169.254.169.254/latest/meta-data')],
    ['redirects with a password', 'TRANSPORT', redirectTo('http://a:b@127.0.0.1/')],
    [
      'redirects once on its own host',
      'hello',
      (q, r) => (q.url === '/file' ? redirectTo('/other', 307)(q, r) : void r.end('hello')),
    ],
  ];
  it.each(
    rows.map(([name, expected, listener, options]) => [name, expected, listener, options ?? {}] as const),
  )('%s: %s', async (_, expected, listener, options) => {
    const fetcher = httpFetcher(await start(listener), options);
    const read = async (): Promise<string> => (await fetcher.fetch('file', 100))?.toString() ?? 'absent';
    const text = /^[A-Z_]+$/.test(expected) ? await outcome(read()) : await read();
    expect(text).toBe(expected);
  });

  it('nobody there', async () => {
    const server = await serve(() => {});
    await server.close();
    expect(await outcome(httpFetcher(server.url).fetch('file', 100))).toBe('TRANSPORT');
  });

  it('a time limit beyond what timers know is the longest that they do', async () => {
    const warnings: string[] = [];
    const note = (warning: Error): void => void warnings.push(warning.name);
    process.on('warning', note);
    const url = await start((_, r) => void setTimeout(() => r.end('hello'), 20));
    const fetcher = httpFetcher(url, { idleMs: 99_999 * 86_400_000, deadlineMs: Number.POSITIVE_INFINITY });
    expect((await fetcher.fetch('file', 100))?.toString()).toBe('hello');
    process.removeListener('warning', note);
    expect(warnings).toEqual([]);
  });

  it('a signal ends what is under way, and what comes after', async () => {
    const controller = new AbortController();
    const url = await start((_, r) => r.write('x', () => controller.abort()));
    const fetcher = httpFetcher(url, { signal: controller.signal });
    expect(await outcome(fetcher.fetch('file', 100))).toBe('ABORTED');
    expect(await outcome(fetcher.fetch('file', 100))).toBe('ABORTED');
  });

  it('what a redirect carries in its address is not told', async () => {
    const url = await start((q, r) =>
      q.url === '/file' ? redirectTo('/other?token=s3cret')(q, r) : void r.writeHead(500).end(),
    );
    const refused = httpFetcher(url).fetch('file', 100);
    await expect(refused).rejects.toThrow(`${url}other answered 500`);
    await expect(refused).rejects.not.toThrow('s3cret');
  });

  it('a redirect to an origin that was named is followed', async () => {
    const cdn = await start((_, r) => void r.end('hello'));
    const url = await start(redirectTo(`${cdn}file`));
    expect(await outcome(httpFetcher(url).fetch('file', 100))).toBe('TRANSPORT');
    const fetcher = httpFetcher(url, { redirectOrigins: new Set([new URL(cdn).origin]) });
    expect((await fetcher.fetch('file', 100))?.toString()).toBe('hello');
  });

  it.each(['../up', 'a/../b', '%2e%2e/up', '/abs', 'a//b', '', 'a?b', 'a#b', 'a%2fb', 'a%', 'a\\b', 'a b'])(
    'the path %j is never asked for',
    async path => {
      const asked: string[] = [];
      const url = await start((q, r) => (asked.push(q.url ?? ''), r.end('x')));
      expect(await outcome(httpFetcher(url).fetch(path, 100))).toBe(
        path === 'a%2fb' ? 'accepted' : 'UNSAFE_PATH',
      );
      expect(asked).toEqual(path === 'a%2fb' ? ['/a%2fb'] : []);
    },
  );

  it('a reader that leaves closes the connection', async () => {
    let closed: Promise<unknown> | undefined;
    const url = await start((_, r) => {
      closed = once(r, 'close');
      r.write('x'.repeat(10));
    });
    for await (const piece of (await httpFetcher(url).stream?.('file', 100)) ?? []) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    await closed;
  });
});

describe('addresses', () => {
  it.each([
    'ftp://host/',
    'file:///tmp',
    'nonsense',
    'https://u:p@host/',
    'https://host/?q',
    'https://host/#f',
  ])('%s is no repository', url =>
    expect(() => httpFetcher(url)).toThrow(expect.objectContaining({ code: 'BAD_URL' }) as Error),
  );

  it.each(['tuf', 'tuf/', 'tuf?', 'tuf/#'])('%s is the folder tuf', async end => {
    const url = await start((q, r) => r.end(q.url));
    expect((await httpFetcher(url + end).fetch('file', 100))?.toString()).toBe('/tuf/file');
  });

  const root = new URL('https://example.org/tuf/');
  it.each([
    ['https://example.org/elsewhere', true],
    ['https://example.org:8443/', false],
    ['http://example.org/', false],
    ['https://cdn.example.net/x', true],
    ['https://other.example.net/x', false],
    ['http://plain.example.net/x', false],
  ])('from https://example.org to %s: %s', (location, allowed) => {
    const go = (): URL =>
      redirectTarget(root, root, location, new Set(['https://cdn.example.net', 'http://plain.example.net']));
    if (allowed) expect(go().href).toBe(location);
    else expect(go).toThrow();
  });

  it('http may become https on the same host', () => {
    const plain = new URL('http://example.org/');
    expect(redirectTarget(plain, plain, 'https://example.org/', new Set()).protocol).toBe('https:');
  });
});

describe('a repository over HTTP', () => {
  const updaterOf = (url: string, simulator: RepositorySimulator): Updater =>
    new Updater({
      source: siteOf(httpFetcher(url)),
      trustedRoot: simulator.trustedRoot,
      store: memoryStore(),
      now: simNow,
    });

  it('refreshes and checks an artifact', async () => {
    const simulator = new RepositorySimulator();
    simulator.delegate('targets', 'a/role', { paths: ['dir/*'] });
    simulator.addTarget('a/role', "dir/it's 100% (ü)?#.txt", 'hello');
    simulator.bump('targets', 'a/role');
    const server = await serve((q, r) => {
      const path = (q.url ?? '').slice(1);
      const known = [...simulator.files].find(
        ([name]) => decodeURIComponent(name) === decodeURIComponent(path),
      );
      r.writeHead(known === undefined ? 404 : 200).end(known?.[1]);
    });
    servers.push(server);
    const updater = updaterOf(server.url, simulator);
    const info = await updater.getTargetInfo("dir/it's 100% (ü)?#.txt");
    expect(info?.role).toBe('a/role');
    if (info !== undefined) await updater.checkArtifact(info);
  });

  it('that answers everything with a page is refused', async () => {
    const simulator = new RepositorySimulator();
    const url = await start((_, r) => r.writeHead(200).end('<!doctype html><title>Welcome</title>'));
    expect(await outcome(updaterOf(url, simulator).refresh())).toBe('MALFORMED');
  });

  it('is refreshed over connections that live on, asking for no encoding', async () => {
    const simulator = new RepositorySimulator();
    const sockets = new Set<unknown>();
    const encodings = new Set<unknown>();
    const url = await start((request, response) => {
      sockets.add(request.socket);
      encodings.add(request.headers['accept-encoding']);
      const bytes = simulator.files.get((request.url ?? '').slice(1));
      response.writeHead(bytes === undefined ? 404 : 200).end(bytes ?? 'not here');
    });
    for (let i = 0; i < 4; i++) await updaterOf(url, simulator).refresh();
    // Two where fetch asks again before it has noticed that the first is idle.
    expect(sockets.size).toBeLessThanOrEqual(2);
    expect([...encodings]).toEqual(['identity']);
  });

  it('is served as it is', async () => {
    const simulator = new RepositorySimulator();
    const server = await serveSite(simulator);
    servers.push(server);
    expect((await updaterOf(server.url, simulator).refresh()).timestamp.signed.version).toBe(1);
  });
});
