import { describe, expect, it } from 'vitest';
import { Client } from '../../src/client/client.ts';
import { ClientError } from '../../src/client/error.ts';
import {
  below,
  type Fetcher,
  fetchFrom,
  mirrorsOf,
  type RepositorySource,
  siteOf,
  streamFrom,
} from '../../src/client/fetcher.ts';
import { memoryStore } from '../../src/client/store.ts';
import { fixedClock } from '../../src/clock.ts';
import { InvariantError } from '../../src/errors.ts';
import { RepositorySimulator, simNow } from '../support/repository-simulator.ts';

// Fetchers that are not ours: they need not keep what their type promises.

const anyFetcher = (fetch: () => unknown): Fetcher => ({ fetch: fetch as Fetcher['fetch'] });
const streaming = (stream: () => unknown): Fetcher => ({
  fetch: () => Promise.reject(new Error('the stream was to be asked')),
  stream: stream as NonNullable<Fetcher['stream']>,
});
async function* pieces(...given: readonly unknown[]): AsyncGenerator {
  for (const piece of given) {
    if (piece instanceof Error) throw piece;
    yield await Promise.resolve(piece);
  }
}
const reading = async (fetcher: Fetcher): Promise<string> => {
  const read = await streamFrom(fetcher, 'a/file', 5);
  if (read === undefined) return 'absent';
  let text = '';
  for await (const piece of read) text += Buffer.from(piece).toString();
  return text;
};
const failed = new TypeError('fetch failed');

describe('a fetcher of somebody else', () => {
  type Row = readonly [name: string, expected: string, fetcher: Fetcher];
  const bytes = Buffer.from('hello');
  const rows: readonly Row[] = [
    ['gives bytes', 'hello', anyFetcher(() => bytes)],
    ['says that there is no such file by null', 'absent', anyFetcher(() => null)],
    ['says it by undefined', 'absent', anyFetcher(() => Promise.resolve(undefined))],
    [
      'throws at once',
      'TRANSPORT',
      anyFetcher(() => {
        throw failed;
      }),
    ],
    ['rejects', 'TRANSPORT', anyFetcher(() => Promise.reject(failed))],
    // oxlint-disable-next-line prefer-promise-reject-errors
    ['rejects with no error', 'TRANSPORT', anyFetcher(() => Promise.reject('no'))],
    ['gives a text', 'TRANSPORT', anyFetcher(() => 'hello')],
    ['gives an ArrayBuffer', 'TRANSPORT', anyFetcher(() => new ArrayBuffer(5))],
    ['gives more than it may', 'TOO_LARGE', anyFetcher(() => Buffer.alloc(6))],
    ['streams', 'hello', streaming(() => pieces(Buffer.from('he'), Buffer.from('llo')))],
    ['streams null', 'absent', streaming(() => null)],
    ['rejects to stream', 'TRANSPORT', streaming(() => Promise.reject(failed))],
    ['fails half-way', 'TRANSPORT', streaming(() => pieces(bytes, failed))],
    ['streams texts', 'TRANSPORT', streaming(() => pieces('hello'))],
    ['streams more than it may', 'TOO_LARGE', streaming(() => pieces(bytes, bytes))],
    ['streams what is no stream', 'TRANSPORT', streaming(() => 5)],
    [
      'below a folder, null',
      'absent',
      below(
        anyFetcher(() => null),
        'a',
      ),
    ],
  ];
  it.each(rows)('%s: %s', async (_, expected, fetcher) => {
    const asked = [reading(fetcher)];
    if (fetcher.stream === undefined)
      asked.push(fetchFrom(fetcher, 'a/file', 5).then(all => all?.toString() ?? 'absent'));
    for (const answer of asked) {
      const told = await answer.catch((error: unknown) => {
        if (!(error instanceof ClientError)) throw error;
        expect(error.message).toContain('a/file');
        return error.code;
      });
      expect(told).toBe(expected);
    }
  });

  it('what it threw is the cause', async () => {
    await expect(
      fetchFrom(
        anyFetcher(() => Promise.reject(failed)),
        'x',
        5,
      ),
    ).rejects.toMatchObject({
      message: 'x could not be fetched: fetch failed',
      cause: failed,
    });
  });

  it('a defect of ours stays one', async () => {
    const defect = new InvariantError('no');
    await expect(
      fetchFrom(
        anyFetcher(() => Promise.reject(defect)),
        'x',
        5,
      ),
    ).rejects.toBe(defect);
  });
});

describe('mirrors of somebody else', () => {
  const simulator = new RepositorySimulator();
  simulator.addTarget('targets', 'file', 'hello');
  simulator.bump('targets');
  const clientWith = (first: RepositorySource): Client =>
    new Client({
      source: mirrorsOf([first, siteOf(simulator.fetcher)]),
      trustedRoot: simulator.trustedRoot,
      store: memoryStore(),
      clock: fixedClock(simNow),
    });

  it.each([
    ['throws', anyFetcher(() => Promise.reject(failed))],
    ['gives texts', anyFetcher(() => '{}')],
    ['has nothing, and says null', anyFetcher(() => null)],
  ])('one that %s: the next is asked', async (_, fetcher) => {
    const client = clientWith(siteOf(fetcher));
    expect((await client.refresh()).targets.signed.version).toBe(2);
    expect(await client.getTargetInfo('file')).toMatchObject({ role: 'targets' });
  });

  it('each is told by the place that it names, and by its path where it names none', async () => {
    const placed: Fetcher = {
      ...anyFetcher(() => Buffer.from('<html>')),
      place: path => `the shelf: ${path}`,
    };
    const client = new Client({
      source: mirrorsOf([siteOf(placed), siteOf(anyFetcher(() => Promise.reject(failed)))]),
      trustedRoot: simulator.trustedRoot,
      store: memoryStore(),
      clock: fixedClock(simNow),
    });
    await expect(client.refresh()).rejects.toMatchObject({
      code: 'MALFORMED',
      message: expect.stringMatching(
        /the shelf: metadata\/2\.root\.json: root\.json is no root .*; metadata\/2\.root\.json could not be fetched: fetch failed/,
      ) as string,
    });
  });

  it('keeps the cause of what it names', async () => {
    const placed: Fetcher = {
      fetch: path => Promise.resolve(path.endsWith('timestamp.json') ? Buffer.from('{}') : undefined),
      place: path => path,
    };
    await expect(
      new Client({
        source: siteOf(placed),
        trustedRoot: simulator.trustedRoot,
        store: memoryStore(),
      }).refresh(),
    ).rejects.toMatchObject({
      code: 'MALFORMED',
      cause: expect.objectContaining({ code: expect.any(String) as string }) as Error,
    });
  });
});
