import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StaticServer, serveFolder } from '../../signer-cli/demo/static-server.ts';
import { type TestFolder, testFolder } from '../support/git-repo.ts';
import { type Life, live } from '../support/years/life.ts';
import { downloadAgain, PEER_CLIENTS, type PeerClient, type PeerDownload } from './support/peer-clients.ts';

/** Days and events between two looks of those clients: the unit test has others that look each time. */
const A_YEAR = 365;
const EVERY = 4;

/** test/scenarios/five-years.test.ts for clients that are programs of their own: they look in the first year, and five years later. */
describe('five years', () => {
  let folder: TestFolder;
  let server: StaticServer;
  let life: Life;
  let looks = 0;
  const look = (client: PeerClient, cache: string, artifact: string): Promise<PeerDownload> => {
    const root = join(folder.path, 'site', '1.root.json');
    return downloadAgain(client, join(folder.path, cache), root, `${server.url}site/`, artifact);
  };

  beforeAll(async () => {
    folder = await testFolder();
    server = await serveFolder(folder.path);
    let events = 0;
    life = await live(folder.path, {
      seed: 5,
      days: 5 * A_YEAR,
      events: 60,
      onPublished: async ({ age, artifact }) => {
        if (age > A_YEAR || artifact.content === undefined || events++ % EVERY !== 0) return;
        for (const client of PEER_CLIENTS) {
          const cache = join(folder.path, client.name);
          await mkdir(cache, { recursive: true });
          const seen = await look(client, client.name, artifact.path);
          expect(seen).toMatchObject({ code: 0, content: artifact.content });
          await cp(cache, `${cache}-${looks}`, { recursive: true });
        }
        looks++;
      },
    });
  }, 1_200_000);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it.each(PEER_CLIENTS)('$name updates from wherever it stopped looking in the first year', async client => {
    const artifacts = [...life.repository.circles.values()].flatMap(circle => [...circle.artifacts]);
    expect(looks).toBeGreaterThan(1);
    for (let nth = 0; nth < looks; nth++) {
      for (const [path, content] of artifacts)
        expect(await look(client, `${client.name}-${nth}`, path)).toEqual({ code: 0, output: '', content });
    }
  });
});
