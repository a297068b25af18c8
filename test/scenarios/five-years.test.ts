import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type StaticServer, serveFolder } from '../../signer-cli/demo/static-server.ts';
import { type TestFolder, testFolder } from '../support/git-repo.ts';
import { CHAPTERS } from '../support/years/chapters.ts';
import {
  type Follower,
  ourFollower,
  type Place,
  sleeper,
  tufJsFollower,
} from '../support/years/followers.ts';
import { type Life, live } from '../support/years/life.ts';
import type { LivingRepository } from '../support/years/living-repository.ts';

/** Another seed is another five years: what failed comes back with the seed that its message names. */
const SEED = Number(process.env['TUF_SIGNER_YEARS_SEED'] ?? 20_300_601);
const FIVE_YEARS = 5 * 365;
/** Artifacts that a client looks for when it wakes up. */
const LOOKS = 2;

const KINDS: readonly [string, (place: Place) => Follower][] = [
  ['our client', ourFollower],
  ['tuf-js', tufJsFollower],
];

/**
 * A repository for five years, by the operations that people and automation run. Each event is judged, signed, merged, signed
 * online and published; after each the clients of the first day look with the cache that they have.
 */
describe('five years', () => {
  let folder: TestFolder;
  let server: StaticServer;
  let life: Life;
  const asleep: Place[] = [];

  const placeOf = ({ site, world }: LivingRepository): Place => ({
    site,
    url: `${server.url}site/`,
    cache: join(folder.path, 'cache'),
    root: readFileSync(join(site, '1.root.json')),
    now: () => world.clock.time,
  });

  beforeAll(async () => {
    folder = await testFolder();
    server = await serveFolder(folder.path);
    life = await live(folder.path, {
      seed: SEED,
      days: FIVE_YEARS,
      events: 60,
      onPublished: async ({ repository, age, artifact }) => {
        const place = placeOf(repository);
        for (const [name, follow] of KINDS)
          expect(await follow(place).look(artifact.path), name).toBe(artifact.content);
        if (age < 365) asleep.push(sleeper(place, join(folder.path, `asleep-${asleep.length}`)));
      },
      onNeglected: async ({ repository }) => {
        const looking = ourFollower(placeOf(repository)).look('latest.txt');
        await expect(looking).rejects.toMatchObject({ code: 'EXPIRED' });
      },
    });
  }, 1_200_000);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  test('everything happens, in at least sixty events', () => {
    expect(life.repository.merged).toBeGreaterThanOrEqual(60);
    expect([...life.told.keys()].sort()).toEqual(CHAPTERS.map(({ name }) => name).sort());
  });

  test.each(KINDS)('%s updates from wherever it stopped looking in the first year', async (_name, follow) => {
    const artifacts = [...life.repository.circles.values()].flatMap(circle => [...circle.artifacts]);
    expect(asleep.length).toBeGreaterThan(5);
    for (const place of asleep) {
      const client = follow(place);
      for (const [path, content] of life.repository.random.shuffled(artifacts).slice(0, LOOKS))
        expect(await client.look(path)).toBe(content);
    }
  });

  test('a role is signed by those who were asked to', () => {
    expect(life.signersOnMain()).toEqual(life.signersAsked());
  });
});
