import type { RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RepositorySource, siteOf } from '../../src/client/fetcher.ts';
import { type HttpOptions, httpFetcher } from '../../src/client/http.ts';
import { type SiteOutcome, testSite } from '../../src/operations/test-site.ts';
import { type Loopback, serve } from '../client/loopback.ts';
import { RepositorySimulator, simNow } from '../support/repository-simulator.ts';

const status =
  (code: number, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    void response.writeHead(code, headers).end();

let simulator: RepositorySimulator;
let server: Loopback;
/** Answers for the snapshot. */
let snapshot: RequestListener | undefined;

beforeEach(async () => {
  simulator = new RepositorySimulator();
  snapshot = undefined;
  server = await serve((request, response) => {
    const path = (request.url ?? '').slice(1);
    if (snapshot !== undefined && path.endsWith('.snapshot.json')) return snapshot(request, response);
    const bytes = simulator.files.get(path);
    return response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });
});
afterEach(() => server.close());

const outcome = (options: HttpOptions = {}, url = server.url): Promise<SiteOutcome> =>
  outcomeOf(siteOf(httpFetcher(url, options)));

const outcomeOf = (site: RepositorySource): Promise<SiteOutcome> =>
  testSite({
    site,
    trustedRoot: simulator.files.get('metadata/1.root.json') ?? Buffer.of(),
    now: simNow,
    onlineDays: 0,
    offlineDays: 0,
  });

describe('a site whose snapshot', () => {
  it('is served is in order', async () => {
    expect(await outcome()).toMatchObject({ problems: [], outage: undefined });
  });

  const encoded = (encoding: string): RequestListener => status(200, { 'content-encoding': encoding });
  const wrong: readonly (readonly [string, RequestListener, RegExp])[] = [
    ...[204, 206, 400, 401, 402, 405, 406, 407, 409, 412, 418, 421, 425, 431, 451].map(
      code =>
        [
          `answers ${code}`,
          status(code),
          new RegExp(`snapshot\\.json answered ${code}: clients need 200`),
        ] as const,
    ),
    ['is not there', status(404), /there is no .*snapshot\.json/],
    ['redirects to another origin', status(302, { location: 'http://example.org/' }), /redirects to http:/],
    ['redirects to nowhere', status(302), /no usable address/],
    ['redirects in a circle', status(302, { location: '1.snapshot.json' }), /more than 5 times/],
    ['comes as zstd', encoded('zstd'), /encoding that nobody asked for \(zstd\)/],
    [
      'comes as gzip that is none',
      (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('{}'),
      /could not be fetched: incorrect header check/,
    ],
    [
      'comes as brotli that is none',
      (_, response) => response.writeHead(200, { 'content-encoding': 'br' }).end('hello'),
      /could not be fetched/,
    ],
    [
      'comes as no HTTP',
      request => void request.socket.end('hello\r\n\r\n'),
      /could not be fetched: Parse Error/,
    ],
  ];
  it.each(wrong)('%s is wrong, and no outage', async (_, answer, words) => {
    snapshot = answer;
    const { problems, outage } = await outcome();
    expect([outage, problems]).toEqual([undefined, [expect.stringMatching(words)]]);
  });

  it('is asked for by TLS of a server that knows none is wrong, and no outage', async () => {
    const { problems, outage } = await outcome({}, server.url.replace('http:', 'https:'));
    expect([outage, problems]).toEqual([undefined, [expect.stringContaining('could not be fetched')]]);
  });

  const down: readonly (readonly [string, RequestListener, HttpOptions?])[] = [
    ...[500, 502, 503, 504, 520, 408, 429].map(code => [`answers ${code}`, status(code)] as const),
    ['never comes', () => undefined, { idleMs: 100 }],
    ['stops half-way', (_, response) => void response.writeHead(200).write('{'), { idleMs: 100 }],
    ['is closed without an answer', (_, response) => void response.destroy()],
    [
      'is cut off',
      (_, response) => {
        response.writeHead(200, { 'content-length': 50 });
        response.write('{', () => response.destroy());
      },
    ],
    [
      'is cut off in gzip',
      (_, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': 50 });
        response.write(Buffer.of(0x1f, 0x8b, 8), () => response.destroy());
      },
    ],
  ];
  it.each(down.map(([name, answer, options]) => ({ name, answer, options: options ?? {} })))(
    '$name is an outage, and nothing is known to be wrong',
    async ({ answer, options }) => {
      snapshot = answer;
      const { problems, outage } = await outcome(options);
      expect([problems, outage]).toEqual([[], expect.stringContaining('the site is out of reach')]);
    },
  );

  it('is down at both mirrors is an outage, and not where one answers what no client can use', async () => {
    const other = await serve(status(503));
    const [one, two] = [server.url, other.url].map(url => siteOf(httpFetcher(url)));
    if (one === undefined || two === undefined) throw new Error('two mirrors');
    const both = (first: typeof one): Promise<SiteOutcome> =>
      outcomeOf({ metadata: [...first.metadata, ...two.metadata], targets: first.targets });
    snapshot = status(503);
    expect(await both(one)).toMatchObject({ problems: [], outage: expect.any(String) as string });
    snapshot = status(401);
    expect(await both(one)).toMatchObject({ problems: [expect.any(String)], outage: undefined });
    await other.close();
  });

  it('has no server is an outage', async () => {
    const closed = await serve(() => undefined);
    await closed.close();
    expect((await outcome({}, closed.url)).outage).toContain('ECONNREFUSED');
    // Reserved to be nobody's name: RFC 6761.
    expect((await outcome({}, 'http://nobody.invalid/')).outage).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });
});
