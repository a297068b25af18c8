import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StaticServer, serveFolder } from '../../signer-cli/demo/static-server.ts';
import { type TestFolder, testFolder } from '../support/git-repo.ts';
import { CHAPTERS, HASH_BINS } from '../support/years/chapters.ts';
import { ourFollower, type Place, tufJsFollower } from '../support/years/followers.ts';
import { LivingRepository } from '../support/years/living-repository.ts';
import { seededRandom } from '../support/years/random.ts';
import { download, downloadAgain, PEER_CLIENTS } from './support/peer-clients.ts';

/** The life of a repository, a step each. */
const STEPS = [
  'a role is made',
  'artifacts are added',
  'a key is replaced',
  'somebody joins',
  'a threshold goes up',
  'a threshold goes down',
  'a key is lost',
  'a role is made',
  'a role is removed',
  'a role is made again',
  'a role below another',
  'the online key is replaced',
  'an artifact is removed',
  'two events at once',
  'a renewal is missed',
  'hash bins',
] as const;

/** Every client starts at the first root, on the first day, and keeps its cache: none is ever set back. */
describe('clients through the life of a repository', () => {
  let folder: TestFolder;
  let server: StaticServer;
  let repository: LivingRepository;
  let published = 0;

  beforeAll(async () => {
    folder = await testFolder();
    server = await serveFolder(folder.path);
    const look = async (): Promise<void> => {
      published++;
    };
    const nothing = async (): Promise<void> => undefined;
    repository = await LivingRepository.found(folder.path, seededRandom(6), {
      published: look,
      neglected: nothing,
    });
  }, 120_000);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  /** Each artifact that the repository has, by name and content. */
  const artifacts = (): readonly (readonly [string, string])[] =>
    [...repository.circles.values()].flatMap(circle => [...circle.artifacts]);
  const place = async (): Promise<Place> => ({
    site: repository.site,
    url: `${server.url}site/`,
    cache: join(folder.path, 'cache'),
    root: await readFile(join(repository.site, '1.root.json')),
    now: () => repository.world.clock.time,
  });

  it.each(STEPS.map((name, index) => [index + 1, name] as const))('%i: %s', async (_number, name) => {
    const chapter = [...CHAPTERS, HASH_BINS].find(one => one.name === name);
    expect(chapter?.possible(repository)).toBe(true);
    const before = published;
    await repository.wait(10);
    await chapter?.perform(repository);
    expect(published).toBeGreaterThan(before);
    const here = await place();
    const [path, content] = repository.random.pick(artifacts());
    for (const client of [ourFollower(here), tufJsFollower(here)])
      expect(await client.look(path), client.name).toBe(content);
    for (const client of PEER_CLIENTS) {
      const cache = join(folder.path, 'cache', client.name);
      await mkdir(cache, { recursive: true });
      const looked = await downloadAgain(client, cache, join(repository.site, '1.root.json'), here.url, path);
      expect(looked, client.name).toEqual({ code: 0, output: '', content });
    }
  });

  it.each(PEER_CLIENTS)('$name walks from the first root to the last at once', async client => {
    const { url } = await place();
    const root = join(repository.site, '1.root.json');
    for (const [path, content] of artifacts())
      expect(await download(client, root, url, path)).toEqual({ code: 0, output: '', content });
  });
});
