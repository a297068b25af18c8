import { describe, expect, it } from 'vitest';
import { Client } from '../../src/client/client.ts';
import { ClientError } from '../../src/client/error.ts';
import { siteOf } from '../../src/client/fetcher.ts';
import { matchesGlob } from '../../src/client/glob.ts';
import { MultiClient } from '../../src/client/multi-client.ts';
import { parseRepositoryMap } from '../../src/client/repository-map.ts';
import { memoryStore } from '../../src/client/store.ts';
import { fixedClock } from '../../src/clock.ts';
import { RepositorySimulator, simNow } from '../support/repository-simulator.ts';
import { outcome } from './client.ts';

const bytes = (json: unknown): Uint8Array =>
  Buffer.from(typeof json === 'string' ? json : JSON.stringify(json));
const repositories = {
  A: ['https://a.example.org/'],
  B: ['https://b.example.org/'],
  C: ['https://c.example.org/'],
};
const entry = { paths: ['*'], repositories: ['A', 'B'], terminating: true, threshold: 2 };
const mapOf = (...mapping: readonly object[]): Uint8Array =>
  bytes({ repositories, mapping: mapping.map(changes => ({ ...entry, ...changes })) });

describe('a map file', () => {
  it('is read', () => {
    const map = parseRepositoryMap(mapOf({}));
    expect([...map.repositories.keys()]).toEqual(['A', 'B', 'C']);
    expect(map.mapping).toEqual([entry]);
  });

  const { threshold: _, ...noThreshold } = entry;
  const wrong: readonly (readonly [string, Uint8Array])[] = [
    ['no JSON', bytes('{')],
    ['a list', bytes([])],
    ['an unknown member', bytes({ repositories, mapping: [entry], more: 1 })],
    ['a member twice', bytes(`{"mapping":[],"mapping":[],"repositories":{}}`)],
    ['no mapping', bytes({ repositories })],
    ['an empty mapping', bytes({ repositories, mapping: [] })],
    ['a repository without an address', bytes({ repositories: { A: [] }, mapping: [entry] })],
    ['an address that is no text', bytes({ repositories: { A: [1] }, mapping: [entry] })],
    [
      'a repository whose name is a path',
      bytes({ repositories: { '../A': ['https://a/'] }, mapping: [entry] }),
    ],
    [
      'a repository whose name is hidden',
      bytes({ repositories: { '.A': ['https://a/'] }, mapping: [entry] }),
    ],
    ['threshold 0', mapOf({ threshold: 0 })],
    ['a threshold nobody can reach', mapOf({ threshold: 3 })],
    ['a threshold that is a text', mapOf({ threshold: '1' })],
    ['no threshold', bytes({ repositories, mapping: [noThreshold] })],
    ['one repository twice', mapOf({ repositories: ['A', 'A'] })],
    ['a repository that is none', mapOf({ repositories: ['A', 'D'] })],
    ['no paths', mapOf({ paths: [] })],
    ['terminating by a text', mapOf({ terminating: 'yes' })],
    ['a misspelt member', mapOf({ treshold: 2 })],
  ];
  it.each(wrong)('with %s is refused', (_name, map) =>
    expect(() => parseRepositoryMap(map)).toThrow(expect.objectContaining({ code: 'MALFORMED' }) as Error),
  );
});

it.each([
  ['*', 'a/b/c', true],
  ['tools/*', 'tools/a/b', true],
  ['tools/*', 'tool/a', false],
  ['*.tgz', 'a/b.tgz', true],
  ['a?c', 'a/c', true],
  ['a?c', 'ac', false],
  ['*a*b*', 'xxaxxbxx', true],
  ['*a*b', 'xxaxxbx', false],
  ['', '', true],
  ['', 'a', false],
  ['a', 'A', false],
  ['[a]', 'a', false],
  [`${'*a'.repeat(40)}b`, 'a'.repeat(4_000), false],
])('the pattern %s and the path %s: %s', (pattern, path, expected) =>
  expect(matchesGlob(pattern, path)).toBe(expected),
);

/** `down`: it does not answer. */
type Says = string | undefined;

/** Three repositories; each says one content of `file`, nothing, or does not answer. */
function clientsOf(
  says: Readonly<Record<string, Says>>,
  map: Uint8Array,
): { client: MultiClient; asked: string[] } {
  const asked: string[] = [];
  const clients = new Map(
    Object.entries(says).map(([name, content]) => {
      const simulator = new RepositorySimulator();
      if (content !== undefined) simulator.addTarget('targets', 'file', content);
      simulator.bump('targets');
      const source = siteOf({
        fetch: (path, maxBytes) => {
          if (path.endsWith('timestamp.json')) asked.push(name);
          if (content === 'down') return Promise.reject(new ClientError('TRANSPORT', 'no answer'));
          return simulator.fetcher.fetch(path, maxBytes);
        },
      });
      const { trustedRoot } = simulator;
      return [
        name,
        new Client({ source, trustedRoot, store: memoryStore(), clock: fixedClock(simNow) }),
      ] as const;
    }),
  );
  return { client: new MultiClient(parseRepositoryMap(map), clients), asked };
}

describe('a quorum of repositories (TAP 4)', () => {
  type Row = readonly [
    name: string,
    says: Readonly<Record<string, Says>>,
    mapping: readonly object[],
    expected: string,
  ];
  const three = { repositories: ['A', 'B', 'C'] };
  const rows: readonly Row[] = [
    ['all agree', { A: 'x', B: 'x', C: 'x' }, [{}], 'A B'],
    ['the second and third agree', { A: 'y', B: 'x', C: 'x' }, [three], 'B C'],
    ['none agree', { A: 'x', B: 'y', C: 'z' }, [three], 'NO_CONSENSUS'],
    ['too few list it', { A: 'x', B: undefined, C: undefined }, [three], 'NO_CONSENSUS'],
    ['nobody lists it', { A: undefined, B: undefined, C: 'x' }, [{}], 'unknown'],
    ['nobody is asked for such a path', { A: 'x', B: 'x', C: 'x' }, [{ paths: ['other/*'] }], 'unknown'],
    [
      'the first mapping has it not and is not terminating',
      { A: undefined, B: undefined, C: 'x' },
      [{ terminating: false }, { repositories: ['C'], threshold: 1 }],
      'C',
    ],
    [
      'the first mapping does not agree and is not terminating',
      { A: 'x', B: 'y', C: 'x' },
      [{ terminating: false }, { repositories: ['C'], threshold: 1 }],
      'C',
    ],
    [
      'the first mapping has it not and is terminating',
      { A: undefined, B: undefined, C: 'x' },
      [{}, { repositories: ['C'], threshold: 1 }],
      'unknown',
    ],
    ['one is down, the others agree', { A: 'down', B: 'x', C: 'x' }, [three], 'B C'],
    ['one is down whose word could have counted', { A: 'x', B: 'down', C: 'y' }, [three], 'TRANSPORT'],
    [
      'a cut line does not lead to a later, weaker mapping',
      { A: 'down', B: 'x', C: 'x' },
      [{ terminating: false }, { repositories: ['C'], threshold: 1 }],
      'TRANSPORT',
    ],
    [
      'one is down whose word could not have counted',
      { A: 'down', B: undefined, C: 'x' },
      [{ terminating: false }, { repositories: ['C'], threshold: 1 }],
      'C',
    ],
    ['all are down', { A: 'down', B: 'down', C: 'down' }, [three], 'TRANSPORT'],
    ['one is down, the other does not list it', { A: 'down', B: undefined, C: 'x' }, [{}], 'TRANSPORT'],
    [
      'one lists it, one does not, one is down, and all would have to',
      { A: 'x', B: undefined, C: 'down' },
      [{ ...three, threshold: 3 }],
      'NO_CONSENSUS',
    ],
    [
      'one is down of a mapping that leads to another, which has it not',
      { A: 'down', B: undefined, C: undefined },
      [{ terminating: false }, { repositories: ['C'], threshold: 1 }],
      'TRANSPORT',
    ],
  ];
  it.each(rows)('%s', async (_, says, mapping, expected) => {
    const { client } = clientsOf(says, mapOf(...mapping));
    const found = async (): Promise<string> =>
      (await client.getTargetInfo('file'))?.repositories.join(' ') ?? 'unknown';
    expect(/^[A-Z_]{5,}$/.test(expected) ? await outcome(found()) : await found()).toBe(expected);
  });

  it('asks no more repositories than it takes, in their order', async () => {
    const { client, asked } = clientsOf({ A: 'x', B: 'x', C: 'x' }, mapOf({ repositories: ['C', 'A', 'B'] }));
    await client.getTargetInfo('file');
    expect(asked).toEqual(['C', 'A']);
  });

  it('says who did not answer, and why, rather than that there is no such target', async () => {
    const { client } = clientsOf({ A: 'down', B: undefined, C: 'down' }, mapOf({ ...three, threshold: 3 }));
    await expect(client.download('file', 'nowhere')).rejects.toMatchObject({
      code: 'TRANSPORT',
      message:
        'whether the map has a target "file" is not known: A did not say: no answer; C did not say: no answer',
    });
    const { client: third } = clientsOf(
      { A: 'x', B: undefined, C: 'down' },
      mapOf({ ...three, threshold: 3 }),
    );
    await expect(third.getTargetInfo('file')).rejects.toThrow('(C did not say: no answer)');
  });

  it('a target of no mapping can not be downloaded', async () => {
    const { client } = clientsOf({ A: undefined, B: undefined, C: undefined }, mapOf({}));
    expect(await outcome(client.download('file', 'nowhere'))).toBe('TARGET_UNKNOWN');
  });
});
